"""The pictures that a guest may see: their event's, of this one subject (DESIGN §10)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import sqlalchemy as sa

from countenance.gallery.appearing import appearances_of
from countenance.gallery.correcting import IS
from countenance.policy.inviting import PURPOSE
from countenance.policy.purposes import PURPOSES
from countenance.registry import schema as t
from countenance.types import Appearance

if TYPE_CHECKING:
    from countenance.service.context import Context

MOST = 500
"""Pictures of which it is counted how many are new."""
HIGH = "high"
Row = sa.Row[tuple[object, ...]]


def seen_by(context: Context, connection: sa.Connection, guest: Row, event: Row) -> tuple[Appearance, ...]:
    """The event's pictures of this one guest, as far as `find-my-photos` may show them.

    What is in the low band waits until somebody has looked and said that it is them (`countenance people is`): it may
    well be another, whom it would uncover.
    """
    subject = int(guest.subject)
    found = appearances_of(connection, [subject], PURPOSES[PURPOSE].mask, context.clock(), context.desk)
    source = connection.scalar(sa.select(t.sources.c.name).where(t.sources.c.id == event.source))
    said = (t.corrections.c.subject == subject, t.corrections.c.photo_sha256 == t.photos.c.sha256)
    vouched = sa.exists().where(*said, t.corrections.c.decision == IS)
    query = sa.select(t.photos.c.id).join(t.appearances, t.appearances.c.photo == t.photos.c.id)
    low = (t.appearances.c.subject == subject, t.appearances.c.band != HIGH, ~vouched)
    doubtful = set(connection.scalars(query.where(*low)))
    mine = (each for each in found.get(subject, ()) if each.photo.source == source)
    return tuple(each for each in mine if int(each.photo.id[1:]) not in doubtful)


def new_among(connection: sa.Connection, guest: Row, seen: Sequence[Appearance], since: int) -> int:
    """How many of these pictures of the guest came after that time."""
    numbers = [int(each.photo.id[1:]) for each in seen]
    came = sa.select(sa.func.count()).select_from(t.appearances).where(
        t.appearances.c.subject == guest.subject, t.appearances.c.photo.in_(numbers[:MOST]),
        t.appearances.c.created > since,
    )  # fmt: skip
    return connection.scalar(came) or 0
