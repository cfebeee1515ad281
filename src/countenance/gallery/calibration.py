"""How high strangers score: what a threshold means, for a gallery of any size, by what was measured of a model.

A calibration is a handful of numbers: cosines with the share of comparisons of two people that reach them (the false
match rate, FMR), how fast that share falls beyond the last of them, and how unevenly probes collide. From these follows
the false-positive identification rate (FPIR, ISO/IEC 19795-1): how often a search for somebody who is not in a gallery
shows anybody.

Between two measured rates the line through their logarithms counts. Beyond the last one the share falls exponentially:
an extreme-value tail of shape 0 (Pickands, "Statistical inference using extreme order statistics", Annals of Statistics
3(1), 1975). Probes differ in how often they collide, so 1 - (1 - FMR)^N says too much for a gallery of N. Their rates
are taken to be gamma-distributed about their mean, with ``spread`` as its shape, which gives 1 - (1 + N FMR / k)^-k;
for large k it is the independent case. What was measured, and how well this fits: docs/reference/calibration.md.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from countenance.errors import InputError

_FORM = "A calibration is written by `countenance calibrate`, or stands in a model's manifest."


@dataclass(frozen=True, slots=True)
class Calibration:
    """How high strangers score under one embedding contract.

    Attributes:
        contract: The embedding contract (SHA-256) of the templates that were compared.
        rates: Pairs of a cosine and the share of comparisons of two people that reach it; rising, and falling.
        decay: By how much the logarithm of that share falls with each unit of cosine beyond the last pair.
        spread: How evenly probes collide: the shape of a gamma distribution; large when all do alike.
        measured_on: Whose photographs, in words.
        people, photos: How many of them.
        measured_to: The least share that was measured; what lies beyond is extrapolated.
    """

    contract: str
    rates: tuple[tuple[float, float], ...]
    decay: float
    spread: float
    measured_on: str
    people: int
    photos: int
    measured_to: float

    def fmr(self, score: float) -> float:
        """The share of comparisons of two people that reach a score."""
        first, (last, least) = self.rates[0][0], self.rates[-1]
        if score >= last:
            return least * math.exp(-self.decay * (score - last))
        low, high = self._around(score, 0) if score > first else (self.rates[0], self.rates[1])
        return min(math.exp(_line(score, low[0], high[0], math.log(low[1]), math.log(high[1]))), 1.0)

    def score(self, fmr: float) -> float:
        """The score that this share of comparisons of two people reaches: -1 to 1."""
        last, least = self.rates[-1]
        if fmr <= least:
            return min(last + math.log(least / fmr) / self.decay, 1.0)
        low, high = self._around(-fmr, 1) if fmr < self.rates[0][1] else (self.rates[0], self.rates[1])
        return max(_line(math.log(fmr), math.log(low[1]), math.log(high[1]), low[0], high[0]), -1.0)

    def fpir(self, score: float, compared: int) -> float:
        """How often a search for a stranger shows anybody at this threshold, among so many templates."""
        return -math.expm1(-self.spread * math.log1p(compared * self.fmr(score) / self.spread))

    def fmr_for(self, fpir: float, compared: int) -> float:
        """The share of comparisons that may reach the threshold, so that a search shows a stranger this often."""
        return self.spread * math.expm1(-math.log1p(-fpir) / self.spread) / compared

    def threshold(self, fpir: float, compared: int) -> float:
        """The score from which a search among so many templates shows a stranger this often."""
        return self.score(min(self.fmr_for(fpir, compared), 1.0))

    def reaches(self, fmr: float) -> bool:
        """Whether so small a rate was measured; below, it is extrapolated."""
        return fmr >= self.measured_to * (1 - 1e-9)

    def as_plain(self) -> dict[str, Any]:
        """The calibration as plain numbers and words, as a file or a model's manifest carries it."""
        return {
            "contract": self.contract,
            "rates": [list(pair) for pair in self.rates],
            "decay": self.decay,
            "spread": self.spread,
            "measured_on": self.measured_on,
            "people": self.people,
            "photos": self.photos,
            "measured_to": self.measured_to,
        }

    @classmethod
    def from_plain(cls, told: Mapping[str, Any]) -> Calibration:
        """What `as_plain` gave. Raises `InputError` for anything else, and for numbers that make no sense."""
        try:
            rates = tuple((float(cosine), float(rate)) for cosine, rate in told["rates"])
            made = cls(
                str(told["contract"]), rates, float(told["decay"]), float(told["spread"]),
                str(told["measured_on"]), int(told["people"]), int(told["photos"]),
                float(told["measured_to"]),
            )  # fmt: skip
        except (KeyError, TypeError, ValueError, AttributeError):
            raise InputError("This is no calibration.", hint=_FORM) from None
        falls = all(low[0] < high[0] and low[1] > high[1] for low, high in pairwise(rates))
        within = all(-1 <= cosine <= 1 and 0 < rate <= 1 for cosine, rate in rates)
        shaped = all(math.isfinite(value) and value > 0 for value in (made.decay, made.spread))
        shaped = shaped and 0 < made.measured_to <= 1
        if len(rates) < 2 or not (falls and within and shaped and made.people > 1):
            raise InputError(
                "The numbers of this calibration make no sense: the rates must fall as the cosines rise.", hint=_FORM
            )
        return made

    def _around(self, value: float, part: int) -> tuple[tuple[float, float], tuple[float, float]]:
        """The two pairs between which a cosine (part 0) or a rate with its sign turned (part 1) lies."""
        sign = -1 if part else 1
        return next(pair for pair in pairwise(self.rates) if value <= sign * pair[1][part])


def _line(at: float, x1: float, x2: float, y1: float, y2: float) -> float:
    return y1 + (at - x1) / (x2 - x1) * (y2 - y1)


def from_thresholds(contract: str, thresholds: Sequence[tuple[float, float]], measured_on: str) -> Calibration:
    """What follows from a model card's thresholds alone: pairs of a cosine and its false accept rate, two at least."""
    rates = tuple((float(cosine), float(rate)) for cosine, rate in thresholds)
    (before, more), (last, least) = rates[-2:]
    decay = math.log(more / least) / (last - before)
    return Calibration(contract, rates, decay, 2.0, measured_on, 2, 0, least)
