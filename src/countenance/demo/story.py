"""Tells the story: runs the steps in order, prints a line of result and the time of each, and writes the page."""

from __future__ import annotations

import shutil
import sys
import time
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import countenance
from countenance.demo import arriving, authorities, leaving
from countenance.demo.club import ORGANISATION, THRESHOLD, clear
from countenance.demo.stage import Stage, Telling
from countenance.errors import InputError
from countenance.reports.page import Step, Story, render_story
from countenance.types import iso, system_clock

if TYPE_CHECKING:
    from rich.console import Console

STEPS: list[Telling] = [
    arriving.enrol_members,
    arriving.ingest_photos,
    arriving.find_somebody,
    arriving.refuse_others,
    authorities.let_others_search,
    leaving.withdraw_one,
    leaving.erase_one,
    authorities.obey_an_order,
    authorities.restore_an_old_backup,
    leaving.change_the_log,
]
"""The story, in order. A later chapter is one more function here."""

THRESHOLD_NOTE = (
    f"The threshold is {THRESHOLD}, a threshold for rendered people, who resemble one another more than real ones do. "
    "With photographs of real people it follows from the gallery's size: 0.417 up to 100 templates."
)
NOTES = (
    "Everybody in these pictures is synthetic: thirty rendered people who do not exist.",
    THRESHOLD_NOTE,
    "Generated templates are random numbers with nobody behind them: they show how long a search takes, not how well.",
)


def next_commands() -> tuple[tuple[str, str], ...]:
    """What to type next, here: after ``make`` the program lies in ``.venv``, where no shell looks for it."""
    program = "countenance"
    beside = Path(sys.executable).with_name(program)
    if shutil.which(program) is None and beside.exists():
        program = str(beside.relative_to(Path.cwd()) if beside.is_relative_to(Path.cwd()) else beside)
    return (
        ("Your own folder: enrol yourself, find yourself, forget everybody else", f"{program} start ~/Pictures"),
        ("This club in the browser", "make serve" if Path("Makefile").exists() else f"{program} serve --demo"),
    )


def run(folder: Path, *, page: Path, crowd: int = 1_000_000, console: Console | None = None) -> int:
    """Run the demo in ``folder``, anew each time, and write its page.

    Args:
        folder: Where the club is founded. What an earlier demo left there is removed; any other content is refused.
        page: The HTML file to write.
        crowd: How many generated templates stand beside the cast.
        console: Where to print; standard output when None.

    Returns the exit code, 0. Raises `CountenanceError` when a step does not go as promised.
    """
    from rich.console import Console

    out = console or Console(highlight=False)
    out.print(f"\n[bold]Countenance[/bold] demo: {ORGANISATION}, thirty synthetic people, nobody real.\n")
    started = time.monotonic()
    steps = []
    with ExitStack() as closing:
        stage = Stage(clear(folder), crowd, closing)
        for number, telling in enumerate(STEPS, start=1):
            steps.append(_told(out, number, telling, stage))
        stage.places.finish()
    _write(page, steps)
    _end(out, page, time.monotonic() - started)
    return 0


def _told(out: Console, number: int, telling: Telling, stage: Stage) -> Step:
    """Run one step and print its line."""
    from rich.table import Table

    started = time.monotonic()
    with out.status((telling.__doc__ or "").partition("\n")[0]):
        step = telling(stage)
    step = replace(step, seconds=time.monotonic() - started)
    line = Table.grid(padding=(0, 1), expand=True)
    line.add_column(width=2, style="bold cyan")
    line.add_column(ratio=1)
    line.add_column(width=7, justify="right", style="dim")
    line.add_row(str(number), f"[bold]{step.headline}.[/bold] {step.result}", f"{step.seconds:.1f} s")
    out.print(line)
    return step


def _write(page: Path, steps: list[Step]) -> None:
    story = Story(
        title="A club finds its members, and forgets everybody else",
        lead="Ten steps through the main job: people agree, photographs come in, strangers are forgotten, one person "
        "is found, another organisation searches by agreement, one person withdraws, one is erased, an authority is "
        "obeyed, an old backup brings nobody back, and whoever touches the record is caught.",
        steps=tuple(steps),
        next_commands=next_commands(),
        notes=NOTES,
        made=f"Made by Countenance {countenance.__version__} on {iso(system_clock())[:10]}, on synthetic people only.",
    )
    try:
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(render_story(story), encoding="utf-8")
    except OSError as error:
        raise InputError(f"The page cannot be written to {page}: {error.strerror}.") from None


def _end(out: Console, page: Path, seconds: float) -> None:
    out.print(f"\nDone in {seconds:.0f} s. {THRESHOLD_NOTE}")
    out.print(f"The story with its pictures:  {page}", soft_wrap=True)
    for what, command in next_commands():
        out.print(f"{what}:  [bold]{command}[/bold]", soft_wrap=True)
    out.print()
