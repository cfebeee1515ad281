"""The index kept between processes, so that a large gallery opens in seconds: encrypted, and thrown away at a doubt.

A folder of files, one a segment of the index (the references of 2²⁰ numbers), each sealed under a key of its own in the
vault, and a list that says which of them belong together and up to which change of the registry they are right. A code
never lies on disk in clear (P30).

- Whoever is erased takes the keys of the segments that held them along, at once and in any process: from a reference's
  number follows its segment, so nothing has to be read for it (`drop`). A copy of the file elsewhere is unreadable.
- A segment is written under a new key, and the old key is destroyed: an old copy of a file does not open.
- What does not open, or is not the file that the list names, is built from the registry. So is everything, when the
  list is from another gallery, model or coding, or from a registry that took another course (an older copy of it).

Changes to the registry that the files do not know are applied after reading, as to any index.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray

from countenance.errors import AlreadyExists, KeyMissing, Tampered, Unavailable
from countenance.gallery.only_one import OnlyOne
from countenance.index.flat import SEGMENT_BITS
from countenance.index.port import Segmented
from countenance.registry import schema as t
from countenance.registry.database import Registry
from countenance.vault.keyring import SNAPSHOT_KEY, Keyring, snapshot_key
from countenance.vault.port import Vault
from countenance.vault.seal import OVERHEAD
from countenance.vault.secretfile import sync_folder

FOLDER = "index"
"""Where it lies in the data folder."""
_LIST = "segments"
_FILE = re.compile(r"([0-9]+)\.segment")
_CHANGED = 100
"""It is written anew when one in so many rows has changed."""


@dataclass(frozen=True, slots=True)
class State:
    """What an index stood on: the registry's sequence number, when minors were told apart, and its segments."""

    sequence: int
    judged: int
    segments: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Dumped:
    """A segment in clear, whose rows are in it, and the sequence number that it was right for. Never printed."""

    content: bytes
    subjects: NDArray[np.int64]
    sequence: int

    def __repr__(self) -> str:
        return f"<Dumped {len(self.content)} bytes>"


class Snapshot:
    """The files of one gallery's index.

    Args:
        folder: Where they lie; made when the first one is written.
        registry: The records that the index is derived from.
        keys: Where segments' keys are made, and destroyed.
        index: What is kept.
        belongs: The gallery and the embedding contract: files of others are not read.
        least: How many rows the index must have for a snapshot to be worth it. Fewer are built faster than read.
    """

    def __init__(
        self, folder: Path, registry: Registry, keys: Keyring, index: Segmented, belongs: str, least: int
    ) -> None:
        self._folder = folder
        self._registry = registry
        self._keys = keys
        self._index = index
        self._belongs = f"{belongs}/{index.coding}"
        self._least = least
        self._known: dict[int, str] = {}
        self._changes = 0
        self._fresh = True

    ids_each = 1 << SEGMENT_BITS
    """How many reference numbers a segment covers."""

    # --- read ---

    def load(self, connection: sa.Connection) -> State | None:
        """Read what is in order into the index, which is empty. None: nothing is."""
        self._known, self._changes, self._fresh = {}, 0, True
        listed = self._listed(connection)
        if listed is None:
            return None
        for name, mark in listed["segments"].items():
            if self._read(int(name), mark):
                self._known[int(name)] = mark
        self._fresh = len(self._known) != len(listed["segments"])
        return State(listed["sequence"], listed["judged"], frozenset(self._known))

    def _listed(self, connection: sa.Connection) -> dict[str, Any] | None:
        try:
            sealed = (self._folder / _LIST).read_bytes()
            listed: dict[str, Any] = json.loads(self._keys.unseal(SNAPSHOT_KEY, sealed, self._belongs))
        except (OSError, KeyMissing, Tampered, ValueError):
            return None
        same_course = _leaf(connection, listed["leaf"][0]) == listed["leaf"]
        return listed if same_course and listed["sequence"] <= self._registry.sequence(connection) else None

    def _read(self, number: int, mark: str) -> bool:
        try:
            sealed = self._file(number).read_bytes()
            if _mark(sealed) != mark:
                return False
            self._index.load(number, self._keys.unseal(snapshot_key(number), sealed, self._label(number)))
        except (OSError, KeyMissing, Tampered):
            return False
        return True

    # --- write ---

    def count(self, changes: int) -> None:
        """So many people's rows have changed."""
        self._changes += changes

    def is_due(self) -> bool:
        """Whether it should be written: the gallery is large, and the files are missing or far behind."""
        rows = len(self._index)
        if not self._least or rows < self._least:
            return False
        return (
            self._fresh
            or self._changes * _CHANGED >= rows
            or not all(self._file(each).exists() for each in self._known)
        )

    def save(self, state: State, dump: Callable[[int], Dumped | None]) -> None:
        """Write the segments that have changed, then the list. Whatever a crash cuts short is built anew.

        Args:
            state: What the index stands on, or stood on earlier.
            dump: Gives a segment as it is now; None when the index is not whole.

        Raises:
            Busy: Another process is writing it.
            Unavailable: The files cannot be written.
        """
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with OnlyOne(self._folder / "lock", "Another process is writing the index' snapshot."):
                self._changes, before = 0, self._index.changed()
                marks = {}
                for number in self._index.segments():
                    mark = None if number in before else self._as_it_was(number)
                    mark = mark or self._write(number, dump)
                    if mark is not None:
                        marks[number] = mark
                self._write_list(state, marks)
                drop_segments(self._keys.vault, self._folder, self._others(marks))
        except OSError as error:
            raise Unavailable(f"The index' snapshot cannot be written: {error.strerror}.") from None
        self._known, self._fresh = marks, False

    def drop(self) -> None:
        """Throw it away."""
        self._known, self._fresh = {}, True
        (self._folder / _LIST).unlink(missing_ok=True)
        if self._folder.is_dir():
            drop_segments(self._keys.vault, self._folder, self._others(()))

    def _as_it_was(self, number: int) -> str | None:
        """The mark of a segment's file that is still the one that this index was read from, or written to."""
        mark = self._known.get(number)
        try:
            with self._file(number).open("rb") as file:
                head = file.read(OVERHEAD)
                file.seek(-OVERHEAD, os.SEEK_END)
                return mark if mark == _mark(head + file.read()) else None
        except (OSError, ValueError):
            return None

    def _write(self, number: int, dump: Callable[[int], Dumped | None]) -> str | None:
        dumped, key = dump(number), snapshot_key(number)
        if dumped is None:
            return None
        self._keys.vault.destroy(key)
        self._keys.vault.create(key)
        # The key is there, and the file is not yet. Whoever was erased up to now is seen here; whoever is erased from
        # now on takes the key along. So no file that can be opened ever holds somebody whose erasure is done.
        if self._somebody_erased(dumped):
            drop_segments(self._keys.vault, self._folder, [number])
            return None
        sealed = self._keys.seal(key, dumped.content, self._label(number))
        _put(self._file(number), sealed)
        return _mark(sealed)

    def _somebody_erased(self, dumped: Dumped) -> bool:
        erased = (
            sa.select(t.changes.c.subject)
            .join(t.erasures, t.erasures.c.subject == t.changes.c.subject)
            .where(t.changes.c.id > dumped.sequence)
            .distinct()
        )
        with self._registry.read() as connection:
            gone = np.array(connection.scalars(erased).all(), np.int64)
        return bool(np.isin(gone, dumped.subjects).any())

    def _write_list(self, state: State, marks: dict[int, str]) -> None:
        with self._registry.read() as connection:
            last = connection.scalar(sa.select(sa.func.max(t.leaves.c.index)))
            listed = {"v": 1, "sequence": state.sequence, "judged": state.judged, "leaf": _leaf(connection, last or 0)}
        with contextlib.suppress(AlreadyExists):
            self._keys.vault.create(SNAPSHOT_KEY)
        text = json.dumps(listed | {"segments": {str(number): mark for number, mark in marks.items()}})
        _put(self._folder / _LIST, self._keys.seal(SNAPSHOT_KEY, text.encode(), self._belongs))

    def _others(self, marks: Iterable[int]) -> list[int]:
        found = [int(match[1]) for each in self._folder.iterdir() if (match := _FILE.fullmatch(each.name))]
        return sorted(set(found) - set(marks))

    def _file(self, number: int) -> Path:
        return _file(self._folder, number)

    def _label(self, number: int) -> str:
        return f"{self._belongs}/{number}"


def keyed(vault: Vault, references: Iterable[int]) -> list[int]:
    """The segments that hold these references, as far as they are kept: those that have a key."""
    return [number for number in _of(references) if vault.exists(snapshot_key(number))]


def drop(vault: Vault, folder: Path, references: Iterable[int]) -> int:
    """Destroy the keys of the segments that hold these references, and the files, and return how many had a key.

    Called before the references' rows go; whoever has the index in memory drops them on their own.
    """
    return drop_segments(vault, folder, _of(references))


def _of(references: Iterable[int]) -> list[int]:
    return sorted({number >> SEGMENT_BITS for number in references})


def drop_segments(vault: Vault, folder: Path, numbers: Iterable[int]) -> int:
    """Destroy the keys of these segments, then the files, and return how many had a key."""
    numbers = list(numbers)
    keys = [key for key in map(snapshot_key, numbers) if vault.exists(key)]
    destroyed = vault.destroy_many(keys) if keys else 0
    for number in numbers:
        _file(folder, number).unlink(missing_ok=True)
    return destroyed


def _file(folder: Path, number: int) -> Path:
    return folder / f"{number}.segment"


def _leaf(connection: sa.Connection, index: int) -> list[object]:
    """An entry of the log and its hash: a registry that took another course has another one there."""
    found = connection.scalar(sa.select(t.leaves.c.hash).where(t.leaves.c.index == index))
    return [index, "" if found is None else bytes(found).hex()]


def _mark(sealed: bytes) -> str:
    """What tells one sealed file from every other: its nonce and its tag."""
    return (sealed[:13] + sealed[-16:]).hex()


def _put(file: Path, content: bytes) -> None:
    """Write a file for its owner alone, whole or not at all, on disk before this returns."""
    fresh = file.with_name(file.name + ".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as opened:
        opened.write(content)
        opened.flush()
        os.fsync(opened.fileno())
    fresh.replace(file)
    sync_folder(file.parent)
