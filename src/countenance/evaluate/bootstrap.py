"""How sure a figure is: intervals by a bootstrap over identities.

Comparisons that share a person are not independent, so people are drawn, not comparisons: in each round as many people
as there are, with replacement, and whoever is drawn k times weighs k times (the subsets bootstrap: R. Bolle, N. Ratha,
S. Pankanti, "Error analysis of pattern recognition systems: the subsets bootstrap", Computer Vision and Image
Understanding 93, 2004). A comparison of two people weighs the product of their weights; a person is never a stranger to
themselves. In each round the thresholds are set anew. In a search the gallery stays as it is and the people searched
for are drawn: a gallery drawn with replacement would hold about 63 % of the people, and be easier.

The interval holds the middle 95 % of the rounds. Where not one error was seen no draw can show one; the interval then
reaches to 3/n, n being the people concerned (ISO/IEC 19795-1, the rule of 3).

The draws are of PCG64's raw stream, which does not change from one version of NumPy to the next: the same scores give
the same intervals.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from countenance.evaluate.folds import Folds, divided
from countenance.evaluate.pairing import Compared
from countenance.evaluate.scores import Counts

ROUNDS = 1_000
SEED = 19_795
LEVEL = 0.95

Interval = list[float] | None
Rates = NDArray[np.float64]


def draws(people: int, rounds: int = ROUNDS, seed: int = SEED) -> Counts:
    """How often each person is drawn in each round: rounds × people."""
    drawn = np.random.PCG64(seed).random_raw(rounds * people) % np.uint64(max(people, 1))
    cells = np.arange(rounds).repeat(people) * people + drawn.astype(np.int64)
    return np.bincount(cells, minlength=rounds * people).reshape(rounds, people)


@dataclass(frozen=True, slots=True, eq=False)
class Side:
    """Scored trials of one kind, best first, with the people that they weigh by, and what all of the kind weigh.

    Trials that no threshold accepts are in ``total`` alone. ``total`` has an entry for each round.
    """

    place: Counts
    one: Counts
    other: Counts | None
    total: Counts

    def accepted(self, weight: Counts, above: Counts) -> Counts:
        """What the best so many trials weigh, for each of ``above``."""
        each = weight[self.one] if self.other is None else weight[self.one] * weight[self.other]
        return np.concatenate([[0], each.cumsum()])[above]

    def above(self, thresholds: Counts) -> Counts:
        """How many trials reach each of the thresholds."""
        return len(self.place) - np.searchsorted(self.place[::-1], thresholds, "left")


def side(place: Counts, one: Counts, other: Counts | None, total: Counts) -> Side:
    """Trials in any order, put in order."""
    order = np.argsort(-place, kind="stable")
    return Side(place[order], one[order], None if other is None else other[order], total)


def one_person(pairs: Compared, persons: Counts, weights: Counts) -> Side:
    """Comparisons of one person with themselves."""
    who = persons[pairs.first]
    return side(pairs.place, who, None, weights @ np.bincount(who, minlength=weights.shape[1]))


def two_people(pairs: Compared, persons: Counts, weights: Counts, total: Counts | None = None) -> Side:
    """Comparisons of two people; ``total`` where these are not all of them."""
    one, other = persons[pairs.first], persons[pairs.second]
    if total is None:
        total = np.array([(weight[one] * weight[other]).sum() for weight in weights], np.int64)
    return side(pairs.place, one, other, total)


def strangers_in_all(faces: Counts, weights: Counts) -> Counts:
    """What all comparisons of two people weigh in each round; ``faces``: how many each person has."""
    weighed = weights * faces
    return np.asarray((weighed.sum(axis=1) ** 2 - (weighed**2).sum(axis=1)) // 2, np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Rounds:
    """Rates in each round: the true accept rate for each false accept rate that was asked for, and the EER."""

    tar: Rates
    eer: Rates


def rounds(genuine: Side, impostor: Side, weights: Counts, fars: Sequence[float]) -> Rounds:
    """Set the thresholds anew in each round, by the same rule as `measures.operating`."""
    places = np.unique(np.concatenate([genuine.place, impostor.place]))
    thresholds = np.append(places, places.max(initial=-1) + 1)
    above = genuine.above(thresholds), impostor.above(thresholds)
    tar, eer = np.full((len(weights), len(fars)), np.nan), np.full(len(weights), np.nan)
    for number, weight in enumerate(weights):
        if not genuine.total[number] or not impostor.total[number]:
            continue
        found = genuine.accepted(weight, above[0]) / genuine.total[number]
        shown = impostor.accepted(weight, above[1]) / impostor.total[number]
        # The first threshold at which no more than that share is accepted; `shown` falls as the threshold rises.
        tar[number] = found[np.searchsorted(-shown, [-rate for rate in fars], "left")]
        nearest = int(np.abs(shown - (1 - found)).argmin())
        eer[number] = (shown[nearest] + 1 - found[nearest]) / 2
    return Rounds(tar, eer)


def shares(hits: Counts, trials: Counts, weights: Counts) -> Rates:
    """The share of hits in each round; both by person. Not a number where nobody was drawn who was tried."""
    return divided(weights @ hits, weights @ trials)


def accuracies(folds: Folds, one: Counts, other: Counts, weights: Counts) -> Rates:
    """The mean accuracy over folds in each round."""

    def each() -> Iterator[float]:
        for weight in weights:
            by_fold = folds.accuracies(np.where(one == other, weight[one], weight[one] * weight[other]))
            told = by_fold[~np.isnan(by_fold)]
            yield float(told.mean()) if len(told) else np.nan

    return np.fromiter(each(), np.float64, len(weights))


def interval(drawn: Rates, told: float | None, people: int) -> Interval:
    """The middle of the rounds, around a rate that is told; None where there is none.

    A rate of exactly 0 or 1 is one without an error.
    """
    known = drawn[~np.isnan(drawn)]
    if told is None or not len(known):
        return None
    low, high = np.quantile(known, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    room = min(1.0, 3 / max(people, 1))
    if told <= 0:
        high = max(high, room)
    elif told >= 1:
        low = min(low, 1 - room)
    return [round(float(min(low, told)), 6), round(float(max(high, told)), 6)]
