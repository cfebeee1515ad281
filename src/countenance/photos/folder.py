"""A folder of photographs on this machine."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from countenance.errors import InputError, TooLarge, Unreadable
from countenance.photos.store import EVERYTHING, LINK, NO_FILE, Found, Store


class Folder(Store):
    """Lists and reads files. Links are not followed, hidden files and folders are left alone. It holds nothing open."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def check(self) -> None:
        """Raise `InputError` when the folder is gone or cannot be read."""
        if not self.root.is_dir() or not os.access(self.root, os.R_OK | os.X_OK):
            raise InputError(f"The folder {self.root} is gone or cannot be read.", hint="Check its place and rights.")

    def files(self) -> Iterator[Found]:
        """Every file, in a fixed order, with its size and time of change: one look at each, at its name or itself."""
        root, waiting = os.fsencode(self.root), [b""]
        while waiting:
            folder = waiting.pop()
            try:
                with os.scandir(os.path.join(root, folder)) as opened:  # noqa: PTH118 - names may not be UTF-8
                    entries = sorted((each for each in opened if not each.name.startswith(b".")), key=_name)
            except OSError as error:
                yield Found(folder or EVERYTHING, 0, 0, f"This folder cannot be read: {error.strerror}.")
                continue
            below = []
            for entry in entries:
                path = folder + b"/" + entry.name if folder else entry.name
                if entry.is_dir(follow_symlinks=False):
                    below.append(path)
                else:
                    yield _found(path, entry)
            waiting += reversed(below)

    def read(self, path: bytes, limit: int) -> bytes:
        """The bytes of a file. Raises `TooLarge` over ``limit`` bytes, `Unreadable` when it cannot be read."""
        if path.startswith(b"/") or b".." in path.split(b"/"):
            raise Unreadable("This name leads out of the folder.")
        try:
            # Never through a link, and never waiting for a pipe, whatever the name stands for by now.
            handle = os.open(os.path.join(os.fsencode(self.root), path), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)  # noqa: PTH118
            with open(handle, "rb") as file:  # noqa: PTH123 - a handle
                if not stat.S_ISREG(os.fstat(handle).st_mode):
                    raise Unreadable(NO_FILE)
                return bounded(file, limit)
        except OSError as error:
            raise Unreadable(f"This file cannot be read: {error.strerror}.") from None


def _name(entry: os.DirEntry[bytes]) -> bytes:
    return entry.name


def _found(path: bytes, entry: os.DirEntry[bytes]) -> Found:
    try:
        about = entry.stat(follow_symlinks=False)
    except OSError as error:
        return Found(path, 0, 0, f"This file cannot be read: {error.strerror}.")
    fault = None
    if stat.S_ISLNK(about.st_mode):
        fault = LINK
    elif not stat.S_ISREG(about.st_mode):
        fault = NO_FILE
    return Found(path, about.st_size, about.st_mtime_ns, fault)


def read_file(file: Path, limit: int) -> bytes:
    """The bytes of one photo that a person named."""
    try:
        with file.open("rb") as opened:
            return bounded(opened, limit)
    except FileNotFoundError:
        raise Unreadable(f"There is no file {file}.", hint="Check the path.") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "its name is none"
        raise Unreadable(f"This file cannot be read: {reason}.", hint="Check the path.") from None


def bounded(file: BinaryIO, limit: int) -> bytes:
    """All that is left in ``file``. Raises `TooLarge` over ``limit`` bytes, of which no more is read."""
    data = file.read(limit + 1)
    if len(data) > limit:
        raise too_large(limit)
    return data


def too_large(limit: int) -> TooLarge:
    """The error for a file of more than ``limit`` bytes."""
    return TooLarge(f"This file has more than {limit // 2**20} MiB.")
