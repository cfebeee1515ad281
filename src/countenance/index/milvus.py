"""The engine for a cluster: Milvus, a server that outlives the process and is shared by several.

It holds the vectors in clear, in files of its own: it is refused unless the operator states that their disk is
encrypted (DESIGN §10). Only FLAT and HNSW: every other index type of Milvus learns from the vectors it holds (P23).

Each index is a collection, ``countenance_GALLERY_CONTRACT_NUMBER``. A row is a reference with its policy in columns, by
which the server filters; its purposes are four columns of eight bits, since Milvus looks at no single bit. The row with
the id -1 is nobody: it says how far the collection has got, and serves no purpose, so no search finds it. It lies with
the others, and is written after them, so that a crash of the server takes it with whatever it takes of them.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from countenance.errors import BadConfiguration, InputError, Unavailable
from countenance.index.lasting import Filling, Position
from countenance.index.milvus_server import Gone, Place, Server
from countenance.index.port import NO_ID, Eligibility, Hits, Ids, Rows, Vectors, check_vectors

COLUMNS = ("subjects", "organisations", "territories", "not_before", "expires")
_BYTES = 4
_PURPOSES = tuple(f"purposes_{byte}" for byte in range(_BYTES))
_MOST = 16_384
"""Rows that the server gives at the most; who asks for more gets so many."""
_SUBJECTS = 2_000
"""Subjects that one condition names; of more, several searches are made."""
_MARK = -1
"""The id of the row that says how far the collection has got."""
_FULL = -1
"""Stands where that row says whom the filling has reached: nobody is missing."""

_NOWHERE = Position(-1, 0)
"""The position of a collection to which nothing was ever delivered."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _State:
    """What the row of that id says."""

    position: Position
    reached: int

    @property
    def full(self) -> bool:
        return self.reached == _FULL


class MilvusIndex:
    """Every eligible row (``flat``), or the best along a graph (``hnsw``). Implements the port and `Lasting`."""

    name = "milvus"
    removal = "index entries deleted from the Milvus collection, and asked for again: it gives none"

    def __init__(self, dimension: int, place: Place) -> None:
        if not place.encrypted_disk:
            raise BadConfiguration(
                "Milvus keeps vectors in clear, and nobody has said that its disk is encrypted.",
                hint="Encrypt the disks of the Milvus server, then say so: [milvus] encrypted_disk = true.",
            )
        if dimension < 1:
            raise BadConfiguration(f"An index cannot hold templates of dimension {dimension}.")
        self._dimension = dimension
        self._place = place
        self._server = Server(place)
        self._lock = threading.Lock()
        self._known: str | None = None
        word = place.gallery.replace("-", "_")
        self._prefix = f"countenance_{word}_{place.contract[:8]}_"
        self._named = re.compile(rf"countenance_{re.escape(word)}_[0-9a-z]{{8}}_([0-9]{{6}})")

    def __repr__(self) -> str:
        return f"<MilvusIndex {self._dimension}-d at {self._place.address}>"

    # --- the port ----------------------------------------------------------------------------------------------------

    @property
    def dimension(self) -> int:
        """The length of a template."""
        return self._dimension

    @property
    def approximate(self) -> bool:
        """Whether a search may miss rows."""
        return self._place.kind != "flat"

    def __len__(self) -> int:
        return self._on_current(lambda name: self._server.count(name, "id > 0"), 0)

    def __contains__(self, reference: object) -> bool:
        if not isinstance(reference, int | np.integer) or reference <= NO_ID:
            return False
        return bool(self._on_current(lambda name: self._server.count(name, f"id == {reference}"), 0))

    def add(self, rows: Rows) -> None:
        """Make ``rows`` findable; an id that is there already is replaced whole."""
        check_vectors(rows.vectors, self._dimension)
        if len(rows):
            self._write(self._current() or self._make(full=True), rows)

    def remove(self, subjects: Ids) -> int:
        """Take all rows of these subjects out and return how many there were."""
        _check_subjects(subjects)
        return self._on_current(lambda name: self._drop_rows(name, self._of(name, subjects)), 0)

    def search(self, queries: Vectors, k: int, eligible: Eligibility) -> Hits:
        """The ``k`` best of the eligible rows for each query."""
        check_vectors(queries, self._dimension)
        if k < 1:
            raise InputError("A search asks for at least one candidate.")
        wheres = conditions(eligible)
        if not len(queries) or not wheres:
            return _nothing(len(queries), k)
        return self._on_current(lambda name: self._search(name, queries, k, wheres), _nothing(len(queries), k))

    def count(self, eligible: Eligibility) -> int:
        """How many rows a search may show."""
        wheres = conditions(eligible)
        return self._on_current(lambda name: sum(self._server.count(name, where) for where in wheres), 0)

    def clear(self) -> None:
        """Drop every index of this gallery."""
        with self._lock:
            self._known = None
        for name in self._all():
            self._server.drop(name)

    # --- what outlives the process -----------------------------------------------------------------------------------

    def position(self) -> Position | None:
        """How far the one that is searched has got."""
        name = self._current(fresh=True)
        state = self._state(name) if name else None
        return state.position if state and state.position.sequence >= 0 else None

    def deliver(self, subjects: Ids, rows: Rows | None, to: Position) -> None:
        """Hold exactly ``rows`` of these subjects, and remember the position."""
        current = self._current(fresh=True)
        for name in self._all():
            stale = self._of(name, subjects)
            if name == current and rows is not None:
                self._write(name, rows)
                stale = np.setdiff1d(stale, rows.ids)
            self._drop_rows(name, stale)
            if len(np.intersect1d(stale, self._of(name, subjects) if len(stale) else stale)):
                raise Unavailable("Milvus still has entries that it has deleted.", hint="Try again in a minute.")
        if current is not None:
            self._mark(current, _State(to, _FULL))

    def begin(self) -> None:
        """Make room for a new index, unless there is one that is not full yet."""
        if self._unfinished() is None:
            self._make(full=False)

    def filling(self) -> Filling | None:
        """How far the one that is being filled has got."""
        name = self._unfinished()
        if name is None:
            return None
        state = self._state(name) or _State(_NOWHERE, 0)
        return Filling(state.position, state.reached)

    def fill(self, rows: Rows | None, to: Filling) -> None:
        """Put rows into the one that is being filled."""
        name = self._being_filled()
        if rows is not None:
            self._write(name, rows)
        self._mark(name, _State(to.since, to.reached))

    def put_in_place(self) -> None:
        """The one that was being filled is searched from now on."""
        name = self._being_filled()
        state = self._state(name)
        if state is None:
            raise Unavailable("Nothing is in the new index yet.", hint="Run `countenance index rebuild` again.")
        self._mark(name, _State(state.position, _FULL))
        with self._lock:
            self._known = name

    def tidy(self) -> None:
        """Drop every index but the one that is searched and the one that is being filled."""
        kept = {self._current(fresh=True), self._unfinished()}
        for name in self._all():
            if name not in kept:
                self._server.drop(name)

    def drop_filling(self) -> None:
        """Throw away what is being filled."""
        name = self._unfinished()
        if name is not None:
            self._server.drop(name)

    def held(self, after: int, up_to: int) -> Rows:
        """Everything held of the subjects with a number above ``after``, up to ``up_to``."""
        where = f"id > 0 and subjects > {after} and subjects <= {up_to}"
        columns = ["id", "vector", *COLUMNS, *_PURPOSES]
        empty: dict[str, list[Any]] = {each: [] for each in columns}
        found = self._on_current(lambda name: self._server.rows(name, where, columns), empty)
        vectors = np.array(found["vector"], np.float32).reshape(-1, self._dimension)
        purposes = sum(np.array(found[each], np.int64) << 8 * byte for byte, each in enumerate(_PURPOSES))
        integers = {each: np.array(found[each], np.int64) for each in COLUMNS}
        ids = np.array(found["id"], np.int64)
        return Rows(ids=ids, vectors=vectors, purposes=np.asarray(purposes, np.int64).astype(np.uint32), **integers)

    def remains(self, seconds: float) -> str:
        """Have deleted entries cleared out of Milvus' files, and say how far that got."""
        try:
            done = [self._server.compact(name, seconds) for name in self._all()]
        except (Unavailable, Gone):
            return "compaction could not be asked for: the server did not take it now, and does it by itself later"
        if not done:
            return "no collection of this gallery is there now: what an earlier one left, Milvus removes by itself"
        if all(done):
            return "compaction finished: files without them are written, and Milvus removes the old ones by itself"
        return "compaction asked for, and not finished yet"

    def close(self) -> None:
        """Let go of the server."""
        self._server.close()

    # --- which collection --------------------------------------------------------------------------------------------

    def _all(self) -> list[str]:
        """Every collection of this gallery, of whatever contract."""
        return sorted(name for name in self._server.collections() if self._named.fullmatch(name))

    def _mine(self) -> list[str]:
        """Those of this contract, the newest first."""
        return [name for name in reversed(self._all()) if name.startswith(self._prefix)]

    def _current(self, *, fresh: bool = False) -> str | None:
        """The one that is searched: the newest that is full."""
        with self._lock:
            if self._known is not None and not fresh:
                return self._known
        found = None
        for name in self._mine():
            state = self._state(name)
            if state is not None and state.full:
                found = name
                break
        with self._lock:
            self._known = found
        return found

    def _unfinished(self) -> str | None:
        """The newest, if it is not full."""
        names = self._mine()
        state = self._state(names[0]) if names else None
        return names[0] if names and (state is None or not state.full) else None

    def _being_filled(self) -> str:
        name = self._unfinished()
        if name is None:
            raise Unavailable("No index is being filled.", hint="Run `countenance index rebuild` again.")
        return name

    def _make(self, *, full: bool) -> str:
        names = self._mine()
        name = f"{self._prefix}{int(names[0][-6:]) + 1 if names else 1:06d}"
        kinds = dict.fromkeys(COLUMNS, "INT64") | dict.fromkeys(_PURPOSES, "INT16")
        self._server.create(name, self._dimension, kinds)
        if full:
            self._mark(name, _State(_NOWHERE, _FULL))
            with self._lock:
                self._known = name
        return name

    def _on_current(self, ask: Callable[[str], T], otherwise: T) -> T:
        """Ask the collection that is searched; once more, if another has been put in its place meanwhile."""
        for fresh in (False, True):
            name = self._current(fresh=fresh)
            if name is None and not fresh:
                return otherwise
            with suppress(Gone):
                if name is not None:
                    return ask(name)
        raise Unavailable(
            "The index is not there any more.", hint="Open the gallery again, or `countenance index rebuild`."
        )

    # --- rows --------------------------------------------------------------------------------------------------------

    def _state(self, name: str) -> _State | None:
        columns = ["subjects", "organisations", "territories"]
        try:
            found = self._server.rows(name, f"id == {_MARK}", columns)
        except Gone:
            return None
        if not found["subjects"]:
            return None
        return _State(Position(found["subjects"][0], found["organisations"][0]), found["territories"][0])

    def _mark(self, name: str, state: _State) -> None:
        columns = {each: np.zeros(1, np.int64) for each in ("id", *COLUMNS, *_PURPOSES)}
        columns["id"][0] = _MARK
        columns["subjects"][0], columns["organisations"][0] = state.position.sequence, state.position.year
        columns["territories"][0] = state.reached
        vector = np.zeros((1, self._dimension), np.float32)
        vector[0, 0] = 1
        self._server.put(name, columns | {"vector": vector})

    def _write(self, name: str, rows: Rows) -> None:
        bits = rows.purposes.astype(np.int64)
        purposes = {each: bits >> 8 * byte & 255 for byte, each in enumerate(_PURPOSES)}
        self._server.put(
            name,
            {"id": rows.ids, "vector": rows.vectors, **{each: getattr(rows, each) for each in COLUMNS}, **purposes},
        )

    def _of(self, name: str, subjects: Ids) -> Ids:
        """The ids of all rows of these subjects."""
        found: list[int] = []
        for start in range(0, len(subjects), _SUBJECTS):
            part = subjects[start : start + _SUBJECTS].tolist()
            found += self._server.rows(name, f"id > 0 and subjects in {part}", ["id"])["id"]
        return np.array(found, np.int64)

    def _drop_rows(self, name: str, ids: Ids) -> int:
        if len(ids):
            self._server.delete(name, ids)
        return len(ids)

    def _search(self, name: str, queries: Vectors, k: int, wheres: list[str]) -> Hits:
        lines: list[list[tuple[float, int]]] = [[] for _ in queries]
        for where in wheres:
            for number, ids, scores in self._server.search(name, queries, min(k, _MOST), where):
                lines[number] += [(-score, reference) for reference, score in zip(ids, scores, strict=True)]
        hits = _nothing(len(queries), k)
        for number, line in enumerate(lines):
            best = sorted(line)[:k]
            hits.ids[number, : len(best)] = [reference for _, reference in best]
            hits.scores[number, : len(best)] = [-score for score, _ in best]
        return hits


def conditions(eligible: Eligibility) -> list[str]:
    """What a row must be, in Milvus' words. Of many subjects it is several, of which each holds for some; none: nobody.

    A purpose is one bit of eight, and half of all values of a column have it: the server is told which.
    """
    if not eligible.organisations or eligible.subjects == frozenset() or eligible.territories == frozenset():
        return []
    purposes = [
        f"{column} in {[value for value in range(256) if value & wanted]}"
        for byte, column in enumerate(_PURPOSES)
        if (wanted := eligible.purposes >> 8 * byte & 255)
    ]
    parts = [
        f"({' or '.join(purposes)})",
        f"organisations in {sorted(eligible.organisations)}",
        f"not_before <= {eligible.at}",
        f"expires > {eligible.at}",
    ]
    if eligible.territories is not None:
        spans = (f"(territories >= {start} and territories < {end})" for start, end in sorted(eligible.territories))
        parts.append(f"({' or '.join(spans)})")
    common = " and ".join(parts)
    if eligible.subjects is None:
        return [common]
    named = sorted(eligible.subjects)
    cut = [named[start : start + _SUBJECTS] for start in range(0, len(named), _SUBJECTS)]
    return [f"{common} and subjects in {part}" for part in cut]


def _nothing(queries: int, k: int) -> Hits:
    return Hits(np.full((queries, k), NO_ID, np.int64), np.full((queries, k), -np.inf, np.float32))


def _check_subjects(subjects: Any) -> None:
    if not isinstance(subjects, np.ndarray) or subjects.dtype != np.int64 or subjects.ndim != 1:
        raise InputError("The subjects to remove from the index must be a list of int64.")
