"""From a photo to a probe: in memory, bounded, judged for quality, committed to with a salt (P16)."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from countenance.gallery.rejecting import content_of
from countenance.ingest.marks import read_marks
from countenance.photos.folder import read_file
from countenance.reports.cover import cover, crop_around, strangers, thumbnail
from countenance.service.gates import PROBE, level_for
from countenance.types import DAY, Box, Face, Probe

if TYPE_CHECKING:
    from countenance.service.context import Context
    from countenance.vision.decode import Picture

SIDE = 320
"""Pixels of a crop that is kept for a review: enough to look at, no more."""
ROOM, AROUND = 0.35, 0.35
"""How much of its size is kept around the searched face, and covered around another one."""


@dataclass(frozen=True, slots=True)
class ProbePhoto:
    """A photo's bytes, the salted commitment to them, and when it says it was taken. Never written anywhere."""

    data: bytes
    commitment: str
    salt: str
    taken_at: str | None = None


def take(context: Context, photo: str | Path | bytes, *, salt: bytes | None = None) -> ProbePhoto:
    """Read a photo from a file or from memory. Raises `Unreadable` or `TooLarge`."""
    limit = context.settings.vision.max_bytes
    data = photo if isinstance(photo, bytes) else read_file(Path(photo), limit)
    salt = salt or secrets.token_bytes(16)
    said = read_marks(data, PurePath()).taken_at
    return ProbePhoto(data, hashlib.sha256(salt + data).hexdigest(), salt.hex(), said)


def salt_of_the_day(context: Context) -> bytes:
    """A salt that is the same for a day (UTC), so that one photo compared twice counts once (P3), and then is not."""
    return context.keys.salt(context.party_key, f"verify:{context.clock() // DAY}")[:16]


def crop(picture: Picture, face: Face, anybody: Sequence[Box]) -> bytes:
    """The searched face alone as a small JPEG, for its reviewers; ``anybody`` else's is covered (P16)."""
    covered = cover(picture.pixels, strangers(anybody, (face.box,)), grow=AROUND)
    return thumbnail(crop_around(covered, face.box, room=ROOM), SIDE)


def probe(
    context: Context, photo: ProbePhoto, *, choose: int | None = None, use: str = PROBE, gate: str | None = None
) -> tuple[Probe, Picture]:
    """The face to search for, or to enrol. Raises `NoFace`, `ManyFaces` or `QualityTooLow`, which one can act on.

    ``gate``: a stricter level than the configured one; raises `Refused` for a lower one.
    """
    level = level_for(context.settings.vision, use, gate)
    picture = context.vision.decode(photo.data)
    faces = context.vision.faces(picture)
    face = context.vision.choose(faces, choose, use=use, level=level)
    (template,) = context.vision.templates(picture, [face])
    content = content_of(hashlib.sha256(photo.data).hexdigest(), faces.index(face) + 1)
    return Probe(face, template, photo.commitment, len(faces), content, photo.taken_at), picture
