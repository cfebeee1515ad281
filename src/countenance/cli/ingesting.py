"""``countenance ingest``: through a source's photos, with progress, and a reason for everything skipped."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from countenance.cli.command import MAIN_JOB, command
from countenance.cli.console import plural, write_json
from countenance.cli.session import Session
from countenance.errors import NotFound

if TYPE_CHECKING:
    from countenance.service.countenance import Countenance
    from countenance.service.ingesting import Progress, Report

SHOWN = 20
"""Skipped files that are named; the others are counted (``--json`` names all)."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(
        app, "ingest", "countenance ingest party", "countenance ingest party --again", panel=MAIN_JOB
    )(ingest)  # fmt: skip


def ingest(
    session: Session,
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="The source, as `source list` shows it.")],
    again: Annotated[
        bool, typer.Option("--again", help="Look at every photo anew, for people who were enrolled since.")
    ] = False,
    events: Annotated[
        bool, typer.Option("--events", help="Print progress as JSON lines; the last one is the report.")
    ] = False,
) -> None:
    """Go through a source's photos: keep the faces of people who agreed, forget all others.

    Stopped halfway, run it again: it goes on where it was. Files that cannot serve are skipped, each with its reason.
    """
    from countenance.service.ingesting import report_json

    with session.open() as c:
        _is_source(c, source)
        c.sign_in()
        with _following(session, source, events=events) as progress:
            report = c.ingest(source, again=again, progress=progress)
    if events:
        write_json({"event": "done", **report_json(report)}, indent=None)
        return
    tell(session, report)
    session.screen.answer(report_json(report))


def tell(session: Session, report: Report) -> None:
    """The report in a few lines."""
    screen = session.screen
    rate = f", {report.new / report.seconds:.1f} photos/s" if report.new and report.seconds else ""
    known = f", {report.already_known} known already" if report.already_known else ""
    screen.done(f"{plural(report.photos, 'photo')}: {report.new} new{known} ({report.seconds:.1f} s{rate}).")
    screen.say(
        f"  {plural(report.faces_found, 'face')} found: {report.faces_kept} kept, {report.faces_forgotten} forgotten.",
        "bold",
    )
    if report.faces_kept:
        screen.say(f"  {_false_matches(report.false_matches)}", "dim")
    if not report.skipped:
        return
    counted = Counter(each.code for each in report.skipped)
    screen.say(f"  {len(report.skipped)} skipped: " + ", ".join(f"{n} {code}" for code, n in counted.most_common()))
    if session.quiet:
        return
    rows = [(each.path, each.code, each.reason) for each in report.skipped[:SHOWN]]
    screen.table(("skipped", "code", "reason"), rows, empty="")
    if len(report.skipped) > SHOWN:
        screen.say(f"  and {len(report.skipped) - SHOWN} more (--json names all of them)")


def _false_matches(expected: float) -> str:
    about = f"about {expected:.1f}" if expected >= 0.05 else "fewer than 0.1"
    return f"Of the kept, {about} are expected to be somebody else, at the threshold's stated rate."


@contextmanager
def following(session: Session, what: str) -> Iterator[Callable[[Progress], None]]:
    """A progress bar on stderr, where somebody is looking."""
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    from countenance.cli.console import plain

    shown = session.screen.err.is_terminal and not (session.quiet or session.json)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[rate]}"))
    with Bar(*columns, TimeRemainingColumn(), console=session.screen.err, transient=True, disable=not shown) as bar:
        task = bar.add_task(plain(what).replace("[", "\\["), total=None, rate="")

        def tick(now: Progress) -> None:
            report = now.report
            rate = f"{report.new / report.seconds:.1f} photos/s" if report.seconds else ""
            faces = f"{report.faces_kept} kept, {report.faces_forgotten} forgotten"
            bar.update(task, completed=now.done, total=now.total, rate=f"{rate}  {faces}")

        yield tick


@contextmanager
def _following(session: Session, source: str, *, events: bool) -> Iterator[Callable[[Progress], None]]:
    if not events:
        with following(session, source) as tick:
            yield tick
        return
    yield lambda now: write_json({"event": "progress", **_progress(now)}, indent=None)


def _progress(now: Progress) -> dict[str, Any]:
    report = now.report
    return {
        "done": now.done,
        "total": now.total,
        "new": report.new,
        "faces_kept": report.faces_kept,
        "faces_forgotten": report.faces_forgotten,
        "skipped": len(report.skipped),
        "seconds": round(report.seconds, 3),
    }


def _is_source(c: Countenance, name: str) -> None:
    """A folder is no source yet: it needs a statement of what entitles one to its photographs."""
    if name in {source.name for source in c.sources.list()} or not Path(name).is_dir():
        return
    word = re.sub(r"[^a-z0-9]+", "-", Path(name).resolve().name.lower()).strip("-") or "photos"
    raise NotFound(
        f"{name} is a folder, but no source yet.",
        hint=f'Say what entitles you to it: `countenance source add {word} "{name}" --statement "…"`.',
    )
