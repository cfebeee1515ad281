"""Appearances: the faces kept at ingest, as far as a search may show them."""

from __future__ import annotations

import json
from collections.abc import Sequence

import sqlalchemy as sa

from countenance.gallery.eligible import parts, permitted, subject_stands
from countenance.policy.bearing import source_out_of_search
from countenance.policy.confirming import check_confirmed
from countenance.policy.desk import Desk
from countenance.registry import schema as t
from countenance.types import Appearance, Box, PhotoRef, reference_number


def appearances_of(
    connection: sa.Connection, subjects: Sequence[int], purposes: int, now: int, desk: Desk
) -> dict[int, tuple[Appearance, ...]]:
    """Where these subjects appear, as far as a search for these purposes may show it, best first.

    The basis that each appearance was kept under must be live, its purposes and the source's must both include the
    search's, the photo's file must be there, and the source must neither be stopped nor under an order that takes it
    out of search. Raises `Tampered` when such a basis is live but nobody signed it.
    """
    query = (
        sa.select(
            t.appearances.c.subject,
            t.appearances.c.basis,
            t.appearances.c.box,
            t.appearances.c.score,
            t.bases.c.purposes,
            t.bases.c.confirmed_how,
            t.subjects.c.birth_year,
            t.photos.c.id,
            t.photos.c.path,
            t.photos.c.taken_at,
            t.sources.c.name,
            sa.func.coalesce(t.photos.c.origin, t.sources.c.origin).label("origin"),
        )
        .select_from(
            t.appearances.join(t.photos, t.appearances.c.photo == t.photos.c.id)
            .join(t.sources, t.photos.c.source == t.sources.c.id)
            .join(t.bases, t.appearances.c.basis == t.bases.c.id)
            .join(t.subjects, t.appearances.c.subject == t.subjects.c.id)
        )
        .where(
            subject_stands(),
            ~source_out_of_search(),
            t.appearances.c.subject == t.bases.c.subject,
            t.bases.c.state == "live",
            t.bases.c.starts <= now,
            t.bases.c.ends > now,
            t.bases.c.purposes.bitwise_and(purposes) != 0,
            t.sources.c.purposes.bitwise_and(purposes) != 0,
            t.sources.c.state != "stopped",
            t.photos.c.missing.is_(None),
        )
        .order_by(t.appearances.c.score.desc(), t.appearances.c.id)
    )
    found: dict[int, list[Appearance]] = {}
    bases: set[int] = set()
    for part in parts(subjects):
        for row in connection.execute(query.where(t.appearances.c.subject.in_(part))):
            if not permitted(row.birth_year, row.confirmed_how, row.purposes, now) & purposes:
                continue
            bases.add(row.basis)
            photo = PhotoRef(reference_number("P", row.id), shown_path(row.path), row.name, row.origin, row.taken_at)
            found.setdefault(row.subject, []).append(Appearance(photo, Box(*json.loads(row.box)), row.score))
    check_confirmed(connection, bases, desk)
    return {subject: tuple(each) for subject, each in found.items()}


def shown_path(path: bytes) -> str:
    """A path for people: bytes of a file name that are not UTF-8 are shown by their hexadecimal value."""
    return path.decode("utf-8", "backslashreplace")
