"""What is known of a source's files, and what that says of the files that are there now.

Time and size are asked first, the hash of the content second, and only what is neither known by its name nor by its
content is looked at.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum, auto

import sqlalchemy as sa

from countenance.photos.store import EVERYTHING, Found
from countenance.registry import schema as t
from countenance.registry.database import Registry
from countenance.types import DAY, SourceId
from countenance.vision.pace import STANDARD, as_close


@dataclass(frozen=True, slots=True)
class Record:
    """A photo's own record, as far as it tells whether a file is the same."""

    id: int
    path: bytes
    size: int
    modified_ns: int
    sha256: str | None
    code: str | None
    reason: str | None
    missing: bool
    detect: str
    lasts: bool
    """What is kept of it lasts still (P13), so that a copy can be given the same."""


def records(registry: Registry, source: SourceId, now: int) -> dict[bytes, Record]:
    """All records of a source, by path."""
    c = t.photos.c
    query = (
        sa.select(c.id, c.path, c.bytes, c.modified_ns, c.sha256, c.code, c.reason, c.missing, c.ingested)
        .add_columns(c.detect, t.sources.c.retention_days)
        .join_from(t.photos, t.sources, c.source == t.sources.c.id)
        .where(c.source == source)
        .order_by(c.id)
    )
    with registry.read() as connection:
        return {
            bytes(row.path): Record(
                row.id,
                bytes(row.path),
                row.bytes,
                row.modified_ns,
                row.sha256,
                row.code,
                row.reason,
                row.missing is not None,
                row.detect or STANDARD,
                row.ingested + row.retention_days * DAY > now,
            )
            for row in connection.execute(query)
        }


class Fate(Enum):
    """What a file turned out to be, once its content was hashed."""

    LOOK = auto()
    SAME = auto()
    MOVED = auto()
    COPY = auto()


class Known:
    """The records of one source against one listing of its files. Safe to ask from several threads.

    Args:
        before: The records, by path.
        files: What is there now.
        again: Whether everything is looked at anew, but each content once.
        detect: How closely photos are looked at now: those that were looked at less closely are looked at anew.
    """

    def __init__(
        self, before: dict[bytes, Record], files: Sequence[Found], *, again: bool, detect: str = STANDARD
    ) -> None:
        self._before = before
        self._again = again
        self._detect = detect
        self._gone = _gone(before, files)
        self._moved_from: dict[str, list[Record]] = defaultdict(list)
        for record in self._gone.values():
            if record.sha256:
                self._moved_from[record.sha256].append(record)
        self._contents = {
            each.sha256 for each in before.values() if each.sha256 and each.lasts and not self._anew(each)
        }
        self._moved: dict[bytes, Record] = {}
        self._fates: dict[bytes, Fate] = {}
        self._lock = threading.Lock()

    def unchanged(self, file: Found) -> Record | None:
        """The record of a file whose size and time are still what they were, so that it need not be opened."""
        record = self._before.get(file.path)
        if record is None or self._anew(record):
            return None
        return record if (record.size, record.modified_ns) == (file.size, file.modified_ns) else None

    def settled(self, file: Found, sha256: str) -> bool:
        """Whether a file with this content need not be looked at; what it is instead, `fate` tells afterwards."""
        with self._lock:
            fate = self._fates[file.path] = self._fate(file.path, sha256)
        return fate is not Fate.LOOK

    def fate(self, path: bytes) -> Fate:
        """What `settled` found out about a file."""
        return self._fates[path]

    def record(self, path: bytes) -> Record | None:
        """What is known of the file that lies here now: its own record, or the one that moved here."""
        return self._moved.get(path) or self._before.get(path)

    def moved_here(self, path: bytes) -> Record | None:
        """The record that a new name took over from a file that is gone."""
        return self._moved.get(path)

    def newly_gone(self) -> list[int]:
        """Records whose file is gone, under its name and under any other, and was there the last time."""
        return [record.id for record in self._gone.values() if not record.missing]

    def _fate(self, path: bytes, sha256: str) -> Fate:
        record = self._before.get(path)
        if record is None and self._moved_from.get(sha256):
            self._moved[path] = record = self._moved_from[sha256].pop()
            del self._gone[record.path]
            fate = Fate.MOVED
        elif record is not None and record.sha256 == sha256:
            fate = Fate.SAME
        else:
            fate = Fate.COPY if sha256 in self._contents else Fate.LOOK
        if record is not None and self._anew(record):
            fate = Fate.COPY if sha256 in self._contents else Fate.LOOK
        self._contents.add(sha256)
        return fate

    def _anew(self, record: Record) -> bool:
        """Whether what is known of a photo is not enough. A refused one is as it was, however closely it is seen."""
        return self._again or (record.code is None and not as_close(record.detect, self._detect))


def _gone(before: dict[bytes, Record], files: Iterable[Found]) -> dict[bytes, Record]:
    """Records whose file is not there. Of what cannot be read nobody can say that it is not there."""
    there = {file.path for file in files}
    unread = tuple(file.path + b"/" for file in files if file.fault)
    if EVERYTHING + b"/" in unread:
        return {}
    return {
        path: record
        for path, record in before.items()
        if path not in there and not (unread and path.startswith(unread))
    }
