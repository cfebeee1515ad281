"""A tar archive of photographs, plain or packed by gzip, bzip2 or xz. Read where it lies, never unpacked to a disk.

A packed one is a single stream: to get at a file all that lies before it is unpacked, so it is read forwards, and what
is passed on the way is kept for a moment. How much is unpacked in all is bounded by the archive's own size.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import tarfile
import threading
import zlib
from bisect import bisect_left
from collections.abc import Iterator
from io import FileIO
from pathlib import Path
from typing import BinaryIO, cast

from countenance.errors import InputError, Unreadable
from countenance.photos import entries
from countenance.photos.folder import too_large
from countenance.photos.store import EVERYTHING, LINK, NO_FILE, Found
from countenance.photos.zipped import damaged, open_file

_MOST_HEADER = 2**18
"""Bytes of one file's description; those of ordinary archives have some hundreds."""
_FREE = 256 * 2**20
_RATIO = 100
_XZ_MEMORY = 2**28
_KEPT = 64 * 2**20
"""Bytes kept of what was passed on the way to a file."""
_FAULTS = (
    tarfile.TarError, zlib.error, lzma.LZMAError, OSError, EOFError, ValueError, OverflowError, RecursionError,
    IndexError, KeyError, TypeError,
)  # fmt: skip
"""What the libraries raise on bytes that are no sound archive."""


class Tar:
    """Lists and reads the files in a tar archive. ``packed``: ``gz``, ``bz2``, ``xz`` or nothing."""

    def __init__(self, root: Path, packed: str = "") -> None:
        self.root, self._packed = root, packed
        self._lock = threading.RLock()
        self._stream: _Stream | None = None
        self._found: list[Found] = []
        self._places: dict[bytes, tuple[int, int]] = {}
        self._passed: dict[bytes, bytes] = {}
        self._order: list[bytes] = []

    def check(self) -> None:
        """Raise `InputError` when the archive is gone, cannot be read or is damaged at its start."""
        self._open()

    def files(self) -> Iterator[Found]:
        """Every file, in the order in which they lie in the archive."""
        self._open()
        yield from self._found

    def read(self, path: bytes, limit: int) -> bytes:
        """The bytes of a file. Raises `TooLarge` over ``limit`` bytes, `Unreadable` when it cannot be read."""
        with self._lock:
            try:
                stream = self._open()
            except InputError as error:
                raise Unreadable(error.message, hint=error.hint) from None
            if path not in self._places:
                raise Unreadable("There is no such file in the archive.")
            offset, size = self._places[path]
            if size > limit:
                raise too_large(limit)
            if path in self._passed:
                return self._passed.pop(path)
            try:
                if self._packed:
                    self._pass(stream, offset)
                return stream.content(offset, size)
            except _FAULTS:
                raise Unreadable("This file is damaged in the archive.") from None

    def close(self) -> None:
        """Let go of the archive."""
        with self._lock:
            if self._stream is not None:
                self._stream.close()
            self._stream, self._found, self._places, self._order = None, [], {}, []
            self._passed.clear()

    # --- reading -----------------------------------------------------------------------------------------------------

    def _pass(self, stream: _Stream, offset: int) -> None:
        """Keep what lies between here and there, if little does: another thread is about to ask for it."""
        here = stream.tell()
        if not 0 < offset - here <= _KEPT:
            return
        for path in self._between(here, offset):
            start, size = self._places[path]
            self._passed[path] = stream.content(start, size)
        while sum(map(len, self._passed.values())) > _KEPT:
            del self._passed[next(iter(self._passed))]

    def _between(self, here: int, there: int) -> list[bytes]:
        """The files of which all lies between two places."""

        def begin(path: bytes) -> int:
            return self._places[path][0]

        return self._order[bisect_left(self._order, here, key=begin) : bisect_left(self._order, there, key=begin)]

    # --- listing -----------------------------------------------------------------------------------------------------

    def _open(self) -> _Stream:
        with self._lock:
            if self._stream is None:
                file = open_file(self.root)
                try:
                    stream = _Stream(file, self._packed)
                    self._list(stream)
                except _FAULTS:
                    file.close()
                    raise damaged(self.root) from None
                except BaseException:
                    file.close()
                    raise
                self._stream = stream
            return self._stream

    def _list(self, stream: _Stream) -> None:
        found: dict[bytes, Found] = {}
        # The stream is unpacked and bounded by us; `r:` reads it as the plain archive that it then is.
        archive = tarfile.open(  # noqa: SIM115 - it holds nothing of its own
            fileobj=cast("BinaryIO", stream), mode="r:", encoding="utf-8", errors="surrogateescape"
        )
        try:
            for member in _members(archive):
                path = entries.plain(member.name.encode("utf-8", "surrogateescape"))
                if member.isdir() or entries.hidden(path) or not path:
                    continue
                size = min(max(member.size, 0), entries.LATEST)
                # Of two by the same name the later one counts, as it would for whoever unpacks the archive.
                found.pop(path, None)
                found[path] = Found(path, size, _modified(member.mtime), _fault(member, path))
                self._places[path] = (member.offset_data, size)
            whole = not stream.content(archive.offset, tarfile.BLOCKSIZE, whole=False).strip(b"\0")
        except _FAULTS:
            whole = False
        self._found = list(found.values())
        if not whole:
            self._found.append(Found(EVERYTHING, 0, 0, entries.DAMAGED))
        for each in self._found:
            if each.fault:
                self._places.pop(each.path, None)
        self._order = sorted(self._places, key=lambda path: self._places[path][0])


def _members(archive: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    """The archive's members, of which the library keeps none. Raises `ValueError` where it would go in a circle."""
    before = -1
    while (member := archive.next()) is not None:
        archive.members = []  # type: ignore[attr-defined] # they would be kept for ever
        if archive.offset <= before:
            raise ValueError
        before = archive.offset
        yield member


def _fault(member: tarfile.TarInfo, path: bytes) -> str | None:
    if entries.outside(path):
        return entries.OUTSIDE
    if member.issym() or member.islnk():
        return LINK
    return None if member.isreg() and not member.issparse() else NO_FILE


def _modified(seconds: float) -> int:
    try:
        return min(max(int(seconds * 10**9), 0), entries.LATEST)
    except (ValueError, OverflowError):  # a clock that says nan or infinity
        return 0


class _Stream:
    """The unpacked bytes of an archive, from which nobody can draw more than its size allows."""

    def __init__(self, file: FileIO, packed: str) -> None:
        self._raw = file
        size = file.seek(0, 2)
        file.seek(0)
        self._most = _FREE + _RATIO * size if packed else size
        self._file: BinaryIO = cast("BinaryIO", _unpacking(file, packed))

    def tell(self) -> int:
        return self._file.tell()

    def seek(self, place: int, whence: int = 0) -> int:
        if whence or not 0 <= place <= self._most:
            raise ValueError
        return self._file.seek(place)

    def read(self, size: int) -> bytes:
        """For the library, which reads descriptions only."""
        if not 0 <= size <= _MOST_HEADER:
            raise ValueError
        return self._file.read(size)

    def content(self, place: int, size: int, *, whole: bool = True) -> bytes:
        """That many bytes from there. Raises `EOFError` where there are fewer, unless not ``whole``."""
        if whole and place + size > self._most:
            raise EOFError
        self.seek(place)
        data = self._file.read(size)
        if whole and len(data) < size:
            raise EOFError
        return data

    def close(self) -> None:
        self._file.close()
        self._raw.close()


def _unpacking(file: FileIO, packed: str) -> object:
    if packed == "gz":
        return gzip.GzipFile(fileobj=file, mode="rb")
    if packed == "bz2":
        return bz2.BZ2File(file)
    if packed == "xz":
        # Asked once with a bound on memory: an archive can demand gigabytes to be unpacked.
        lzma.LZMADecompressor(memlimit=_XZ_MEMORY).decompress(file.read(2**16), 1)
        file.seek(0)
        return lzma.LZMAFile(file)
    return file
