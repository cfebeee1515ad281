"""``countenance visit``: the visitor desk."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from countenance.cli.command import MAIN_JOB, command, group
from countenance.cli.options import Face, Territory
from countenance.cli.session import Session

Number = Annotated[str, typer.Argument(metavar="VISIT", help="Such as V3.")]


def register(app: typer.Typer) -> None:
    """Add the group."""
    visits = group(app, "visit", "The visitor desk: a face is one way in among others.", panel=MAIN_JOB)
    command(
        visits, "add",
        'countenance visit add "Eva Lind" eva.jpg --evidence consent.pdf --notice visitors-2027 --host "Ben Hall"',
    )(visit_add)  # fmt: skip
    command(visits, "list", "countenance visit list")(visit_list)
    command(visits, "search", "countenance visit search still.jpg")(visit_search)
    command(
        visits, "arrive",
        "countenance visit arrive V3 --way host", "countenance visit arrive V3 --way face --search S12",
        "countenance visit arrive --way paper",
    )(visit_arrive)  # fmt: skip
    command(visits, "leave", "countenance visit leave V3")(visit_leave)


def visit_add(
    session: Session,
    name: Annotated[str, typer.Argument(metavar="NAME", help="As it shall be shown at the desk.")],
    photo: Annotated[Path, typer.Argument(metavar="PHOTO", help="A photo of them alone.")],
    evidence: Annotated[
        Path, typer.Option("--evidence", metavar="FILE", help="The consent that they gave. Only its SHA-256 is kept.")
    ],
    notice: Annotated[str, typer.Option("--notice", metavar="NAME", help="The notice that they were given.")],
    host: Annotated[str | None, typer.Option("--host", metavar="NAME", help="Whom they visit.")] = None,
    territory: Territory = "unknown",
    contact: Annotated[
        str | None, typer.Option("--contact", metavar="ADDRESS", help="For a link, and for their rights.")
    ] = None,
) -> None:
    """Expect a visitor who agreed to be recognised: record, basis and face, for a day at the most.

    Their face is found once the consent is confirmed: `countenance basis countersign` by a second account, or
    `countenance basis link` to the visitor. Whoever would rather not comes in by another way, and needs no record.
    """
    with session.signed_in() as c:
        made = c.visits.add(
            name, photo, evidence=evidence, notice=notice, territory=territory, host=host, contact=contact
        )
    session.screen.done(f"{made.id}: {made.name} is expected, until {made.ends[:16].replace('T', ' ')} UTC.")
    if made.waits_for:
        session.screen.advise(f"Not found by face yet: {made.waits_for}. A second account confirms it:")
        session.screen.command(f"countenance basis countersign {made.basis} --account OTHER")
    session.screen.answer(made.as_json())


def visit_list(session: Session) -> None:
    """Show who is expected, inside, or has left, and how each came in."""
    with session.open() as c:
        found = c.visits.list()
    session.screen.table(
        ("visit", "name", "host", "state", "came in by", "until (UTC)", "face waits for"),
        ((each.id, each.name, each.host or "", each.state, each.way or "", each.ends[11:16], each.waits_for or "")
         for each in found),
        empty="No visitor is expected.",
    )  # fmt: skip
    session.screen.answer([each.as_json() for each in found])


def visit_search(
    session: Session,
    still: Annotated[Path, typer.Argument(metavar="STILL", help="A picture of whoever stands at the desk.")],
    face: Face = None,
) -> None:
    """Compare a still with today's visitors, and with nobody else. It proposes; you decide with your own eyes.

    The still is kept in memory alone. That you searched is logged. Host, paper and badge are ways in as good.
    """
    with session.signed_in() as c:
        seen = c.visits.search(still, face=face)
    by = {each.subject: each for each in seen.found}
    rows = (
        (each.id, each.name, each.host or "", f"{by[each.subject].score:.3f}", by[each.subject].band)
        for each in seen.visits
    )
    columns = ("visit", "candidate", "host", "cosine", "band")
    session.screen.table(columns, rows, empty="Nobody of today's visitors resembles this face closely enough.")
    for each in seen.visits:
        session.screen.command(f"countenance visit arrive {each.id} --way face --search {seen.search}")
    session.screen.advise("A candidate is not an identification. Or let them in by host, paper or badge: --way host.")
    session.screen.answer(seen.as_json())


def visit_arrive(
    session: Session,
    visit: Annotated[
        str | None, typer.Argument(metavar="VISIT", help="Such as V3; left out for somebody who is not enrolled.")
    ] = None,
    way: Annotated[str, typer.Option("--way", metavar="WAY", help="face, host, paper or badge.")] = "host",
    search: Annotated[
        str | None, typer.Option("--search", metavar="S12", help="For face: the comparison that showed them.")
    ] = None,
) -> None:
    """Let somebody in, as you have decided. Every way counts the same, and each is logged.

    Without a visit, somebody who is not enrolled comes in: of them nothing is kept but that somebody did.
    """
    with session.signed_in() as c:
        if visit is None:
            index = c.visits.arrive_unnamed(way)
            session.screen.done(f"Somebody came in by {way} (log entry {index}). Nothing of them is kept.")
            session.screen.answer({"way": way, "log": {"index": index}})
            return
        made = c.visits.arrive(visit, way=way, search=search)
    session.screen.done(f"{made.id}: {made.name} came in by {made.way}.")
    session.screen.answer(made.as_json())


def visit_leave(session: Session, visit: Number) -> None:
    """End a visit: no search finds the visitor from here on, and the purge erases what is kept of them."""
    with session.signed_in() as c:
        made = c.visits.leave(visit)
    session.screen.done(f"{made.id}: {made.name} has left. Their face is found by no search any more.")
    session.screen.answer(made.as_json())
