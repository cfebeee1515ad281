"""What stands behind a guest: an event, an invitation to it, and the record that they came in by it (DESIGN §10).

Each is signed with the key of the log when it is made, over all of it that does not change: a guest has no account
whose key could sign, and a row that was written with a database tool lets nobody in and shows nobody anything.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import rfc8785
import sqlalchemy as sa

from countenance.errors import BadSignature
from countenance.policy import activating, agreeing
from countenance.policy.facts import GuestFacts
from countenance.policy.purposes import PURPOSES
from countenance.registry import schema as t
from countenance.types import BasisId, OrganisationId, SubjectId, iso
from countenance.vault.accounts import verify_signature

if TYPE_CHECKING:
    from countenance.policy.desk import Desk

PURPOSE = "find-my-photos"
Row = sa.Row[tuple[object, ...]]


def event_statement(row: Row) -> bytes:
    """What is signed of an event (RFC 8785)."""
    numbers = ("id", "organisation", "agreement", "source", "notice", "made_by")
    said = {name: getattr(row, name) for name in (*numbers, "words", "receive", "statement", "approve")}
    return rfc8785.dumps(said | {"v": 1, "happened": iso(row.happened), "ends": iso(row.ends)})


def invitation_statement(row: Row) -> bytes:
    """What is signed of an invitation."""
    said = {name: getattr(row, name) for name in ("id", "organisation", "event", "made_by", "token_hash")}
    return rfc8785.dumps(said | {"v": 1, "expires": iso(row.expires)})


def guest_statement(row: Row) -> bytes:
    """What is signed of a guest: whose key shows whom."""
    said = {name: getattr(row, name) for name in ("id", "organisation", "invitation", "subject", "basis", "key_hash")}
    return rfc8785.dumps(said | {"v": 1})


def is_signed(desk: Desk, row: Row, statement: Callable[[Row], bytes]) -> bool:
    """Whether the log's key signed exactly what the row says."""
    try:
        verify_signature(desk.log_key, row.signature or b"", statement(row))
    except (BadSignature, ValueError, OverflowError):  # what it says is not even a date: nobody has signed that
        return False
    return True


def is_open(connection: sa.Connection, desk: Desk, event: Row, now: int) -> bool:
    """Whether guests may come in: the event stands as it was signed, and so does the agreement that it was made under.

    Unknown means no: a purpose that is switched off, an agreement that has ended, a source that is not collected from.
    """
    if event.closed is not None or now >= event.ends or not is_signed(desk, event, event_statement):
        return False
    source = connection.scalar(sa.select(t.sources.c.state).where(t.sources.c.id == event.source))
    on = bool(activating.purposes_on(connection, desk) & PURPOSES[PURPOSE].mask)
    return source == "active" and on and agreeing.in_force(connection, desk, desk.gallery, PURPOSE, now)


def guest(connection: sa.Connection, desk: Desk, number: int | None, now: int) -> GuestFacts | None:
    """Who came in by an invitation, and whether what let them in still stands."""
    if number is None:
        return None
    row = connection.execute(sa.select(t.guests).where(t.guests.c.id == number)).first()
    if row is None or not is_signed(desk, row, guest_statement):
        return None
    found = connection.execute(sa.select(t.invitations).where(t.invitations.c.id == row.invitation)).one()
    event = connection.execute(sa.select(t.events).where(t.events.c.id == found.event)).one()
    stands = (
        OrganisationId(row.organisation) == desk.gallery
        and found.used is not None
        and is_signed(desk, found, invitation_statement)
        and is_open(connection, desk, event, now)
    )
    return GuestFacts(SubjectId(row.subject), BasisId(row.basis), stands)
