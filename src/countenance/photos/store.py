"""Where photographs lie, whatever it is: a folder, an archive, a bucket. What ingest needs of each, and no more."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

RAW = frozenset(
    {".3fr", ".arw", ".cr2", ".cr3", ".dng", ".nef", ".nrw", ".orf", ".pef", ".raf", ".rw2", ".sr2", ".srw"}
)
"""Cameras' raw files, of which the embedded preview is read."""
PICTURES = RAW | {
    ".jpg", ".jpeg", ".jpe", ".png", ".webp", ".avif", ".heic", ".heif", ".hif", ".tif", ".tiff", ".gif", ".bmp"
}  # fmt: skip
VIDEOS = frozenset(
    {".mp4", ".mov", ".avi", ".mkv", ".webm", ".m4v", ".mpg", ".mpeg", ".wmv", ".3gp"}
    | {".3g2", ".asf", ".flv", ".insv", ".m2ts", ".mts", ".ogv", ".vob"}
)

EVERYTHING = b"."
"""The path of a `Found` whose fault speaks of the whole store, or of all of it that would come after."""
LINK = "This is a link, and links are not followed."
NO_FILE = "This is no ordinary file."


@dataclass(frozen=True, slots=True)
class Found:
    """A file that a store lists, or a part of it that cannot be read (``fault`` says why).

    ``path`` is relative to the store's root, as bytes, for names may not be UTF-8. ``size`` is in bytes;
    ``modified_ns`` is when it was last changed, in nanoseconds since 1970. As long as both stay, so does the content.
    """

    path: bytes
    size: int
    modified_ns: int
    fault: str | None = None

    @property
    def suffix(self) -> str:
        """The end of the file's name, in lower case."""
        return os.path.splitext(os.fsdecode(self.path))[1].lower()  # noqa: PTH122 - a bare name, not a file


class Store(Protocol):
    """Lists and reads files, and never writes one. Safe to read from several threads.

    A store that lies elsewhere raises `Unavailable` from any of these when nothing of it can be reached just now.
    """

    def check(self) -> None:
        """Raise `InputError` when the whole store is gone or cannot be read."""

    def files(self) -> Iterator[Found]:
        """Every file, in a fixed order. Hidden ones are left alone, links are not followed."""

    def read(self, path: bytes, limit: int) -> bytes:
        """The bytes of a file. Raises `TooLarge` over ``limit`` bytes, `Unreadable` when it cannot be read."""

    def close(self) -> None:
        """Let go of open files and connections, where there are any."""
        return
