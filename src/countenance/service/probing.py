"""From a photo to a probe: in memory, bounded, judged for quality, committed to with a salt (P16)."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from countenance.photos.folder import read_file
from countenance.types import Probe

if TYPE_CHECKING:
    from countenance.service.context import Context
    from countenance.vision.decode import Picture


@dataclass(frozen=True, slots=True)
class ProbePhoto:
    """A photo's bytes and the salted commitment to them. Never written anywhere."""

    data: bytes
    commitment: str
    salt: str


def take(context: Context, photo: str | Path | bytes) -> ProbePhoto:
    """Read a photo from a file or from memory. Raises `Unreadable` or `TooLarge`."""
    limit = context.settings.vision.max_bytes
    data = photo if isinstance(photo, bytes) else read_file(Path(photo), limit)
    salt = secrets.token_bytes(16)
    return ProbePhoto(data, hashlib.sha256(salt + data).hexdigest(), salt.hex())


def probe(context: Context, photo: ProbePhoto, *, choose: int | None = None) -> tuple[Probe, Picture]:
    """The face to search for. Raises `NoFace`, `ManyFaces` or `QualityTooLow`, which a person can act on."""
    picture = context.vision.decode(photo.data)
    faces = context.vision.faces(picture)
    face = context.vision.choose(faces, choose)
    (template,) = context.vision.templates(picture, [face])
    return Probe(face, template, photo.commitment, len(faces)), picture
