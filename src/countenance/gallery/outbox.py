"""Delivers what changes in the registry to an index that outlives the process and is shared by several.

The index itself remembers how far it has got (`countenance.index.lasting`). Whoever searches compares that with the
registry, and delivers what is missing first: at least once, since a delivery that is cut short is made again, and twice
does no harm. What is delivered of a person is how they stand now, not what happened to them.

Every delivery holds the registry's write lock from reading the registry to the server's answer. So no older state can
be written after a newer one, whichever process is slow or dies, and nobody who is erased meanwhile is written again.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
import sqlalchemy as sa

from countenance.gallery.compared import Compared, Progress, Sides, compare, count_people, next_people
from countenance.gallery.deeper import search_people
from countenance.gallery.eligible import parts, standing
from countenance.gallery.rows import rows_of
from countenance.index.lasting import Filling, Lasting, Position
from countenance.index.port import Eligibility, Hits
from countenance.policy.bases import ADULT
from countenance.registry import schema as t
from countenance.registry.database import Registry
from countenance.types import Clock
from countenance.vault.keyring import Keyring

_CHANGES = 1000
"""Changes that are delivered while the registry waits."""
_SHARE = 0.5
"""Of the time that the registry has waited, it is left to others before the next part."""
_CLEARING = 5.0
"""Seconds to wait for the server to clear out what was deleted."""
WHAT = "vectors in the files of the search engine and in its message log, which it does not encrypt itself"


class Outbox:
    """The way from one registry to one lasting index. Has the face of a `Mirror`.

    ``progress`` is told how far it is while a first search fills the index.
    """

    def __init__(
        self,
        registry: Registry,
        keys: Keyring,
        index: Lasting,
        contract: str,
        clock: Clock,
        progress: Progress | None = None,
    ) -> None:
        self._registry = registry
        self._keys = keys
        self._index = index
        self._contract = contract
        self._clock = clock
        self._progress = progress
        self._known: Position | None = None
        self._lock = threading.Lock()

    def search(self, vectors: np.ndarray, k: int, eligible: Eligibility) -> tuple[Hits, int]:
        """The index' answer on the registry as it is now, and the sequence number that it was given on."""
        with self._lock:
            sequence = self._catch_up()
        return self._index.search(vectors, k, eligible), sequence

    def search_people(
        self, vector: np.ndarray, k: int, people: int, least: float, eligible: Eligibility
    ) -> tuple[Hits, int]:
        """`search` for one template, deep enough for so many people. See `countenance.gallery.deeper`."""
        return search_people(self.search, self._registry, vector, k, people, least, eligible)

    def count(self, eligible: Eligibility) -> int:
        """How many templates a search may show, on the registry as it is now."""
        with self._lock:
            self._catch_up()
        return self._index.count(eligible)

    def forget(self) -> None:
        """Deliver what has changed at once. Raises `Unavailable` when the server is gone: it is delivered later."""
        with self._lock:
            if self._index.position() is not None:
                self._catch_up()
            else:
                self._take_out()

    def close(self) -> None:
        """Let go of the server."""
        self._index.close()

    @property
    def engine(self) -> str:
        """The name of the index."""
        return self._index.name

    @property
    def removal(self) -> str:
        """How entries are removed, for a certificate."""
        return self._index.removal

    def holds_something(self) -> bool:
        """Whether anything of this gallery lies there."""
        return self._index.position() is not None or self._index.filling() is not None

    def remains(self) -> list[dict[str, Any]]:
        """What an erasure leaves with the server, for a certificate."""
        return [{"what": WHAT, "state": self._index.remains(_CLEARING)}]

    def rebuild(self, progress: Progress | None = None) -> int:
        """Fill a new index beside the one that is searched, and put it in its place. Goes on where it was cut short.

        Several processes may do it at once: each takes the next people. Returns how many people were gone through.
        """
        self._index.begin()
        self._fill(progress)
        with self._lock:
            self._catch_up()
        self._tidy()
        with self._registry.read() as connection:
            return count_people(connection, self._contract)

    def compare(self, every: int, progress: Progress | None = None) -> Compared:
        """What the index holds beside what the registry says. See `countenance.gallery.compared`."""
        with self._lock:
            self._catch_up()
        sides = Sides(self._registry.write, self._sequence, self._keys, self._index, self._contract, self._clock)
        return compare(sides, every, progress)

    def drop(self) -> None:
        """Take everything out of the server: nothing is searched there any more."""
        with self._registry.write():
            self._index.clear()

    # --- what has changed --------------------------------------------------------------------------------------------

    def _catch_up(self) -> int:
        with self._registry.read() as connection:
            now = self._now(connection)
        if self._known == now:
            return now.sequence
        while (reached := self._step()) is None:
            pass
        self._known = reached
        return reached.sequence

    def _step(self) -> Position | None:
        """Deliver a part of what is missing; where the index stands, once nothing is."""
        at = self._index.position()
        with self._registry.read() as connection:
            now, common = self._now(connection), self._is_of_here(connection, at)
        if at == now:
            return now
        if at is None or not common:
            self._index.begin()
            self._fill(self._progress)
            self._tidy()
            return None
        if at.year != now.year:
            self._birthdays(at, now)
            return None
        with self._registry.write() as connection:
            at = self._index.position()  # another process may have been at it
            if at is None:
                return None
            query = sa.select(t.changes).where(t.changes.c.id > at.sequence).order_by(t.changes.c.id).limit(_CHANGES)
            changed = connection.execute(query).all()
            if changed:
                self._deliver(connection, [row.subject for row in changed], Position(changed[-1].id, at.year))
        return None

    def _birthdays(self, at: Position, now: Position) -> None:
        """Deliver whoever came of age with the year. The year is remembered when all of them are delivered."""
        first, last = sorted((at.year - ADULT, now.year - ADULT))
        born = (t.subjects.c.birth_year >= first, t.subjects.c.birth_year < last)
        with self._registry.read() as connection:
            people = connection.scalars(sa.select(t.subjects.c.id).where(*born)).all()
        for part in [*parts(people), []]:
            with self._registry.write() as connection:
                here = self._index.position()
                if here is None:
                    return
                self._deliver(connection, part, Position(here.sequence, here.year if part else now.year))

    def _take_out(self) -> None:
        """Nothing is searched yet, and something is being filled: nobody who is gone may stay in that."""
        with self._registry.write() as connection:
            filling = self._index.filling()
            if filling is not None:
                query = sa.select(t.changes.c.subject).where(t.changes.c.id > filling.since.sequence).distinct()
                gone = np.array(connection.scalars(query).all(), np.int64)
                self._index.deliver(gone, None, filling.since)

    def _deliver(self, connection: sa.Connection, subjects: Sequence[int], to: Position) -> None:
        wanted = sorted(set(subjects))
        found = standing(connection, self._contract, self._clock(), subjects=wanted)
        self._index.deliver(np.array(wanted, np.int64), rows_of(self._keys, found, self._contract), to)

    def _tidy(self) -> None:
        with self._registry.write():  # nobody is in the middle of a delivery to what goes
            self._index.tidy()

    def _sequence(self) -> int:
        at = self._index.position()
        return at.sequence if at else -1

    def _now(self, connection: sa.Connection) -> Position:
        return Position(self._registry.sequence(connection), datetime.fromtimestamp(self._clock(), UTC).year)

    def _is_of_here(self, connection: sa.Connection, at: Position | None) -> bool:
        """Whether the registry has the change that the index got to. One that was restored since may never have had it.

        The numbers of changes that a restore lost are not given out again.
        """
        if at is None or at.sequence <= 0:
            return True
        return connection.scalar(sa.select(t.changes.c.id).where(t.changes.c.id == at.sequence)) is not None

    # --- a new index -------------------------------------------------------------------------------------------------

    def _fill(self, progress: Progress | None) -> None:
        with self._registry.read() as connection:
            total = count_people(connection, self._contract)
        done = 0
        while True:
            began = time.monotonic()
            with self._registry.write() as connection:
                filling = self._filling(connection)
                if filling is None:
                    return  # another process has put it in place
                people = next_people(connection, self._contract, filling.reached)
                if not people:
                    self._index.fill(None, filling)
                    self._index.put_in_place()
                    return
                found = standing(connection, self._contract, self._clock(), subjects=people)
                rows = rows_of(self._keys, found, self._contract)
                self._index.fill(rows, Filling(filling.since, people[-1]))
                done = done or count_people(connection, self._contract, filling.reached)
            done += len(people)
            if progress is not None:
                progress(min(done, total), total)
            time.sleep(_SHARE * (time.monotonic() - began))

    def _filling(self, connection: sa.Connection) -> Filling | None:
        """How far it has got; what was begun on another state of the registry, before a restore, is begun anew."""
        filling = self._index.filling()
        if filling is None:
            return None
        common = self._is_of_here(connection, filling.since)
        if not common:
            self._index.drop_filling()
            self._index.begin()
        return filling if common and filling.since.sequence >= 0 else Filling(self._now(connection), 0)
