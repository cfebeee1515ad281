"""Writing a batch of photos: their own records and what is kept of each, in as few statements as will do."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from countenance.gallery.batch import PhotoFile
from countenance.gallery.eligible import parts
from countenance.gallery.matching import Match
from countenance.gallery.scale import Scale
from countenance.policy.bearing import held
from countenance.registry import schema as t
from countenance.types import DAY
from countenance.vault.keyring import Keyring

Row = sa.Row[Any]
Kept = tuple[Match, list[int]]
"""Whose face, and its box."""


@dataclass(frozen=True, slots=True)
class Into:
    """Where a batch is written. ``sequence`` is the registry's, on which its faces were matched.

    ``keys``: with them, faces that were rejected in a review are known again.
    """

    connection: sa.Connection
    source: Row
    scale: Scale
    now: int
    sequence: int
    keys: Keyring

    def lasts(self, ingested: int) -> bool:
        """Whether what is kept of a photo may last still: from when it first came in, however often it is looked at."""
        return bool(ingested + self.source.retention_days * DAY > self.now)


@dataclass(frozen=True, slots=True)
class Photo:
    """One photo to be written: its file, what else is recorded of it, and the known faces."""

    file: PhotoFile
    values: dict[str, Any]
    faces: list[Kept]


def write_photos(into: Into, photos: Sequence[Photo]) -> list[Match]:
    """Write the photos' own records and appearances; returns what was kept.

    A photo that is done again loses its old appearances, and keeps nobody anew once its retention is over.
    """
    before = records(into, [photo.file.path for photo in photos])
    bound = _forget(into, [row.id for row in before.values()])
    values = {photo.file.path: _values(into, before.get(photo.file.path), photo) for photo in photos}
    _write_records(into, before, values)
    shown = {photo.file.path for photo in photos if photo.faces}
    numbers = {path: row.id for path, row in records(into, sorted(shown)).items()}
    rows = [
        (numbers[photo.file.path], match, box)
        for photo in photos
        if into.lasts(values[photo.file.path]["ingested"])
        for match, box in photo.faces
        if (numbers[photo.file.path], match.subject) not in bound
    ]
    insert(into, rows)
    return [match for _, match, _ in rows]


def records(into: Into, paths: Sequence[bytes]) -> dict[bytes, Row]:
    """The records of those of these files that have one."""
    found: dict[bytes, Row] = {}
    for part in parts(paths):
        query = sa.select(t.photos).where(t.photos.c.source == into.source.id, t.photos.c.path.in_(part))
        found |= {bytes(row.path): row for row in into.connection.execute(query)}
    return found


def insert(into: Into, rows: Sequence[tuple[int, Match, list[int]]]) -> None:
    """Write appearances: in which photo, who, and where."""
    values = [
        {
            "organisation": into.source.organisation,
            "photo": photo,
            "subject": match.subject,
            "basis": match.basis,
            "box": json.dumps(box),
            "score": match.score,
            "band": into.scale.band(match.score),
            "created": into.now,
        }
        for photo, match, box in rows
    ]
    if values:
        into.connection.execute(sa.insert(t.appearances), values)


def _values(into: Into, record: Row | None, photo: Photo) -> dict[str, Any]:
    """All of a photo's own record. Retention runs from when its content first came in."""
    same = record is not None and record.sha256 is not None and record.sha256 == photo.file.sha256
    return photo.values | {
        "bytes": photo.file.bytes,
        "modified_ns": photo.file.modified_ns,
        "sha256": photo.file.sha256,
        "ingested": int(record.ingested) if record is not None and same else into.now,
        "missing": None,
    }


def _write_records(into: Into, before: dict[bytes, Row], values: dict[bytes, dict[str, Any]]) -> None:
    known = [row | {"number": before[path].id} for path, row in values.items() if path in before]
    if known:
        update = sa.update(t.photos).where(t.photos.c.id == sa.bindparam("number"))
        into.connection.execute(update, known)
    place = {"organisation": into.source.organisation, "source": into.source.id}
    new = [row | place | {"path": path} for path, row in values.items() if path not in before]
    if new:
        into.connection.execute(sa.insert(t.photos), new)


def _forget(into: Into, photos: Sequence[int]) -> set[tuple[int, int]]:
    """A photo that is done again loses its old appearances, save of people under a hold or a restriction of their own.

    Returns what is left, as numbers of photo and subject.
    """
    left: set[tuple[int, int]] = set()
    for part in parts(photos):
        theirs = t.appearances.c.photo.in_(part)
        shown = t.subjects.c.id.in_(sa.select(t.appearances.c.subject).where(theirs))
        bound = sa.select(t.subjects.c.id).where(shown, held() | t.subjects.c.restricted.is_not(None))
        into.connection.execute(sa.delete(t.appearances).where(theirs, t.appearances.c.subject.not_in(bound)))
        rows = into.connection.execute(sa.select(t.appearances.c.photo, t.appearances.c.subject).where(theirs))
        left |= {(photo, subject) for photo, subject in rows}
    return left
