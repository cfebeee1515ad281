"""Scores and bands: what a cosine similarity is called, and what it means in a gallery of this size."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from countenance.gallery.calibration import Calibration

NAME = "cosine"
USUAL = "usual"
"""The threshold that the configuration asks for."""
SMALLEST = 100
"""A smaller gallery counts as one of so many templates: few people who know one another are seldom strangers' equals in
a benchmark, kin above all, and a looser threshold would keep more false matches of passers-by at an ingest (P27)."""
HIGH = 10
"""In the high band a stranger is shown so many times more rarely than at the threshold."""
_WIDE = 0.05
"""So far above a threshold that the operator fixed begins the high band, where they said nothing of it."""
_DIGITS = 4
_CREDIBLE = 100
"""A rate so many times smaller than the least that was measured is no longer told as a number."""


@dataclass(frozen=True, slots=True)
class Scale:
    """Cosine similarity in [-1, 1] for one comparison with ``compared`` templates.

    Below ``threshold`` is no candidate; from ``high`` on the band is high. ``fixed``: the operator fixed the threshold;
    otherwise it follows from the rate that was asked for and from the size.
    """

    threshold: float
    high: float
    compared: int
    calibration: Calibration
    fixed: bool = False

    @property
    def counted(self) -> int:
        """As a gallery of how many templates it counts."""
        return max(self.compared, SMALLEST)

    @property
    def fmr(self) -> float:
        """How often a comparison of two strangers reaches the threshold, by the calibration (P27)."""
        return self.calibration.fmr(self.threshold)

    @property
    def stated(self) -> float:
        """The same for an estimate of false matches: beyond what was measured a fixed threshold is promised nothing."""
        return max(self.fmr, self.calibration.measured_to) if self.fixed and self.extrapolated else self.fmr

    @property
    def extrapolated(self) -> bool:
        """Whether so small a rate as the threshold's was never measured."""
        return not self.calibration.reaches(self.fmr)

    def fpir(self, threshold: float | None = None) -> float:
        """How often a search for a stranger shows somebody at a threshold; at the scale's own if none is given."""
        return self.calibration.fpir(self.threshold if threshold is None else threshold, self.counted)

    def band(self, score: float) -> str:
        """``high`` or ``low``, or ``below-threshold`` where the threshold was switched off."""
        if score >= self.high:
            return "high"
        return "low" if score >= self.threshold else "below-threshold"

    def meaning(self, band: str) -> str:
        """What a band says, for a page."""
        low, high = self._one_in(self.fmr), self._one_in(self.calibration.fmr(self.high))
        return {
            "high": f"scores {self.high:g} or more; {high} strangers does",
            "low": f"scores between {self.threshold:g} and {self.high:g}; {low} strangers scores so much. Look twice",
            "below-threshold": f"scores under {self.threshold:g}; shown only because the threshold is off or lower",
        }[band]

    def as_json(self, threshold: float | None = None) -> dict[str, Any]:
        """What the threshold stands for, as every answer states it. ``threshold``: another one that was asked for."""
        used = self.threshold if threshold is None else threshold
        fmr = self.calibration.fmr(used)
        return {
            "set_by": "search" if threshold is not None else "configuration" if self.fixed else "rate",
            "threshold": used,
            "high_from": self.high,
            "fpir": _short(self.fpir(used)),
            "fmr": _short(fmr),
            "compared": self.compared,
            "counted_as": self.counted,
            "extrapolated": not self.calibration.reaches(fmr),
            "measured_on": self.calibration.measured_on,
        }

    def says(self, threshold: float | None = None) -> str:
        """The same in one sentence."""
        told = self.as_json(threshold)
        about = "about (extrapolated) " if told["extrapolated"] else ""
        return (
            f"At {told['threshold']:g} {about}{_share(told['fpir'])} of searches for somebody who is not among "
            f"{self.counted:,} templates show anybody; {self._one_in(told['fmr'])} strangers scores so much."
        )

    def _one_in(self, rate: float) -> str:
        least = self.calibration.measured_to / _CREDIBLE
        few, rate = ("fewer than ", least) if rate < least else ("", rate)
        return f"{few}1 in {float(f'{1 / rate:.2g}'):,.0f}"


@dataclass(frozen=True, slots=True)
class Scaling:
    """The rule by which a scale follows from the size of what is searched.

    Args:
        calibration: How high strangers score.
        fpir: How often a search for a stranger may show anybody.
        threshold: A cosine that the operator fixed instead; None to follow the rate.
        high: The same for the high band.
    """

    calibration: Calibration
    fpir: float = 0.01
    threshold: float | None = None
    high: float | None = None

    def at(self, compared: int) -> Scale:
        """The scale for a comparison with so many templates."""
        return _at(self, compared)


@lru_cache(maxsize=256)
def _at(rule: Scaling, compared: int) -> Scale:
    counted, threshold, high = max(compared, SMALLEST), rule.threshold, rule.high
    if threshold is None:
        threshold = round(rule.calibration.threshold(rule.fpir, counted), _DIGITS)
        usual = round(rule.calibration.threshold(rule.fpir / HIGH, counted), _DIGITS)
    else:
        usual = min(1.0, round(threshold + _WIDE, _DIGITS))
    high = max(threshold, usual if high is None else high)
    return Scale(threshold, high, compared, rule.calibration, fixed=rule.threshold is not None)


def _share(rate: float) -> str:
    """A rate in per cent, for people: one that would be written as nothing is not told as nothing."""
    return f"{rate:.2%}" if rate >= 0.00005 else "less than 0.01%"


def _short(rate: float) -> float:
    """Three digits: more would claim more than was measured."""
    return float(f"{rate:.3g}")
