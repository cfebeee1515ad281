"""``countenance calibrate``: what a threshold means among people like yours."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from countenance.cli.command import CHECK, command
from countenance.cli.session import Session

DataSet = Annotated[Path, typer.Argument(metavar="DATASET", help="A folder of people: NAME/1.jpg, NAME/2.jpg …")]
Statement = Annotated[
    str, typer.Option("--statement", metavar="S", help="What it is: consented-testers, synthetic or public-benchmark.")
]
People = Annotated[int | None, typer.Option("--people", min=1, help="Only the first so many with two photos.")]
Which = Annotated[
    str, typer.Option("--face", metavar="WHICH", help="Whose a photo is: its largest face, or the one in the middle.")
]
Without = Annotated[bool, typer.Option("--leave-out-duplicates", help="Leave out files that lie under two names.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only tell what would come of it; write nothing but the log.")]


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(
        app, "calibrate",
        "countenance calibrate testers/ --statement consented-testers",
        "countenance calibrate testers/ --statement consented-testers --dry-run --json",
        panel=CHECK,
    )(calibrate)  # fmt: skip


def calibrate(
    session: Session,
    dataset: DataSet,
    statement: Statement,
    people: People = None,
    face: Which = "largest",
    leave_out_duplicates: Without = False,
    dry_run: DryRun = False,
) -> None:
    """Fit the threshold to photos of your own testers, who agreed: strangers among them may score higher or lower.

    At least 20 people; about a hundred tell what half of all galleries need. What they cannot tell is carried on from
    the model's own calibration. It writes calibration.json beside countenance.toml, and the line that names it.
    """
    from countenance.service.calibrating import Wish

    wish = Wish(dataset, statement, people, face, leave_out_duplicates, dry_run)
    with session.signed_in() as c, session.bar("photos") as advance:
        told = c.calibrate(wish, lambda now: advance(now.done, now.total))
    _tell(session, told)
    session.screen.answer(told)


def _tell(session: Session, told: dict[str, Any]) -> None:
    screen, before, after = session.screen, told["before"], told["after"]
    depth = told["calibration"]["measured_to"]
    screen.facts(
        [
            ("Measured", f"{told['photos']:,} photos of {told['people']:,} people, rates down to {depth:g}"),
            ("Threshold before", f"{before['threshold']:g} ({before['measured_on']})"),
            ("Threshold now", f"{after['threshold']:g}, for {told['fpir']:.2%} of searches for strangers"),
        ]
    )
    screen.table(
        ("asked", "gallery", "before: strangers shown", "missed", "fitted: strangers shown", "missed"),
        ((f"{one['asked']:.2%}", one["gallery"], *_pair(one["before"]), *_pair(one["after"])) for one in told["tried"]),
        empty="",
    )
    screen.say("Fitted on half of the people in each of 50 splits, and tried out on the other half.", "dim")
    if after["set_by"] == "configuration":
        screen.warn("[search] threshold is fixed in this gallery: take it out, and the rate sets the threshold.")
    if told["file"]:
        screen.done(
            f"It counts from the next command on; it is in {told['file']}, log entry {told['logged']['index']}."
        )
        screen.advise(
            "Photos that were ingested keep the appearances that they have: `ingest SOURCE --again` renews them."
        )
    else:
        screen.advise("Nothing was changed.")


def _pair(figures: dict[str, Any] | None) -> tuple[str, str]:
    if figures is None:
        return "too few people", ""
    shown, missed = (figures[name] for name in ("fpir", "fnir"))
    return tuple("-" if each is None else f"{each:.2%}" for each in (shown, missed))  # type: ignore[return-value]
