"""Grouping templates by likeness: average linkage (UPGMA; Sokal and Michener, 1958), cut at a threshold.

Two groups are one as long as the mean cosine of all pairs between them reaches the threshold, the likest first. It is
found along nearest-neighbour chains (Benzécri 1982; Murtagh, The Computer Journal 26(4), 1983): average linkage is
reducible, so that no merging of others brings a group nearer to anything than it was, and the order does not matter.
Templates have length 1, so a group's sum is enough to know its mean cosine to any other group; no table of all pairs
is needed. What no chain of pairs over the threshold connects can never be merged, and is looked at apart.

Nothing is learned from anybody (P23): there are no centres that outlive the answer, and no parameter but the threshold.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_BLOCK = 1024
"""Templates that are compared with all others at once, at the most."""
_PAIRS = 2**26
"""Pairs that are compared at once: a third of a gigabyte, however many templates there are."""
_ROUNDING = 1e-6
"""How far a cosine of float32 may be from the exact one."""

Labels = NDArray[np.int64]


def group(vectors: NDArray[np.float32], threshold: float) -> Labels:
    """A number for each vector; those of one group share it, numbered in the order in which they come.

    The groups are the same in whichever order the vectors are given.
    """
    if not len(vectors):
        return np.zeros(0, np.int64)
    order = _canonical(vectors)
    ordered = vectors[order].astype(np.float64)
    parents = _connected(vectors[order], threshold)
    labels = np.empty(len(vectors), np.int64)
    for component in _components(parents):
        labels[order[component]] = component[_linked(ordered[component], threshold)]
    return _renumbered(labels)


def mean_cosine(some: NDArray[np.float32], others: NDArray[np.float32]) -> float:
    """The mean cosine of all pairs between two groups."""
    return float(some.mean(axis=0, dtype=np.float64) @ others.mean(axis=0, dtype=np.float64))


def _canonical(vectors: NDArray[np.float32]) -> NDArray[np.int64]:
    """An order that depends on nothing but the vectors, so that ties are always broken alike."""
    plain = np.ascontiguousarray(vectors + np.float32(0))  # of the two zeros, only one
    whole = plain.view(np.dtype((np.void, plain.itemsize * plain.shape[1]))).ravel()
    return np.argsort(whole, kind="stable")


def _connected(vectors: NDArray[np.float32], threshold: float) -> NDArray[np.int64]:
    """Which vectors a chain of pairs over the threshold connects, as a forest of parents."""
    parents = np.arange(len(vectors))
    block = max(min(_BLOCK, _PAIRS // len(vectors)), 1)
    for start in range(0, len(vectors), block):
        near = vectors[start : start + block] @ vectors[start:].T >= threshold - _ROUNDING
        for row in np.flatnonzero(near.sum(axis=1) > 1):  # each is near itself
            _join(parents, start + np.flatnonzero(near[row]))
    return parents


def _join(parents: NDArray[np.int64], places: NDArray[np.int64]) -> None:
    above = parents[places]
    if (above == above[0]).all() and parents[above[0]] == above[0]:
        return
    roots = {_root(parents, int(place)) for place in np.unique(above)}
    least = min(roots)
    for each in roots:
        parents[each] = least
    parents[places] = least


def _root(parents: NDArray[np.int64], place: int) -> int:
    while parents[place] != place:
        parents[place] = place = int(parents[parents[place]])
    return place


def _components(parents: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    roots = np.array([_root(parents, place) for place in range(len(parents))])
    order = np.argsort(roots, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(roots[order])) + 1)


def _linked(vectors: NDArray[np.float64], threshold: float) -> NDArray[np.int64]:
    """For each vector of a component, the place of the one that stands for its group."""
    count = len(vectors)
    sums, sizes, alive = vectors.copy(), np.ones(count), np.ones(count, bool)
    stands = np.arange(count)
    chain: list[int] = []
    while alive.any():
        if not chain:
            chain.append(int(np.argmax(alive)))
        tip = chain[-1]
        mean = (sums @ sums[tip]) / (sizes * sizes[tip])
        mean[~alive] = -np.inf
        mean[tip] = -np.inf
        nearest = int(np.argmax(mean))
        if len(chain) > 1 and mean[chain[-2]] >= mean[nearest]:
            nearest = chain[-2]
        if mean[nearest] < threshold - _ROUNDING:
            alive[tip] = False  # nothing that others become will ever be nearer to it
            chain.pop()
        elif nearest in chain:  # the one before, or, among equals, one before that
            first, second = min(tip, nearest), max(tip, nearest)
            sums[first] += sums[second]
            sizes[first] += sizes[second]
            alive[second] = False
            stands[stands == second] = first
            del chain[chain.index(nearest) :]
        else:
            chain.append(nearest)
    return stands


def _renumbered(labels: Labels) -> Labels:
    """The same groups, numbered from 0 in the order in which they come."""
    _, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    places = np.empty(len(first), np.int64)
    places[np.argsort(first)] = np.arange(len(first))
    return places[inverse]
