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
    detect: str | None = None


@dataclass(frozen=True, slots=True)
class Copied:
    """A file with the same bytes as a photo of its source that was looked at already. It is not looked at again."""

    file: PhotoFile
    taken_at: str | None = None
    origin: str | None = None
    holder: str | None = None
    licence: str | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of a batch.

    Attributes:
        found: Faces, those in copies as well.
        kept: How many of them were kept.
        compared: How many pairs of a face and an enrolled template there were.
        false_matches: How many of them reach the threshold though they are of two people, by the calibration (P27).
        refused: Copies of photos that were refused, each with the code and the reason of its original.
        lost: Copies whose original is not to be had any more; they are to be looked at.
        people: Whose appearances were kept, by number.
    """

    found: int
    kept: int
    compared: int = 0
    false_matches: float = 0.0
    refused: Sequence[tuple[PhotoFile, str, str]] = ()
    lost: Sequence[PhotoFile] = ()
    people: frozenset[int] = frozenset()

    @property
    def forgotten(self) -> int:
        """Faces of which nothing was written."""
        return self.found - self.kept
