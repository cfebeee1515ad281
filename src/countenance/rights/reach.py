"""What an order reaches: who and what is in its scope now, and what is left of it to erase. Read only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import sqlalchemy as sa

from countenance.policy import bearing
from countenance.registry import schema as t
from countenance.types import SourceId, SubjectId

HERE = t.subjects.c.state.not_in(("erasing", "erased"))


@dataclass(frozen=True, slots=True)
class Reach:
    """What is in an order's scope, in numbers. ``by_territory`` counts people by where they live."""

    subjects: int
    by_territory: Mapping[str, int] = field(default_factory=dict)
    templates: int = 0
    appearances: int = 0
    sources: tuple[str, ...] = ()
    photos: int = 0
    held: int = 0
    sources_held: int = 0

    @property
    def nothing(self) -> bool:
        """Whether nobody and nothing is in its scope."""
        return not (self.subjects or self.sources or self.appearances)

    def as_json(self) -> dict[str, Any]:
        """As plain data (``countenance order dry-run --json``)."""
        return asdict(self) | {"by_territory": dict(self.by_territory), "sources": list(self.sources)}


def subjects_of(order: int) -> sa.Select[Any]:
    """The people in its scope who are here, by number."""
    named = sa.exists().where(t.orders.c.id == order, bearing.on_subject()).correlate(t.subjects)
    return sa.select(t.subjects.c.id).where(HERE, named)


def to_erase(connection: sa.Connection, order: int) -> list[SubjectId]:
    """Those of them whom no hold keeps."""
    query = subjects_of(order).where(~bearing.held()).order_by(t.subjects.c.id)
    return [SubjectId(number) for number in connection.scalars(query)]


def sources_of(order: int, kind: str) -> sa.Select[Any]:
    """The sources in its scope. A territory's sources are, for an order to stop collecting."""
    bears = bearing.on_source()
    if kind == "stop":
        there = sa.and_(t.orders.c.organisation == t.sources.c.organisation, bearing.ordered_in(t.sources.c.territory))
        bears = sa.or_(bears, there)
    named = sa.exists().where(t.orders.c.id == order, bears).correlate(t.sources)
    return sa.select(t.sources.c.id).where(named)


def sources_to_forget(connection: sa.Connection, order: int) -> list[SourceId]:
    """Sources in the scope of an order to erase that no hold keeps, and of which something is left."""
    left = sa.exists().where(t.photos.c.source == t.sources.c.id, ~_kept_photo()).correlate(t.sources)
    query = sources_of(order, "erase").where(~bearing.source_held(), sa.or_(left, t.sources.c.state != "stopped"))
    return [SourceId(number) for number in connection.scalars(query.order_by(t.sources.c.id))]


def _kept_photo() -> sa.ColumnElement[bool]:
    """A photo that shows somebody whom a hold keeps."""
    shows = t.appearances.join(t.subjects, t.appearances.c.subject == t.subjects.c.id)
    return (
        sa.exists().select_from(shows).where(t.appearances.c.photo == t.photos.c.id, bearing.held()).correlate(t.photos)
    )


def reach(connection: sa.Connection, order: int, kind: str) -> Reach:
    """Count what is in an order's scope, whatever its state."""
    people, sources = subjects_of(order), sources_of(order, kind)
    by_territory = sa.select(t.subjects.c.territory, sa.func.count()).where(t.subjects.c.id.in_(people))
    counted = connection.execute(by_territory.group_by(t.subjects.c.territory).order_by(t.subjects.c.territory))
    places = {row[0]: row[1] for row in counted}
    photos = sa.select(t.photos.c.id).where(t.photos.c.source.in_(sources))
    shown: sa.ColumnElement[bool] = t.appearances.c.subject.in_(people)
    if kind != "stop":
        shown = sa.or_(shown, t.appearances.c.photo.in_(photos))
    return Reach(
        subjects=sum(places.values()),
        by_territory=places,
        templates=_count(connection, t.references, t.references.c.subject.in_(people)),
        appearances=_count(connection, t.appearances, shown),
        sources=tuple(
            connection.scalars(sa.select(t.sources.c.name).where(t.sources.c.id.in_(sources)).order_by(t.sources.c.id))
        ),
        photos=_count(connection, t.photos, t.photos.c.source.in_(sources)),
        held=_count(connection, t.subjects, t.subjects.c.id.in_(people), bearing.held()),
        sources_held=_count(connection, t.sources, t.sources.c.id.in_(sources), bearing.source_held()),
    )


def _count(connection: sa.Connection, table: sa.Table, *where: sa.ColumnElement[bool]) -> int:
    return connection.scalar(sa.select(sa.func.count()).select_from(table).where(*where)) or 0
