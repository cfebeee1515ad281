"""What the engines in this process share: one lock, the policy columns, the checks, the padding.

An engine adds the four acts on its own codes. Every act happens under the lock that also covers the mask: a mask names
slots, and removing renumbers slots, so that a mask made outside the lock could show another row than it permitted.
"""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray

from countenance.errors import InputError, Unavailable
from countenance.index.columns import Columns
from countenance.index.port import NO_ID, Eligibility, Hits, Ids, Rows, Vectors, check_vectors

Best = tuple[NDArray[np.float32], NDArray[np.int64]]
"""Scores and slots, both (q, m), the best first."""


class FlatIndex(ABC):
    """An index that looks at every eligible row. Implements the port; see `Index` for what each method promises."""

    name: str
    approximate: bool

    def __init__(self, dimension: int) -> None:
        self._dimension = dimension
        self._lock = threading.Lock()
        self._columns = Columns()
        self._torn = False

    @property
    def dimension(self) -> int:
        """The length of a template."""
        return self._dimension

    def __len__(self) -> int:
        with self._lock:
            return len(self._columns)

    def __contains__(self, reference: object) -> bool:
        with self._lock:
            return reference in self._columns

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._dimension}-d, {len(self)} rows>"

    def add(self, rows: Rows) -> None:
        """Make ``rows`` findable; an id that is there already is replaced whole."""
        check_vectors(rows.vectors, self._dimension)
        with self._changing():
            for reference in rows.ids.tolist():
                self._drop(reference)
            if len(rows):
                self._append(np.ascontiguousarray(rows.vectors))
                self._columns.append(rows)

    def remove(self, subjects: Ids) -> int:
        """Take all rows of these ``subjects`` out and return how many there were."""
        if not isinstance(subjects, np.ndarray) or subjects.dtype != np.int64 or subjects.ndim != 1:
            raise InputError("The subjects to remove from the index must be a list of int64.")
        with self._changing():
            return sum([self._drop(reference) for reference in self._columns.of(subjects)])

    def search(self, queries: Vectors, k: int, eligible: Eligibility) -> Hits:
        """The ``k`` best of the eligible rows for each query."""
        check_vectors(queries, self._dimension)
        if k < 1:
            raise InputError("A search asks for at least one candidate.")
        ids = np.full((len(queries), k), NO_ID, np.int64)
        scores = np.full((len(queries), k), -np.inf, np.float32)
        with self._lock:
            self._check_whole()
            mask = self._columns.mask(eligible)
            if len(queries) and mask.any():
                found, slots = self._best(np.ascontiguousarray(queries), k, mask)
                scores[:, : found.shape[1]] = found
                ids[:, : found.shape[1]] = self._columns.ids(slots)
        return Hits(ids, scores)

    def clear(self) -> None:
        """Forget all rows; an index that was torn is whole again."""
        with self._lock:
            self._torn = True
            self._columns = Columns()
            self._reset()
            self._torn = False

    @contextmanager
    def _changing(self) -> Iterator[None]:
        # Codes and columns change one after the other. Should anything cut in between (Ctrl-C, no memory), a code could
        # stand beside another row's policy. The index then refuses, until it is cleared, rather than answer wrongly.
        with self._lock:
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

    def _drop(self, reference: int) -> bool:
        slot = self._columns.slot(reference)
        if slot is None:
            return False
        self._swap_remove(slot)
        self._columns.swap_remove(slot)
        return True

    @abstractmethod
    def _append(self, vectors: Vectors) -> None:
        """Add the codes of ``vectors`` (C-contiguous) behind the last slot."""

    @abstractmethod
    def _swap_remove(self, slot: int) -> None:
        """Remove one code; the last one moves into its slot."""

    @abstractmethod
    def _best(self, queries: Vectors, k: int, mask: NDArray[np.bool_]) -> Best:
        """The best min(k, eligible) rows for each query; ``mask`` has a slot each and permits at least one."""

    @abstractmethod
    def _reset(self) -> None:
        """Forget all codes."""
