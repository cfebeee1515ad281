"""The port of the index: what goes in, who may be shown, what comes out.

An index is derived data. It holds no truth of its own: whatever it answers is checked against the registry again and
scored exactly from the registry's template before anybody sees it. It can be thrown away and rebuilt at any time.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from countenance.errors import InputError

Ids = NDArray[np.int64]
Vectors = NDArray[np.float32]

NO_ID = 0
"""Fills the places of `Hits` for which there was no eligible row. Its score is minus infinity."""

_NORM_TOLERANCE = 1e-3
_PURPOSE_BITS = 32


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """References to be made searchable: arrays of one length n, each with its policy beside it. Vectors never print.

    Attributes:
        ids: int64 (n), reference ids, above 0, each once.
        vectors: float32 (n, dimension), each of length 1.
        subjects: int64 (n), whose they are.
        organisations: int64 (n), which organisation holds them.
        purposes: uint32 (n), bit mask of the purposes for which the row may be shown.
        not_before: int64 (n), seconds since 1970; found from this second on.
        expires: int64 (n), seconds since 1970; no longer found from this second on.
        territories: int64 (n), where the person lives, as a number that keeps a country's parts together; 0: unknown.

    What an order or a restriction takes out of search is no column: such a row is not in the index at all, and comes
    back as one that is added.

    Raises:
        InputError: A shape, a type, an id or a length is wrong.
    """

    ids: Ids
    vectors: Vectors = field(repr=False)
    subjects: Ids
    organisations: Ids
    purposes: NDArray[np.uint32]
    not_before: Ids
    expires: Ids
    territories: Ids

    def __post_init__(self) -> None:
        for column in fields(self):
            if column.name != "vectors":
                wanted = np.uint32 if column.name == "purposes" else np.int64
                _check_column(getattr(self, column.name), wanted, column.name)
        check_vectors(self.vectors)
        if any(len(getattr(self, column.name)) != len(self.ids) for column in fields(self)):
            raise InputError("The columns of the rows for the index differ in length.")
        if len(self.ids) and (self.ids.min() <= NO_ID or len(np.unique(self.ids)) != len(self.ids)):
            raise InputError("The ids of the rows for the index must be above 0, and each may occur once.")

    def __len__(self) -> int:
        return len(self.ids)

    def at(self, chosen: NDArray[np.bool_]) -> Rows:
        """The rows that are chosen."""
        return Rows(*(getattr(self, column.name)[chosen] for column in fields(self)))


@dataclass(frozen=True, slots=True)
class Eligibility:
    """Which rows one search may show. Every condition must hold; unknown means no.

    Attributes:
        purposes: The purposes that the rows may serve, of which one is enough: a search has one, a source has several.
        organisations: Whose rows may be shown. Empty: nobody's.
        at: The time of the search, in seconds since 1970; a row counts when not_before ≤ at < expires.
        subjects: Only these subjects; None: any. For a few; where they live is asked by ``territories``.
        territories: Spans of numbers, each from its first up to before its second: the row's is in one of them. None:
            anywhere, also where nobody knows.

    Raises:
        InputError: There is no purpose among 32 bits.
    """

    purposes: int
    organisations: frozenset[int]
    at: int
    subjects: frozenset[int] | None = None
    territories: frozenset[tuple[int, int]] | None = None

    def __post_init__(self) -> None:
        if not 0 < self.purposes < 1 << _PURPOSE_BITS:
            raise InputError("A search has at least one purpose.")


@dataclass(frozen=True, slots=True, eq=False)
class Hits:
    """What was found, one line a query, the best first.

    Attributes:
        ids: int64 (q, k); `NO_ID` where there was no eligible row.
        scores: float32 (q, k), cosine, of the engine's own precision; minus infinity beside `NO_ID`.
    """

    ids: Ids
    scores: NDArray[np.float32]


class Index(Protocol):
    """What every engine does. All methods may be called from any thread; a search sees a change whole or not at all."""

    @property
    def name(self) -> str:
        """What the engine is called in the configuration."""

    @property
    def dimension(self) -> int:
        """The length of a template."""

    @property
    def approximate(self) -> bool:
        """Whether scores are estimates, so that the caller should fetch more than it shows."""

    def __len__(self) -> int:
        """How many rows are held, eligible or not."""

    def __contains__(self, reference: object) -> bool:
        """Whether a row of this id is held, eligible or not."""

    def add(self, rows: Rows) -> None:
        """Make ``rows`` findable; an id that is there already is replaced whole. Raises `InputError`."""

    def remove(self, subjects: Ids) -> int:
        """Take all rows of ``subjects`` (int64) out and return how many there were. No later search finds them."""

    def search(self, queries: Vectors, k: int, eligible: Eligibility) -> Hits:
        """The ``k`` best of the eligible rows for each of the ``queries`` (float32, q × dimension, each of length 1).

        Raises:
            InputError: The queries have another dimension or type, or are not of length 1; ``k`` is below 1.
            Unavailable: An earlier change was cut short; the index must be cleared and rebuilt.
        """

    def count(self, eligible: Eligibility) -> int:
        """How many rows a search may show: what it compares its probe with."""

    def clear(self) -> None:
        """Forget all rows."""


@runtime_checkable
class Segmented(Index, Protocol):
    """An engine in this process whose rows can be taken out and put in again as they are, segment by segment."""

    @property
    def coding(self) -> str:
        """How codes are made: a segment of another coding cannot be read in."""

    def pack(self) -> None:
        """Give back the room that was left to grow into, after many rows were added."""

    def segments(self) -> list[int]:
        """The numbers of the segments that hold rows: those of an id's higher bits."""

    def changed(self) -> frozenset[int]:
        """The segments that have changed since they were last written out, or read in."""

    def dump(self, number: int) -> tuple[bytes, Ids] | None:
        """A segment as bytes, in clear, and whose rows are in it; None when empty. It then counts as unchanged."""

    def load(self, number: int, dumped: bytes) -> None:
        """Take a segment in. Raises `Tampered` when the bytes are none, or of another segment."""


def check_vectors(vectors: Any, dimension: int | None = None) -> None:
    """Raise `InputError` unless ``vectors`` is float32 (n, dimension), finite, and every row of length 1."""
    if not isinstance(vectors, np.ndarray) or vectors.dtype != np.float32 or vectors.ndim != 2:
        raise InputError("Templates for the index must be a table of float32, one line a template.")
    if dimension is not None and vectors.shape[1] != dimension:
        raise InputError(
            f"The index holds templates of dimension {dimension}, not {vectors.shape[1]}.",
            hint="Templates of two models never meet; use the model that the gallery was made with.",
        )
    squares = np.einsum("ij,ij->i", vectors, vectors)
    # Written so that not-a-number fails it too.
    if not bool(np.all(np.abs(squares - 1) <= 2 * _NORM_TOLERANCE)):
        raise InputError("Templates for the index must be finite and of length 1.")


def _check_column(values: Any, wanted: type[np.generic], name: str) -> None:
    if not isinstance(values, np.ndarray) or values.dtype != wanted or values.ndim != 1:
        raise InputError(f"The column {name!r} of the rows for the index must be a list of {wanted.__name__}.")
