"""The registry and the index side by side: exactly who stands, on their terms, with their templates."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import sqlalchemy as sa

from countenance.gallery.eligible import Standing, standing
from countenance.gallery.rows import rows_of
from countenance.index.lasting import Lasting
from countenance.index.port import Eligibility, Index, Rows
from countenance.policy import territories
from countenance.registry import schema as t
from countenance.types import Clock
from countenance.vault.keyring import Keyring

Progress = Callable[[int, int], None]
PEOPLE = 500
"""People who are looked at in one transaction."""
_EVERYBODY = 2**62
_CLOSE = 1e-5
"""How far apart two numbers of one template may be, as float32."""
_ESTIMATE = 0.9
"""What an engine that estimates gives a template against itself, at least."""


@dataclass(slots=True)
class Compared:
    """What differs, by the numbers of references; nothing when all is well.

    Attributes:
        rows: References that the registry lets stand.
        held: Rows that the index holds.
        vectors: Of how many the template itself was compared.
        missing: In the registry, and not in the index.
        extra: In the index, and not in the registry.
        policy: For another purpose, time, place or person than the registry says.
        template: Another template than the registry's.
    """

    rows: int = 0
    held: int = 0
    vectors: int = 0
    missing: list[int] = field(default_factory=list)
    extra: list[int] = field(default_factory=list)
    policy: list[int] = field(default_factory=list)
    template: list[int] = field(default_factory=list)

    @property
    def same(self) -> bool:
        """Whether nothing differs."""
        return self.rows == self.held and not (self.missing or self.extra or self.policy or self.template)


@dataclass(frozen=True, slots=True)
class Sides:
    """The two sides. In ``hold``, a transaction, the index does not change; ``sequence`` is where it stands."""

    hold: Callable[[], AbstractContextManager[sa.Connection]]
    sequence: Callable[[], int]
    keys: Keyring
    index: Index
    contract: str
    clock: Clock


class _View(Protocol):
    """How one kind of index is looked at."""

    def look(self, found: list[Standing], after: int, up_to: int, but: set[int]) -> None:
        """Compare these references with what is held of the people with these numbers."""

    def look_closely(self, rows: Rows) -> None:
        """Compare these templates."""


def compare(sides: Sides, every: int, progress: Progress | None = None) -> Compared:
    """Go through both, part by part, and count what differs. What changes meanwhile is left out.

    ``every``: of how many references the template of one is compared as well; 1 compares all of them.
    """
    result, after, seen = Compared(), 0, 0
    view: _View = _Listed(sides, result) if isinstance(sides.index, Lasting) else _Asked(sides, result)
    with sides.hold() as connection:
        total = count_people(connection, sides.contract)
    while True:
        with sides.hold() as connection:
            people = next_people(connection, sides.contract, after)
            up_to = people[-1] if people else _EVERYBODY
            changed = _changed(connection, sides.sequence(), after, up_to)
            standing_here = standing(connection, sides.contract, sides.clock(), subjects=people)
            found = [row for row in standing_here if row.subject not in changed]
            result.rows += len(found)
            view.look(found, after, up_to, changed)
            rows = rows_of(sides.keys, [row for row in found if row.id % every == 0], sides.contract)
            if rows is not None:
                result.vectors += len(rows)
                view.look_closely(rows)
        after, seen = up_to, seen + len(people)
        if progress is not None:
            progress(min(seen, total), total)
        if not people:
            return result


def count_people(connection: sa.Connection, contract: str, up_to: int | None = None) -> int:
    """How many people have a reference under this contract; of those up to a number, where one is given."""
    subject = t.references.c.subject
    query = sa.select(sa.func.count(subject.distinct())).where(t.references.c.contract == contract)
    return connection.scalar(query if up_to is None else query.where(subject <= up_to)) or 0


def next_people(connection: sa.Connection, contract: str, after: int) -> list[int]:
    """The next people with a reference under this contract, in the order of their numbers."""
    subject = t.references.c.subject
    query = sa.select(subject).where(t.references.c.contract == contract, subject > after).distinct()
    return list(connection.scalars(query.order_by(subject).limit(PEOPLE)))


def _changed(connection: sa.Connection, since: int, after: int, up_to: int) -> set[int]:
    """Whose change has not been delivered yet."""
    subject = t.changes.c.subject
    query = sa.select(subject).where(t.changes.c.id > since, subject > after, subject <= up_to)
    return set(connection.scalars(query.distinct()))


class _Listed:
    """An index that can list what it holds."""

    def __init__(self, sides: Sides, result: Compared) -> None:
        assert isinstance(sides.index, Lasting)  # noqa: S101 - for the type checker
        self._index, self._result = sides.index, result
        self._held: dict[int, int] = {}
        self._rows: Rows | None = None

    def look(self, found: list[Standing], after: int, up_to: int, but: set[int]) -> None:
        held = self._index.held(after, up_to)
        self._rows = held
        policies = list(zip(*(getattr(held, name).tolist() for name in _POLICY), strict=True))
        self._held = {number: place for place, number in enumerate(held.ids.tolist()) if policies[place][0] not in but}
        self._result.held += len(self._held)
        wanted = {row.id: _policy(row) for row in found}
        self._result.missing += sorted(wanted.keys() - self._held.keys())
        self._result.extra += sorted(self._held.keys() - wanted.keys())
        both = wanted.keys() & self._held.keys()
        self._result.policy += sorted(number for number in both if wanted[number] != policies[self._held[number]])

    def look_closely(self, rows: Rows) -> None:
        assert self._rows is not None  # noqa: S101 - `look` comes first
        for number, vector in zip(rows.ids.tolist(), rows.vectors, strict=True):
            place = self._held.get(number)
            if place is not None and float(np.abs(self._rows.vectors[place] - vector).max()) > _CLOSE:
                self._result.template.append(number)


class _Asked:
    """An index that can only be asked: each reference has to be found by its own template, on its own terms."""

    def __init__(self, sides: Sides, result: Compared) -> None:
        self._index, self._result, self._now = sides.index, result, sides.clock()
        result.held = len(sides.index)
        self._least = _ESTIMATE if sides.index.approximate else 1 - 100 * _CLOSE

    def look(self, found: list[Standing], after: int, up_to: int, but: set[int]) -> None:  # noqa: ARG002 - the others need them
        self._result.missing += [row.id for row in found if row.id not in self._index]

    def look_closely(self, rows: Rows) -> None:
        for place, number in enumerate(rows.ids.tolist()):
            row: dict[str, Any] = {name: int(getattr(rows, name)[place]) for name in _POLICY}
            if number not in self._index or not row["purposes"] or row["not_before"] >= row["expires"]:
                continue
            at = min(max(self._now, row["not_before"]), row["expires"] - 1)
            where = frozenset({(row["territories"], row["territories"] + 1)}) if row["territories"] else None
            own = Eligibility(
                row["purposes"], frozenset({row["organisations"]}), at, frozenset({row["subjects"]}), where
            )
            hits = self._index.search(rows.vectors[place : place + 1], PEOPLE, own)
            scores = dict(zip(hits.ids[0].tolist(), hits.scores[0].tolist(), strict=True))
            if number not in scores:
                self._result.policy.append(number)
            elif scores[number] < self._least:
                self._result.template.append(number)


_POLICY = ("subjects", "organisations", "purposes", "not_before", "expires", "territories")


def _policy(row: Standing) -> tuple[int, ...]:
    where = territories.number(row.territory)
    return row.subject, row.organisation, row.purposes, row.starts, row.ends, where
