"""``countenance event``: guests find their own photos. Events, invitations, and who came in."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from countenance.cli.command import RECORDS, command, group
from countenance.cli.session import Session

Event = Annotated[str, typer.Argument(metavar="EVENT", help="The event, such as G1.")]
Guest = Annotated[str, typer.Argument(metavar="GUEST", help="The guest, as `countenance event guests` names them.")]


def register(app: typer.Typer) -> None:
    """Add the group."""
    events = group(app, "event", "Events whose guests find their own photos.", panel=RECORDS)
    command(
        events, "add", 'countenance event add "Summer party" --source party --notice guests.txt --day 2027-06-12',
    )(add)  # fmt: skip
    command(events, "list", "countenance event list")(list_)
    command(events, "show", "countenance event show G1")(show)
    command(events, "close", "countenance event close G1")(close)
    command(
        events, "invite", "countenance event invite G1 --base-url https://faces.club.example --count 40",
    )(invite)  # fmt: skip
    command(events, "invitations", "countenance event invitations G1")(invitations)
    command(events, "void", "countenance event void I7")(void)
    command(events, "guests", "countenance event guests G1")(guests)
    command(events, "approve", "countenance event approve guest-1f0c77a2b9d4")(approve)
    command(events, "refuse", "countenance event refuse guest-1f0c77a2b9d4")(refuse)
    command(events, "look", "countenance event look")(look)


def add(
    session: Session,
    name: Annotated[str, typer.Argument(metavar="NAME", help="What guests know it by.")],
    source: Annotated[str, typer.Option("--source", help="Where its photos come from. Needed.")] = "",
    notice: Annotated[
        Path | None, typer.Option("--notice", metavar="FILE", help="The text that each guest reads first. Needed.")
    ] = None,
    day: Annotated[str, typer.Option("--day", metavar="YYYY-MM-DD", help="When it takes place. Needed.")] = "",
    receive: Annotated[
        str, typer.Option("--guests-receive", metavar="FORM", help="blurred: others are covered; or original.")
    ] = "blurred",
    statement: Annotated[
        str | None, typer.Option("--statement", help="For original: why guests may have pictures that show others.")
    ] = None,
    approve: Annotated[
        bool, typer.Option("--approve", help="You approve each guest before pictures are looked for.")
    ] = False,
) -> None:
    """Make an event that people can be invited to, under your own agreement for `find-my-photos`.

    Everything of its guests ends 90 days after the day, and is erased by the purge.
    """
    from countenance.errors import InputError

    if not source or notice is None or not day:
        raise InputError(
            "An event needs its source, its notice and its day.", hint="Give --source, --notice and --day."
        )
    with session.signed_in() as c:
        made = c.events.add(
            name, source=source, notice=notice, day=day, receive=receive, statement=statement, approve=approve
        )
    session.screen.done(f"{made.id}: {made.name}, until {made.ends}.")
    session.screen.advise("Invite guests:")
    session.screen.command(f"countenance event invite {made.id} --base-url https://YOUR.ADDRESS --count 20")
    session.screen.answer(asdict(made))


def list_(session: Session) -> None:
    """List all events, the newest first."""
    with session.open() as c:
        every = c.events.list()
    rows = [(e.id, e.name, e.day, e.ends, _state(e.open, e.closed), f"{e.invitations}", f"{e.guests}") for e in every]
    session.screen.table(
        ("event", "name", "day", "until", "state", "invitations", "guests"), rows, empty="There is no event."
    )
    session.screen.answer({"events": [asdict(each) for each in every]})


def show(session: Session, event: Event) -> None:
    """Show one event, and its notice."""
    with session.open() as c:
        made = c.events.get(event)
    session.screen.facts(
        [
            ("event", made.id),
            ("name", made.name),
            ("day", made.day),
            ("until", made.ends),
            ("state", _state(made.open, made.closed)),
            ("source", made.source),
            ("guests receive", made.receive + (f" ({made.statement})" if made.statement else "")),
            ("each guest is approved", "yes" if made.approve else "no"),
            ("made by", made.made_by),
            ("invitations", f"{made.invitations}"),
            ("guests", f"{made.guests}"),
        ]
    )
    session.screen.say()
    session.screen.say(made.notice)
    session.screen.answer(asdict(made))


def close(session: Session, event: Event) -> None:
    """Let nobody in any more. Who is in stays in, until they leave or the event's days are over."""
    with session.signed_in() as c:
        made = c.events.close(event)
    session.screen.done(f"{made.id} is closed.")
    session.screen.answer(asdict(made))


def invite(
    session: Session,
    event: Event,
    count: Annotated[int, typer.Option("--count", help="How many.")] = 1,
    days: Annotated[int, typer.Option("--days", help="How long each serves.")] = 30,
    base_url: Annotated[
        str, typer.Option("--base-url", metavar="URL", help="Where guests reach this gallery's page. Needed.")
    ] = "",
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="A page to print, with a QR code for each guest.")
    ] = None,
) -> None:
    """Make invitations, each for one guest: a link that serves once. They are shown this once, and not stored.

    Nothing is sent: hand them out or send them yourself.
    """
    from countenance.cli.sheets import check_place, write_page
    from countenance.reports.invited import check_base, render_sheet

    check_base(base_url)
    check_place(out, session.settings)
    with session.signed_in() as c:
        made = c.invitations.make(event, count, days=days)
        about, organisation = c.events.get(event), c.context.settings.gallery.organisation
    addresses = [(each.id, each.address(base_url)) for each in made]
    if out is not None:
        write_page(out, render_sheet(organisation, about.name, made[0].expires, addresses))
        session.screen.done(f"{len(made)} invitations to {about.name}, until {made[0].expires}: {out}")
    else:
        session.screen.done(f"{len(made)} invitations to {about.name}, until {made[0].expires}:")
        for number, address in addresses:
            session.screen.say(f"{number}  {address}", wrap=False)
    session.screen.advise("Whoever holds one can use it. They are shown this once, and not stored.")
    told = [asdict(each) | {"address": address} for each, (_, address) in zip(made, addresses, strict=True)]
    session.screen.answer({"event": about.id, "invitations": told})


def invitations(session: Session, event: Event) -> None:
    """List an event's invitations, and what became of each."""
    with session.open() as c:
        every = c.invitations.list(event)
    session.screen.table(
        ("invitation", "state", "until", "made by"),
        [(e.id, e.state, e.expires, e.made_by) for e in every],
        empty="Nobody is invited.",
    )
    session.screen.answer({"invitations": [asdict(each) for each in every]})


def void(
    session: Session, invitation: Annotated[str, typer.Argument(metavar="INVITATION", help="Such as I7.")]
) -> None:
    """Have an invitation serve no more."""
    with session.signed_in() as c:
        gone = c.invitations.void(invitation)
    session.screen.done(f"{gone.id} serves no more.")
    session.screen.answer(asdict(gone))


def guests(session: Session, event: Event) -> None:
    """List an event's guests, and where each stands."""
    with session.open() as c:
        every = c.hosting.guests(event)
    session.screen.table(
        ("guest", "name", "state", "since", "pictures"),
        [(e.subject, e.name, e.state, e.since[:10], f"{e.pictures}") for e in every],
        empty="Nobody came in by an invitation.",
    )
    session.screen.answer({"guests": [asdict(each) for each in every]})


def approve(session: Session, guest: Guest) -> None:
    """Let a guest be found whose stills have fitted."""
    with session.signed_in() as c:
        c.hosting.approve(guest)
    session.screen.done(f"{guest} is approved, and is looked for next.")
    session.screen.answer({"guest": guest, "approved": True})


def refuse(session: Session, guest: Guest) -> None:
    """Turn a guest away: their basis is withdrawn, and they are erased by the purge."""
    with session.signed_in() as c:
        c.hosting.refuse(guest)
    session.screen.done(f"{guest} is turned away.")
    session.screen.answer({"guest": guest, "approved": False})


def look(session: Session) -> None:
    """Look for the guests who wait for it, all of them in one pass. `countenance serve` does it by itself."""
    from countenance.service.guest_sweeps import sweep_for_guests

    with session.signed_in() as c:
        swept = sweep_for_guests(c)
    session.screen.done(f"Looked for {swept.guests} guests in {swept.photos} photos; {swept.faces} appearances kept.")
    session.screen.answer(asdict(swept))


def _state(is_open: bool, closed: str | None) -> str:
    return "open" if is_open else f"closed {closed[:10]}" if closed else "over"
