"""The engine for one machine: turbovec's codes and SIMD scan, in memory.

Its codebook follows from the distribution of a random unit vector's coordinates (TurboQuant, arXiv:2504.19874), never
from the vectors it holds: nothing is learned from people (P23). Its ``calibrate``, which does learn from a sample, is
never called, and a test holds that.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from countenance.errors import BadConfiguration
from countenance.index.columns import Moves
from countenance.index.flat import Best, Codes, FlatIndex
from countenance.index.port import Vectors

BIT_WIDTH = 2
"""Bits a dimension: 32 bytes for 128 dimensions, and 4 for a factor. 4 bits lose as much in the first pass (below)."""

SHORTLIST = 512
"""As deep as the engine is asked to look, unless far fewer rows are wanted (`_WIDER`).

It first scans one bit plane and keeps a shortlist that grows with how many are asked for. Of 1,487 rows of a million
that scored above the threshold at which one stranger in a hundred is taken for somebody, up to 400 lost one, in a batch
as well, with 2 bits as with 4; from 512 on none was lost.
"""

_MANY, _OF_MANY = 8, 256
"""As deep as each of so many segments is asked to look: what is near the probe among all of them is nearer than what is
in each. Of 1,443 rows of ten million above the threshold none was lost, and a search took three quarters of the time.
"""

_WIDER = 4
"""Who wants few rows is served from a shortlist for so many times as many; who can afford no loss asks for more."""

_TOGETHER, _WIDER_TOGETHER = 16, 2
"""So many probes at once share a scan, and most of their time goes into the shortlists: each is asked `_OF_MANY` deep
at the most, and for twice as many as are wanted. Of 24,198 rows of a million that score above the threshold, 50 deep
lost two, 100 one, 128 and more none; of the 1,487 above, one is lost up to 450 deep, so a probe alone is asked deeper.
"""

_DIMENSION_STEP = 8
_ALL_SCORED, _SLOW = 16, 32
_STAGED = 32_768
"""From so many rows on the engine scans one bit plane first."""


class TurboCodes:
    """The codes of one segment."""

    def __init__(self, codes: Any) -> None:
        self.codes = codes

    def append(self, vectors: Vectors) -> None:
        """Add the codes of ``vectors`` behind the last slot."""
        self.codes.add(vectors, chunk_size=0)

    def __len__(self) -> int:
        return len(self.codes)

    def dump(self) -> bytes:
        """The codes as bytes."""
        content: bytes = self.codes.to_bytes()
        return content

    @property
    def nbytes(self) -> int:
        """How much memory they take: a code and a factor each."""
        a_code: int = self.codes.dim * self.codes.bit_width // 8 + 4
        return len(self.codes) * a_code

    def remove(self, moves: Moves) -> None:
        """Remove codes, in the order in which the columns removed their rows."""
        for slot in moves.taken:
            self.codes.swap_remove(slot)

    def best(self, queries: Vectors, k: int, mask: NDArray[np.bool_] | None, segments: int) -> Best:
        """The best by an estimate of their cosine."""
        rows = len(self.codes)
        permitted = rows if mask is None else int(np.count_nonzero(mask))
        depth = depth_for(k, permitted, rows, segments, len(queries))
        scores, slots = self.codes.search(queries, depth, mask=mask)
        return scores[:, :k], slots[:, :k]


def depth_for(k: int, permitted: int, rows: int, segments: int = 1, probes: int = 1) -> int:
    """How many to ask the codes of a segment for, where ``k`` are wanted and so many of its rows are permitted.

    Args:
        k: How many are wanted.
        permitted: How many of its rows the search may show.
        rows: How many it has.
        segments: How many segments are searched for the same ``k``.
        probes: How many probes are searched for at once.

    Measured (turbovec 1.1.2): a search, masked or not, with more than 16 and up to 32 times as many permitted as asked
    for takes ten to a hundred times as long as on either side. Just past 32 is quickest; from a 16th on all permitted
    are scored. With fewer rows than it keeps a shortlist of, it scores all of them, and asking for more finds no more.
    """
    if rows < _STAGED:
        return k
    together = probes >= _TOGETHER
    most = _OF_MANY if together or segments >= _MANY else SHORTLIST
    depth = max(k, min(most, (_WIDER_TOGETHER if together else _WIDER) * k))
    if not _ALL_SCORED * depth < permitted <= _SLOW * depth:
        return depth
    fewer = (permitted - 1) // _SLOW
    return fewer if fewer >= k else -(-permitted // _ALL_SCORED)


class EmbeddedIndex(FlatIndex):
    """Every eligible row by an estimate of its cosine, within about 0.12 in 128 dimensions (0.03 root mean square)."""

    name = "embedded"
    approximate = True

    def __init__(self, dimension: int) -> None:
        if dimension % _DIMENSION_STEP:
            raise BadConfiguration(
                f"The embedded index takes dimensions that are a multiple of {_DIMENSION_STEP}, not {dimension}.",
                hint='Choose engine = "exact" in the configuration, or another model.',
            )
        super().__init__(dimension)

    def _no_codes(self) -> Codes:
        from turbovec import TurboQuantIndex

        return TurboCodes(TurboQuantIndex(self._dimension, BIT_WIDTH))

    def _codes_of(self, content: bytes) -> Codes:
        from turbovec import TurboQuantIndex

        codes = TurboQuantIndex.from_bytes(content)
        if (codes.dim, codes.bit_width) != (self._dimension, BIT_WIDTH):
            raise ValueError("These codes are of another kind.")
        return TurboCodes(codes)

    @property
    def _kind(self) -> str:
        import turbovec

        return f"turbovec {turbovec.__version__}, {BIT_WIDTH} bits"
