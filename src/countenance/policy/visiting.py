"""Visits: who is expected at the desk today. A row that was written with a database tool is no visit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import rfc8785
import sqlalchemy as sa

from countenance.errors import BadSignature
from countenance.policy.facts import VisitFacts
from countenance.registry import schema as t
from countenance.types import BasisId, SubjectId
from countenance.vault.accounts import verify_signature

if TYPE_CHECKING:
    from countenance.policy.desk import Desk


def statement(origin: str, *, subject: int, basis: int, made_by: int, ends: int, created: int) -> bytes:
    """The bytes that the log's key signs (RFC 8785): who is expected, under which basis, until when."""
    said = {"subject": subject, "basis": basis, "made_by": made_by, "ends": ends, "created": created}
    return rfc8785.dumps({"v": 1, "gallery": origin, "visit": said})


def signed(desk: Desk, row: sa.Row[Any]) -> bool:
    """Whether this row says what was signed when the visit was recorded."""
    told = {name: getattr(row, name) for name in ("subject", "basis", "made_by", "ends", "created")}
    try:
        verify_signature(desk.log_key, row.signature, statement(desk.origin, **told))
    except (BadSignature, ValueError, OverflowError):  # a row from outside may hold what nobody could have signed
        return False
    return True


def visit(connection: sa.Connection, desk: Desk, number: int | None) -> VisitFacts | None:
    """The visit of this number, for the rules; None for none, or one that nobody signed."""
    mine = (t.visits.c.id == number, t.visits.c.organisation == desk.gallery)
    row = None if number is None else connection.execute(sa.select(t.visits).where(*mine)).first()
    if row is None or not signed(desk, row):
        return None
    return VisitFacts(SubjectId(row.subject), BasisId(row.basis))


def today(connection: sa.Connection, desk: Desk, now: int) -> list[sa.Row[Any]]:
    """The visits that have not ended, as they were recorded: nobody has left, and the day is not over."""
    mine = (t.visits.c.organisation == desk.gallery, t.visits.c.ends > now, t.visits.c.departed.is_(None))
    rows = connection.execute(sa.select(t.visits).where(*mine).order_by(t.visits.c.id)).all()
    return [row for row in rows if signed(desk, row)]
