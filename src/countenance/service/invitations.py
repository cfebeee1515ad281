"""Invitations to an event: single use, expiring, made by a named account, voided by hand.

The secret is 32 random bytes, shown once; only its SHA-256 is kept. What was used or voided serves no more, also after
a restore from an earlier backup: `countenance.backup.repeating` says it again from the log.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from countenance.errors import InputError, NoAgreement, NotFound
from countenance.policy.inviting import invitation_statement, is_open
from countenance.registry import schema as t
from countenance.service.events import Event, Events
from countenance.service.links import hash_of
from countenance.service.refusing import recording
from countenance.types import DAY, iso, parse_number, reference_number

if TYPE_CHECKING:
    from countenance.service.context import Context

MOST = 500
"""Invitations that are made at once."""
USUAL = 30
"""Days that one serves for, where nothing else is said."""
PATH = "/guest/"
Row = sa.Row[tuple[object, ...]]


@dataclass(frozen=True, slots=True)
class Invitation:
    """One invitation. ``state``: open, used, voided or expired. ``secret``: of one that was just made."""

    id: str
    event: str
    state: str
    expires: str
    made: str
    made_by: str
    secret: str | None = None

    def __str__(self) -> str:
        return self.id

    def address(self, base_url: str) -> str:
        """Where its guest goes."""
        return f"{base_url.rstrip('/')}{PATH}{self.secret}"


class Invitations:
    """Make, void, list."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._events = Events(context)

    def make(self, event: Event | str, count: int = 1, *, days: int = USUAL) -> list[Invitation]:
        """Make invitations, each for one guest. Their secrets are in what comes back, and nowhere else.

        Raises:
            InputError: too many at once, or days that are none.
            NoAgreement: the event is closed or over, or what it was made under stands no more.
        """
        context, now = self._context, self._context.clock()
        if not 1 <= count <= MOST:
            raise InputError(f"{count} is no number of invitations.", hint=f"Give 1 to {MOST}.")
        if not 1 <= days <= 366:
            raise InputError(f"{days} is no number of days.", hint="Give 1 to 366.")
        with recording(context, "invitations") as connection:
            row = self._events.row(connection, event)
            if not is_open(connection, context.desk, row, now):
                raise NoAgreement(
                    f"{reference_number('G', row.id)} is closed or over, or what it was made under stands no more.",
                    requirement="P3", hint="`countenance event show` says until when it lasts.",
                )  # fmt: skip
            expires = min(now + days * DAY, row.ends)
            made = [self._insert(connection, row, expires, now) for _ in range(count)]
            first, last = (reference_number("I", number) for number, _ in (made[0], made[-1]))
            facts = {"event": reference_number("G", row.id), "count": count, "first": first, "last": last}
            context.desk.record(connection, "invitations", "controller", "operator", facts=facts)
            rows = {number: self._row(connection, number) for number, _ in made}
            return [self._opened(connection, rows[number], secret) for number, secret in made]

    def void(self, invitation: Invitation | str) -> Invitation:
        """Have an invitation serve no more. Raises `InputError` for one that was used, `NotFound`."""
        context, number = self._context, parse_number("I", str(invitation), "invitation")
        with recording(context, "invitation-voided") as connection:
            row = self._row(connection, number)
            state = self._state(row)
            if state in {"used", "voided"}:
                raise InputError(f"{reference_number('I', number)} is {state} already.")
            gone = sa.update(t.invitations).where(t.invitations.c.id == number)
            connection.execute(gone.values(voided=context.clock()))
            facts = {"invitation": reference_number("I", number)}
            context.desk.record(connection, "invitation-voided", "controller", "operator", facts=facts)
            return self._opened(connection, self._row(connection, number))

    def list(self, event: Event | str) -> list[Invitation]:
        """The event's invitations, by number."""
        with self._context.registry.read() as connection:
            number = self._events.row(connection, event).id
            query = sa.select(t.invitations).where(t.invitations.c.event == number).order_by(t.invitations.c.id)
            return [self._opened(connection, row) for row in connection.execute(query).all()]

    # --- inside ------------------------------------------------------------------------------------------------------

    def _insert(self, connection: sa.Connection, event: Row, expires: int, now: int) -> tuple[int, str]:
        context, secret = self._context, secrets.token_urlsafe(32)
        values = {"organisation": context.organisation, "event": event.id, "made_by": context.account}
        values |= {"token_hash": hash_of(secret), "signature": b"", "expires": expires, "created": now}
        number = int((connection.execute(sa.insert(t.invitations).values(**values)).inserted_primary_key or (0,))[0])
        signature = context.book.signer().sign(invitation_statement(self._row(connection, number)))
        signed = sa.update(t.invitations).where(t.invitations.c.id == number)
        connection.execute(signed.values(signature=signature))
        return number, secret

    def _row(self, connection: sa.Connection, number: int) -> Row:
        self._context.own()
        mine = (t.invitations.c.id == number, t.invitations.c.organisation == self._context.organisation)
        row = connection.execute(sa.select(t.invitations).where(*mine)).first()
        if row is None:
            raise NotFound(f"There is no invitation I{number}.", hint="`countenance event invitations` shows them.")
        return row

    def _state(self, row: Row) -> str:
        if row.used is not None:
            return "used"
        if row.voided is not None:
            return "voided"
        return "expired" if self._context.clock() >= row.expires else "open"

    def _opened(self, connection: sa.Connection, row: Row, secret: str | None = None) -> Invitation:
        email = connection.scalar(sa.select(t.accounts.c.email).where(t.accounts.c.id == row.made_by))
        event = reference_number("G", row.event)
        state, expires = self._state(row), iso(row.expires)[:10]
        return Invitation(reference_number("I", row.id), event, state, expires, iso(row.created), f"{email}", secret)
