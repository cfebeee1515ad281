"""A folder of photographs on this machine."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from countenance.errors import TooLarge, Unreadable

PICTURES = frozenset(
    {".jpg", ".jpeg", ".jpe", ".png", ".webp", ".avif", ".heic", ".heif", ".tif", ".tiff", ".gif", ".bmp"}
)
VIDEOS = frozenset({".mp4", ".mov", ".avi", ".mkv", ".webm", ".m4v", ".mpg", ".mpeg", ".wmv", ".3gp"})


@dataclass(frozen=True, slots=True)
class Found:
    """A file in the folder, or a folder that cannot be read. ``path`` is relative, as the operating system's bytes."""

    path: bytes
    size: int
    modified_ns: int
    fault: str | None = None

    @property
    def suffix(self) -> str:
        """The end of the file's name, in lower case."""
        return os.path.splitext(os.fsdecode(self.path))[1].lower()  # noqa: PTH122 - a bare name, not a file


class Folder:
    """Lists and reads files. Links are not followed, hidden files and folders are left alone."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def files(self) -> Iterator[Found]:
        """Every file, in a fixed order, with its size and time of change."""
        faults: list[Found] = []

        def remember(error: OSError) -> None:
            path = os.path.relpath(os.fsencode(error.filename), os.fsencode(self.root))
            faults.append(Found(path, 0, 0, f"This folder cannot be read: {error.strerror}."))

        for folder, folders, names in os.walk(os.fsencode(self.root), onerror=remember):
            folders[:] = sorted(each for each in folders if not each.startswith(b"."))
            for name in sorted(each for each in names if not each.startswith(b".")):
                yield self._found(os.path.join(folder, name))  # noqa: PTH118 - names may not be UTF-8
        yield from faults

    def read(self, path: bytes, limit: int) -> bytes:
        """The bytes of a file. Raises `TooLarge` over ``limit`` bytes, `Unreadable` when it cannot be read."""
        try:
            with open(os.path.join(os.fsencode(self.root), path), "rb") as file:  # noqa: PTH118, PTH123 - as above
                data = file.read(limit + 1)
        except OSError as error:
            raise Unreadable(f"This file cannot be read: {error.strerror}.") from None
        if len(data) > limit:
            raise TooLarge(f"This file has more than {limit // 2**20} MiB.")
        return data

    def _found(self, file: bytes) -> Found:
        path = os.path.relpath(file, os.fsencode(self.root))
        try:
            stat = os.lstat(file)
        except OSError as error:
            return Found(path, 0, 0, f"This file cannot be read: {error.strerror}.")
        return Found(path, stat.st_size, stat.st_mtime_ns)


def read_file(file: Path, limit: int) -> bytes:
    """The bytes of one photo that a person named."""
    if not file.exists():
        raise Unreadable(f"There is no file {file}.", hint="Check the path.")
    return Folder(file.parent).read(os.fsencode(file.name), limit)
