"""A folder of photographs on this machine."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

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
            # Never through a link, and never waiting for a pipe, whatever the name stands for by now.
            handle = os.open(os.path.join(os.fsencode(self.root), path), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)  # noqa: PTH118
            with open(handle, "rb") as file:  # noqa: PTH123 - a handle
                if not stat.S_ISREG(os.fstat(handle).st_mode):
                    raise Unreadable("This is no ordinary file.")
                return _bounded(file, limit)
        except OSError as error:
            raise Unreadable(f"This file cannot be read: {error.strerror}.") from None

    def _found(self, file: bytes) -> Found:
        path = os.path.relpath(file, os.fsencode(self.root))
        try:
            about = os.lstat(file)
        except OSError as error:
            return Found(path, 0, 0, f"This file cannot be read: {error.strerror}.")
        fault = None
        if stat.S_ISLNK(about.st_mode):
            fault = "This is a link, and links are not followed."
        elif not stat.S_ISREG(about.st_mode):
            fault = "This is no ordinary file."
        return Found(path, about.st_size, about.st_mtime_ns, fault)


def read_file(file: Path, limit: int) -> bytes:
    """The bytes of one photo that a person named."""
    try:
        with file.open("rb") as opened:
            return _bounded(opened, limit)
    except FileNotFoundError:
        raise Unreadable(f"There is no file {file}.", hint="Check the path.") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "its name is none"
        raise Unreadable(f"This file cannot be read: {reason}.", hint="Check the path.") from None


def _bounded(file: BinaryIO, limit: int) -> bytes:
    data = file.read(limit + 1)
    if len(data) > limit:
        raise TooLarge(f"This file has more than {limit // 2**20} MiB.")
    return data
