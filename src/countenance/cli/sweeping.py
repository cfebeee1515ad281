"""``countenance sweep``: people who came since are looked for in photos that were ingested before."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from countenance.cli.command import MAIN_JOB, command
from countenance.cli.console import plural
from countenance.cli.ingesting import hand_over, skipped_files
from countenance.cli.options import Engine, Events, ReportPage
from countenance.cli.progressing import following
from countenance.cli.session import Session
from countenance.cli.sheets import check_place

if TYPE_CHECKING:
    from countenance.service.sweeping import Swept


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(
        app, "sweep",
        "countenance sweep", "countenance sweep party --dry-run", "countenance sweep --page report.html",
        panel=MAIN_JOB,
    )(sweep)  # fmt: skip


def sweep(
    session: Session,
    source: Annotated[
        str | None, typer.Argument(metavar="[SOURCE]", help="One source; all that are collected from if left out.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only count the photos that would be looked at again.")
    ] = False,
    engine: Engine = None,
    page: ReportPage = None,
    events: Events = False,
) -> None:
    """Look for people who came since in photos that were ingested before, for all of them in one pass.

    It adds what it finds and takes nothing away. `countenance serve` does it once a day; a timer can do it with an
    account of the role operator or system. Stopped halfway, run it again: it goes on where it was.
    """
    from countenance.reports.ingested import render_swept
    from countenance.service.sweeping import swept_json

    check_place(page, session.settings)
    with session.open() as c:
        if not dry_run:
            c.sign_in()
        with following(session, source or "sweep", events=events, sweeping=True) as progress:
            swept = c.sweep(source, dry_run=dry_run, engine=engine, progress=progress)
    if not events:
        _tell(session, swept)
    told = swept_json(swept)
    render = partial(render_swept, told, organisation=session.settings.gallery.organisation)
    hand_over(session, told, page=page, render=render, events=events)


def _tell(session: Session, swept: Swept) -> None:
    screen = session.screen
    where = ", ".join(f"{name} ({count})" for name, count in swept.sources.items())
    if not swept.sources:
        screen.done("Nobody came since your photos were looked at: nothing to do.")
    elif swept.dry_run:
        screen.say(f"{plural(swept.photos, 'photo')} would be looked at again: {where}.")
        screen.command("countenance sweep")
    else:
        screen.done(f"{plural(swept.photos, 'photo')} looked at again: {where} ({swept.seconds:.1f} s).")
        people = plural(swept.people, "person", "people")
        screen.say(f"  {people} found, {plural(swept.faces_kept, 'face')} kept that were not before.", "bold")
    for name, reason in swept.left.items():
        screen.warn(f"{name} was left out: {reason}")
    skipped_files(session, swept.skipped, swept.skipped_by)
