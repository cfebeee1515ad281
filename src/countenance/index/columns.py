"""The policy of each row, in the order in which an engine holds its codes: the *slots*.

An engine removes a row by moving its last one into the gap. These columns do exactly the same, so that slot ``i`` here
is always slot ``i`` there, and a mask over slots can be handed to the engine's own scan.
"""

from __future__ import annotations

from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from countenance.index.port import Eligibility, Ids, Rows

_COLUMNS = ("ids", "subjects", "organisations", "purposes", "not_before", "expires", "territories")


T = TypeVar("T", bound=np.generic)


_MASKS_KEPT = 8
_END_OF_TIME = np.iinfo(np.int64).max


class _Kept(NamedTuple):
    """A mask that holds while ``since`` ≤ at < ``until``: in between no row begins and none expires."""

    mask: NDArray[np.bool_]
    since: int
    until: int


class Columns:
    """Growing columns with a way from id to slot. Not locked: the engine's lock covers both."""

    def __init__(self) -> None:
        self._length = 0
        self._slots: dict[int, int] = {}
        self._kept: dict[tuple[Any, ...], _Kept] = {}
        self._data: dict[str, NDArray[Any]] = {
            name: np.zeros(0, np.uint32 if name == "purposes" else np.int64) for name in _COLUMNS
        }

    def __len__(self) -> int:
        return self._length

    def __contains__(self, reference: object) -> bool:
        return reference in self._slots

    def slot(self, reference: int) -> int | None:
        """Where the row of this id is; None when it is not there."""
        return self._slots.get(reference)

    def ids(self, slots: NDArray[np.int64]) -> Ids:
        """The ids at ``slots``, in the same shape."""
        found: Ids = self._data["ids"][slots].astype(np.int64, copy=False)
        return found

    def of(self, subjects: Ids) -> list[int]:
        """The ids of all rows of these subjects."""
        theirs = np.isin(self._data["subjects"][: self._length], subjects)
        found: list[int] = self._data["ids"][: self._length][theirs].tolist()
        return found

    def append(self, rows: Rows) -> None:
        """Add ``rows``, none of whose ids is there, behind the last slot."""
        self._kept.clear()
        start, end = self._length, self._length + len(rows)
        for name in _COLUMNS:
            self._data[name] = room_for(self._data[name], end)
            self._data[name][start:end] = getattr(rows, name)
        self._slots.update(zip(rows.ids.tolist(), range(start, end), strict=True))
        self._length = end

    def swap_remove(self, slot: int) -> None:
        """Remove one row; the last one moves into its slot."""
        self._kept.clear()
        last = self._length - 1
        ids = self._data["ids"]
        del self._slots[int(ids[slot])]
        if slot != last:
            self._slots[int(ids[last])] = slot
        for column in self._data.values():
            column[slot] = column[last]
            column[last] = 0
        self._length = last

    def mask(self, eligible: Eligibility) -> NDArray[np.bool_]:
        """Which slots one search may show: all conditions of ``eligible`` at once. Not to be written to.

        For a million rows this takes longer than the scan, so the last few masks are kept until any row changes.
        """
        key = (eligible.purposes, eligible.organisations, eligible.territories)
        kept = self._kept.get(key)
        if kept is None or not kept.since <= eligible.at < kept.until:
            while len(self._kept) >= _MASKS_KEPT:
                self._kept.pop(next(iter(self._kept)))
            kept = self._kept[key] = self._make_mask(eligible)
        if eligible.subjects is None:
            return kept.mask
        return kept.mask & _among(self._data["subjects"][: self._length], eligible.subjects)

    def _make_mask(self, eligible: Eligibility) -> _Kept:
        column = {name: values[: self._length] for name, values in self._data.items()}
        begun = column["not_before"] <= eligible.at
        running = column["expires"] > eligible.at
        until = min(
            int(column["not_before"].min(where=~begun, initial=_END_OF_TIME)),
            int(column["expires"].min(where=running, initial=_END_OF_TIME)),
        )
        mask: NDArray[np.bool_] = (column["purposes"] & np.uint32(eligible.purposes)) != 0
        mask &= _among(column["organisations"], eligible.organisations)
        mask &= begun
        mask &= running
        if eligible.territories is not None:
            mask &= _within(column["territories"], eligible.territories)
        mask.flags.writeable = False
        return _Kept(mask, eligible.at, until)


def _among(values: NDArray[np.int64], wanted: frozenset[int]) -> NDArray[np.bool_]:
    if len(wanted) == 1:  # by far the most frequent case, and one comparison is much the fastest
        (only,) = wanted
        return np.asarray(values == only)
    return np.isin(values, np.fromiter(wanted, np.int64, len(wanted)))


def _within(values: NDArray[np.int64], spans: frozenset[tuple[int, int]]) -> NDArray[np.bool_]:
    found = np.zeros(len(values), np.bool_)
    for start, end in spans:
        found |= (values >= start) & (values < end)
    return found


def room_for(array: NDArray[T], length: int) -> NDArray[T]:
    """``array``, or a copy with room for ``length`` rows and more, so that adding one at a time stays cheap."""
    if length <= len(array):
        return array
    larger = np.zeros((max(length, 2 * len(array), 16), *array.shape[1:]), array.dtype)
    larger[: len(array)] = array
    return larger
