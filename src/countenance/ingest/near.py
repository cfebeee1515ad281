"""Photos that look alike: bursts of shots, resized copies. Told by the hash of the whole picture, never of a face."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

NEAR = 6
"""Bits in which the hashes of two like pictures differ at the most, of 64."""
_BANDS = NEAR + 1
"""Two hashes that differ in so few bits are the same in at least one of so many parts."""
_BLOCK = 256
"""Pictures that are compared with a whole bucket at once."""


def near_groups(hashes: Sequence[str], new: Sequence[bool]) -> list[list[int]]:
    """Groups of pictures that are alike, with at least one new one in each, as places in ``hashes``.

    A picture belongs to a group when it is like one of its members. Flat pictures, whose hash says nothing, are left
    out.
    """
    every = np.array([int(each, 16) for each in hashes], np.uint64)
    values, places = np.unique(every, return_inverse=True)
    fresh = np.zeros(len(values), bool)
    fresh[places[np.array(new, bool)]] = True
    telling = np.flatnonzero(np.bitwise_count(values) > NEAR)
    joined = _Sets(len(values))
    for band in range(_BANDS):
        start, end = 64 * band // _BANDS, 64 * (band + 1) // _BANDS
        keys = (values[telling] >> np.uint64(start)) & np.uint64((1 << (end - start)) - 1)
        order = np.argsort(keys, kind="stable")
        for bucket in np.split(telling[order], np.flatnonzero(np.diff(keys[order])) + 1):
            _join_bucket(values, bucket[fresh[bucket]], bucket, joined)
    groups: dict[int, list[int]] = defaultdict(list)
    told = frozenset(telling.tolist())
    for number, place in enumerate(places.tolist()):
        if place in told:
            groups[joined.root(place)].append(number)
    return [group for group in groups.values() if len(group) > 1 and any(new[number] for number in group)]


def _join_bucket(values: NDArray[np.uint64], new: NDArray[np.intp], bucket: NDArray[np.intp], joined: _Sets) -> None:
    """Join each of ``new`` with all in the bucket that are like it."""
    for at in range(0, len(new), _BLOCK):
        block = new[at : at + _BLOCK]
        alike = np.bitwise_count(values[block][:, None] ^ values[bucket][None, :]) <= NEAR
        for row in np.flatnonzero(np.count_nonzero(alike, axis=1) > 1):  # all are like themselves
            joined.join(bucket[alike[row]])


class _Sets:
    """Which of so many things belong together."""

    def __init__(self, size: int) -> None:
        self._parents = np.arange(size)

    def root(self, place: int) -> int:
        while self._parents[place] != place:
            self._parents[place] = place = int(self._parents[self._parents[place]])
        return place

    def join(self, places: NDArray[np.intp]) -> None:
        parents = self._parents[places]
        if (parents == parents[0]).all():
            return
        roots = {self.root(int(each)) for each in np.unique(parents)}
        least = min(roots)
        for each in roots:
            self._parents[each] = least
        self._parents[places] = least
