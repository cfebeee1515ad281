"""A basis as it is shown: what it says, who confirmed it, and where it stands in its life (P1, P2, P13)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from countenance.errors import InputError, NotFound
from countenance.policy.purposes import names
from countenance.registry import schema as t
from countenance.types import DAY, BasisId, SubjectId, iso, parse_number, reference_number

if TYPE_CHECKING:
    from countenance.service.context import Context

Row = sa.Row[tuple[object, ...]]
SOON, LONGEST = 30, 36_500
"""Days before its end in which a basis is reminded of; and the most that can be asked for."""


@dataclass(frozen=True, slots=True)
class Basis:
    """A recorded lawful basis. Finds nobody until its ``state`` is ``live`` and it has a ``notice``."""

    id: str
    subject: SubjectId
    ground: str
    condition: str
    purposes: tuple[str, ...]
    state: str
    notice: str | None
    starts: str
    ends: str
    confirmed_how: str | None
    expired: bool
    recorded: str
    noticed: str | None = None
    confirmed: str | None = None
    withdrawn: str | None = None
    collective: bool = False

    @property
    def number(self) -> BasisId:
        """The record's number."""
        return BasisId(parse_number("B", self.id, "basis"))

    @property
    def life(self) -> str:
        """Where it stands: ``pending``, ``in force``, ``withdrawn``, ``expired`` or ``erased``."""
        if self.state in {"pending", "live"} and self.expired:
            return "expired"
        return "in force" if self.state == "live" else self.state

    def __str__(self) -> str:
        return self.id


def number_of(basis: Basis | str) -> BasisId:
    """The number in ``B12``. Raises `NotFound` for what is none."""
    return BasisId(parse_number("B", str(basis), "basis"))


def ending_within(days: int, now: int) -> sa.ColumnElement[bool]:
    """Bases in force that end within so many days. Raises `InputError` for a number that is none of days."""
    if not 0 < days <= LONGEST:
        raise InputError(f"{days} is no number of days.", hint=f"Give 1 to {LONGEST:,}.")
    return sa.and_(t.bases.c.state == "live", t.bases.c.ends > now, t.bases.c.ends <= now + days * DAY)


def row_of(context: Context, connection: sa.Connection, number: int) -> Row:
    """The basis' row. Raises `NotFound`: absent or not yours, in the same words."""
    query = sa.select(t.bases).where(t.bases.c.id == number, t.bases.c.organisation == context.organisation)
    row = connection.execute(query).first()
    if row is None:
        raise NotFound(f"There is no basis {reference_number('B', number)}.")
    return row


def read_basis(context: Context, connection: sa.Connection, number: int) -> Basis:
    """The basis by this number. Raises `NotFound`."""
    row = row_of(context, connection, number)
    notice = connection.scalar(sa.select(t.notices.c.name).where(t.notices.c.id == row.notice))
    return Basis(
        id=reference_number("B", row.id),
        subject=SubjectId(row.subject),
        ground=row.ground,
        condition=row.condition,
        purposes=tuple(names(row.purposes)),
        state=row.state,
        notice=notice,
        starts=iso(row.starts),
        ends=iso(row.ends),
        confirmed_how=row.confirmed_how,
        expired=context.clock() >= row.ends,
        recorded=iso(row.created),
        noticed=_iso(row.noticed),
        confirmed=_iso(row.confirmed),
        withdrawn=_iso(row.withdrawn),
        collective=row.collective,
    )


def _iso(at: int | None) -> str | None:
    return None if at is None else iso(at)
