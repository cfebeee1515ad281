"""The index: which references lie near a probe. Derived from the registry, in memory or on a cluster."""

from __future__ import annotations

from collections.abc import Callable

from countenance.errors import BadConfiguration
from countenance.index.embedded import EmbeddedIndex
from countenance.index.exact import ExactIndex
from countenance.index.lasting import Lasting
from countenance.index.milvus import MilvusIndex
from countenance.index.milvus_server import TOKEN, Place
from countenance.index.port import NO_ID, Eligibility, Hits, Index, Rows, Segmented

__all__ = [
    "ENGINES", "NAMES", "NO_ID", "TOKEN", "Eligibility", "Hits", "Index", "Lasting", "Place", "Rows", "Segmented",
    "open_index",
]  # fmt: skip

ENGINES: dict[str, Callable[[int], Index]] = {"embedded": EmbeddedIndex, "exact": ExactIndex}
"""The engines in this process by the name that the configuration has for them. A new one is added here."""

NAMES = (*sorted(ENGINES), MilvusIndex.name)
"""All engines."""


def open_index(engine: str, dimension: int, place: Place | None = None) -> Index:
    """An index of templates of length ``dimension``: empty, or what a server holds for ``place``.

    Raises:
        BadConfiguration: There is no such engine, it cannot hold this dimension, or it was not said where it is.
    """
    if engine == MilvusIndex.name:
        if place is None:
            raise BadConfiguration(
                "The index engine is Milvus, and nobody has said where it is.",
                hint="Add a table [milvus] with address and encrypted_disk to the configuration.",
            )
        return MilvusIndex(dimension, place)
    if engine not in ENGINES:
        raise BadConfiguration(
            f"There is no index engine {engine!r}.",
            hint=f"Choose one of: {', '.join(NAMES)}.",
        )
    if dimension < 1:
        raise BadConfiguration(f"An index cannot hold templates of dimension {dimension}.")
    return ENGINES[engine](dimension)
