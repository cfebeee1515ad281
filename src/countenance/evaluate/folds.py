"""Accuracy over folds: the threshold is learned on all folds but one, and tried on that one (LFW's protocol).

G. B. Huang, M. Ramesh, T. Berg, E. Learned-Miller: "Labeled Faces in the Wild", University of Massachusetts, Amherst,
Technical Report 07-49, 2007, View 2: the mean of the accuracies of ten folds. Their standard deviation is told here
with the number of folds less one; LFW's own tables tell it divided by the root of the number of folds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from countenance.evaluate.scores import Counts

LEAST, MOST = 2, 100
"""How many folds there may be."""


@dataclass(frozen=True, slots=True)
class Folded:
    """Accuracy by fold. ``mean`` and ``sd`` are over the folds."""

    accuracies: tuple[float, ...]

    @property
    def mean(self) -> float:
        """The accuracy that is told."""
        return float(np.mean(self.accuracies))

    @property
    def sd(self) -> float:
        """How far the folds lie apart: the standard deviation of a sample."""
        return float(np.std(self.accuracies, ddof=1))


def divided(part: NDArray[np.int64], whole: NDArray[np.int64]) -> NDArray[np.float64]:
    """Shares; not a number where the whole is nothing."""
    return np.asarray(np.divide(part, whole, out=np.full(len(whole), np.nan), where=whole > 0), np.float64)


class Folds:
    """Pairs in folds, sorted once, so that their accuracy can be had again with other weights."""

    def __init__(self, places: Counts, same: NDArray[np.bool_], fold: Counts) -> None:
        self._order = np.argsort(-places, kind="stable")
        self._same = same[self._order]
        self._fold = np.unique(fold, return_inverse=True)[1][self._order]
        self._count = int(self._fold.max(initial=-1)) + 1
        ordered = places[self._order]
        # A threshold accepts the first so many pairs: never one of two with the same score.
        self._cuts = np.concatenate([[0], np.flatnonzero(np.diff(ordered)) + 1, [len(ordered)]])

    def accuracies(self, weight: NDArray[np.int64] | None = None) -> NDArray[np.float64]:
        """The accuracy in each fold; not a number where a fold weighs nothing.

        Of thresholds that are equally good on the other folds, the highest is taken.
        """
        weight = np.ones(len(self._order), np.int64) if weight is None else weight[self._order]
        signed = np.zeros((len(weight) + 1, self._count), np.int64)
        signed[np.arange(1, len(weight) + 1), self._fold] = np.where(self._same, weight, -weight)
        # What a threshold gains over accepting nobody: genuine pairs less impostor pairs among those it accepts.
        gained = signed.cumsum(axis=0)[self._cuts]
        best = (gained.sum(axis=1, keepdims=True) - gained).argmax(axis=0)
        strangers = np.bincount(self._fold, np.where(self._same, 0, weight), self._count)
        total = np.bincount(self._fold, weight, self._count)
        right = gained[best, np.arange(self._count)] + strangers
        return divided(right, total)

    def measured(self) -> Folded | None:
        """The accuracy; None with fewer than two folds."""
        return Folded(tuple(self.accuracies().tolist())) if self._count >= LEAST else None
