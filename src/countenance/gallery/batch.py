"""What ingest hands to the gallery: photos with the faces found in them, in memory only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from countenance.types import Face, Template


@dataclass(frozen=True, slots=True)
class PhotoFile:
    """The file's own record. ``path`` is relative to the source, as the operating system's bytes."""

    path: bytes
    bytes: int
    modified_ns: int
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class Looked:
    """One photo that was looked at: faces with their templates, or the reason why it was refused."""

    file: PhotoFile
    width: int | None = None
    height: int | None = None
    taken_at: str | None = None
    origin: str | None = None
    holder: str | None = None
    licence: str | None = None
    perceptual_hash: str | None = None
    faces: Sequence[Face] = ()
    templates: Sequence[Template] = field(default=(), repr=False)
    code: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of a batch. ``compared``: how many pairs of a face and an enrolled template there were at most."""

    found: int
    kept: int
    compared: int = 0

    @property
    def forgotten(self) -> int:
        """Faces of which nothing was written."""
        return self.found - self.kept
