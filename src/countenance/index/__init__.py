"""The index: which references lie near a probe. Derived from the registry, in memory, rebuilt at will."""

from __future__ import annotations

from collections.abc import Callable

from countenance.errors import BadConfiguration
from countenance.index.embedded import EmbeddedIndex
from countenance.index.exact import ExactIndex
from countenance.index.port import NO_ID, Eligibility, Hits, Index, Rows, Segmented

__all__ = ["ENGINES", "NO_ID", "Eligibility", "Hits", "Index", "Rows", "Segmented", "open_index"]

ENGINES: dict[str, Callable[[int], Index]] = {"embedded": EmbeddedIndex, "exact": ExactIndex}
"""The engines by the name that the configuration has for them. A new one is added here."""


def open_index(engine: str, dimension: int) -> Index:
    """An empty index of templates of length ``dimension``.

    Raises:
        BadConfiguration: There is no such engine, or it cannot hold this dimension.
    """
    if engine not in ENGINES:
        raise BadConfiguration(
            f"There is no index engine {engine!r}.",
            hint=f"Choose one of: {', '.join(sorted(ENGINES))}.",
        )
    if dimension < 1:
        raise BadConfiguration(f"An index cannot hold templates of dimension {dimension}.")
    return ENGINES[engine](dimension)
