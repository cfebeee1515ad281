"""The engine for one machine: turbovec's 4-bit codes and SIMD scan, in memory.

Its codebook follows from the distribution of a random unit vector's coordinates (TurboQuant, arXiv:2504.19874), never
from the vectors it holds: nothing is learned from people (P23). Its ``calibrate``, which does learn from a sample, is
never called, and a test holds that.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from countenance.errors import BadConfiguration
from countenance.index.flat import Best, FlatIndex
from countenance.index.port import Vectors

BIT_WIDTH = 4
"""Bits a dimension: 64 bytes for 128 dimensions. 2 bits were hardly faster and err three times as much."""

SHORTLIST = 512
"""The least that is asked of the engine.

It first scans one bit plane and keeps a shortlist that grows with k. Of a million rows, k = 10 lost 1 % of those above
a cosine of 0.45, and k = 256 one in 8,000 when part of the gallery was masked; from 512 on none was lost.
"""

_DIMENSION_STEP = 8


class EmbeddedIndex(FlatIndex):
    """Every eligible row by an estimate of its cosine, within about 0.05 in 128 dimensions (0.009 root mean square)."""

    name = "embedded"
    approximate = True

    def __init__(self, dimension: int) -> None:
        if dimension % _DIMENSION_STEP:
            raise BadConfiguration(
                f"The embedded index takes dimensions that are a multiple of {_DIMENSION_STEP}, not {dimension}.",
                hint='Choose engine = "exact" in the configuration, or another model.',
            )
        super().__init__(dimension)
        self._reset()

    def _reset(self) -> None:
        from turbovec import TurboQuantIndex

        self._codes: Any = TurboQuantIndex(self._dimension, BIT_WIDTH)

    def _append(self, vectors: Vectors) -> None:
        self._codes.add(vectors, chunk_size=0)

    def _swap_remove(self, slot: int) -> None:
        self._codes.swap_remove(slot)

    def _best(self, queries: Vectors, k: int, mask: NDArray[np.bool_]) -> Best:
        scores, slots = self._codes.search(queries, max(k, SHORTLIST), mask=None if mask.all() else mask)
        return scores[:, :k], slots[:, :k]
