"""The engine for one machine: turbovec's codes and SIMD scan, in memory.

Its codebook follows from the distribution of a random unit vector's coordinates (TurboQuant, arXiv:2504.19874), never
from the vectors it holds: nothing is learned from people (P23). Its ``calibrate``, which does learn from a sample, is
never called, and a test holds that.

A segment can be written out and read in again as it is (codes and columns), which takes a hundredth of the time of
making it from templates. What comes out is for `countenance.gallery.snapshot`, which encrypts it.
"""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import numpy as np
from numpy.typing import NDArray

from countenance.errors import BadConfiguration, Tampered
from countenance.index.columns import PACKED, Columns, Moves
from countenance.index.flat import SEGMENT_BITS, Best, Codes, FlatIndex, Segment
from countenance.index.masks import Terms
from countenance.index.port import Vectors

BIT_WIDTH = 4
"""Bits a dimension: 64 bytes for 128 dimensions. 2 bits were hardly faster and err three times as much."""

SHORTLIST = 512
"""The least that is asked of the engine.

It first scans one bit plane and keeps a shortlist that grows with k. Of a million rows, k = 10 lost 1 % of those above
a cosine of 0.45, and k = 256 one in 8,000 when part of the gallery was masked; from 512 on none was lost.
"""

_DIMENSION_STEP = 8


class TurboCodes:
    """The codes of one segment."""

    def __init__(self, codes: Any) -> None:
        self.codes = codes

    def append(self, vectors: Vectors) -> None:
        """Add the codes of ``vectors`` behind the last slot."""
        self.codes.add(vectors, chunk_size=0)

    def remove(self, moves: Moves) -> None:
        """Remove codes, in the order in which the columns removed their rows."""
        for slot in moves.taken:
            self.codes.swap_remove(slot)

    def best(self, queries: Vectors, k: int, mask: NDArray[np.bool_] | None) -> Best:
        """The best by an estimate of their cosine."""
        scores, slots = self.codes.search(queries, max(k, SHORTLIST), mask=mask)
        return scores[:, :k], slots[:, :k]


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

    def _no_codes(self) -> Codes:
        from turbovec import TurboQuantIndex

        return TurboCodes(TurboQuantIndex(self._dimension, BIT_WIDTH))

    # --- whole segments out and in ---

    @property
    def coding(self) -> str:
        """How codes are made: segments of another coding cannot be read in."""
        import turbovec

        return f"turbovec {turbovec.__version__}/{BIT_WIDTH} bits/{self._dimension}/segments of 2^{SEGMENT_BITS}"

    @property
    def bytes(self) -> int:
        """About how much memory the rows take: packed codes and columns, without room to grow."""
        row = self._dimension * BIT_WIDTH // 8 + 4
        with self._latch.shared():
            return sum(row * len(each.columns) + each.columns.bytes for each in self._segments.values())

    def segments(self) -> list[int]:
        """The numbers of the segments that hold rows."""
        with self._latch.shared():
            return [number for number, segment in self._segments.items() if len(segment.columns)]

    def changed(self) -> frozenset[int]:
        """The segments that have changed since they were last written out, or read in."""
        with self._latch.shared():
            return frozenset(number for number, segment in self._segments.items() if segment.changed)

    def dump(self, number: int) -> tuple[bytes, NDArray[np.int64]] | None:
        """A segment as bytes, in clear, and whose rows are in it; None when empty. It then counts as unchanged."""
        with self._latch.shared():
            self._check_whole()
            segment = self._segments.get(number)
            if segment is None or not len(segment.columns):
                return None
            columns = {name: segment.columns.column(name) for name in (*PACKED, "terms")}
            about = json.dumps({"terms": segment.columns.terms}).encode()
            codes = np.frombuffer(segment.codes.codes.to_bytes(), np.uint8)  # type: ignore[attr-defined]
            packed = io.BytesIO()
            np.savez(packed, about=np.frombuffer(about, np.uint8), codes=codes, **columns)
            segment.changed = False
            return packed.getvalue(), np.unique(columns["subjects"]).astype(np.int64)

    def load(self, number: int, dumped: bytes) -> None:
        """Take a segment in. Raises `Tampered` when the bytes are none, or of another segment."""
        from turbovec import TurboQuantIndex

        columns = Columns(number << SEGMENT_BITS)
        try:
            with np.load(io.BytesIO(dumped), allow_pickle=False) as packed:
                columns.name_terms([Terms(*each) for each in json.loads(packed["about"].tobytes())["terms"]])
                columns.extend({name: packed[name] for name in (*PACKED, "terms")})
                codes = TurboQuantIndex.from_bytes(packed["codes"].tobytes())
            fits = (len(codes), codes.dim, codes.bit_width) == (len(columns), self._dimension, BIT_WIDTH)
        except (OSError, EOFError, ValueError, KeyError, TypeError, IndexError, zipfile.BadZipFile) as error:
            raise Tampered("A segment of the index cannot be read.") from error
        if not fits or (columns.column("ids").astype(np.int64) >> SEGMENT_BITS != number).any():
            raise Tampered("A segment of the index is not what it says.")
        with self._changing():
            self._segments[number] = Segment(TurboCodes(codes), columns)
