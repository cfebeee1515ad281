"""Keeps the derived index in step with the registry: the changes since the last search are applied before the next.

Built anew, it is the same: from the encrypted snapshot where there is one that is in order, else from the registry. A
part of the snapshot that is missing, damaged, old or locked is built from the registry, and the rest is used.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import numpy as np
import sqlalchemy as sa

from countenance.errors import CountenanceError
from countenance.gallery.compared import Compared, Sides, compare, count_people
from countenance.gallery.deeper import search_people
from countenance.gallery.eligible import Standing, grown_up_between, standing
from countenance.gallery.rows import rows_of
from countenance.gallery.snapshot import Dumped, Snapshot, State
from countenance.index.latch import Latch
from countenance.index.port import Eligibility, Hits, Index, Segmented
from countenance.registry import schema as t
from countenance.registry.database import Registry
from countenance.types import Clock
from countenance.vault.keyring import Keyring

_PART = 20_000
"""References that are read from the registry at a time."""

Progress = Callable[[int, int], None]


class Mirror:
    """The index of one gallery in this process. Thrown away and built again, it is the same.

    Args:
        registry: The records.
        keys: Opens templates.
        index: What is kept in step.
        contract: The embedding contract of its templates.
        clock: The time.
        snapshot: Where the index is kept between processes; None when it is not.
        progress: Told how many references were read, and how many there are, while it is built from the registry.
    """

    def __init__(
        self,
        registry: Registry,
        keys: Keyring,
        index: Index,
        contract: str,
        clock: Clock,
        snapshot: Snapshot | None = None,
        progress: Progress | None = None,
    ) -> None:
        self._registry = registry
        self._keys = keys
        self._index = index
        self._contract = contract
        self._clock = clock
        self._snapshot = snapshot
        self._progress = progress
        self._sequence = -1
        self._judged = 0
        self._latch = Latch()
        self._saving: threading.Thread | None = None

    def search(self, vectors: np.ndarray, k: int, eligible: Eligibility) -> tuple[Hits, int]:
        """The index' answer on the registry as it is now or later, and the sequence number that it was given on."""
        while True:
            needed = self._catch_up()
            with self._latch.shared():
                if self._sequence >= needed:
                    return self._index.search(vectors, k, eligible), self._sequence

    def search_people(
        self, vector: np.ndarray, k: int, people: int, least: float, eligible: Eligibility
    ) -> tuple[Hits, int]:
        """`search` for one template, deep enough for so many people. See `countenance.gallery.deeper`."""
        return search_people(self.search, self._registry, vector, k, people, least, eligible)

    def count(self, eligible: Eligibility) -> int:
        """How many templates a search may show, on the registry as it is now or later."""
        while True:
            needed = self._catch_up()
            with self._latch.shared():
                if self._sequence >= needed:
                    return self._index.count(eligible)

    def forget(self) -> None:
        """Apply what has changed at once, so that what was erased is out of memory too."""
        if self._sequence >= 0:  # an index that was never built holds nobody
            self._catch_up()

    def close(self) -> None:
        """Write the snapshot anew where it is worth it. An index that cannot be written is built again, and no harm."""
        if self._saving is not None:
            self._saving.join()
        with contextlib.suppress(CountenanceError):
            self._save()

    # --- looked after ---

    def rebuild(self, progress: Progress | None = None) -> int:
        """Build it anew from the registry alone, with its snapshot. Returns how many people were gone through."""
        before, self._progress = self._progress, progress or self._progress
        try:
            with self._latch.alone():
                self._throw_away()
                self._apply()
        finally:
            self._progress = before
        self._save()
        with self._registry.read() as connection:
            return count_people(connection, self._contract)

    def compare(self, every: int, progress: Progress | None = None) -> Compared:
        """What the index holds beside what the registry says. See `countenance.gallery.compared`."""
        self._catch_up()
        with self._latch.shared():
            sides = Sides(
                self._registry.read, lambda: self._sequence, self._keys, self._index, self._contract, self._clock
            )
            return compare(sides, every, progress)

    def drop(self) -> None:
        """Throw the index away, and its snapshot: the next search builds both anew, from the registry."""
        with self._latch.alone():
            self._throw_away()

    removal = "index entries removed from memory"

    @property
    def engine(self) -> str:
        """The name of the index."""
        return self._index.name

    def remains(self) -> list[dict[str, Any]]:
        """What an erasure leaves in its files: nothing that could be opened."""
        return []

    def _throw_away(self) -> None:
        self._sequence = -1
        self._index.clear()
        if self._snapshot is not None:
            self._snapshot.drop()

    # --- in step ---

    def _catch_up(self) -> int:
        """Bring the index up to the registry, and return the registry's sequence number when it was asked."""
        with self._registry.read() as connection:
            now = self._registry.sequence(connection)
        if self._sequence >= now and self._year(self._judged) == self._year(self._clock()):
            return now
        with self._latch.alone():
            self._apply()
        self._save_in_background()
        return now

    def _apply(self) -> None:
        if self._sequence < 0:
            self._build()
        with self._registry.read() as connection:
            now, time = self._registry.sequence(connection), self._clock()
            before, judged = self._sequence, self._judged
            query = sa.select(t.changes.c.subject).where(t.changes.c.id > before).distinct()
            whom = set(connection.scalars(query))
            if self._year(judged) != self._year(time):
                # Whoever comes of age does so by the calendar, without any change in the registry.
                whom |= set(grown_up_between(connection, judged, time))
        # A change that is cut short from here on leaves an index that nobody can vouch for: the next search throws it
        # away and builds it again.
        self._sequence = -1
        changed = sorted(whom)
        self._index.remove(np.array(changed, np.int64))
        for start in range(0, len(changed), _PART):
            with self._registry.read() as connection:
                found = standing(connection, self._contract, time, subjects=changed[start : start + _PART])
            self._add(found)
        self._sequence, self._judged = now, time
        if self._snapshot is not None:
            self._snapshot.count(len(changed))

    def _build(self) -> None:
        """From the snapshot, and what it lacks from the registry. What changes meanwhile is caught up with after."""
        self._index.clear()
        with self._registry.read() as connection:
            sequence = self._registry.sequence(connection)
            last = connection.scalar(sa.select(sa.func.max(t.references.c.id))) or 0
            state = self._snapshot.load(connection) if self._snapshot is not None else None
        held = state.segments if state is not None else frozenset()
        size = self._snapshot.ids_each if self._snapshot is not None else last + 1
        judged = self._clock()
        ranges = [(start, min(start + size, last + 1)) for start in range(0, last + 1, size)]
        lacking = [each for each in ranges if each[0] // size not in held]
        self._read(lacking, judged)
        if isinstance(self._index, Segmented):
            self._index.pack()
        self._sequence, self._judged = (sequence, judged) if state is None else (state.sequence, state.judged)

    def _read(self, ranges: list[tuple[int, int]], judged: int) -> None:
        total, done = sum(end - start for start, end in ranges), 0
        for start, end in ranges:
            for first in range(start, end, _PART):
                part = first, min(first + _PART, end)
                with self._registry.read() as connection:
                    found = standing(connection, self._contract, judged, between=part)
                self._add(found)
                done += part[1] - part[0]
                if self._progress is not None and total > _PART:
                    self._progress(done, total)

    def _add(self, found: list[Standing]) -> None:
        rows = rows_of(self._keys, found, self._contract)
        if rows is not None:
            self._index.add(rows)

    @staticmethod
    def _year(time: int) -> int:
        return datetime.fromtimestamp(time, UTC).year

    # --- kept ---

    def _save_in_background(self) -> None:
        if self._snapshot is None or not self._snapshot.is_due() or self._is_saving():
            return
        self._saving = threading.Thread(target=self._quietly, name="countenance-snapshot", daemon=True)
        self._saving.start()

    def _is_saving(self) -> bool:
        return self._saving is not None and self._saving.is_alive()

    def _quietly(self) -> None:
        with contextlib.suppress(CountenanceError):
            self._save()

    def _save(self) -> None:
        if self._snapshot is None or self._sequence < 0 or not self._snapshot.is_due():
            return
        with self._latch.shared():
            state = State(self._sequence, self._judged)
        if state.sequence >= 0:
            self._snapshot.save(state, self._dumped)

    def _dumped(self, number: int) -> Dumped | None:
        with self._latch.shared():
            found = self._index.dump(number) if self._sequence >= 0 and isinstance(self._index, Segmented) else None
            return None if found is None else Dumped(*found, self._sequence)
