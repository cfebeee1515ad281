"""How far a long ingest or sweep is: a live bar, a line now and then where nobody looks, JSON lines for a program."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from countenance.cli.console import plain, write_json
from countenance.cli.session import Session
from countenance.service.progress import as_event

if TYPE_CHECKING:
    from countenance.service.ingesting import Progress

Tick = Callable[["Progress"], None]
NOW_AND_THEN = 30.0
"""Seconds between two lines in a pipe or a file, so that a short ingest writes none."""


@contextmanager
def following(session: Session, what: str, *, events: bool = False, sweeping: bool = False) -> Iterator[Tick]:
    """What to call with the progress, so that it is shown.

    Args:
        session: With ``--json`` or ``--quiet`` nothing is shown.
        what: The name of what is under way.
        events: Show it as JSON lines on stdout instead.
        sweeping: A sweep counts only what it adds, so there is no number of forgotten faces.
    """
    screen = session.screen
    if events:
        yield lambda now: write_json({"event": "progress", **as_event(now, sweeping=sweeping)}, indent=None)
    elif session.json or session.quiet:
        yield lambda _: None
    elif screen.err.is_terminal and not screen.err.is_dumb_terminal:
        with _bar(session, what, sweeping=sweeping) as tick:
            yield tick
    else:
        yield _lines(session, what, sweeping=sweeping)


# --- in words --------------------------------------------------------------------------------------------------------


def rate(now: Progress) -> str:
    """Photos a second; nothing before the first was looked at."""
    return "" if now.photos_per_s is None else f"{now.photos_per_s:,.1f} photos/s"


def ending(now: Progress, clock: datetime) -> str:
    """When it will be at its end, at the rate so far: by the clock, and how long that is from now."""
    left = now.seconds_left
    if left is None:
        return "end not known yet" if now.to_look else ""
    if not left:
        return "about to end"
    end = clock + timedelta(seconds=left)
    when = f"{end:%H:%M}" if end.date() == clock.date() else f"{end:%Y-%m-%d %H:%M}"
    return f"ends about {when}, in {span(left)}"


def span(seconds: float) -> str:
    """A stretch of time in one or two units: ``40 s``, ``25 min``, ``1 h 12 min``, ``2 days 3 h``."""
    if seconds < 59.5:
        return f"{max(round(seconds), 1)} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    days, hours = divmod(hours, 24)
    return f"{days} days {hours} h" if hours else f"{days} days"


def by_reason(counts: Mapping[str, int]) -> str:
    """``8 unreadable, 4 video``: the most frequent first."""
    return ", ".join(f"{count:,} {code}" for code, count in sorted(counts.items(), key=lambda each: -each[1]))


def _said(now: Progress, *, sweeping: bool) -> tuple[str, str]:
    """The end and the faces; what was skipped. Each in a few words."""
    report = now.report
    faces = f"{report.faces_kept:,} {'face' if report.faces_kept == 1 else 'faces'} kept"
    faces += " that were not before" if sweeping else f", {report.faces_forgotten:,} forgotten"
    skipped = f"{len(report.skipped):,} skipped: {by_reason(report.skipped_by)}" if report.skipped else ""
    return " · ".join(filter(None, (ending(now, datetime.now().astimezone()), faces))), skipped


# --- where it is shown -----------------------------------------------------------------------------------------------


@contextmanager
def _bar(session: Session, what: str, *, sweeping: bool) -> Iterator[Tick]:
    """A bar with the count and the rate, and below it the rest. It goes when the work ends."""
    from rich.console import Group
    from rich.live import Live
    from rich.progress import BarColumn, TextColumn
    from rich.progress import Progress as Bar
    from rich.table import Column
    from rich.text import Text

    name = TextColumn("{task.description}", markup=False, table_column=Column(no_wrap=True, max_width=24))
    columns = [TextColumn(f"{{task.fields[{field}]}}", markup=False) for field in ("count", "rate")]
    bar = Bar(name, BarColumn(None, table_column=Column(ratio=1)), *columns, console=session.screen.err, expand=True)
    task = bar.add_task(plain(what), total=None, count="", rate="")
    below = Text("looking through the files …", style="dim")

    def tick(now: Progress) -> None:
        nonlocal below
        bar.update(task, completed=now.done, total=now.total, count=f"{now.done:,}/{now.total:,}", rate=rate(now))
        below = Text("\n".join(plain(line) for line in _said(now, sweeping=sweeping) if line), style="dim")
        shown.refresh()

    with Live(console=session.screen.err, transient=True, get_renderable=lambda: Group(bar, below)) as shown:
        yield tick


def _lines(session: Session, what: str, *, sweeping: bool) -> Tick:
    last = time.monotonic()

    def tick(now: Progress) -> None:
        nonlocal last
        if time.monotonic() - last < NOW_AND_THEN:
            return
        last = time.monotonic()
        told = (f"{now.done:,} of {now.total:,}", rate(now), *_said(now, sweeping=sweeping))
        session.screen.err.print(plain(f"{what}: {' · '.join(filter(None, told))}"), soft_wrap=True)

    return tick
