"""Which orders bear on which record: the one place that says so, for every query (P8 to P11).

An order names a person, a source, a territory, a supplier, or several of them; it bears on whatever any of them covers.
A territory means the people who live there; for an order to stop collecting, the sources there as well.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import sqlalchemy as sa

from countenance.policy.territories import is_unknown
from countenance.registry import schema as t
from countenance.types import SourceId, SubjectId

Orders = sa.FromClause
OUT_OF_SEARCH = ("quarantine", "erase")
"""Kinds that take whoever they bear on out of search while they are in force."""
_PART = 500
"""Numbers that one IN list holds."""


def in_force(*kinds: str, orders: Orders = t.orders) -> sa.ColumnElement[bool]:
    """The order is of one of these kinds, and in force. A stayed or a proposed one binds nobody."""
    return sa.and_(orders.c.state == "in-force", orders.c.kind.in_(kinds))


def ordered_in(territory: sa.ColumnElement[str], orders: Orders = t.orders) -> sa.ColumnElement[bool]:
    """The order's territory bears on this one: the same, a part of it, or one that it may be a part of (P9).

    An order for GB binds GB-SCT; one for US-IL binds US, whose part is not known; and all bind ``unknown``,
    and a code that is none.
    """
    ordered = orders.c.territory
    return sa.and_(
        ordered.is_not(None),
        sa.or_(
            is_unknown(territory),
            territory == ordered,
            territory.like(ordered.concat("-%")),
            ordered.like(territory.concat("-%")),
        ),
    )


def on_subject(orders: Orders = t.orders) -> sa.ColumnElement[bool]:
    """The order bears on the person of a query over subjects: by name, or by where they live."""
    return sa.and_(
        orders.c.organisation == t.subjects.c.organisation,
        sa.or_(orders.c.subject == t.subjects.c.id, ordered_in(t.subjects.c.territory, orders)),
    )


def on_source(orders: Orders = t.orders) -> sa.ColumnElement[bool]:
    """The order bears on the source of a query over sources: by name, or as everything of its supplier."""
    return sa.and_(
        orders.c.organisation == t.sources.c.organisation,
        sa.or_(
            orders.c.source == t.sources.c.id,
            sa.func.plain_name(orders.c.supplier) == sa.func.plain_name(t.sources.c.supplier),
        ),
    )


def stops_source(orders: Orders = t.orders) -> sa.ColumnElement[bool]:
    """The order forbids collecting from the source of a query (P10).

    A stop does, also by its territory; so does an order to erase what came from it, or it would come back.
    """
    return _stops(in_force("stop", orders=orders), in_force("erase", orders=orders), orders)


def has_stopped_source(orders: Orders = t.orders) -> sa.ColumnElement[bool]:
    """The same of the orders that were complied with as well: what they forbade is not begun anew (P10)."""
    bound = orders.c.state.in_(("in-force", "complied"))
    return _stops(sa.and_(bound, orders.c.kind == "stop"), sa.and_(bound, orders.c.kind == "erase"), orders)


def _stops(stop: sa.ColumnElement[bool], erase: sa.ColumnElement[bool], orders: Orders) -> sa.ColumnElement[bool]:
    there = sa.and_(orders.c.organisation == t.sources.c.organisation, ordered_in(t.sources.c.territory, orders))
    return sa.or_(sa.and_(stop, sa.or_(on_source(orders), there)), sa.and_(erase, on_source(orders)))


def out_of_search() -> sa.ColumnElement[bool]:
    """An order takes the person of a query over subjects out of search."""
    return sa.exists().where(in_force(*OUT_OF_SEARCH), on_subject()).correlate(t.subjects)


def source_out_of_search() -> sa.ColumnElement[bool]:
    """An order takes what was kept from the source of a query out of search."""
    return sa.exists().where(in_force(*OUT_OF_SEARCH), on_source()).correlate(t.sources)


def held() -> sa.ColumnElement[bool]:
    """A hold in force bears on the person of a query over subjects: by itself, or on a source that shows them."""
    holds, sources = t.orders.alias("holds"), t.sources
    shown = (
        sa.exists()
        .select_from(t.appearances.join(t.photos, t.appearances.c.photo == t.photos.c.id).join(
            sources, t.photos.c.source == sources.c.id).join(holds, on_source(holds)))
        .where(in_force("hold", orders=holds), t.appearances.c.subject == t.subjects.c.id)
        .correlate(t.subjects)
    )  # fmt: skip
    itself = sa.exists().where(in_force("hold", orders=holds), on_subject(holds)).correlate(t.subjects)
    return sa.or_(itself, shown)


def source_held() -> sa.ColumnElement[bool]:
    """A hold in force bears on the source of a query over sources."""
    holds = t.orders.alias("holds")
    return sa.exists().where(in_force("hold", orders=holds), on_source(holds)).correlate(t.sources)


def holds_on(connection: sa.Connection, subject: SubjectId | int) -> int:
    """1 when a hold forbids erasing this person, else 0."""
    return int(bool(connection.scalar(sa.select(sa.exists().where(t.subjects.c.id == subject, held())))))


def orders_on(connection: sa.Connection, subject: SubjectId | int) -> set[int]:
    """The orders in force that bear on this person, of whatever kind, by number."""
    query = sa.select(t.orders.c.id).select_from(t.orders.join(t.subjects, on_subject()))
    return set(connection.scalars(query.where(t.subjects.c.id == subject, t.orders.c.state == "in-force")))


def stops_on(connection: sa.Connection, subject: SubjectId | int) -> int:
    """How many orders forbid collecting this person's face."""
    query = sa.select(sa.func.count()).select_from(t.orders.join(t.subjects, on_subject()))
    return connection.scalar(query.where(t.subjects.c.id == subject, in_force("stop"))) or 0


def stopped_among(connection: sa.Connection, subjects: Collection[int]) -> set[int]:
    """Those of these people whose faces an order forbids collecting."""
    if not connection.scalar(sa.select(sa.exists().where(in_force("stop")))):
        return set()
    return {subject for subject in subjects if stops_on(connection, subject)}


def stops_on_source(connection: sa.Connection, source: SourceId | int) -> int:
    """How many orders forbid collecting from this source."""
    query = sa.select(sa.func.count()).select_from(t.orders.join(t.sources, stops_source()))
    return connection.scalar(query.where(t.sources.c.id == source)) or 0


def executes(connection: sa.Connection, order: int, *, subjects: Sequence[int], source: int | None) -> bool:
    """Whether an order to erase, in force and being executed, bears on exactly these, and no hold keeps any of them."""
    running = sa.and_(t.orders.c.id == order, in_force("erase"), t.orders.c.executing.is_not(None))
    if source is not None:
        place = sa.exists().where(running, on_source(), t.sources.c.id == source, ~source_held())
        return not subjects and bool(connection.scalar(sa.select(place)))
    person = sa.exists().where(running, on_subject()).correlate(t.subjects)
    theirs = 0
    for start in range(0, len(subjects), _PART):
        mine = t.subjects.c.id.in_(subjects[start : start + _PART])
        theirs += (
            connection.scalar(sa.select(sa.func.count()).select_from(t.subjects).where(mine, person, ~held())) or 0
        )
    return bool(subjects) and theirs == len(set(subjects))
