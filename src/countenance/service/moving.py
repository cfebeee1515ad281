"""A residence that is put right undoes no order, and leads nobody past the territories that were assessed (P8, P24)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import sqlalchemy as sa

from countenance.errors import TerritoryRefused
from countenance.policy import activating, bearing, rules, territories
from countenance.registry import schema as t
from countenance.types import SubjectId, reference_number

if TYPE_CHECKING:
    from countenance.service.context import Context


@contextmanager
def moving(context: Context, connection: sa.Connection, subject: SubjectId, territory: str | None) -> Iterator[None]:
    """Around the change of a record: refused where the new territory ends what an order in force does to the person.

    One account would otherwise undo what two must sign to stay. And who is enrolled lives where this gallery was made
    for, or has been assessed since.
    """
    before = bearing.orders_on(connection, subject)
    yield
    if territory is None:
        return
    freed = sorted(before - bearing.orders_on(connection, subject))
    if freed:
        raise TerritoryRefused(
            f"An authority's order bears on this person by where they live: {reference_number('O', freed[0])}.",
            requirement="P8", hint="Have the order stayed, which two accounts sign, or executed; then put it right.",
        )  # fmt: skip
    enrolled = sa.exists().where(t.references.c.subject == subject)
    where = activating.territories_on(connection, context.desk)
    if not territories.covers(where, territory) and connection.scalar(sa.select(enrolled)):
        raise rules.outside(territory)
