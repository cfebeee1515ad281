"""Appearances: the faces kept at ingest. No template is kept with one, so that a false match cannot breed (P27)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

import sqlalchemy as sa

from countenance.errors import SourceRefused
from countenance.gallery.batch import Looked
from countenance.gallery.eligible import parts, permitted, subject_stands
from countenance.gallery.matching import Match
from countenance.gallery.scale import Scale
from countenance.policy import rules
from countenance.policy.bearing import source_out_of_search, stopped_among, stops_on_source
from countenance.policy.confirming import check_confirmed
from countenance.policy.desk import Desk
from countenance.registry import schema as t
from countenance.types import Appearance, Box, PhotoRef, reference_number


def write_batch(
    connection: sa.Connection,
    source: sa.Row[tuple[object, ...]],
    batch: Sequence[Looked],
    matches: Sequence[Sequence[Match]],
    scale: Scale,
    now: int,
) -> list[Match]:
    """Write the photos' own records and the known faces; return what was kept. ``matches`` is one list a face.

    Whoever an order forbids collecting is forgotten like a stranger (P10).
    """
    _still_ingestible(connection, source)
    kept: list[Match] = []
    stopped = stopped_among(connection, {match.subject for line in matches for match in line})
    lines = iter([[match for match in line if match.subject not in stopped] for line in matches])
    for photo in batch:
        number = _write_photo(connection, source, photo, now)
        connection.execute(sa.delete(t.appearances).where(t.appearances.c.photo == number))
        for face, match in _known_faces(photo, lines, scale):
            connection.execute(
                sa.insert(t.appearances).values(
                    organisation=source.organisation,
                    photo=number,
                    subject=match.subject,
                    basis=match.basis,
                    box=json.dumps(photo.faces[face].box.as_list()),
                    score=match.score,
                    band=scale.band(match.score),
                    created=now,
                )
            )
            kept.append(match)
    return kept


def _still_ingestible(connection: sa.Connection, source: sa.Row[tuple[object, ...]]) -> None:
    """Photos take their time to be looked at, and an order may have come in between."""
    refusal = rules.stopped(stops_on_source(connection, source.id))
    if refusal is not None:
        raise refusal
    if connection.scalar(sa.select(t.sources.c.state).where(t.sources.c.id == source.id)) != "active":
        raise SourceRefused("This source was stopped meanwhile.", requirement="P10")


def _known_faces(photo: Looked, lines: Iterator[Sequence[Match]], scale: Scale) -> list[tuple[int, Match]]:
    """Each face's best subject, and each subject's best face: one person is in a photo once."""
    best: dict[int, tuple[int, Match]] = {}
    for face, line in zip(range(len(photo.templates)), lines, strict=False):
        match = line[0] if line and line[0].score >= scale.threshold else None
        if match and (match.subject not in best or match.score > best[match.subject][1].score):
            best[match.subject] = (face, match)
    return sorted(best.values(), key=lambda each: each[0])


def _write_photo(connection: sa.Connection, source: sa.Row[tuple[object, ...]], photo: Looked, now: int) -> int:
    values = {
        "bytes": photo.file.bytes,
        "modified_ns": photo.file.modified_ns,
        "sha256": photo.file.sha256,
        "width": photo.width,
        "height": photo.height,
        "taken_at": photo.taken_at,
        "origin": photo.origin,
        "holder": photo.holder,
        "licence": photo.licence,
        "perceptual_hash": photo.perceptual_hash,
        "state": "refused" if photo.code else "done",
        "code": photo.code,
        "reason": photo.reason,
        "faces_found": len(photo.faces),
        "ingested": now,
    }
    same = (t.photos.c.source == source.id, t.photos.c.path == photo.file.path)
    known = connection.scalar(sa.select(t.photos.c.id).where(*same))
    if known is not None:
        connection.execute(sa.update(t.photos).where(t.photos.c.id == known).values(**values))
        return int(known)
    inserted = connection.execute(
        sa.insert(t.photos).values(organisation=source.organisation, source=source.id, path=photo.file.path, **values)
    )
    return int((inserted.inserted_primary_key or (0,))[0])


def appearances_of(
    connection: sa.Connection, subjects: Sequence[int], purposes: int, now: int, desk: Desk
) -> dict[int, tuple[Appearance, ...]]:
    """Where these subjects appear, as far as a search for these purposes may show it, best first.

    The basis that each appearance was kept under must be live, its purposes and the source's must both include the
    search's, and the source must neither be stopped nor under an order that takes it out of search. Raises `Tampered`
    when such a basis is live but nobody signed it.
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
            photo = PhotoRef(reference_number("P", row.id), shown_path(row.path), row.name, row.origin)
            found.setdefault(row.subject, []).append(Appearance(photo, Box(*json.loads(row.box)), row.score))
    check_confirmed(connection, bases, desk)
    return {subject: tuple(each) for subject, each in found.items()}


def shown_path(path: bytes) -> str:
    """A path for people: bytes of a file name that are not UTF-8 are shown by their hexadecimal value."""
    return path.decode("utf-8", "backslashreplace")
