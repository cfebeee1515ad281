"""``countenance ingest``: through a source's photos, with progress, and a reason for everything skipped."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
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
    from countenance.service.ingesting import Progress, Report, Skipped

SHOWN = 20
"""Skipped files that are named; the others are counted (``--json`` names all)."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(
        app,
        "ingest",
        "countenance ingest party",
        "countenance ingest party --again",
        "countenance ingest party --engine ray",
        panel=MAIN_JOB,
    )(ingest)


def ingest(
    session: Session,
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="The source, as `source list` shows it.")],
    again: Annotated[
        bool, typer.Option("--again", help="Look at every photo anew. (For people who came since: countenance sweep.)")
    ] = False,
    engine: Annotated[
        str | None,
        typer.Option("--engine", metavar="local|ray", help="This machine, or a cluster; as configured if left out."),
    ] = None,
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
        with following_events(session, source, events=events) as progress:
            report = c.ingest(source, again=again, engine=engine, progress=progress)
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
    if report.duplicates:
        screen.say(f"  {plural(report.duplicates, 'exact copy', 'exact copies')} of others, not looked at again.")
    if report.near:
        screen.say(f"  {plural(len(report.near), 'group')} of photos that look alike (--json names them).")
    moves = [(report.moved, "moved"), (report.missing, "gone"), (report.returned, "back")]
    if any(count for count, _ in moves):
        told = ", ".join(f"{count} {word}" for count, word in moves if count)
        screen.say(f"  Files known from before: {told}. What is gone is out of search, and is purged.")
    skipped_files(session, report.skipped, report.skipped_by)


def skipped_files(session: Session, skipped: Sequence[Skipped], counts: Mapping[str, int]) -> None:
    """What was skipped: counted by reason, and the first of them by name."""
    if not skipped:
        return
    counted = sorted(counts.items(), key=lambda each: -each[1])
    session.screen.say(f"  {len(skipped)} skipped: " + ", ".join(f"{n} {code}" for code, n in counted))
    if session.quiet:
        return
    rows = [(each.path, each.code, each.reason) for each in skipped[:SHOWN]]
    session.screen.table(("skipped", "code", "reason"), rows, empty="")
    if len(skipped) > SHOWN:
        session.screen.say(f"  and {len(skipped) - SHOWN} more (--json names all of them)")


def _false_matches(expected: float) -> str:
    about = f"about {expected:.1f}" if expected >= 0.05 else "fewer than 0.1"
    return f"Of the kept, {about} are expected to be somebody else, where faces are like those of LFW (press photos)."


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
def following_events(session: Session, source: str, *, events: bool) -> Iterator[Callable[[Progress], None]]:
    """A progress bar, or with ``events`` progress as JSON lines on stdout."""
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
        "skipped_by": dict(report.skipped_by),
        "looked": now.looked,
        "to_look": now.to_look,
        "photos_per_s": None if now.photos_per_s is None else round(now.photos_per_s, 2),
        "seconds": round(now.seconds, 3),
        "seconds_left": None if now.seconds_left is None else round(now.seconds_left, 1),
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
