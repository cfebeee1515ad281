"""The reference engine: float32 vectors and a matrix product. Slow for millions, and right by construction."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from countenance.index.columns import Moves, room_for
from countenance.index.flat import Best, Codes, FlatIndex
from countenance.index.port import Vectors

_BLOCK = 65_536
"""Rows looked at in one go: bounds the memory of a search, however large the gallery."""


class Floats:
    """Templates as they are."""

    def __init__(self, dimension: int) -> None:
        self.vectors: Vectors = np.zeros((0, dimension), np.float32)
        self._length = 0

    def append(self, vectors: Vectors) -> None:
        """Add ``vectors`` behind the last slot."""
        start, self._length = self._length, self._length + len(vectors)
        self.vectors = room_for(self.vectors, self._length)
        self.vectors[start : self._length] = vectors

    def __len__(self) -> int:
        return self._length

    def dump(self) -> bytes:
        """The templates as bytes."""
        return self.vectors[: self._length].tobytes()

    @property
    def nbytes(self) -> int:
        """How much memory they take."""
        return self.vectors[: self._length].nbytes

    def remove(self, moves: Moves) -> None:
        """Remove vectors. What is removed does not linger in the spare room."""
        self.vectors[moves.holes] = self.vectors[moves.origins]
        self.vectors[moves.length : self._length] = 0
        self._length = moves.length

    def best(self, queries: Vectors, k: int, mask: NDArray[np.bool_] | None, segments: int) -> Best:
        """The best by their exact cosine; equal scores in the order of their slots."""
        del segments  # an exact search is as deep as it can be
        scores = np.zeros((len(queries), 0), np.float32)
        slots = np.zeros((len(queries), 0), np.int64)
        for start in range(0, self._length, _BLOCK):
            end = min(start + _BLOCK, self._length)
            here = np.arange(start, end) if mask is None else start + np.flatnonzero(mask[start:end])
            if len(here):
                block = queries @ (self.vectors[start:end] if mask is None else self.vectors[here]).T
                scores = np.concatenate([scores, block], axis=1)
                slots = np.concatenate([slots, np.broadcast_to(here, block.shape)], axis=1)
                scores, slots = _keep_best(scores, slots, k)
        return scores, slots


class ExactIndex(FlatIndex):
    """Every eligible row by its exact cosine."""

    name = "exact"
    approximate = False

    def _no_codes(self) -> Codes:
        return Floats(self._dimension)

    def _codes_of(self, content: bytes) -> Codes:
        codes = Floats(self._dimension)
        codes.append(np.frombuffer(content, np.float32).reshape(-1, self._dimension))
        return codes

    @property
    def _kind(self) -> str:
        return "float32"


def _keep_best(scores: NDArray[np.float32], slots: NDArray[np.int64], k: int) -> Best:
    if scores.shape[1] > k:
        part = np.argpartition(-scores, k - 1, axis=1)[:, :k]
        scores, slots = np.take_along_axis(scores, part, 1), np.take_along_axis(slots, part, 1)
    order = np.lexsort((slots, -scores), axis=1)
    return np.take_along_axis(scores, order, 1), np.take_along_axis(slots, order, 1)
