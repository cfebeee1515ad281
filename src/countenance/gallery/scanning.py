"""The byte scan: no file of ours holds a piece of what was erased (P6).

Of each marker the start, the middle and the end are looked for, 24 bytes each: long enough never to occur by chance,
and one of them survives where a page break cuts a longer marker in two. Thousands of markers cost little more than one:
a window that lies anywhere in a file has one of its first four eight-byte words at an offset that four divides, so only
those words of the file are looked up, in a table; the few that are in it are compared by a salted digest of all 24.

`Wanted` can be written to a file, so that a scan that a crash cut short is repeated in full when the rows are gone. The
file has the first eleven bytes of each window and a digest, from which nobody gets a marker back; of bare keys and
templates it has one window each.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import secrets
import zipfile
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from countenance.errors import Tampered, Unavailable
from countenance.vault.secretfile import sync_folder

WINDOW = 24
"""Bytes that are looked for at a time."""
_STRIDE, _WORD = 4, 8
_HEAD = _WORD + _STRIDE - 1
_CHUNK = 2**20
"""Bytes of a file that are searched at a time."""
_SPREAD = np.uint64(0x9E3779B97F4A7C15)
"""An odd number that spreads words evenly over the table (Fibonacci hashing)."""


@dataclass(frozen=True, slots=True)
class Scan:
    """What was looked for, and where."""

    markers: int
    files: int
    bytes: int


class Wanted:
    """What is looked for.

    Attributes:
        markers: How many markers there are.
        keys: The names of the keys that were destroyed with them.
    """

    def __init__(
        self, salt: bytes, heads: np.ndarray[Any, Any], digests: np.ndarray[Any, Any], markers: int, keys: Sequence[str]
    ) -> None:
        self._salt, self._heads, self._digests = salt, heads, digests
        self.markers, self.keys = markers, tuple(keys)
        words = [heads[:, place : place + _WORD].copy().view(np.uint64)[:, 0] for place in range(_STRIDE)]
        self._words = np.unique(np.concatenate(words))
        bits = min(max(len(self._words).bit_length() + 6, 14), 26)
        self._shift = np.uint64(64 - bits)
        self._table = np.zeros(1 << bits, bool)
        self._table[(self._words * _SPREAD) >> self._shift] = True

    @classmethod
    def of(cls, markers: Iterable[bytes], secret: Iterable[bytes] = (), keys: Sequence[str] = ()) -> Wanted:
        """Look for these markers. ``secret`` are bare keys and templates, of which only the middle is kept."""
        salt, count = secrets.token_bytes(16), 0
        windows: set[bytes] = set()
        for marker in markers:
            count += 1
            windows.update(_windows(marker))
        for marker in secret:
            count += 1
            middle = (len(marker) - WINDOW) // 2
            windows.add(marker[middle : middle + WINDOW])
        ordered = sorted(windows)
        heads = np.frombuffer(b"".join(each[:_HEAD] for each in ordered), np.uint8).reshape(-1, _HEAD)
        digests = np.sort(np.array([_digest(salt, each) for each in ordered], np.uint64))
        return cls(salt, heads, digests, count, keys)

    def held_by(self, content: np.ndarray[Any, Any]) -> bool:
        """Whether these bytes hold a window."""
        for start in range(0, _WORD, _STRIDE):
            words = content[start : start + (len(content) - start) // _WORD * _WORD].view(np.uint64)
            places = np.multiply(words, _SPREAD)
            np.right_shift(places, self._shift, out=places)
            near = np.flatnonzero(self._table.take(places.view(np.int64), mode="clip"))
            if len(near) and self._confirmed(content, start, words, near):
                return True
        return False

    def _confirmed(
        self, content: np.ndarray[Any, Any], start: int, words: np.ndarray[Any, Any], near: np.ndarray[Any, Any]
    ) -> bool:
        at = np.searchsorted(self._words, words[near])
        at[at == len(self._words)] = 0
        for word in near[self._words[at] == words[near]]:
            place = start + int(word) * _WORD
            for first in range(max(place - _STRIDE + 1, 0), place + 1):
                window = content[first : first + WINDOW].tobytes()
                if len(window) == WINDOW and self._known(_digest(self._salt, window)):
                    return True
        return False

    def _known(self, digest: int) -> bool:
        at = int(np.searchsorted(self._digests, np.uint64(digest)))
        return at < len(self._digests) and int(self._digests[at]) == digest

    # --- kept until the erasure is done ---

    def save(self, file: Path) -> None:
        """Write it to a file for its owner alone, whole or not at all, on disk before this returns."""
        about = json.dumps({"v": 1, "markers": self.markers, "keys": self.keys}).encode()
        packed = io.BytesIO()
        np.savez(
            packed,
            about=np.frombuffer(about, np.uint8),
            salt=np.frombuffer(self._salt, np.uint8),
            heads=self._heads,
            digests=self._digests,
        )
        fresh = file.with_name(file.name + ".new")
        try:
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            fresh.unlink(missing_ok=True)
            with os.fdopen(os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as opened:
                opened.write(packed.getvalue())
                opened.flush()
                os.fsync(opened.fileno())
            fresh.replace(file)
            sync_folder(file.parent)
        except OSError as error:
            raise Unavailable(f"{file} cannot be written: {error.strerror}.") from None

    @classmethod
    def load(cls, file: Path) -> Wanted | None:
        """What was saved; None when there is no such file, or it is damaged."""
        try:
            with file.open("rb") as opened, np.load(opened, allow_pickle=False) as packed:
                about = json.loads(packed["about"].tobytes())
                salt, heads, digests = packed["salt"].tobytes(), packed["heads"], packed["digests"]
                return cls(salt, heads, digests, about["markers"], about["keys"])
        except (OSError, EOFError, ValueError, KeyError, TypeError, zipfile.BadZipFile):
            return None


def look_for(wanted: Wanted, places: Sequence[Path], *, but: Collection[Path] = ()) -> Scan:
    """Search every file in these places.

    Args:
        wanted: What is looked for.
        places: Folders.
        but: Folders and files in them that are left out: the operator's own sources.

    Raises `Tampered` naming a file that has a piece of it.
    """
    count = total = 0
    for file in files_in(places, but):
        size, held = _searched(file, wanted)
        count, total = count + 1, total + size
        if held:
            raise Tampered(
                f"Bytes of the erased person are still in {file.name}.",
                hint="The erasure is unfinished; it is tried again at the next start. If it is a copy, delete it.",
            )
    return Scan(wanted.markers, count, total)


def files_in(places: Sequence[Path], but: Collection[Path] = ()) -> Iterator[Path]:
    """Every file in these folders, once, in order. A place that is named itself is searched even if ``but`` has it."""
    named = sorted({place.resolve() for place in places})
    left_out = {folder.resolve() for folder in but} - set(named)
    seen: set[Path] = set()
    for place in named:
        if place in seen:
            continue
        for folder, below, files in os.walk(place):
            here = Path(folder)
            below[:] = sorted(name for name in below if here / name not in left_out | seen)
            seen.add(here)
            yield from (file for name in sorted(files) if (file := here / name).is_file() and file not in left_out)


@contextlib.contextmanager
def _readable(file: Path) -> Iterator[None]:
    try:
        yield
    except PermissionError:
        raise Unavailable(
            f"{file} cannot be read, so nobody can say that nothing of the person is in it.",
            hint="Give this account the right to read it, or take it out of the gallery's folder.",
        ) from None


def _windows(marker: bytes) -> Iterator[bytes]:
    middle = (len(marker) - WINDOW) // 2
    for start in (0, middle, len(marker) - WINDOW):
        yield marker[start : start + WINDOW]


def _digest(salt: bytes, window: bytes) -> int:
    return int.from_bytes(hashlib.blake2b(window, digest_size=8, salt=salt).digest(), "big")


def _searched(file: Path, wanted: Wanted) -> tuple[int, bool]:
    """A file's size and whether it holds a window. Read, not mapped: others may cut the file short meanwhile."""
    size, held, kept = 0, False, 0
    buffer = bytearray(WINDOW - 1 + _CHUNK)
    # What is gone by now holds nothing: others put their own files in place here.
    with contextlib.suppress(FileNotFoundError), _readable(file), file.open("rb", buffering=0) as opened:
        while read := opened.readinto(memoryview(buffer)[kept : kept + _CHUNK]):
            size += read
            end = kept + read
            held = held or wanted.held_by(np.frombuffer(buffer, np.uint8, end))
            kept = min(end, WINDOW - 1)
            buffer[:kept] = buffer[end - kept : end]
    return size, held
