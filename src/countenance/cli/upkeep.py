"""``countenance status`` and ``countenance evaluate``: what is here, and how often it is right."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import Annotated, Any

import typer

from countenance.cli.command import CHECK, command
from countenance.cli.console import plural
from countenance.cli.session import Session
from countenance.errors import InputError


def register(app: typer.Typer) -> None:
    """Add the commands."""
    command(app, "status", "countenance status", "countenance status --json", panel=CHECK)(status)
    command(
        app, "evaluate",
        "countenance evaluate lfw/ --statement public-benchmark",
        "countenance evaluate testers/ --statement consented-testers --groups groups.csv --scores scores.npz",
        "countenance evaluate --from scores.npz",
        panel=CHECK,
    )(evaluate)  # fmt: skip


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
            ("Log", f"{told['log']['size']} entries, {_witness(told['log']['witness'])}"),
        ]
    )
    screen.say()
    screen.facts((name.replace("_", " "), count) for name, count in counts.items() if count)
    if told["unfinished_erasures"]:
        left = plural(told["unfinished_erasures"], "erasure is", "erasures are")
        screen.warn(f"{left} unfinished, and carried on at the next command.")
    requests = told["requests"]
    if requests["overdue"]:
        late = plural(requests["overdue"], "request is past its month", "requests are past their month")
        screen.warn(f"{late}: `countenance request list --overdue`.")
    elif requests["open"]:
        waiting = plural(requests["open"], "request waits", "requests wait")
        screen.advise(f"{waiting} for an answer: `countenance request list`.")
    if counts["bases_pending"]:
        pending = plural(counts["bases_pending"], "basis waits", "bases wait")
        screen.advise(f"{pending} for a second account: `countenance basis list`.")
    screen.answer(told)


def _witness(held: str | dict[str, Any]) -> str:
    if isinstance(held, str):
        return held
    return f"witnessed: {held['size']} of them by {held['name']}, {held['at'][:10]}"


def _model(model: dict[str, Any]) -> str:
    here = "" if model["present"] else "; NOT HERE: `countenance models fetch`"
    return f"{model['name']}, {model['role']}, {model['licence']}, SHA-256 {model['sha256'][:12]}…{here}"


def evaluate(
    session: Session,
    dataset: Annotated[
        Path | None, typer.Argument(metavar="DATASET", help="A folder of people: NAME/1.jpg, NAME/2.jpg …")
    ] = None,
    statement: Annotated[
        str | None,
        typer.Option("--statement", metavar="S", help="What the data set is, such as public-benchmark or synthetic."),
    ] = None,
    people: Annotated[
        int | None, typer.Option("--people", min=1, help="Only the first so many with two photos.")
    ] = None,
    groups: Annotated[
        Path | None,
        typer.Option("--groups", metavar="CSV", help="person,group: what testers said of themselves; never inferred."),
    ] = None,
    scores: Annotated[
        Path | None, typer.Option("--scores", metavar="FILE", help="Keep the raw scores and file numbers, no names.")
    ] = None,
    again: Annotated[
        Path | None, typer.Option("--from", metavar="FILE", help="Make the report again from raw scores kept before.")
    ] = None,
) -> None:
    """Measure how often the model is right on a data set: in memory, no gallery touched.

    The figures follow ISO/IEC 19795-1. With --scores, anybody who has that file can make the same report again with
    --from.
    """
    from countenance.service.evaluating import rebuild

    if again is not None:
        if dataset is not None:
            raise InputError("A report is made from a data set or from raw scores, not from both.")
        told = rebuild(again)
    else:
        told = _measured(session, dataset, statement, people=people, groups=groups, scores=scores)
    _tell_figures(session, told)
    session.screen.answer(told)


def _measured(
    session: Session,
    dataset: Path | None,
    statement: str | None,
    *,
    people: int | None,
    groups: Path | None,
    scores: Path | None,
) -> dict[str, Any]:
    from rich.progress import Progress as Bar

    from countenance.service.evaluating import STATEMENTS
    from countenance.service.evaluating import evaluate as measure

    if dataset is None or statement is None:
        raise InputError(
            "An evaluation needs a data set and a statement of what it is.",
            hint=f"`countenance evaluate FOLDER --statement S`, S being one of: {', '.join(STATEMENTS)}.",
        )
    shown = session.screen.err.is_terminal and not (session.quiet or session.json)
    gallery = session.open() if session.has_gallery else nullcontext()
    with gallery as c, Bar(console=session.screen.err, transient=True, disable=not shown) as bar:
        task = bar.add_task("photos", total=None)
        return measure(
            dataset,
            statement,
            gallery=c,
            people=people,
            groups=groups,
            scores=scores,
            progress=lambda now: bar.update(task, completed=now.done, total=now.total),
        )


def _tell_figures(session: Session, told: dict[str, Any]) -> None:
    found, verified, screen = told["identification"], told["verification"], session.screen
    size = f"{found['probes']} probes, gallery of {found['gallery']}"
    rows = [
        ("Photos", f"{told['images']} of {told['identities']} people; a face found in {told['detected']}"),
        ("Identification", f"rank 1 {_rate(found['rank1'])} ({size})"),
        *((f"FNIR at FPIR {fpir}", _rate(rate)) for fpir, rate in found["fnir"].items()),
        *((f"TAR at FAR {far}", _rate(rate)) for far, rate in verified["tar"].items()),
        ("Model", f"{told['model']['name']}, Countenance {told['version']}"),
        ("Report", f"SHA-256 {told['report_sha256']}"),
    ]
    if "logged" in told:
        logged = told["logged"]
        rows.append(("Logged", f"entry {logged['index']}" if logged else "no: there is no gallery here"))
    screen.facts(rows)
    groups = told.get("groups", {})
    if groups:
        screen.say()
        screen.table(("group", "people", "TAR at FAR 1e-2", "FNIR at FPIR 1e-1"), map(_group, groups.items()), empty="")


def _group(row: tuple[str, dict[str, Any]]) -> tuple[object, ...]:
    name, told = row
    if "note" in told:
        return name, told["people"], told["note"], ""
    missed = told["verification"].get("1e-2", {}).get("fnmr")
    fnir = told["identification"].get("1e-1", {}).get("fnir")
    return name, told["people"], _rate(None if missed is None else 1 - missed), _rate(fnir)


def _rate(rate: float | None) -> str:
    return "too few to say" if rate is None else f"{rate:.2%}"
