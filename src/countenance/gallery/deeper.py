"""A search that is deep enough: somebody with hundreds of references may fill an answer alone."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from countenance.gallery.eligible import people_of
from countenance.index.port import NO_ID, Eligibility, Hits
from countenance.registry.database import Registry

_DEEPER = 4
"""How many times as many rows are asked for, where one person fills the answer."""

Searching = Callable[[np.ndarray, int, Eligibility], tuple[Hits, int]]


def search_people(
    search: Searching, registry: Registry, vector: np.ndarray, k: int, people: int, least: float, eligible: Eligibility
) -> tuple[Hits, int]:
    """Search for one template until ``people`` different ones are among the hits, where there are so many.

    It is asked for more until then, or until there are no more rows, or only rows that score less than ``least``.
    """
    while True:
        hits, sequence = search(vector[None, :], k, eligible)
        ids = hits.ids[0]
        if ids[-1] == NO_ID or hits.scores[0, -1] < least:
            return hits, sequence
        with registry.read() as connection:
            if people_of(connection, ids.tolist()) >= people:
                return hits, sequence
        k *= _DEEPER
