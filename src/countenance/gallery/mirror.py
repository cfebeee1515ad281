"""Keeps the derived index in step with the registry: the changes since the last search are applied before the next."""

from __future__ import annotations

import threading
from datetime import UTC, datetime

import numpy as np
import sqlalchemy as sa

from countenance.gallery.eligible import Standing, standing
from countenance.index.port import Eligibility, Hits, Index, Rows
from countenance.policy import territories
from countenance.registry.database import Registry
from countenance.registry.schema import changes
from countenance.types import Clock, Template
from countenance.vault.keyring import Keyring, subject_key

TEMPLATE = "template"


class Mirror:
    """The index of one gallery in this process. Thrown away and built again, it is the same."""

    def __init__(self, registry: Registry, keys: Keyring, index: Index, contract: str, clock: Clock) -> None:
        self._registry = registry
        self._keys = keys
        self._index = index
        self._contract = contract
        self._clock = clock
        self._sequence = -1
        self._year = 0
        self._lock = threading.Lock()

    def search(self, vectors: np.ndarray, k: int, eligible: Eligibility) -> tuple[Hits, int]:
        """The index' answer on the registry as it is now, and the sequence number that it was given on."""
        with self._lock:
            sequence = self._catch_up()
            return self._index.search(vectors, k, eligible), sequence

    def forget(self) -> None:
        """Apply what has changed at once, so that what was erased is out of memory too."""
        with self._lock:
            if self._sequence >= 0:  # an index that was never built holds nobody
                self._catch_up()

    def _catch_up(self) -> int:
        with self._registry.read() as connection:
            now, time = self._registry.sequence(connection), self._clock()
            year = datetime.fromtimestamp(time, UTC).year
            if (now, year) == (self._sequence, self._year):
                return now
            # Whoever comes of age does so by the calendar, without any change in the registry.
            changed = self._changed(connection) if self._sequence >= 0 and year == self._year else None
            found = standing(connection, self._contract, time, subjects=changed)
        # A change that is cut short from here on leaves an index that nobody can vouch for: the next search throws it
        # away and builds it again.
        self._sequence = -1
        if changed is None:
            self._index.clear()
        else:
            self._index.remove(np.array(changed, np.int64))
        self._add(found)
        self._sequence, self._year = now, year
        return now

    def _changed(self, connection: sa.Connection) -> list[int]:
        query = sa.select(changes.c.subject).where(changes.c.id > self._sequence).distinct()
        return list(connection.scalars(query))

    def _add(self, found: list[Standing]) -> None:
        opened = self._keys.unseal_many([(subject_key(row.subject), row.sealed) for row in found], TEMPLATE)
        # A key that is gone means a person who was erased since: such a row is simply not there any more.
        rows = [(row, plain) for row, plain in zip(found, opened, strict=True) if plain is not None]
        if not rows:
            return
        kept = [row for row, _ in rows]
        vectors = np.stack([Template.from_bytes(plain, self._contract).vector for _, plain in rows])
        self._index.add(
            Rows(
                ids=np.array([row.id for row in kept], np.int64),
                vectors=vectors,
                subjects=np.array([row.subject for row in kept], np.int64),
                organisations=np.array([row.organisation for row in kept], np.int64),
                purposes=np.array([row.purposes for row in kept], np.uint32),
                not_before=np.array([row.starts for row in kept], np.int64),
                expires=np.array([row.ends for row in kept], np.int64),
                territories=np.array([territories.number(row.territory) for row in kept], np.int64),
            )
        )
