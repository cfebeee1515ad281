"""How often a comparison of templates is wrong. Pure arithmetic on cosines and labels.

The definitions are those of ISO/IEC 19795-1 (Biometric performance testing and reporting, Part 1). What it calls the
false match rate (FMR) is "FAR" here, as the face recognition benchmarks write it; "TAR" is 1 - FNMR, its false
non-match rate. Both count comparisons of templates; photos in which no face was found are told by the detection rate.

Scores are counted on a grid of `STEP`, so that all pairs of many thousand photos need no more memory than two tables of
counts: every figure is then exact for scores rounded to that grid. Cosines in 32 bits are good for about 1e-7.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from countenance.evaluate.scores import BINS, BLOCK, STEP, Counts, Scores

FARS = ("1e-2", "1e-3", "1e-4", "1e-5")
"""The false accept rates at which the true accept rate is told."""

BARS = 100
"""Bars of a histogram of scores."""

CERTAIN = 30
"""Errors that must be expected for an estimate to lie within 30 % of the truth nine times in ten (the rule of 30:
Doddington et al., "The NIST speaker recognition evaluation", Speech Communication 31, 2000)."""


@dataclass(frozen=True, slots=True)
class Pairs:
    """All comparisons, counted by score: entry ``i`` is the count of cosine ``i × STEP - 1``."""

    genuine: Counts
    impostor: Counts

    @property
    def genuine_count(self) -> int:
        """How many comparisons of one person with themselves."""
        return int(self.genuine.sum())

    @property
    def impostor_count(self) -> int:
        """How many comparisons of two different people."""
        return int(self.impostor.sum())


def compare_all(scores: Scores, labels: Sequence[int], among: Counts | None = None) -> Pairs:
    """Every unordered pair of faces, once.

    Args:
        scores: Of any two of them.
        labels: Whose each face is; equal labels are one person.
        among: The places of those that are compared; all by default.

    Memory: blocks of 1,024 × 1,024 scores, whatever the number of faces.
    """
    of = np.asarray(labels)
    chosen = np.arange(scores.count) if among is None else among
    genuine, impostor = np.zeros(BINS, np.int64), np.zeros(BINS, np.int64)
    for i in range(0, len(chosen), BLOCK):
        for j in range(i, len(chosen), BLOCK):
            rows, columns = chosen[i : i + BLOCK], chosen[j : j + BLOCK]
            places = scores.places(rows, columns)
            same = of[rows, None] == of[None, columns]
            once = np.triu(np.ones(same.shape, bool), 1) if i == j else np.ones(same.shape, bool)
            genuine += np.bincount(places[same & once], minlength=BINS)
            impostor += np.bincount(places[~same & once], minlength=BINS)
    return Pairs(genuine, impostor)


@dataclass(frozen=True, slots=True)
class Operating:
    """One threshold and what it gives: a pair is accepted when its score is at least ``threshold``."""

    threshold: float
    tar: float


@dataclass(frozen=True, slots=True)
class TradeOff:
    """A point of a detection error trade-off (DET): at ``threshold``, how often strangers pass and mates do not."""

    threshold: float
    false_positive: float
    false_negative: float


@dataclass(frozen=True, slots=True)
class Verification:
    """1:1 over all pairs.

    Attributes:
        tar: True accept rate (1 - FNMR) and its threshold, by false accept rate (FMR). None where there are fewer
            impostor pairs than one false accept needs.
        eer: Equal error rate: where FMR and FNMR cross, the mean of both at the threshold where they are nearest.
        best_accuracy: The best share of right decisions over all thresholds, genuine and impostor pairs weighing the
            same. The threshold is chosen on the same pairs, so it flatters a little.
        genuine_pairs, impostor_pairs: What it was counted on.
        det: The detection error trade-off, from the loosest threshold to the strictest.
    """

    tar: dict[str, Operating | None]
    eer: float | None
    best_accuracy: float | None
    genuine_pairs: int
    impostor_pairs: int
    det: tuple[TradeOff, ...] = ()


def verification(pairs: Pairs) -> Verification:
    """The error rates of 1:1 comparison. Rates that no pair can tell are None."""
    genuine, impostor = pairs.genuine_count, pairs.impostor_count
    if not genuine or not impostor:
        return Verification(dict.fromkeys(FARS), None, None, genuine, impostor)
    # Entry i: the share of pairs that a threshold at i accepts. The last entry stands for "nobody".
    tar, far = (accepted(counts) for counts in (pairs.genuine, pairs.impostor))
    gap = int(np.abs(far - (1 - tar)).argmin())
    return Verification(
        {rate: operating(tar, far, float(rate), impostor) for rate in FARS},
        eer=float(far[gap] + 1 - tar[gap]) / 2,
        best_accuracy=float((tar + 1 - far).max()) / 2,
        genuine_pairs=genuine,
        impostor_pairs=impostor,
        det=trade_off(tar, far, impostor),
    )


def accepted(counts: Counts) -> NDArray[np.float64]:
    """The share that a threshold at each place accepts; the last entry stands for a threshold above all."""
    tail = np.append(counts[::-1].cumsum()[::-1], 0)
    return np.asarray(tail / max(int(tail[0]), 1), dtype=np.float64)


def operating(tar: NDArray[np.float64], far: NDArray[np.float64], rate: float, impostors: int) -> Operating | None:
    """The least threshold at which no more than ``rate`` of the impostors are accepted."""
    if impostors * rate < 1:
        return None
    place = int(np.argmax(far <= rate))
    return Operating(cosine(place), float(tar[place]))


def uncertain(at: Mapping[str, Operating | None], strangers: int) -> list[str]:
    """The rates that rest on fewer than `CERTAIN` expected errors."""
    return [rate for rate, found in at.items() if found is not None and strangers * float(rate) < CERTAIN]


def histogram(counts: Counts) -> list[int]:
    """Counts in `BARS` equal steps from -1 to 1, the last with 1 itself."""
    width = (BINS - 1) // BARS
    bars = counts[: BARS * width].reshape(BARS, width).sum(axis=1)
    bars[-1] += counts[BARS * width :].sum()
    return [int(bar) for bar in bars]


def trade_off(tar: NDArray[np.float64], far: NDArray[np.float64], impostors: int) -> tuple[TradeOff, ...]:
    """DET points at false positive rates of 0.5, 0.2, 0.1, 0.05 and so on, as far down as there are impostors for."""
    rates = [digit * 10.0**power for power in range(-1, -7, -1) for digit in (5, 2, 1)]
    places = [int(np.argmax(far <= rate)) for rate in rates if impostors * rate >= 1]
    return tuple(TradeOff(cosine(place), float(far[place]), 1 - float(tar[place])) for place in dict.fromkeys(places))


def cosine(place: int) -> float:
    """What a place of the grid stands for."""
    return round(place * STEP - 1, 5)
