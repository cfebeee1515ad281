"""``countenance log send | tiles | prove | key | uses | clock``: the log for people outside."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from countenance.cli.command import command
from countenance.cli.console import plural
from countenance.cli.session import Session
from countenance.errors import InputError, Unavailable

if TYPE_CHECKING:
    from countenance.service.logbook import Sent


def register(log: typer.Typer) -> None:
    """Add the commands to the group ``log``."""
    command(log, "send", "countenance log send", "countenance log send --json")(send)
    command(log, "tiles", "countenance log tiles", "countenance log tiles --to /media/stick/log")(tiles)
    command(log, "prove", "countenance log prove 12 --to entry-12.json")(prove)
    command(log, "key", "countenance log key")(key)
    command(log, "uses", "countenance log uses", "countenance log uses --start 100 --limit 50 --json")(uses)
    command(log, "clock", "countenance log clock", "countenance log clock --accept")(clock)


def send(session: Session) -> None:
    """Send the signed state of the log to every place under [witness] in the configuration.

    A folder, a mail server, a time-stamping authority (RFC 3161). With it, somebody else can tell later whether the log
    was changed. One place that fails does not stop the others; the exit code then is 60.
    """

    def told(sent: Sent) -> None:
        if sent.fault is None:
            session.screen.done(f"{sent.name}: {plural(sent.size, 'entry', 'entries')}.")
        else:
            session.screen.warn(f"{sent.name}: {sent.fault}")

    with session.open() as c:
        done = c.logbook.send(told)
        witness = c.logbook.witness()
    session.screen.answer(
        {
            "ok": all(each.fault is None for each in done),
            "sent": [{"name": each.name, "size": each.size, "fault": each.fault} for each in done],
            "witness": witness,
        }
    )
    if any(each.fault for each in done):
        raise typer.Exit(Unavailable.exit_code)


def tiles(
    session: Session,
    place: Annotated[Path | None, typer.Argument(hidden=True)] = None,
    to: Annotated[
        Path | None,
        typer.Option("--to", metavar="FOLDER", help="Where to; by default beside the log's checkpoint, in data/log."),
    ] = None,
) -> None:
    """Write the whole log as files (C2SP tlog-tiles), its newest part included. They hold no personal data."""
    if place is not None:
        raise InputError("The folder is named with --to.", hint=f"countenance log tiles --to {place}")
    with session.open() as c:
        folder, seen = c.logbook.tiles(to)
        key = c.context.book.verifier_key
    session.screen.done(f"{plural(seen.size, 'entry', 'entries')} in {folder}. To check them elsewhere:")
    session.screen.command(f"countenance-check log {folder} --key {key}")
    session.screen.answer({"folder": str(folder), "size": seen.size, "root": seen.root.hex(), "key": key})


def prove(
    session: Session,
    index: Annotated[int, typer.Argument(metavar="INDEX", help="The entry, as `countenance log show` numbers it.")],
    to: Annotated[Path | None, typer.Option("--to", metavar="FILE", help="Write the proof to a file.")] = None,
) -> None:
    """Prove that one entry is in the log: a signed document that anybody can check offline, without the rest."""
    with session.open() as c:
        document = c.logbook.prove(index)
    text = json.dumps(document, indent=2) + "\n"
    if to is None:
        if not session.json:
            session.screen.out.print(text, soft_wrap=True, end="")
    else:
        try:
            to.write_text(text, encoding="utf-8")
        except OSError as error:
            raise InputError(f"{to} cannot be written: {error.strerror}.") from None
        session.screen.done(f"The proof of entry {index} is in {to}.")
        session.screen.command(f"countenance-check certificate {to}")
    session.screen.answer(document)


def key(session: Session) -> None:
    """Print the log's public key. Hand it out by another way than certificates: they are checked against it."""
    with session.open() as c:
        text = c.context.book.verifier_key
    if not session.json:
        session.screen.out.print(text, soft_wrap=True)
    session.screen.answer({"key": text})


def uses(
    session: Session,
    start: Annotated[int, typer.Option("--start", min=1, help="The first search, by number.")] = 1,
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="How many; all if left out.")] = None,
) -> None:
    """Show every search and comparison: when, on which gallery, by what input, who asked, was shown and reviewed.

    These are the fields of the AI Act's Article 12(3). That somebody looked is itself in the log.
    """
    with session.signed_in() as c:
        found = c.logbook.uses(start=start, limit=limit)
    rows = (
        (
            each.number,
            each.start.replace("T", " ").rstrip("Z"),
            each.kind,
            each.account,
            each.case,
            each.purpose,
            each.candidates,
            ", ".join(f"{who.subject} ({who.state})" for who in each.shown),
            ", ".join(dict.fromkeys(by for who in each.shown for by, _, _ in who.reviews)),
        )
        for each in found
    )
    session.screen.table(
        ("search", "start (UTC)", "kind", "by", "case", "purpose", "shown", "who", "reviewed by"),
        rows,
        empty="Nothing was searched.",
    )
    session.screen.answer([each.as_json() for each in found])


def clock(
    session: Session,
    accept: Annotated[
        bool, typer.Option("--accept", help="Let the log go on from the clock as it is now; an officer's key signs it.")
    ] = False,
) -> None:
    """After a clock that ran ahead: compare this machine's clock with the log's last entry, and go on from it.

    An entry that is earlier than the one before it is refused, because a clock that is set back makes retention and
    deadlines wrong. Where the clock is right now and was wrong before, an officer says so, and the log keeps it.
    """
    with session.open() as c:
        last, now = c.logbook.times()
        if accept:
            c.sign_in()
            written = c.logbook.accept_clock()
            session.screen.done(f"The log goes on from {now} (log entry {written.index}).")
    if not accept:
        session.screen.facts((("The log's last entry", last), ("This machine's clock", now)))
    session.screen.answer({"last": last, "now": now, "accepted": accept})
