"""A zip archive of photographs. Read where it lies, never unpacked to a disk.

Bounded, whatever it holds: its table of contents is at most `MOST_CONTENTS` bytes; of a file no more than the limit is
unpacked; a file that is packed more tightly than photographs can be, or that shares its bytes with another, is refused.
"""

from __future__ import annotations

import os
import stat
import struct
import threading
import zipfile
import zlib
from calendar import timegm
from collections.abc import Iterator
from datetime import datetime
from io import FileIO
from pathlib import Path

from countenance.errors import InputError, Unreadable
from countenance.photos import entries
from countenance.photos.folder import too_large
from countenance.photos.store import LINK, NO_FILE, Found

MOST_CONTENTS = 64 * 2**20
"""Bytes of the table of contents: some 450,000 files with names of ordinary length."""
_PIECE = 2**18
_FAULTS = (zipfile.BadZipFile, zlib.error, struct.error, OSError, EOFError, ValueError, RuntimeError, IndexError)
"""What the library raises on bytes that are no sound archive (of OSError: also what the disk says)."""
_ENCRYPTED = 0x1 | 0x40
_UTF8 = 0x800


class Zip:
    """Lists and reads the files in a zip archive."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._lock = threading.Lock()
        self._zip: zipfile.ZipFile | None = None
        self._entries: dict[bytes, zipfile.ZipInfo] = {}
        self._found: list[Found] = []

    def check(self) -> None:
        """Raise `InputError` when the archive is gone, cannot be read or is damaged."""
        self._open()

    def files(self) -> Iterator[Found]:
        """Every file, in the order in which they lie in the archive."""
        self._open()
        yield from self._found

    def read(self, path: bytes, limit: int) -> bytes:
        """The bytes of a file. Raises `TooLarge` over ``limit`` bytes, `Unreadable` when it cannot be read."""
        try:
            archive = self._open()
        except InputError as error:
            raise Unreadable(error.message, hint=error.hint) from None
        entry = self._entries.get(path)
        if entry is None:
            raise Unreadable("There is no such file in the archive.")
        if entry.file_size > limit:
            raise too_large(limit)
        try:
            with archive.open(entry) as opened:
                data = bytearray()
                # In pieces: asked for all at once, the library would unpack more than it was asked for.
                while piece := opened.read(_PIECE):
                    data += piece
                    if len(data) > limit:
                        raise too_large(limit)
        except _FAULTS:
            raise Unreadable("This file is damaged in the archive.") from None
        return bytes(data)

    def close(self) -> None:
        """Let go of the archive."""
        with self._lock:
            if self._zip is not None:
                file = self._zip.fp
                self._zip.close()
                if file is not None:
                    file.close()  # ours, for it was handed in
            self._zip, self._entries, self._found = None, {}, []

    def _open(self) -> zipfile.ZipFile:
        with self._lock:
            if self._zip is None:
                file = open_file(self.root, _Contents)
                try:
                    opened = zipfile.ZipFile(file)
                    self._list(opened)
                except _FAULTS:
                    file.close()
                    raise damaged(self.root) from None
                except BaseException:
                    file.close()
                    raise
                self._zip = opened
            return self._zip

    def _list(self, archive: zipfile.ZipFile) -> None:
        found: dict[bytes, Found] = {}
        end = 0
        for entry in sorted(archive.infolist(), key=lambda each: each.header_offset):
            overlaps, end = entry.header_offset < end, max(end, entry.header_offset + 30 + entry.compress_size)
            path = _path(entry)
            if entry.is_dir() or entries.hidden(path) or not path:
                continue
            # Of two by the same name the later one counts, as it would for whoever unpacks the archive.
            found.pop(path, None)
            found[path] = Found(path, entry.file_size, _modified(entry), _fault(entry, path, overlaps=overlaps))
            self._entries[path] = entry
        self._found = list(found.values())
        for each in self._found:
            if each.fault:
                del self._entries[each.path]


class _Contents(FileIO):
    """An archive's file, of which nobody reads a table of contents without bounds."""

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > MOST_CONTENTS:
            raise InputError(
                "This archive holds more files than are taken from one.", hint="Unpack it, or split it into several."
            )
        return super().read(size)


def open_file(file: Path, kind: type[FileIO] = FileIO) -> FileIO:
    """Open an archive. Raises `InputError` when it is gone, is no ordinary file, or cannot be read."""
    try:
        # Never waiting for a pipe.
        opened = kind(os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), closefd=True)
    except OSError as error:
        raise InputError(
            f"The archive {file} is gone or cannot be read: {error.strerror}.", hint="Check its place and rights."
        ) from None
    if not stat.S_ISREG(os.fstat(opened.fileno()).st_mode):
        opened.close()
        raise InputError(f"{file} is no ordinary file.", hint="Give a folder, or an archive that is one file.")
    return opened


def damaged(file: Path) -> InputError:
    """The error for an archive of which nothing can be read."""
    return InputError(f"The archive {file} is damaged or cut short.", hint="Copy it again, or unpack it yourself.")


def _path(entry: zipfile.ZipInfo) -> bytes:
    """The name's own bytes, as the archive has them."""
    name = entry.orig_filename.partition("\0")[0]
    return entries.plain(name.encode("utf-8" if entry.flag_bits & _UTF8 else "cp437"))


def _fault(entry: zipfile.ZipInfo, path: bytes, *, overlaps: bool) -> str | None:
    mode = entry.external_attr >> 16
    if entries.outside(path):
        return entries.OUTSIDE
    if stat.S_ISLNK(mode):
        return LINK
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG):
        return NO_FILE
    if entry.flag_bits & _ENCRYPTED:
        return "It is encrypted; unpack the archive, and add the folder."
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return f"It is packed by a method that is not read ({entry.compress_type}); unpack the archive."
    if overlaps:
        return "It shares its bytes with another file of the archive."
    if entry.file_size > entries.FREE and entry.file_size > entries.RATIO * entry.compress_size:
        return entries.BOMB
    return None


def _modified(entry: zipfile.ZipInfo) -> int:
    """Its time of change, and in the nanoseconds its checksum: another content has another number.

    The clock of a zip goes in steps of two seconds and knows no zone.
    """
    try:
        seconds = timegm(datetime(*entry.date_time).timetuple())  # noqa: DTZ001 - it has none
    except ValueError:
        seconds = 0
    return seconds * 10**9 + entry.CRC
