"""Events whose guests find their own photos: made under the gallery's own agreement, for one source (DESIGN §10)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from countenance.errors import InputError, NoAgreement, NotFound, PurposeRefused, SourceRefused
from countenance.policy import agreeing
from countenance.policy.inviting import PURPOSE, event_statement, is_open
from countenance.policy.purposes import PURPOSES
from countenance.registry import schema as t
from countenance.service.refusing import recording
from countenance.service.sources import Source, Sources
from countenance.types import DAY, iso, parse_number, reference_number

if TYPE_CHECKING:
    from countenance.service.context import Context

LASTS = PURPOSES[PURPOSE].days
"""Days after the event's own day on which all of it ends."""
AHEAD = 366
"""Days that an event may lie ahead."""
MOST_WORDS = 20_000
RECEIVE = ("blurred", "original")
"""In which form guests get pictures: everybody else covered, or as they were taken."""
Row = sa.Row[tuple[object, ...]]


@dataclass(frozen=True, slots=True)
class Event:
    """One event. ``open``: whether guests may come in now. ``ends``: when everything of it is erased."""

    id: str
    name: str
    source: str
    notice: str
    receive: str
    statement: str | None
    approve: bool
    day: str
    ends: str
    open: bool
    closed: str | None
    made_by: str
    invitations: int
    guests: int

    def __str__(self) -> str:
        return self.id


class Events:
    """Make, close and list."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def add(
        self,
        name: str,
        *,
        source: str,
        notice: str | Path | bytes,
        day: str | date,
        receive: str = "blurred",
        statement: str | None = None,
        approve: bool = False,
    ) -> Event:
        """Make an event that people can be invited to.

        Args:
            name: What guests know it by.
            source: Where its photos come from; it must serve `find-my-photos`.
            notice: The text that each guest reads before they agree: a file, or its bytes.
            day: When it took or takes place. Everything of its guests is erased 90 days later.
            receive: ``blurred``: in the pictures that guests get, all other faces are covered; or ``original``.
            statement: The owner's statement of why guests may have the originals, which show others too.
            approve: Somebody looks at each guest's record before pictures are looked for.

        Raises:
            InputError: no name, no day, an unreadable notice, an unknown form; `original` without a statement.
            NoAgreement: the gallery's own agreement does not cover `find-my-photos` now.
            PurposeRefused, SourceRefused: the source does not serve the purpose, or is not collected from.
        """
        context, now = self._context, self._context.clock()
        context.own()
        happened = _day(day, now)
        words = _words(notice)
        _check(name, receive, statement)
        place = self._place(source)
        with recording(context, "event") as connection:
            agreement = self._agreement(connection, now)
            values = {
                "organisation": context.organisation,
                "agreement": agreement,
                "source": place.id,
                "notice": self._notice(connection, words, now),
                "made_by": context.account,
                "name_sealed": context.keys.seal_text(context.own_key, name.strip(), "event"),
                "words": words,
                "receive": receive,
                "statement": (statement or "").strip() or None,
                "approve": approve,
                "happened": happened,
                "ends": happened + (LASTS + 1) * DAY,
                "signature": b"",
                "created": now,
            }
            made = connection.execute(sa.insert(t.events).values(**values))
            number = int((made.inserted_primary_key or (0,))[0])
            row = connection.execute(sa.select(t.events).where(t.events.c.id == number)).one()
            signature = context.book.signer().sign(event_statement(row))
            connection.execute(sa.update(t.events).where(t.events.c.id == number).values(signature=signature))
            facts = {"event": reference_number("G", number), "receive": receive, "approve": approve}
            context.desk.record(connection, "event", "controller", facts=facts)
        return self.get(reference_number("G", number))

    def close(self, event: Event | str) -> Event:
        """Let nobody in any more. Who is in stays in, until they leave or the event's days are over."""
        context = self._context
        with recording(context, "event-closed") as connection:
            row = self.row(connection, event)
            if row.closed is not None:
                raise InputError(f"{reference_number('G', row.id)} is closed already.")
            connection.execute(sa.update(t.events).where(t.events.c.id == row.id).values(closed=context.clock()))
            facts = {"event": reference_number("G", row.id)}
            context.desk.record(connection, "event-closed", "controller", "operator", facts=facts)
        return self.get(reference_number("G", row.id))

    def get(self, event: Event | str) -> Event:
        """The event by this number. Raises `NotFound`."""
        with self._context.registry.read() as connection:
            return self._opened(connection, self.row(connection, event))

    def list(self) -> list[Event]:
        """All events, the newest first."""
        self._context.own()
        query = sa.select(t.events).where(t.events.c.organisation == self._context.organisation)
        with self._context.registry.read() as connection:
            rows = connection.execute(query.order_by(t.events.c.id.desc())).all()
            return [self._opened(connection, row) for row in rows]

    def sources(self) -> tuple[str, ...]:
        """The names of the sources that an event can be of."""
        every = Sources(self._context).list()
        return tuple(each.name for each in every if PURPOSE in each.purposes and each.state == "active")

    def row(self, connection: sa.Connection, event: Event | str) -> Row:
        """The event's row. Raises `NotFound`: absent or not yours, in the same words."""
        self._context.own()
        number = parse_number("G", str(event), "event")
        mine = (t.events.c.id == number, t.events.c.organisation == self._context.organisation)
        row = connection.execute(sa.select(t.events).where(*mine)).first()
        if row is None:
            raise NotFound(f"There is no event G{number}.", hint="`countenance event list` shows them.")
        return row

    # --- inside ------------------------------------------------------------------------------------------------------

    def _place(self, source: str) -> Source:
        place = Sources(self._context).get(source)
        if PURPOSE not in place.purposes:
            raise PurposeRefused(
                f"The source {place.name!r} does not serve {PURPOSE!r}.", requirement="P4",
                hint="Add a source for it: `countenance source add --purposes find-my-photos`.",
            )  # fmt: skip
        if place.state != "active":
            raise SourceRefused(f"The source {place.name!r} is {place.state}.", requirement="P26")
        return place

    def _agreement(self, connection: sa.Connection, now: int) -> int:
        """The gallery's own agreement that covers the purpose now."""
        desk, own = self._context.desk, self._context.organisation
        agreement = agreeing.agreement(connection, desk, own, PURPOSE, now)
        if agreement is None or not agreeing.in_force(connection, desk, own, PURPOSE, now):
            raise NoAgreement(
                f"No agreement of your own covers {PURPOSE!r} now.", requirement="P3",
                hint=f"Make one: `countenance agreement add --purposes {PURPOSE}`.",
            )  # fmt: skip
        return agreement.id

    def _notice(self, connection: sa.Connection, words: str, now: int) -> int:
        """The record of a notice with this text: guests of several events may read the same one."""
        context, digest = self._context, hashlib.sha256(words.encode()).hexdigest()
        name = f"{PURPOSE} {digest[:12]}"
        same = (t.notices.c.organisation == context.organisation, t.notices.c.name == name)
        known = connection.execute(sa.select(t.notices.c.id, t.notices.c.sha256).where(*same)).first()
        if known is not None and known.sha256 == digest:
            return int(known.id)
        values: dict[str, Any] = {"name": name, "sha256": digest, "channel": "the guest's page"}
        values |= {"given": now, "created": now, "organisation": context.organisation}
        made = connection.execute(sa.insert(t.notices).values(**values))
        context.desk.record(connection, "notice", "controller", facts={"text": digest, "channel": "the guest's page"})
        return int((made.inserted_primary_key or (0,))[0])

    def _opened(self, connection: sa.Connection, row: Row) -> Event:
        context = self._context

        def count(table: sa.Table, *where: sa.ColumnElement[bool]) -> int:
            return connection.scalar(sa.select(sa.func.count()).select_from(table).where(*where)) or 0

        mine = sa.select(t.invitations.c.id).where(t.invitations.c.event == row.id)
        return Event(
            id=reference_number("G", row.id),
            name=name_of(context, row),
            source=f"{connection.scalar(sa.select(t.sources.c.name).where(t.sources.c.id == row.source))}",
            notice=row.words,
            receive=row.receive,
            statement=row.statement,
            approve=row.approve,
            day=iso(row.happened)[:10],
            ends=iso(row.ends)[:10],
            open=is_open(connection, context.desk, row, context.clock()),
            closed=None if row.closed is None else iso(row.closed),
            made_by=f"{connection.scalar(sa.select(t.accounts.c.email).where(t.accounts.c.id == row.made_by))}",
            invitations=count(t.invitations, t.invitations.c.event == row.id),
            guests=count(t.guests, t.guests.c.invitation.in_(mine)),
        )


def name_of(context: Context, row: Row) -> str:
    """What an event is called. It may name people, so it is sealed under the organisation's key."""
    return context.keys.unseal_text(context.own_key, row.name_sealed, "event") or ""


def _day(day: str | date, now: int) -> int:
    try:
        found = day if isinstance(day, date) else date.fromisoformat(day)
    except ValueError:
        raise InputError(f"{day!r} is no day.", hint="Write it like 2027-06-12.") from None
    at = int(datetime(found.year, found.month, found.day, tzinfo=UTC).timestamp())
    if at + (LASTS + 1) * DAY <= now:
        raise InputError(f"{found} is more than {LASTS} days ago: everything of it has ended.")
    if at > now + AHEAD * DAY:
        raise InputError(f"{found} is more than a year ahead.")
    return at


def _words(notice: str | Path | bytes) -> str:
    try:
        words = (notice if isinstance(notice, bytes) else Path(notice).read_bytes()).decode("utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise InputError("The notice cannot be read as text.", hint="Give a file in UTF-8.") from None
    if not words or len(words) > MOST_WORDS:
        raise InputError(f"A notice has 1 to {MOST_WORDS:,} characters.")
    return words


def _check(name: str, receive: str, statement: str | None) -> None:
    if not name.strip() or len(name) > 200 or not name.isprintable():
        raise InputError("An event needs a name of 1 to 200 characters, on one line.")
    if receive not in RECEIVE:
        raise InputError(f"{receive!r} is no form of pictures.", hint=f"Give one of: {', '.join(RECEIVE)}.")
    if receive == "original" and not (statement or "").strip():
        raise InputError(
            "Originals show others as well, and nothing says why guests may have them.",
            hint="Give the owner's statement: --statement TEXT; or leave the other faces covered.",
        )
