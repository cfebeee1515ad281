"""Forgetting a source under an order: its photos' records and every appearance kept from them (P8).

No template came from a source, so the index holds nothing of it. The photo files are the operator's and stay. Whoever a
hold keeps is kept, with the records of the photos that show them.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

import sqlalchemy as sa

from countenance.errors import Held
from countenance.policy import bearing
from countenance.policy.desk import Desk
from countenance.registry import schema as t
from countenance.registry.database import Registry
from countenance.types import SourceId, reference_number


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What was deleted of a source."""

    photos: int
    appearances: int


def forget(registry: Registry, desk: Desk, source: SourceId, order: int, decision: int) -> Forgotten:
    """One transaction of deletion, stop, the order's own tally and the log. Raises `Held` when a hold bears on it."""
    with registry.write() as connection:
        mine = t.sources.c.id == source
        if connection.scalar(sa.select(sa.exists().where(mine, bearing.source_held()))):
            raise Held("An authority's hold forbids erasing what came from this source.")
        held = sa.select(t.subjects.c.id).where(bearing.held())
        photos = sa.select(t.photos.c.id).where(t.photos.c.source == source)
        appearances = connection.execute(
            sa.delete(t.appearances).where(t.appearances.c.photo.in_(photos), t.appearances.c.subject.not_in(held))
        ).rowcount
        shown = sa.exists().where(t.appearances.c.photo == t.photos.c.id).correlate(t.photos)
        _corrections(connection, source, held)
        gone = connection.execute(sa.delete(t.photos).where(t.photos.c.source == source, ~shown)).rowcount
        # Left active, it would be ingested again once the order is complied with.
        reason = f"erased under order {reference_number('O', order)}"
        connection.execute(sa.update(t.sources).where(mine).values(state="stopped", reason=reason))
        forgotten = Forgotten(gone, appearances)
        _tally(connection, order, forgotten)
        facts = {"step": "source", "order": reference_number("O", order), "photos": gone, "appearances": appearances}
        desk.effect(connection, "erase", decision, facts=facts)
    return forgotten


def _corrections(connection: sa.Connection, source: SourceId, held: sa.Select[tuple[int]]) -> None:
    """What people said of its photos goes as well, save of contents that another source has, too."""
    others, said = t.photos.alias("others"), t.corrections.c
    mine = sa.select(t.photos.c.sha256).where(t.photos.c.source == source, t.photos.c.sha256.is_not(None))
    elsewhere = sa.select(others.c.sha256).where(others.c.source != source, others.c.sha256.is_not(None))
    connection.execute(
        sa.delete(t.corrections).where(
            said.photo_sha256.in_(mine), said.photo_sha256.not_in(elsewhere), said.subject.not_in(held)
        )
    )


def _tally(connection: sa.Connection, order: int, forgotten: Forgotten) -> None:
    """Add to what the order has done so far, so that its certificate is whole after a crash as well."""
    mine = t.orders.c.id == order
    done = json.loads(connection.scalar(sa.select(t.orders.c.progress).where(mine)) or "{}")
    done["photos"] = done.get("photos", 0) + forgotten.photos
    done["appearances"] = done.get("appearances", 0) + forgotten.appearances
    done["sources"] = done.get("sources", 0) + 1
    connection.execute(sa.update(t.orders).where(mine).values(progress=json.dumps(done)))
