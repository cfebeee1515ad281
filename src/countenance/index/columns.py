"""The policy of each row, in the order in which an engine holds its codes: the *slots*.

An engine removes a row by moving its last one into the gap. These columns do exactly the same, so that slot ``i`` here
is always slot ``i`` there, and a mask over slots can be handed to the engine's own scan.

They are packed: what rows have in common (purposes, organisation, residence) is written once, with a number in each
row; numbers and times take four bytes, and eight only where one of them needs it. Nothing is rounded.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from countenance.index.masks import END_OF_TIME, KEPT, Kept, Terms, allowed_by
from countenance.index.port import Eligibility, Ids, Rows

T = TypeVar("T", bound=np.generic)

PACKED = ("ids", "subjects", "not_before", "expires")
COLUMNS = (*PACKED, "terms")
TERMS = ("purposes", "organisations", "territories")
_ABSENT = np.iinfo(np.uint32).max


class Moves(NamedTuple):
    """What a removal does to the slots: it takes these out, in this order, and leaves ``length`` of them.

    ``taken`` goes from the last to the first. What stood at ``origins`` then stands at ``holes``.
    """

    taken: Sequence[int]
    holes: NDArray[np.int64]
    origins: NDArray[np.int64]
    length: int


class Columns:
    """Growing columns with a way from id to slot. The engine's latch covers them; only kept masks have their own lock.

    Args:
        first: The least id that there can be: the way from id to slot is a table that begins with it.
    """

    def __init__(self, first: int = 0) -> None:
        self._first = first
        self._length = 0
        self._data: dict[str, NDArray[Any]] = {name: np.zeros(0, np.uint32) for name in PACKED}
        self._data["terms"] = np.zeros(0, np.uint16)
        self._slots = np.zeros(0, np.uint32)
        self._numbers: dict[Terms, int] = {}
        self._kept: dict[tuple[Any, ...], Kept] = {}
        self._keeping = threading.Lock()

    def __len__(self) -> int:
        return self._length

    def __contains__(self, reference: object) -> bool:
        return isinstance(reference, int) and bool(self.slots(np.array([reference], np.int64)).size)

    def slots(self, ids: Ids) -> NDArray[np.int64]:
        """Where the rows of these ids are, those of them that are there, each once."""
        at = np.unique(ids) - self._first
        at = at[(at >= 0) & (at < len(self._slots))]
        found: NDArray[np.int64] = self._slots[at].astype(np.int64)
        there: NDArray[np.int64] = found[found != _ABSENT]
        return there

    def of(self, subjects: Ids) -> NDArray[np.int64]:
        """Where the rows of these subjects are."""
        here: NDArray[np.int64] = np.flatnonzero(among(self.column("subjects"), subjects)).astype(np.int64, copy=False)
        return here

    def ids(self, slots: NDArray[np.int64]) -> Ids:
        """The ids at ``slots``, in the same shape."""
        found: Ids = self._data["ids"][slots].astype(np.int64)
        return found

    def column(self, name: str) -> NDArray[Any]:
        """One column as it is packed. Not to be written to."""
        return self._data[name][: self._length]

    @property
    def terms(self) -> list[Terms]:
        """What the numbers in the column ``terms`` stand for."""
        return list(self._numbers)

    @property
    def nbytes(self) -> int:
        """How much memory the rows take here, without room to grow and with the masks that are kept."""
        held = sum(values.itemsize for values in self._data.values()) * self._length + self._slots.nbytes
        return held + len(self._kept) * self._length

    def pack(self) -> None:
        """Give back the room that was left to grow into."""
        self._data = {name: values[: self._length].copy() for name, values in self._data.items()}

    # --- changes ---

    def append(self, rows: Rows) -> None:
        """Add ``rows``, none of whose ids is there, behind the last slot."""
        given = {name: getattr(rows, name) for name in PACKED}
        self.extend(given | {"terms": self._numbered(rows)})

    def extend(self, values: dict[str, NDArray[Any]]) -> None:
        """Add rows whose column ``terms`` has the numbers of these columns."""
        start = self._length
        end = start + len(values["ids"])
        for name, column in values.items():
            self._data[name] = room_for(wide_enough(self._data[name], column), end)
            self._data[name][start:end] = column
        self._length = end
        places = np.asarray(values["ids"]).astype(np.int64) - self._first
        if len(places):
            self._slots = room_for(self._slots, int(places.max()) + 1, _ABSENT)
            self._slots[places] = np.arange(start, end, dtype=np.uint32)
        for kept in self._kept.values():
            kept.grow(self._judged(kept.conditions, kept.since, start, end), start)

    def name_terms(self, terms: Sequence[Terms]) -> None:
        """Give these the numbers from 0 on. For columns that are empty."""
        self._numbers = {each: number for number, each in enumerate(terms)}

    def remove(self, slots: NDArray[np.int64]) -> Moves:
        """Remove the rows at ``slots``, each given once; the last ones move into their slots."""
        moves = _moves(slots, self._length)
        gone = self._data["ids"][slots].astype(np.int64) - self._first
        self._slots[gone] = _ABSENT
        for column in self._data.values():
            column[moves.holes] = column[moves.origins]
            column[moves.length : self._length] = 0
        self._length = moves.length
        moved = self._data["ids"][moves.holes].astype(np.int64) - self._first
        self._slots[moved] = moves.holes.astype(np.uint32)
        for kept in self._kept.values():
            kept.move(moves.holes, moves.origins, moves.length)
        return moves

    def _numbered(self, rows: Rows) -> NDArray[np.int64]:
        table = np.stack([getattr(rows, name).astype(np.int64) for name in TERMS], axis=1)
        different, which = np.unique(table, axis=0, return_inverse=True)
        numbers = [self._numbers.setdefault(Terms(*each), len(self._numbers)) for each in different.tolist()]
        return np.array(numbers, np.int64)[which.reshape(-1)]

    # --- who may be shown ---

    def mask(self, eligible: Eligibility) -> Kept:
        """Which slots one search may show: all conditions of ``eligible`` at once. Not to be written to.

        For a million rows this may take longer than the scan, so the last few masks are kept, follow every change of
        the rows, and are made anew when a row begins or expires.
        """
        key = (eligible.purposes, eligible.organisations, eligible.territories)
        with self._keeping:
            kept = self._kept.get(key)
            if kept is None or not kept.since <= eligible.at < kept.until:
                while len(self._kept) >= KEPT:
                    self._kept.pop(next(iter(self._kept)))
                kept = Kept(eligible, *self._judged(eligible, eligible.at, 0, self._length))
                self._kept[key] = kept
        if eligible.subjects is None:
            return kept
        wanted = np.fromiter(eligible.subjects, np.int64, len(eligible.subjects))
        return Kept(eligible, kept.mask & among(self.column("subjects"), wanted), eligible.at)

    def _judged(self, eligible: Eligibility, at: int, start: int, end: int) -> tuple[NDArray[np.bool_], int]:
        """Which of these slots are eligible at a time, and when the next of them begins or ends to be."""
        part = {name: values[start:end] for name, values in self._data.items()}
        mask = allowed_by(eligible, list(self._numbers))[part["terms"]]
        begun = part["not_before"] <= at
        until = END_OF_TIME
        if not begun.all():
            until = _least(part["not_before"][mask & ~begun])
            mask &= begun
        mask &= part["expires"] > at
        return mask, min(until, _least(part["expires"][mask]))


def _moves(slots: NDArray[np.int64], length: int) -> Moves:
    """What taking these slots out does, from the last one to the first: the last row moves into each gap."""
    stands: dict[int, int] = {}
    taken = np.sort(slots)[::-1].tolist()
    for slot in taken:
        length -= 1
        moved = stands.pop(length, length)
        if slot != length:
            stands[slot] = moved
    holes = np.fromiter(stands.keys(), np.int64, len(stands))
    return Moves(taken, holes, np.fromiter(stands.values(), np.int64, len(stands)), length)


def _least(times: NDArray[Any]) -> int:
    return int(times.min()) if len(times) else END_OF_TIME


def among(values: NDArray[Any], wanted: Ids) -> NDArray[np.bool_]:
    """Which of ``values`` are among those that are wanted."""
    if len(wanted) == 1:  # by far the most frequent case, and one comparison is much the fastest
        return np.asarray(values == int(wanted[0]))
    return np.isin(values, wanted)


def wide_enough(array: NDArray[Any], values: NDArray[Any]) -> NDArray[Any]:
    """``array``, or a copy of it in a type that holds ``values`` as well."""
    if not len(values) or array.dtype == np.int64:
        return array
    least, most = int(values.min()), int(values.max())
    if least >= 0 and most <= np.iinfo(array.dtype).max:
        return array
    return array.astype(np.uint32 if least >= 0 and most <= np.iinfo(np.uint32).max else np.int64)


def room_for(array: NDArray[T], length: int, empty: int = 0) -> NDArray[T]:
    """``array``, or a copy with room for ``length`` rows and more, so that adding one at a time stays cheap."""
    if length <= len(array):
        return array
    larger = np.full((max(length, len(array) + len(array) // 4, 16), *array.shape[1:]), empty, array.dtype)
    larger[: len(array)] = array
    return larger
