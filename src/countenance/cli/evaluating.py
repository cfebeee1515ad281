"""``countenance evaluate``: how often the model is right, on a data set of your own choice."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import Annotated, Any

import typer

from countenance.cli.command import CHECK, command
from countenance.cli.session import Session
from countenance.cli.sheets import check_place, write_page
from countenance.errors import CountenanceError, InputError

_SHOWN = 20


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(
        app, "evaluate",
        "countenance evaluate lfw/ --statement public-benchmark --page report.html",
        "countenance evaluate lfw/ --statement public-benchmark --pairs pairs.csv --face middle",
        "countenance evaluate lfw/pairs.txt --statement public-benchmark",
        "countenance evaluate testers/ --statement consented-testers --groups groups.csv --scores scores.npz",
        "countenance evaluate testers/ --statement consented-testers --model edgeface-xs",
        "countenance evaluate lfw/ --statement public-benchmark --gate strict",
        "countenance evaluate lfw/ --statement public-benchmark --enrol 2 --flip",
        "countenance evaluate testers/ --from scores.npz --page report.html",
        panel=CHECK,
    )(evaluate)  # fmt: skip


DataSet = Annotated[
    Path | None,
    typer.Argument(metavar="DATASET", help="A folder of people, NAME/1.jpg, NAME/2.jpg …; or a pairs file in one."),
]
Statement = Annotated[
    str | None,
    typer.Option("--statement", metavar="S", help="What the data set is, such as public-benchmark or synthetic."),
]
People = Annotated[int | None, typer.Option("--people", min=1, help="Only the first so many with two photos.")]
Pairs = Annotated[
    Path | None, typer.Option("--pairs", metavar="FILE", help="Pairs in folds: accuracy is told over them.")
]
Groups = Annotated[
    Path | None,
    typer.Option("--groups", metavar="CSV", help="person,group: what testers said of themselves; never inferred."),
]
Which = Annotated[
    str, typer.Option("--face", metavar="WHICH", help="Whose a photo is: its largest face, or the one in the middle.")
]
Without = Annotated[bool, typer.Option("--leave-out-duplicates", help="Leave out files that lie under two names.")]
Gate = Annotated[
    str | None,
    typer.Option(
        "--gate",
        metavar="LEVEL",
        help="What this quality gate (off, standard, strict) refuses, and what it does to FNIR.",
    ),
]
Page = Annotated[
    Path | None, typer.Option("--page", metavar="FILE.html", help="Write the report as a page too; no photo is on it.")
]
Scores = Annotated[
    Path | None, typer.Option("--scores", metavar="FILE", help="Keep the raw scores and file numbers, no names.")
]
Model = Annotated[
    str | None, typer.Option("--model", metavar="MODEL", help="Another recogniser that is here, by its id.")
]
Enrol = Annotated[
    int, typer.Option("--enrol", metavar="N", min=1, help="By how many photos each person is enrolled; 1.")
]
Flip = Annotated[
    bool | None, typer.Option("--flip/--no-flip", help="Average each face with its mirror image; else as configured.")
]
Again = Annotated[
    Path | None, typer.Option("--from", metavar="FILE", help="Make the report again from raw scores kept before.")
]


def evaluate(
    session: Session,
    dataset: DataSet = None,
    statement: Statement = None,
    people: People = None,
    pairs: Pairs = None,
    groups: Groups = None,
    face: Which = "largest",
    leave_out_duplicates: Without = False,
    gate: Gate = None,
    page: Page = None,
    scores: Scores = None,
    model: Model = None,
    enrol: Enrol = 1,
    flip: Flip = None,
    again: Again = None,
) -> None:
    """Measure how often the model is right on a data set: in memory, no gallery touched.

    The figures follow ISO/IEC 19795-1, with intervals from a bootstrap over people. With --scores, anybody who has
    that file can make the same report again with --from; with the data set beside it, files have their names.
    """
    from countenance.service.evaluating import rebuild

    check_place(page, session.settings if session.has_gallery else None)
    if again is None:
        told = _measured(
            session, dataset, statement,
            people=people, pairs=pairs, groups=groups, face=face,
            leave_out_duplicates=leave_out_duplicates, gate=gate, scores=scores, model=model, enrol=enrol, flip=flip,
        )  # fmt: skip
    else:
        given = {statement, people, pairs, groups, gate, scores, model, flip} != {None}
        if given or enrol != 1 or leave_out_duplicates or face != "largest":
            raise InputError(
                "A report made again takes everything from the raw scores.",
                hint="Give --from FILE, and with it the data set, for the files' names, --page or --json alone.",
            )
        told = rebuild(again, dataset)
    fault = _write(session, page, told)
    _tell(session, told)
    session.screen.answer(told)
    if fault:
        raise typer.Exit(fault.exit_code)


def _measured(session: Session, dataset: Path | None, statement: str | None, **options: Any) -> dict[str, Any]:
    from countenance.service.evaluating import STATEMENTS, Wish
    from countenance.service.evaluating import evaluate as measure

    if dataset is None or statement is None:
        raise InputError(
            "An evaluation needs a data set and a statement of what it is.",
            hint=f"`countenance evaluate FOLDER --statement S`, S being one of: {', '.join(STATEMENTS)}.",
        )
    gallery = session.open() if session.has_gallery else nullcontext()
    with gallery as c, session.bar("photos") as advance:
        wish = Wish(dataset, statement, **options)
        return measure(wish, gallery=c, progress=lambda now: advance(now.done, now.total))


def _write(session: Session, page: Path | None, told: dict[str, Any]) -> CountenanceError | None:
    """The page. What was measured is told, whether that can be written or not."""
    from countenance.reports.evaluated import render_evaluated

    if page is None:
        return None
    try:
        write_page(page, render_evaluated(told))
    except CountenanceError as error:
        session.screen.warn(f"The evaluation is done. {error.message}")
        return error
    session.screen.advise(f"The report is in {page}.")
    return None


def _tell(session: Session, told: dict[str, Any]) -> None:
    found, verified, screen = told["identification"], told["verification"], session.screen
    mirrored = " with mirror images" if told["model"].get("flip") else ""
    each = f" by {found['enrolled_by']} photos each" if found["enrolled_by"] > 1 else ""
    size = f"{found['probes']:,} probes, gallery of {found['gallery']:,}{each}"
    between, missed = verified["interval"], found["interval"]
    rows = [
        ("Photos", f"{told['images']:,} of {told['identities']:,} people; a face found in {told['detected']:,}"),
        ("Detection", _rate(told["detection"]["rate"], told["detection"]["interval"])),
        *_accuracy(verified),
        *((f"TAR at FAR {far}", _rate(rate, between["tar"][far])) for far, rate in verified["tar"].items()),
        ("Equal error rate", _rate(verified["eer"], between["eer"])),
    ]
    if found["probes"]:
        rows += [
            ("Rank 1", f"{_rate(found['rank1'], missed['rank1'])} ({size})"),
            ("Rank 5", _rate(found["rank5"], missed["rank5"])),
            *((f"FNIR at FPIR {fpir}", _rate(rate, missed["fnir"][fpir])) for fpir, rate in found["fnir"].items()),
        ]
    rows += [
        ("Speed", f"{told['speed']['photos_per_second']} photos/s, {told['seconds']:.1f} s"),
        ("Model", f"{told['model']['name']}{mirrored}, Countenance {told['version']}"),
        ("Report", f"SHA-256 {told['report_sha256']}"),
    ]
    if "logged" in told:
        logged = told["logged"]
        rows.append(("Logged", f"entry {logged['index']}" if logged else "no: there is no gallery here"))
    screen.facts(rows)
    if "gate" in told:
        screen.say()
        columns = (
            f"gate {told['gate']['level']}",
            "refused",
            "gallery",
            "probes",
            "FNIR at FPIR 0.1",
            "at 0.01",
            "of all",
        )
        screen.table(columns, _gates(told["gate"], found), empty="")
    groups = told.get("groups", {})
    if groups:
        screen.say()
        screen.table(("group", "people", "TAR at FAR 1e-2", "FNIR at FPIR 0.1"), map(_group, groups.items()), empty="")
    if told["unreadable"]:
        screen.say()
        screen.table(("left out", "code", "reason"), map(_unread, told["unreadable"][:_SHOWN]), empty="")


def _gates(gate: dict[str, Any], found: dict[str, Any]) -> list[tuple[object, ...]]:
    """Without a gate, then before probes, before enrolment, before both; misses of all count the refused as missed."""
    bare = (found["gallery"], found["probes"], *map(_rate, (found["fnir"]["0.1"], found["fnir"]["0.01"])))
    rows: list[tuple[object, ...]] = [("none", "", *bare, _rate(found["fnir"]["0.01"]))]
    for name in ("probes", "enrolment", "both"):
        told = gate[name]
        refused = f"{told['people_not_enrolled']} people, {told['searches_refused']} searches"
        rates = map(_rate, (told["fnir"]["0.1"], told["fnir"]["0.01"], told["fnir_of_all"]["0.01"]))
        rows.append((name, refused, told["gallery"], told["probes"], *rates))
    return rows


def _unread(fault: dict[str, Any]) -> tuple[object, ...]:
    return fault["path"] or f"file {fault['file']}", fault["code"], fault["reason"]


def _accuracy(verified: dict[str, Any]) -> list[tuple[str, str]]:
    if verified["accuracy"] is None:
        return []
    told = _rate(verified["accuracy"], verified["interval"]["accuracy"])
    pairs = f"{len(verified['folds'])} folds of {verified['pairs']['compared']:,} pairs"
    return [("Accuracy", f"{told}, standard deviation {verified['accuracy_sd']:.2%}, over {pairs}")]


def _group(row: tuple[str, dict[str, Any]]) -> tuple[object, ...]:
    name, told = row
    if "note" in told:
        return name, told["people"], told["note"], ""
    missed = told["verification"].get("1e-2", {}).get("fnmr")
    fnir = told["identification"].get("0.1", {}).get("fnir")
    return name, told["people"], _rate(None if missed is None else 1 - missed), _rate(fnir)


def _rate(rate: float | None, interval: list[float] | None = None) -> str:
    if rate is None:
        return "too few to say"
    return f"{rate:.2%}" + (f" ({interval[0] * 100:.2f} to {interval[1] * 100:.2f} %)" if interval else "")
