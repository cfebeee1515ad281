"""``countenance ingest``: through a source's photos, with progress, and a reason for everything skipped."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from countenance.cli.command import MAIN_JOB, command
from countenance.cli.console import plural, write_json
from countenance.cli.options import Engine, Events, ReportPage
from countenance.cli.progressing import by_reason, following
from countenance.cli.session import Session
from countenance.cli.sheets import check_place, write_page
from countenance.errors import CountenanceError, NotFound
from countenance.reports.words import false_matches
from countenance.version import VERSION

if TYPE_CHECKING:
    from countenance.service.countenance import Countenance
    from countenance.service.ingesting import Report, Skipped

STANDARD = "standard"
"""How closely photos are looked at unless another way was asked for."""
SHOWN = 20
"""Skipped files that are named; the others are counted (``--json`` names all)."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(
        app,
        "ingest",
        "countenance ingest party",
        "countenance ingest party --again",
        "countenance ingest party --page report.html",
        "countenance ingest party --detect thorough",
        "countenance ingest party --engine ray",
        panel=MAIN_JOB,
    )(ingest)


def ingest(
    session: Session,
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="The source, as `source list` shows it.")],
    again: Annotated[
        bool, typer.Option("--again", help="Look at every photo anew. (For people who came since: countenance sweep.)")
    ] = False,
    engine: Engine = None,
    detect: Annotated[
        str | None,
        typer.Option(
            "--detect",
            metavar="HOW",
            help="How closely to look: quick, standard or thorough (small faces in large photos); as configured if left"
            " out. Photos that were looked at less closely are looked at again.",
        ),
    ] = None,
    page: ReportPage = None,
    events: Events = False,
) -> None:
    """Go through a source's photos: keep the faces of people who agreed, forget all others.

    Stopped halfway, run it again: it goes on where it was. Files that cannot serve are skipped, each with its reason.
    """
    from countenance.reports.ingested import render_ingested
    from countenance.service.ingesting import report_json

    check_place(page, session.settings)
    with session.open() as c:
        _is_source(c, source)
        c.sign_in()
        with following(session, source, events=events) as progress:
            report = c.ingest(source, again=again, engine=engine, detect=detect, progress=progress)
    if not events:
        tell(session, report)
    told, holder = report_json(report), session.settings.gallery.organisation
    render = partial(render_ingested, told, source=source, organisation=holder)
    hand_over(session, told, page=page, render=render, events=events)


def tell(session: Session, report: Report) -> None:
    """The report in a few lines."""
    screen = session.screen
    rate = f", {report.new / report.seconds:.1f} photos/s" if report.new and report.seconds else ""
    known = f", {report.already_known} known already" if report.already_known else ""
    screen.done(f"{plural(report.photos, 'photo')}: {report.new} new{known} ({report.seconds:.1f} s{rate}).")
    found = plural(report.faces_found, "face") + (
        " found" if report.detect == STANDARD else f" found ({report.detect})"
    )
    screen.say(f"  {found}: {report.faces_kept} kept, {report.faces_forgotten} forgotten.", "bold")
    if report.faces_kept:
        screen.say(f"  {false_matches(report.false_matches)}", "dim")
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
    session.screen.say(f"  {len(skipped)} skipped: {by_reason(counts)}")
    if session.quiet:
        return
    rows = [(each.path, each.code, each.reason) for each in skipped[:SHOWN]]
    session.screen.table(("skipped", "code", "reason"), rows, empty="")
    if len(skipped) > SHOWN:
        session.screen.say(f"  and {len(skipped) - SHOWN} more (--json names all of them)")


def hand_over(
    session: Session, told: dict[str, Any], *, page: Path | None, render: Callable[..., str], events: bool
) -> None:
    """The report for a program, and as a page. The work is done, whether the page can be written or not."""
    fault = None if page is None else _write(session, page, render)
    if page is not None and not (fault or events):
        session.screen.advise(f"The report is in {page}.")
    if events:
        write_json({"event": "done", **told}, indent=None)
    else:
        session.screen.answer(told)
    if fault:
        raise typer.Exit(fault.exit_code)


def _write(session: Session, page: Path, render: Callable[..., str]) -> CountenanceError | None:
    now = datetime.now().astimezone()
    try:
        write_page(page, render(made=f"Made by Countenance {VERSION} on {now:%Y-%m-%d at %H:%M %Z}."))
    except CountenanceError as error:
        session.screen.warn(f"The work is done. {error.message}")
        return error
    return None


def _is_source(c: Countenance, name: str) -> None:
    """A folder is no source yet: it needs a statement of what entitles one to its photographs."""
    if name in {source.name for source in c.sources.list()} or not Path(name).is_dir():
        return
    word = re.sub(r"[^a-z0-9]+", "-", Path(name).resolve().name.lower()).strip("-") or "photos"
    raise NotFound(
        f"{name} is a folder, but no source yet.",
        hint=f'Say what entitles you to it: `countenance source add {word} "{name}" --statement "…"`.',
    )
