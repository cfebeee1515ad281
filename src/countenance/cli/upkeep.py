"""``countenance status`` and ``countenance evaluate``: what is here, and how often it is right."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import Annotated, Any

import typer

from countenance.cli.command import CHECK, command
from countenance.cli.session import Session


def register(app: typer.Typer) -> None:
    """Add the commands."""
    command(app, "status", "countenance status", "countenance status --json", panel=CHECK)(status)
    command(app, "evaluate", "countenance evaluate lfw/ --statement public-benchmark", panel=CHECK)(evaluate)


def status(session: Session) -> None:
    """Show what is here and in what state: version, models, backend, counts, index, the log's checkpoint."""
    with session.open() as c:
        told = c.status()
    screen, counts, search = session.screen, told["counts"], told["search"]
    solo = " (solo: fewer than three named people, so purposes with two reviewers are off)" if told["solo"] else ""
    screen.facts(
        [
            ("Countenance", told["version"]),
            ("Gallery", f"{told['gallery']} of {told['organisation']}{solo}"),
            ("Account", told["account"] or "none"),
            ("Search", f"threshold {search['threshold']:g}, high from {search['high']:g} ({search['scale']})"),
            ("Index", f"{told['index']['engine']}, at change {told['index']['sequence']}"),
            ("Backend", told["backend"]),
            *(("Model", _model(each)) for each in told["models"]),
            ("Log", f"{told['log']['size']} entries"),
        ]
    )
    screen.say()
    screen.facts((name.replace("_", " "), count) for name, count in counts.items() if count)
    if told["unfinished_erasures"]:
        screen.warn(f"{told['unfinished_erasures']} erasures are unfinished; they go on at the next command.")
    if counts["bases_pending"]:
        screen.advise(f"{counts['bases_pending']} bases wait for a second account: `countenance basis list`.")
    screen.answer(told)


def _model(model: dict[str, Any]) -> str:
    here = "" if model["present"] else "; NOT HERE: `countenance models fetch`"
    return f"{model['name']}, {model['role']}, {model['licence']}, SHA-256 {model['sha256'][:12]}…{here}"


def evaluate(
    session: Session,
    dataset: Annotated[Path, typer.Argument(metavar="DATASET", help="A folder of people: NAME/1.jpg, NAME/2.jpg …")],
    statement: Annotated[
        str,
        typer.Option("--statement", metavar="S", help="What the data set is, such as public-benchmark or synthetic."),
    ],
    people: Annotated[
        int | None, typer.Option("--people", min=1, help="Only the first so many with two photos.")
    ] = None,
) -> None:
    """Measure how often the model is right on a data set: in memory, no gallery touched, nothing kept."""
    from rich.progress import Progress as Bar

    from countenance.service.evaluating import evaluate as measure

    shown = session.screen.err.is_terminal and not (session.quiet or session.json)
    gallery = session.open() if session.has_gallery else nullcontext()
    with gallery as c, Bar(console=session.screen.err, transient=True, disable=not shown) as bar:
        task = bar.add_task("photos", total=None)
        told = measure(
            dataset,
            statement,
            gallery=c,
            people=people,
            progress=lambda now: bar.update(task, completed=now.done, total=now.total),
        )
    found, verified = told["identification"], told["verification"]
    rates = ((f"TAR at FAR {far}", _rate(rate)) for far, rate in verified["tar"].items())
    session.screen.facts(
        [
            ("Photos", f"{told['images']} of {told['identities']} people; a face found in {told['detected']}"),
            (
                "Identification",
                f"rank 1 {_rate(found['rank1'])} ({found['probes']} probes, gallery of {found['gallery']})",
            ),
            *rates,
            ("Logged", f"entry {told['logged']['index']}" if told["logged"] else "no: there is no gallery here"),
        ]
    )
    session.screen.answer(told)


def _rate(rate: float | None) -> str:
    return "too few pairs to say" if rate is None else f"{rate:.2%}"
