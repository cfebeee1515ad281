"""How often a comparison of templates is wrong. Pure arithmetic on cosines and labels.

The definitions are those of ISO/IEC 19795-1 (Biometric performance testing and reporting, Part 1). What it calls the
false match rate (FMR) is "FAR" here, as the face recognition benchmarks write it; "TAR" is 1 - FNMR, its false
non-match rate. Both count comparisons of templates; photos in which no face was found are told by the detection rate.

Scores are counted on a grid of `STEP`, so that all pairs of many thousand photos need no more memory than two tables of
counts: every figure is then exact for scores rounded to that grid. Cosines in 32 bits are good for about 1e-7.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Counts = NDArray[np.int64]

STEP = 1e-5
"""How finely scores are told apart."""

_HALF = round(1 / STEP)
_BINS = 2 * _HALF + 1
_BLOCK = 1024

FARS = ("1e-2", "1e-3", "1e-4", "1e-5")
"""The false accept rates at which the true accept rate is told."""

_CERTAIN = 30
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


def compare_all(vectors: Floats, labels: Sequence[int]) -> Pairs:
    """Every unordered pair of templates, once.

    Args:
        vectors: One L2-normalised row for each photo.
        labels: Whose it is; equal labels are one person.

    Memory: blocks of 1,024 × 1,024 scores, whatever the number of rows.
    """
    of = np.asarray(labels)
    genuine, impostor = np.zeros(_BINS, np.int64), np.zeros(_BINS, np.int64)
    for i in range(0, len(vectors), _BLOCK):
        for j in range(i, len(vectors), _BLOCK):
            rows, columns = slice(i, i + _BLOCK), slice(j, j + _BLOCK)
            places = _places(vectors[rows] @ vectors[columns].T)
            same = of[rows, None] == of[None, columns]
            once = np.triu(np.ones(same.shape, bool), 1) if i == j else np.ones(same.shape, bool)
            genuine += np.bincount(places[same & once], minlength=_BINS)
            impostor += np.bincount(places[~same & once], minlength=_BINS)
    return Pairs(genuine, impostor)


def _places(scores: Floats) -> Counts:
    return np.asarray(np.rint((np.clip(scores, -1, 1) + np.float64(1)) * _HALF), dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Operating:
    """One threshold and what it gives: a pair is accepted when its score is at least ``threshold``."""

    threshold: float
    tar: float


@dataclass(frozen=True, slots=True)
class Verification:
    """1:1 over all pairs.

    Attributes:
        tar: True accept rate (1 - FNMR) and its threshold, by false accept rate (FMR). None where there are fewer
            impostor pairs than one false accept needs; "1e-5" is there only with pairs enough for 30 false accepts.
        eer: Equal error rate: where FMR and FNMR cross, the mean of both at the threshold where they are nearest.
        accuracy: The best share of right decisions over all thresholds, genuine and impostor pairs weighing the same
            (as in LFW's protocol). The threshold is chosen on the same pairs, so it flatters a little.
        genuine_pairs, impostor_pairs: What it was counted on.
    """

    tar: dict[str, Operating | None]
    eer: float | None
    accuracy: float | None
    genuine_pairs: int
    impostor_pairs: int


def verification(pairs: Pairs) -> Verification:
    """The error rates of 1:1 comparison. Rates that no pair can tell are None."""
    genuine, impostor = pairs.genuine_count, pairs.impostor_count
    if not genuine or not impostor:
        return Verification(dict.fromkeys(FARS[:3]), None, None, genuine, impostor)
    # Entry i: the share of pairs that a threshold at i accepts. The last entry stands for "nobody".
    tar, far = (_accepted(counts) for counts in (pairs.genuine, pairs.impostor))
    gap = int(np.abs(far - (1 - tar)).argmin())
    told = [rate for rate in FARS if rate != "1e-5" or impostor * float(rate) >= _CERTAIN]
    return Verification(
        {rate: _operating(tar, far, float(rate), impostor) for rate in told},
        eer=float(far[gap] + 1 - tar[gap]) / 2,
        accuracy=float((tar + 1 - far).max()) / 2,
        genuine_pairs=genuine,
        impostor_pairs=impostor,
    )


def _accepted(counts: Counts) -> NDArray[np.float64]:
    tail = np.append(counts[::-1].cumsum()[::-1], 0)
    return np.asarray(tail / tail[0], dtype=np.float64)


def _operating(tar: NDArray[np.float64], far: NDArray[np.float64], rate: float, impostors: int) -> Operating | None:
    """The least threshold at which no more than ``rate`` of the impostor pairs are accepted."""
    if impostors * rate < 1:
        return None
    place = int(np.argmax(far <= rate))
    return Operating(round(place * STEP - 1, 5), float(tar[place]))


@dataclass(frozen=True, slots=True)
class Identification:
    """1:N, closed set: every probe's person should be in the gallery.

    Attributes:
        gallery: How many people are enrolled, by one template each.
        probes: How many searches were made.
        rank1, rank5: The share of probes whose own person is first, or among the first five: the true-positive
            identification rate at rank 1 and 5. None without probes.
    """

    gallery: int
    probes: int
    rank1: float | None
    rank5: float | None


def identification(vectors: Floats, labels: Sequence[int], first: Sequence[bool], lost: int = 0) -> Identification:
    """Search the gallery of first photos with all the others.

    Args:
        vectors: One L2-normalised row for each photo in which a face was found.
        labels: Whose it is.
        first: Whether it is the one that is enrolled: one a person. The others are probes.
        lost: Probes that never came to a search, because no face was found in them. They count as not found.

    A probe of a person who could not be enrolled counts as not found as well. Equal scores count against us.
    """
    of, enrolled = np.asarray(labels, dtype=np.int64), np.asarray(first, dtype=bool)
    gallery, whose = vectors[enrolled], of[enrolled]
    probes, asked = vectors[~enrolled], of[~enrolled]
    ranks = [
        _ranks(probes[at : at + _BLOCK] @ gallery.T, asked[at : at + _BLOCK], whose)
        for at in range(0, len(probes), _BLOCK)
    ]
    rank = np.concatenate(ranks) if ranks else np.empty(0, np.int64)
    total = len(rank) + lost
    within = {r: float((rank <= r).sum() / total) if total else None for r in (1, 5)}
    return Identification(len(gallery), total, within[1], within[5])


def _ranks(scores: Floats, asked: Counts, whose: Counts) -> Counts:
    """Each probe's place of its own person, from 1; far beyond any where that person is not in the gallery."""
    own = asked[:, None] == whose[None, :]
    mate = np.where(own, scores, -np.inf).max(axis=1, initial=-np.inf)
    ahead = ((scores >= mate[:, None]) & ~own).sum(axis=1)
    return np.asarray(np.where(own.any(axis=1), ahead + 1, np.iinfo(np.int64).max), dtype=np.int64)
