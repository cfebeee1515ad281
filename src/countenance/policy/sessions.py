"""Browsers that a named person has signed in: each signs with a key of its own, for some hours (P3, P18).

As with an API key (`countenance.policy.delegating`), nothing of the secret is kept: the session's signing key is
derived from what the browser's cookie holds, and only its public half is on record, under a signature of the person.
What P18 asks of the person is not checked against it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import rfc8785
import sqlalchemy as sa

from countenance.policy import in_person
from countenance.policy.delegating import Row
from countenance.registry.schema import sessions
from countenance.types import iso

if TYPE_CHECKING:
    from countenance.policy.facts import AccountFacts

LABEL = "browser session"
"""What its key is derived for."""
HOURS = 10
IDLE = 30 * 60
"""Seconds without a request after which a session has ended."""


def statement(public: bytes, expires: int) -> bytes:
    """What opens a session (RFC 8785): its public key, and its end. Whoever signs it is the account."""
    return rfc8785.dumps({"v": 1, "act": "session", "public": public.hex(), "expires": iso(expires)})


def row_of(connection: sa.Connection, number: int) -> Row | None:
    """The session's row, if the person has opened exactly this one and it was not ended; else None."""
    row = connection.execute(sa.select(sessions).where(sessions.c.id == number)).first()
    if row is None or row.ended is not None or not _proven(connection, row):
        return None
    if row.passkey is not None:
        standing = in_person.passkey_of(connection, row.passkey, row.account, max(row.seen, row.created))
        return row if standing is not None and standing.revoked is None else None
    return row


def narrowed(connection: sa.Connection, whole: AccountFacts, number: int) -> AccountFacts:
    """The account as its session has it: a session that does not stand is nobody's."""
    row = row_of(connection, number)
    if row is None or row.account != whole.id:
        return replace(whole, roles=frozenset(), revoked=True)
    return whole


def public_of(connection: sa.Connection, account: int, number: int, now: int, *, working: bool = False) -> bytes | None:
    """The key by which a session's question is checked now; None where it may ask nothing (any more).

    ``working``: it is asked by work that the browser began, which goes on while the browser rests.
    """
    row = row_of(connection, number)
    if row is None or row.account != account:
        return None
    standing = now < row.expires if working else now < min(row.expires, row.seen + IDLE)
    return row.public_key if standing else None


def keys_of(connection: sa.Connection, account: int | None, at: int) -> list[bytes]:
    """The keys of the sessions that could record something in the account's name at a time, ended since or not."""
    c = sessions.c
    stood = (c.account == account, c.created <= at, c.expires > at, sa.or_(c.ended.is_(None), c.ended >= at))
    rows = connection.execute(sa.select(sessions).where(*stood)).all()
    return [row.public_key for row in rows if _proven(connection, row)]


def _proven(connection: sa.Connection, row: Row) -> bool:
    try:
        signed = statement(row.public_key, row.expires)
    except (ValueError, OverflowError):  # a row from outside may hold what is not even a date
        return False
    return in_person.signed(connection, row.account, row.proof, signed, row.created)
