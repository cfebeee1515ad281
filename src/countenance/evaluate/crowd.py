"""A crowd of generated templates: numbers with the structure of identities, and nobody behind them.

They are drawn from a random number generator, from no photograph, no model and no person. They let a demonstration
say "against one million generated templates", and they must be labelled so wherever they are shown.

Method. Each identity has a centre, drawn evenly from the unit sphere. Each of its templates is the centre turned away
in an evenly drawn direction, so far that its cosine to the centre is about a *likeness* drawn from a normal
distribution (mean √0.65, deviation 0.06, cut to 0.5 … 0.98: good and poor photographs). Two templates of one identity
therefore have a cosine of about 0.65 with a deviation of about 0.08; two of different identities one of about 0 with a
deviation of 1/√dimension. Real impostors have a longer tail (kin, age, pose), so no error rate may be read off a crowd.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from countenance.errors import InputError

TEMPLATES_EACH = 4
"""How many templates an identity has: row ``i`` of a crowd belongs to identity ``i // TEMPLATES_EACH``."""

GENUINE_COSINE = 0.65
"""The mean cosine of two templates of one identity, about what SFace gives on ordinary photographs."""

_LIKENESS_DEVIATION = 0.06
_LIKENESS_RANGE = (0.5, 0.98)

_BLOCK = 1_024
"""Identities made in one go: few enough to stay in the processor's cache."""


def generated_templates(
    n: int, dimension: int = 128, seed: int = 1, batch: int = 65_536
) -> Iterator[NDArray[np.float32]]:
    """Yield ``n`` generated templates, at most ``batch`` at a time, so that a million needs little memory.

    Args:
        n: How many in all.
        dimension: The length of each.
        seed: The same seed gives the same crowd, whatever the batch; a longer crowd begins with the shorter one.
        batch: The most rows a yielded array has; rounded down to whole identities.

    Yields:
        float32 arrays of shape (rows, dimension), every row of length 1.

    Raises:
        InputError: A number makes no sense.
    """
    if n < 0 or dimension < 2 or batch < TEMPLATES_EACH:
        raise InputError(
            f"A crowd of {n} templates of dimension {dimension} in batches of {batch} cannot be made.",
            hint=f"Give n ≥ 0, dimension ≥ 2 and batch ≥ {TEMPLATES_EACH}.",
        )
    return _batches(n, dimension, seed, batch // TEMPLATES_EACH)


def _batches(n: int, dimension: int, seed: int, identities: int) -> Iterator[NDArray[np.float32]]:
    # Two streams, each read strictly in the order of the rows: that is what makes a crowd independent of the batch.
    directions, likenesses = (np.random.default_rng([seed, stream]) for stream in (0, 1))
    for start in range(0, n, identities * TEMPLATES_EACH):
        rows = np.empty((min(identities * TEMPLATES_EACH, n - start), dimension), np.float32)
        for at in range(0, len(rows), _BLOCK * TEMPLATES_EACH):
            part = rows[at : at + _BLOCK * TEMPLATES_EACH]
            part[:] = _identities(-(-len(part) // TEMPLATES_EACH), dimension, directions, likenesses)[: len(part)]
        yield rows


def _identities(
    count: int, dimension: int, directions: np.random.Generator, likenesses: np.random.Generator
) -> NDArray[np.float32]:
    """The templates of ``count`` identities, one identity after the other."""
    drawn = directions.standard_normal((count, 1 + TEMPLATES_EACH, dimension), dtype=np.float32)
    drawn /= _lengths(drawn)
    drawn_likeness = likenesses.normal(GENUINE_COSINE**0.5, _LIKENESS_DEVIATION, (count, TEMPLATES_EACH, 1))
    likeness = drawn_likeness.clip(*_LIKENESS_RANGE).astype(np.float32)
    centres, away = drawn[:, :1], drawn[:, 1:]
    away *= np.sqrt(1 - likeness**2)
    away += likeness * centres
    away /= _lengths(away)
    return away.reshape(-1, dimension)


def _lengths(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    lengths: NDArray[np.float32] = np.sqrt(np.einsum("ijk,ijk->ij", vectors, vectors))
    return lengths[:, :, np.newaxis]
