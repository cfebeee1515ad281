"""What the engines in this process share: one latch, segments with their policy columns, the checks, the padding.

Rows lie in segments by their ids, 2²⁰ ids each, so that whoever knows an id knows the segment: what is erased touches
no other. An engine adds how codes are held and scanned. Every act happens under the latch that also covers the masks: a
mask names slots, and removing renumbers slots, so that a mask made outside could show another row than it permitted.
Searches share the latch; a change has it alone.

A segment can be written out and read in again as it is (codes and columns), which takes a hundredth of the time of
making it from templates. What comes out is for `countenance.gallery.snapshot`, which encrypts it.
"""

from __future__ import annotations

import io
import json
import zipfile
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from countenance.errors import InputError, Tampered, Unavailable
from countenance.index.columns import COLUMNS, Columns, Moves
from countenance.index.latch import Latch
from countenance.index.masks import Terms
from countenance.index.port import NO_ID, Eligibility, Hits, Ids, Rows, Vectors, check_vectors

Best = tuple[NDArray[np.float32], NDArray[np.int64]]
"""Scores and slots (or ids), both (q, m), the best first."""

SEGMENT_BITS = 20
"""A segment holds the rows of 2²⁰ = 1,048,576 ids."""


class Codes(Protocol):
    """How an engine holds the templates of one segment, in slots. Every method is called under the engine's latch."""

    def append(self, vectors: Vectors) -> None:
        """Add the codes of ``vectors`` (C-contiguous) behind the last slot."""

    def remove(self, moves: Moves) -> None:
        """Remove codes; the last ones move into their slots, just as the columns have moved theirs."""

    def best(self, queries: Vectors, k: int, mask: NDArray[np.bool_] | None, segments: int) -> Best:
        """The best min(k, permitted) slots for each query. ``mask`` permits at least one; None permits them all.

        So many ``segments`` are searched for the same ``k``, this one among them.
        """

    def __len__(self) -> int:
        """How many there are."""

    def dump(self) -> bytes:
        """All of it as bytes."""

    @property
    def nbytes(self) -> int:
        """How much memory they take, without room to grow."""


class Segment:
    """Some of the rows: their codes, and their policy in the same order. ``changed``: since it was read or written."""

    def __init__(self, codes: Codes, columns: Columns) -> None:
        self.codes = codes
        self.columns = columns
        self.changed = False

    def remove(self, slots: NDArray[np.int64]) -> int:
        """Take these slots out and return how many they were."""
        if len(slots):
            self.codes.remove(self.columns.remove(slots))
            self.changed = True
        return len(slots)

    def best(self, queries: Vectors, k: int, eligible: Eligibility, segments: int) -> Best | None:
        """Scores and ids of the best eligible rows; None where nobody is eligible, which needs no scan."""
        kept = self.columns.mask(eligible)
        if not kept.count:
            return None
        scores, slots = self.codes.best(queries, k, None if kept.count == len(self.columns) else kept.mask, segments)
        return scores, self.columns.ids(slots)


class FlatIndex(ABC):
    """An index that looks at every eligible row. Implements the port; see `Index` for what each method promises."""

    name: str
    approximate: bool

    def __init__(self, dimension: int) -> None:
        self._dimension = dimension
        self._latch = Latch()
        self._segments: dict[int, Segment] = {}
        self._torn = False

    @property
    def dimension(self) -> int:
        """The length of a template."""
        return self._dimension

    def __len__(self) -> int:
        with self._latch.shared():
            return sum(len(segment.columns) for segment in self._segments.values())

    def __contains__(self, reference: object) -> bool:
        with self._latch.shared():
            return any(reference in segment.columns for segment in self._segments.values())

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._dimension}-d, {len(self)} rows>"

    def add(self, rows: Rows) -> None:
        """Make ``rows`` findable; an id that is there already is replaced whole."""
        check_vectors(rows.vectors, self._dimension)
        with self._changing():
            for number, part in _by_segment(rows):
                segment = self._segment(number)
                segment.remove(segment.columns.slots(part.ids))
                segment.codes.append(np.ascontiguousarray(part.vectors))
                segment.columns.append(part)
                segment.changed = True

    def remove(self, subjects: Ids) -> int:
        """Take all rows of these ``subjects`` out and return how many there were."""
        if not isinstance(subjects, np.ndarray) or subjects.dtype != np.int64 or subjects.ndim != 1:
            raise InputError("The subjects to remove from the index must be a list of int64.")
        if not len(subjects):
            return 0
        removed = 0
        with self._changing():
            for segment in self._segments.values():
                removed += segment.remove(segment.columns.of(subjects))
        return removed

    def search(self, queries: Vectors, k: int, eligible: Eligibility) -> Hits:
        """The ``k`` best of the eligible rows for each query."""
        check_vectors(queries, self._dimension)
        if k < 1:
            raise InputError("A search asks for at least one candidate.")
        ids = np.full((len(queries), k), NO_ID, np.int64)
        scores = np.full((len(queries), k), -np.inf, np.float32)
        if len(queries):
            queries = np.ascontiguousarray(queries)
            with self._latch.shared():
                self._check_whole()
                many = len(self._segments)
                found = [segment.best(queries, k, eligible, many) for segment in self._segments.values()]
            best = [each for each in found if each is not None]
            if best:
                here, whose = best[0] if len(best) == 1 else merged(best, k)
                scores[:, : here.shape[1]] = here
                ids[:, : here.shape[1]] = whose
        return Hits(ids, scores)

    def count(self, eligible: Eligibility) -> int:
        """How many rows a search may show. The masks that it makes for this are those of the search itself."""
        with self._latch.shared():
            self._check_whole()
            return sum(segment.columns.mask(eligible).count for segment in self._segments.values())

    def clear(self) -> None:
        """Forget all rows; an index that was torn is whole again."""
        with self._latch.alone():
            self._torn = True
            self._segments = {}
            self._torn = False

    @contextmanager
    def _changing(self) -> Iterator[None]:
        # Codes and columns change one after the other. Should anything cut in between (Ctrl-C, no memory), a code could
        # stand beside another row's policy. The index then refuses, until it is cleared, rather than answer wrongly.
        with self._latch.alone():
            self._check_whole()
            self._torn = True
            yield
            self._torn = False

    def _check_whole(self) -> None:
        if self._torn:
            raise Unavailable(
                "A change to the index was cut short, so it does not answer.",
                hint="Open the gallery again: the index is rebuilt from the registry.",
            )

    def _segment(self, number: int) -> Segment:
        if number not in self._segments:
            self._segments[number] = Segment(self._no_codes(), Columns(number << SEGMENT_BITS))
        return self._segments[number]

    # --- whole segments out and in ---

    @property
    def coding(self) -> str:
        """How codes are made: segments of another coding cannot be read in."""
        return f"{self._kind}, {self._dimension} dimensions, segments of 2^{SEGMENT_BITS}"

    @property
    def nbytes(self) -> int:
        """How much memory the rows take: packed codes and columns, without room to grow."""
        with self._latch.shared():
            return sum(each.codes.nbytes + each.columns.nbytes for each in self._segments.values())

    def pack(self) -> None:
        """Give back the room that was left to grow into: a segment filled row by row takes half as much again."""
        with self._changing():
            for segment in self._segments.values():
                segment.codes = self._codes_of(segment.codes.dump())
                segment.columns.pack()

    def segments(self) -> list[int]:
        """The numbers of the segments that hold rows."""
        with self._latch.shared():
            return [number for number, segment in self._segments.items() if len(segment.columns)]

    def changed(self) -> frozenset[int]:
        """The segments that have changed since they were last written out, or read in."""
        with self._latch.shared():
            return frozenset(number for number, segment in self._segments.items() if segment.changed)

    def dump(self, number: int) -> tuple[bytes, Ids] | None:
        """A segment as bytes, in clear, and whose rows are in it; None when empty. It then counts as unchanged."""
        with self._latch.shared():
            self._check_whole()
            segment = self._segments.get(number)
            if segment is None or not len(segment.columns):
                return None
            columns = {name: segment.columns.column(name) for name in COLUMNS}
            about = json.dumps({"terms": segment.columns.terms}).encode()
            packed = io.BytesIO()
            codes = np.frombuffer(segment.codes.dump(), np.uint8)
            arrays: dict[str, Any] = columns | {"about": np.frombuffer(about, np.uint8), "codes": codes}
            np.savez(packed, **arrays)
            segment.changed = False
            return packed.getvalue(), np.unique(columns["subjects"]).astype(np.int64)

    def load(self, number: int, dumped: bytes) -> None:
        """Take a segment in. Raises `Tampered` when the bytes are none, or of another segment."""
        columns = Columns(number << SEGMENT_BITS)
        try:
            with np.load(io.BytesIO(dumped), allow_pickle=False) as packed:
                columns.name_terms([Terms(*each) for each in json.loads(packed["about"].tobytes())["terms"]])
                columns.extend({name: packed[name] for name in COLUMNS})
                codes = self._codes_of(packed["codes"].tobytes())
        except (OSError, EOFError, ValueError, KeyError, TypeError, IndexError, zipfile.BadZipFile) as error:
            raise Tampered("A segment of the index cannot be read.") from error
        if len(codes) != len(columns) or (columns.ids(np.arange(len(columns))) >> SEGMENT_BITS != number).any():
            raise Tampered("A segment of the index is not what it says.")
        with self._changing():
            self._segments[number] = Segment(codes, columns)

    # --- what an engine adds ---

    @abstractmethod
    def _no_codes(self) -> Codes:
        """Codes of nobody."""

    @abstractmethod
    def _codes_of(self, content: bytes) -> Codes:
        """Codes as they were dumped. Raises `ValueError`."""

    @property
    @abstractmethod
    def _kind(self) -> str:
        """How the engine makes codes."""


def _by_segment(rows: Rows) -> Iterator[tuple[int, Rows]]:
    where = rows.ids >> SEGMENT_BITS
    for number in np.unique(where).tolist():
        here = where == number
        yield number, rows if here.all() else rows.at(here)


def merged(found: list[Best], k: int) -> Best:
    """The ``k`` best of several answers, the best first; equal scores in the order in which they come."""
    scores = np.concatenate([each[0] for each in found], axis=1)
    which = np.concatenate([each[1] for each in found], axis=1)
    order = np.argsort(-scores, axis=1, kind="stable")[:, :k]
    return np.take_along_axis(scores, order, 1), np.take_along_axis(which, order, 1)
