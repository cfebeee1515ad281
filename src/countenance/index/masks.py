"""Masks over slots: which rows one search may show, kept from search to search and following every change."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from countenance.index.port import Eligibility

KEPT = 4
"""Masks that are kept: a byte a row each."""
END_OF_TIME = int(np.iinfo(np.int64).max)


class Terms(NamedTuple):
    """What rows have in common: for which purposes, whose, and where the person lives."""

    purposes: int
    organisation: int
    territory: int


class Kept:
    """A mask that holds while ``since`` ≤ at < ``until``: in between no row begins and none expires.

    Attributes:
        conditions: What it was made for.
        mask: A slot each.
        count: How many slots it permits.
        since: When it was made.
        until: From when on it does not hold.
    """

    def __init__(self, conditions: Eligibility, mask: NDArray[np.bool_], until: int) -> None:
        self.conditions = conditions
        self._room = mask
        self.mask = mask
        self.count = int(np.count_nonzero(mask))
        self.since = conditions.at
        self.until = until

    def grow(self, judged: tuple[NDArray[np.bool_], int], start: int) -> None:
        """Rows were added from the slot ``start`` on; this is how they were judged, for the time ``since``."""
        added, until = judged
        end = start + len(added)
        if end > len(self._room):
            larger = np.zeros(end + end // 8, np.bool_)
            larger[:start] = self.mask
            self._room = larger
        self._room[start:end] = added
        self.mask = self._room[:end]
        self.count += int(np.count_nonzero(added))
        self.until = min(self.until, until)

    def move(self, holes: NDArray[np.int64], origins: NDArray[np.int64], length: int) -> None:
        """Rows were removed, and the last ones stand in their slots."""
        self._room[holes] = self._room[origins]
        self.mask = self._room[:length]
        self.count = int(np.count_nonzero(self.mask))


def allowed_by(eligible: Eligibility, terms: Sequence[Terms]) -> NDArray[np.bool_]:
    """Which of the terms that rows have permit this search, whatever the time and the person."""
    if not terms:
        return np.zeros(1, np.bool_)
    purposes, organisations, territories = np.array(terms, np.int64).T
    found: NDArray[np.bool_] = (purposes & eligible.purposes) != 0
    found &= np.isin(organisations, np.fromiter(eligible.organisations, np.int64, len(eligible.organisations)))
    if eligible.territories is not None:
        found &= _within(territories, eligible.territories)
    return found


def _within(values: NDArray[Any], spans: frozenset[tuple[int, int]]) -> NDArray[np.bool_]:
    found = np.zeros(len(values), np.bool_)
    for start, end in spans:
        found |= (values >= start) & (values < end)
    return found
