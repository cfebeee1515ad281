"""``countenance report``: what the gallery is used for, for an authority, for the public, and for oneself."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from countenance.cli.command import CHECK, command, group
from countenance.cli.session import Session
from countenance.cli.sheets import write_page

if TYPE_CHECKING:
    from countenance.reports.papers import Paper

Out = Annotated[Path | None, typer.Option("--out", metavar="FILE.html", help="Write it as one page that stands alone.")]
TAMPERED = 70


def register(app: typer.Typer) -> None:
    """Add the group."""
    reports = group(
        app, "report", "Reports from live state: for authorities, for the public, for oneself.", panel=CHECK
    )
    command(
        reports, "accountability",
        "countenance report accountability", "countenance report accountability --out accountability.html",
    )(accountability)  # fmt: skip
    command(reports, "register", "countenance report register --out register.html")(register_of_processing)
    command(reports, "public", "countenance report public --json")(public)
    command(reports, "orphans", "countenance report orphans")(orphans)


def accountability(session: Session, out: Out = None) -> None:
    """What laws on face recognition ask for: name and version, what it can do, what it is used for, how often it errs.

    The fields are those of Colorado's SB22-113 and Washington's RCW 43.386.
    """
    with session.open() as c:
        told = c.reports.accountability()
    _tell(session, told, out)


def register_of_processing(session: Session, out: Out = None) -> None:
    """The record of processing that GDPR Article 30 asks for."""
    with session.open() as c:
        told = c.reports.register()
    _tell(session, told, out)


def public(session: Session, out: Out = None) -> None:
    """What anybody may see: who searches, how often and for what, and which orders were obeyed. It names nobody."""
    with session.open() as c:
        told = c.reports.public()
    _tell(session, told, out)


def orphans(session: Session, out: Out = None) -> None:
    """Look for anything that is held of nobody, or without a reason. There must be nothing; if not, exit code 70."""
    with session.open() as c:
        told = c.reports.orphans()
    _tell(session, told, out)
    if told["found"]:
        raise typer.Exit(TAMPERED)


def _tell(session: Session, told: dict[str, Any], out: Path | None) -> None:
    from countenance.reports.governing import paper_of
    from countenance.reports.papers import render_paper

    paper = paper_of(told)
    if out is not None:
        write_page(out, render_paper(paper))
        session.screen.advise(f"The report is in {out}.")
    else:
        _print(session, paper)
    session.screen.answer(told)


def _print(session: Session, paper: Paper) -> None:
    screen = session.screen
    screen.say(f"{paper.title}: {paper.eyebrow}", "bold")
    if paper.warning:
        screen.warn(paper.warning)
    screen.facts(paper.figures)
    for part in paper.parts:
        screen.say()
        screen.say(part.heading, "bold")
        for sentence in part.sentences:
            screen.say(f"  {sentence}")
        screen.facts((name, value) for name, value in part.facts if value)
        if part.table is not None:
            screen.table(part.table.columns, part.table.rows, empty=f"  {part.table.empty}")
        for line in part.code.splitlines():
            screen.say(f"  {line}", "dim")
    screen.say(paper.made, "dim")
