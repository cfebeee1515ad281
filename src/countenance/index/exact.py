"""The reference engine: float32 vectors and a matrix product. Slow for millions, and right by construction."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from countenance.index.columns import room_for
from countenance.index.flat import Best, FlatIndex
from countenance.index.port import Vectors

_BLOCK = 65_536
"""Rows looked at in one go: bounds the memory of a search, however large the gallery."""


class ExactIndex(FlatIndex):
    """Every eligible row by its exact cosine; equal scores in the order of their slots."""

    name = "exact"
    approximate = False

    def __init__(self, dimension: int) -> None:
        super().__init__(dimension)
        self._reset()

    def _reset(self) -> None:
        self._vectors: Vectors = np.zeros((0, self._dimension), np.float32)

    def _append(self, vectors: Vectors) -> None:
        start = len(self._columns)
        self._vectors = room_for(self._vectors, start + len(vectors))
        self._vectors[start : start + len(vectors)] = vectors

    def _swap_remove(self, slot: int) -> None:
        last = len(self._columns) - 1
        self._vectors[slot] = self._vectors[last]
        self._vectors[last] = 0  # what is removed does not linger in the spare room

    def _best(self, queries: Vectors, k: int, mask: NDArray[np.bool_]) -> Best:
        scores = np.zeros((len(queries), 0), np.float32)
        slots = np.zeros((len(queries), 0), np.int64)
        for start in range(0, len(mask), _BLOCK):
            here = start + np.flatnonzero(mask[start : start + _BLOCK])
            if len(here):
                block = queries @ self._vectors[here].T
                scores = np.concatenate([scores, block], axis=1)
                slots = np.concatenate([slots, np.broadcast_to(here, block.shape)], axis=1)
                scores, slots = _keep_best(scores, slots, k)
        return scores, slots


def _keep_best(scores: NDArray[np.float32], slots: NDArray[np.int64], k: int) -> Best:
    if scores.shape[1] > k:
        part = np.argpartition(-scores, k - 1, axis=1)[:, :k]
        scores, slots = np.take_along_axis(scores, part, 1), np.take_along_axis(slots, part, 1)
    order = np.lexsort((slots, -scores), axis=1)
    return np.take_along_axis(scores, order, 1), np.take_along_axis(slots, order, 1)
