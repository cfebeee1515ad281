"""What may be searched: the one place that says so, for the index and for the re-check alike."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import sqlalchemy as sa

from countenance.policy.bases import is_minor
from countenance.policy.bearing import out_of_search
from countenance.policy.confirming import BY_A_GUARDIAN
from countenance.policy.purposes import PURPOSES
from countenance.registry import schema as t

T = TypeVar("T")
_PART = 500
"""Values that one IN list holds."""


@dataclass(frozen=True, slots=True)
class Standing:
    """One reference that the registry lets stand: for which purposes, and from when to when (seconds since 1970)."""

    id: int
    subject: int
    organisation: int
    basis: int
    sealed: bytes
    purposes: int
    starts: int
    ends: int
    territory: str

    def permits(self, purposes: int, organisation: int, now: int) -> bool:
        """Whether a search for one of these purposes in this organisation's gallery may show it now (P4)."""
        return bool(self.purposes & purposes) and self.organisation == organisation and self.starts <= now < self.ends


def standing(
    connection: sa.Connection,
    contract: str,
    now: int,
    *,
    subjects: Sequence[int] | None = None,
    ids: Sequence[int] | None = None,
    between: tuple[int, int] | None = None,
) -> list[Standing]:
    """The references under this embedding contract that stand: of ``subjects``, or those ``ids``, or all of them.

    ``between``: only those with an id from the first up to before the second.

    Standing means: the subject is active, the basis live, a notice recorded, no quarantine (P1, P2, P8). Whatever is
    missing makes the join come out empty: unknown means no.
    """
    query = _query(contract)
    if between is not None:
        query = query.where(t.references.c.id >= between[0], t.references.c.id < between[1])
    if subjects is not None:
        queries = [query.where(t.references.c.subject.in_(part)) for part in parts(subjects)]
    elif ids is not None:
        queries = [query.where(t.references.c.id.in_(part)) for part in parts(ids)]
    else:
        queries = [query]
    return [
        Standing(
            row.id,
            row.subject,
            row.organisation,
            row.basis,
            row.template_sealed,
            permitted(row.birth_year, row.confirmed_how, row.purposes, now),
            row.starts,
            row.ends,
            row.territory,
        )
        for each in queries
        for row in connection.execute(each)
    ]


def last_newcomer(connection: sa.Connection, contract: str, purposes: int, organisation: int, now: int) -> int:
    """When somebody who stands for one of these purposes last changed, in numbers of the registry's sequence; 0: never.

    Whoever was looked for at that time or later was looked for among all who stand now.
    """
    found = _query(contract).subquery()
    stand = sa.select(found.c.subject).where(
        found.c.organisation == organisation,
        found.c.purposes.bitwise_and(purposes) != 0,
        found.c.starts <= now,
        found.c.ends > now,
    )
    return connection.scalar(sa.select(sa.func.max(t.changes.c.id)).where(t.changes.c.subject.in_(stand))) or 0


def _query(contract: str) -> sa.Select[Any]:
    """References that stand under this contract, with the times between which they do."""
    return (
        sa.select(
            t.references.c.id,
            t.references.c.subject,
            t.references.c.organisation,
            t.references.c.basis,
            t.references.c.template_sealed,
            t.bases.c.purposes,
            t.bases.c.confirmed_how,
            sa.case((t.bases.c.starts > t.notices.c.given, t.bases.c.starts), else_=t.notices.c.given).label("starts"),
            sa.case((t.bases.c.ends < t.references.c.expires, t.bases.c.ends), else_=t.references.c.expires).label(
                "ends"
            ),
            t.subjects.c.birth_year,
            t.subjects.c.territory,
        )
        .select_from(
            t.references.join(t.subjects, t.references.c.subject == t.subjects.c.id)
            .join(t.bases, t.references.c.basis == t.bases.c.id)
            .join(t.notices, t.bases.c.notice == t.notices.c.id)
        )
        .where(
            t.references.c.contract == contract,
            t.references.c.subject == t.bases.c.subject,
            subject_stands(),
            t.bases.c.state == "live",
        )
    )


def subject_stands() -> sa.ColumnElement[bool]:
    """The subject is active, has not restricted their record, and is under no order that takes them out of search."""
    return sa.and_(t.subjects.c.state == "active", t.subjects.c.restricted.is_(None), ~out_of_search())


def people_of(connection: sa.Connection, ids: Sequence[int]) -> int:
    """How many people these references are of."""
    found: set[int] = set()
    for part in parts(ids):
        found |= set(
            connection.scalars(sa.select(t.references.c.subject).where(t.references.c.id.in_(part)).distinct())
        )
    return len(found)


def grown_up_between(connection: sa.Connection, before: int, now: int) -> list[int]:
    """Whoever was a minor in the year of one time, and is none at the other, or the other way round."""
    born = connection.scalars(sa.select(t.subjects.c.birth_year).where(t.subjects.c.birth_year.is_not(None)).distinct())
    years = [year for year in born if is_minor(year, before) != is_minor(year, now)]
    return list(connection.scalars(sa.select(t.subjects.c.id).where(t.subjects.c.birth_year.in_(years))))


def parts(numbers: Sequence[T]) -> Iterator[Sequence[T]]:
    """Cut a long list to what one statement may hold."""
    for start in range(0, len(numbers), _PART):
        yield numbers[start : start + _PART]


def permitted(birth_year: int | None, confirmed_how: str | None, purposes: int, now: int) -> int:
    """What a live basis permits now (P1): a minor is searchable for `find-my-photos` only, as their guardian agreed.

    A guardian's word ends when the child comes of age, and nobody but a guardian gives it: unknown means no.
    """
    minor = is_minor(birth_year, now)
    if minor != (confirmed_how in BY_A_GUARDIAN):
        return 0
    return purposes & PURPOSES["find-my-photos"].mask if minor else purposes
