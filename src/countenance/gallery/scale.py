"""Scores and bands: what a cosine similarity is called."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import exp, log

NAME = "cosine"


@dataclass(frozen=True, slots=True)
class Scale:
    """Cosine similarity in [-1, 1]. Below ``threshold`` is no candidate; from ``high`` on the band is high.

    The thresholds of the default model are those at which it takes one stranger in 10,000 (0.415) and one in 100,000
    (0.465) for the same person on LFW (../shared/ANCHORS.md); an operator's own people may differ.
    """

    threshold: float
    high: float

    def band(self, score: float) -> str:
        """``high`` or ``low``, or ``below-threshold`` where the threshold was switched off."""
        if score >= self.high:
            return "high"
        return "low" if score >= self.threshold else "below-threshold"

    def stated_rate(self, stated: Sequence[tuple[float, float]]) -> float:
        """How often a comparison of two strangers reaches the threshold, by what the model's card states (P27).

        Args:
            stated: Pairs of a cosine and its false accept rate, in rising order of the cosine.

        Between two stated rates, the line through their logarithms; below the first, that line goes on; above the last
        the last one, since nothing better was measured.
        """
        if self.threshold >= stated[-1][0]:
            return stated[-1][1]
        (low, more), (high, less) = next(pair for pair in pairwise(stated) if self.threshold < pair[1][0])
        part = (self.threshold - low) / (high - low)
        return min(exp(log(more) + part * (log(less) - log(more))), 1.0)

    def meaning(self, band: str) -> str:
        """What a band says, for a page."""
        return {
            "high": f"scores {self.high:.2f} or more",
            "low": f"scores between {self.threshold:.2f} and {self.high:.2f}; look twice",
            "below-threshold": f"scores under {self.threshold:.2f}; shown only because the threshold is off",
        }[band]
