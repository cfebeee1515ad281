"""Keeping: what an ingest or a sweep writes of the photos that were looked at.

No template is kept with an appearance, so that a false match cannot breed (P27). Whoever an order forbids collecting is
forgotten like a stranger (P10). A photo whose retention is over keeps nobody, whoever looks at it again (P13).
"""

from __future__ import annotations

import json
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from countenance.errors import SourceRefused
from countenance.gallery.batch import Copied, Looked, PhotoFile
from countenance.gallery.correcting import said_not_in
from countenance.gallery.eligible import parts, standing
from countenance.gallery.matching import Match, Terms
from countenance.gallery.rejecting import content_of, rejected
from countenance.gallery.scale import Scale
from countenance.gallery.writing import Into, Kept, Photo, Row, insert, records, write_photos
from countenance.policy import rules
from countenance.policy.bearing import stopped_among, stops_on_source
from countenance.registry import schema as t
from countenance.types import DAY, Box

SAME_FACE = 0.5
"""Two boxes that share so much of what they cover are of one face."""


def write_batch(into: Into, batch: Sequence[Looked], matches: Sequence[Sequence[Match]]) -> list[Match]:
    """Write the photos' own records and the known faces; return what was kept. ``matches`` is one list a face."""
    _still_ingestible(into)
    lines = _without_stopped(into, matches)
    said = _said(into, batch, matches)
    photos = []
    for photo in batch:
        faces = _known_faces(photo, lines, into.scale, said)
        kept = [(match, photo.faces[face].box.as_list()) for face, match in faces]
        photos.append(Photo(photo.file, _looked_values(into, photo), kept))
    return write_photos(into, photos)


@dataclass(frozen=True, slots=True)
class Written:
    """What came of copies: what was kept, of how many faces; copies of refused photos; those without an original."""

    kept: Sequence[Match] = ()
    found: int = 0
    refused: Sequence[tuple[PhotoFile, str, str]] = ()
    lost: Sequence[PhotoFile] = ()


def write_copies(into: Into, copies: Sequence[Copied], terms: Terms) -> Written:
    """Give each copy a record of its own and its original's appearances, as far as they could be kept anew today."""
    _still_ingestible(into)
    # All is read before anything is written: of two files that swapped their names, each is the other's original.
    originals = [(copy, _original(into, copy.file)) for copy in copies]
    found = [(copy, row, _still_keepable(into, row.id, terms)) for copy, row in originals if row is not None]
    kept = write_photos(into, [Photo(copy.file, _copied_values(copy, row), faces) for copy, row, faces in found])
    refused = [(copy.file, row.code, row.reason or "") for copy, row, _ in found if row.code]
    lost = [copy.file for copy, row in originals if row is None]
    return Written(kept, sum(row.faces_found for _, row, _ in found), refused, lost)


def add_batch(
    into: Into, batch: Sequence[Looked], matches: Sequence[Sequence[Match]], *, anew: bool = False
) -> list[Match]:
    """Add the faces of people who changed since these photos were looked at; what is kept or was removed stays so.

    With ``anew``, those of everybody, as an ingest that looks again would.
    """
    _still_ingestible(into)
    there = records(into, [photo.file.path for photo in batch])
    lines = _without_stopped(into, matches)
    changed = _last_changes(into.connection, {match.subject for line in matches for match in line})
    said = _said(into, batch, matches)
    rows: list[tuple[int, Match, list[int]]] = []
    done: list[int] = []
    for photo in batch:
        faces = _known_faces(photo, lines, into.scale, said)  # draws its lines, also where the photo is left out
        record = there.get(photo.file.path)
        if record is None or record.sha256 != photo.file.sha256 or record.state != "done":
            continue
        done.append(record.id)
        named = {row.subject: Box(*json.loads(row.box)) for row in _appearances(into, record.id)}
        for face, match in faces:
            box = photo.faces[face].box
            newer = anew or changed.get(match.subject, 0) > (record.looked or 0)
            taken = match.subject in named or any(overlap(box, other) > SAME_FACE for other in named.values())
            if newer and not taken and into.lasts(record.ingested):
                rows.append((record.id, match, box.as_list()))
    insert(into, rows)
    for part in parts(done):
        into.connection.execute(sa.update(t.photos).where(t.photos.c.id.in_(part)).values(looked=into.sequence))
    return [match for _, match, _ in rows]


# --- people ----------------------------------------------------------------------------------------------------------


def _still_ingestible(into: Into) -> None:
    """Photos take their time to be looked at, and an order may have come in between."""
    refusal = rules.stopped(stops_on_source(into.connection, into.source.id))
    if refusal is not None:
        raise refusal
    state = into.connection.scalar(sa.select(t.sources.c.state).where(t.sources.c.id == into.source.id))
    if state != "active":
        raise SourceRefused("This source was stopped meanwhile.", requirement="P10")


def _without_stopped(into: Into, matches: Sequence[Sequence[Match]]) -> Iterator[list[Match]]:
    stopped = stopped_among(into.connection, {match.subject for line in matches for match in line})
    elsewhere = _guests_elsewhere(into, {match.basis for line in matches for match in line})
    return iter(
        [[match for match in line if match.subject not in stopped and match.basis not in elsewhere] for line in matches]
    )


def _guests_elsewhere(into: Into, bases: set[int]) -> set[int]:
    """Bases of guests who agreed to be looked for in the pictures of an event, which are not these (P4)."""
    found: set[int] = set()
    query = (
        sa.select(t.guests.c.basis)
        .join(t.invitations, t.guests.c.invitation == t.invitations.c.id)
        .join(t.events, t.invitations.c.event == t.events.c.id)
        .where(t.events.c.source != into.source.id)
    )
    for part in parts(sorted(bases)):
        found |= set(into.connection.scalars(query.where(t.guests.c.basis.in_(part))))
    return found


def _said(into: Into, batch: Sequence[Looked], matches: Sequence[Sequence[Match]]) -> set[tuple[str, int]]:
    """Whom these photos do not show, as somebody said: of a whole photo, or in a review of one face in it.

    Pairs of a photo's content and a subject, or of a face's (`content_of`).
    """
    faces = [(photo.file.sha256 or "", number) for photo in batch for number in range(1, len(photo.templates) + 1)]
    asked = (
        (content_of(sha256, number), match.subject)
        for (sha256, number), line in zip(faces, matches, strict=False)
        for match in line
        if sha256
    )
    whole = said_not_in(into.connection, [photo.file.sha256 for photo in batch])
    return whole | rejected(into.connection, into.keys, into.source.organisation, asked)


def _known_faces(
    photo: Looked, lines: Iterator[Sequence[Match]], scale: Scale, said: Container[tuple[str, int]]
) -> list[tuple[int, Match]]:
    """Each face's best subject, and each subject's best face: one person is in a photo once.

    Of whom it was ``said`` that this photo does not show them, whoever comes next may be in it.
    """
    best: dict[int, tuple[int, Match]] = {}
    for face, line in zip(range(len(photo.templates)), lines, strict=False):
        content = photo.file.sha256 or ""
        ways = (content, content_of(content, face + 1))
        first = next((each for each in line if not any((way, each.subject) in said for way in ways)), None)
        match = first if first is not None and first.score >= scale.threshold else None
        if match and (match.subject not in best or match.score > best[match.subject][1].score):
            best[match.subject] = (face, match)
    return sorted(best.values(), key=lambda each: each[0])


def _still_keepable(into: Into, original: int, terms: Terms) -> list[Kept]:
    """An original's appearances that pass the checks of a face found today: who stands, for what, under which basis."""
    rows = _appearances(into, original)
    subjects = sorted({int(row.subject) for row in rows})
    stands = {
        (each.subject, each.basis)
        for each in standing(into.connection, terms.contract, terms.now, subjects=subjects)
        if terms.permit(each)
    }
    stopped = stopped_among(into.connection, subjects)
    return [
        (Match(row.subject, row.basis, row.score), json.loads(row.box))
        for row in rows
        if (row.subject, row.basis) in stands and row.subject not in stopped
    ]


def _last_changes(connection: sa.Connection, subjects: set[int]) -> dict[int, int]:
    """When these people last changed in what may be searched of them, in numbers of the registry's sequence."""
    found: dict[int, int] = {}
    for part in parts(sorted(subjects)):
        query = sa.select(t.changes.c.subject, sa.func.max(t.changes.c.id)).where(t.changes.c.subject.in_(part))
        found |= {row[0]: row[1] for row in connection.execute(query.group_by(t.changes.c.subject))}
    return found


def overlap(one: Box, other: Box) -> float:
    """How much two boxes share, of all that they cover."""
    wide = min(one.x + one.w, other.x + other.w) - max(one.x, other.x)
    high = min(one.y + one.h, other.y + other.h) - max(one.y, other.y)
    both = max(wide, 0.0) * max(high, 0.0)
    return both / max(one.w * one.h + other.w * other.h - both, 1.0)


# --- rows ------------------------------------------------------------------------------------------------------------


def _appearances(into: Into, photo: int) -> Sequence[Row]:
    query = sa.select(t.appearances).where(t.appearances.c.photo == photo).order_by(t.appearances.c.id)
    return into.connection.execute(query).all()


def _original(into: Into, copy: PhotoFile) -> Row | None:
    """The photo of this source with the same bytes that was looked at last, and whose retention is not over."""
    query = (
        sa.select(t.photos)
        .where(t.photos.c.source == into.source.id, t.photos.c.sha256 == copy.sha256, t.photos.c.path != copy.path)
        .where(t.photos.c.ingested > into.now - into.source.retention_days * DAY)
        .order_by(sa.func.coalesce(t.photos.c.looked, 0).desc(), t.photos.c.id)
    )
    return into.connection.execute(query.limit(1)).first()


def _looked_values(into: Into, photo: Looked) -> dict[str, Any]:
    return {
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
        "looked": into.sequence,
        "detect": photo.detect,
    }


def _copied_values(copy: Copied, original: Row) -> dict[str, Any]:
    same = ("width", "height", "perceptual_hash", "state", "code", "reason", "faces_found", "looked", "detect")
    told = {"origin": copy.origin, "holder": copy.holder, "licence": copy.licence}
    # A camera's time is in the bytes; a manifest's date is its own line's.
    camera = original.taken_at if "T" in (original.taken_at or "") else None
    return {name: getattr(original, name) for name in same} | told | {"taken_at": camera or copy.taken_at}
