"""How high strangers score on a data set, fitted as a calibration, for `countenance calibrate` and a model's card.

Every ordered pair of faces of two people is a comparison of a probe with a template. A gallery holds each person once,
so on its side people weigh the same however many photos they have; on the probe's side photos do, as in an evaluation.
A rate counts as measured where at least `CERTAIN` different pairs of people reach its score (the rule of 30: Doddington
et al., Speech Communication 31, 2000): a hundred pairs of photos of the same two people say no more than one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from countenance.errors import InputError
from countenance.evaluate.measures import CERTAIN, cosine
from countenance.evaluate.scores import BINS, BLOCK, STEP, Counts, Scores
from countenance.gallery.calibration import Calibration

RATES = (0.1, 0.03, 0.01, 0.003, 0.001, 0.0003, 0.0001, 0.00003, 0.00001)
MANY = 300
"""Different pairs of people above the score from which on the tail is fitted."""
MOST_PEOPLE = 5_000
_SPREAD = 2.0
"""How evenly probes collide, where no earlier calibration says it; measured in docs/reference/calibration.md."""


@dataclass(frozen=True, slots=True, eq=False)
class Strangers:
    """Comparisons of two people, by score.

    Attributes:
        share: Entry ``i``: the share of comparisons that reach the place ``i`` of the grid.
        pairs: Entry ``i``: how many different pairs of people do, by their most similar photos.
        people, photos: How many were compared.
    """

    share: NDArray[np.float64]
    pairs: Counts
    people: int
    photos: int


def strangers(scores: Scores, persons: Counts, among: Counts | None = None) -> Strangers:
    """Compare everybody with everybody else; ``among``: only these faces. Raises `InputError` for too many people."""
    chosen = np.arange(scores.count) if among is None else among
    _, who, counts = np.unique(persons[chosen], return_inverse=True, return_counts=True)
    people = len(counts)
    if not 2 <= people <= MOST_PEOPLE:
        raise InputError(
            f"A calibration takes 2 to {MOST_PEOPLE:,} people; here are {people:,}.", hint="Take fewer: `--people N`."
        )
    weight, reached = 1 / counts[who], np.zeros(BINS)
    likest = np.full((people, people), -1, np.int32)
    for i in range(0, len(chosen), BLOCK):
        for j in range(0, len(chosen), BLOCK):
            one, other = who[i : i + BLOCK], who[j : j + BLOCK]
            places = scores.places(chosen[i : i + BLOCK], chosen[j : j + BLOCK])
            apart = one[:, None] != other[None, :]
            weights = np.broadcast_to(weight[j : j + BLOCK], apart.shape)
            reached += np.bincount(places[apart], weights[apart], minlength=BINS)
            if j >= i:
                pairs = np.broadcast_to(one[:, None] * people + other[None, :], apart.shape)[apart]
                np.maximum.at(likest.reshape(-1), pairs, places[apart].astype(np.int32))
    both = np.maximum(likest, likest.T)[np.triu_indices(people, 1)]
    pairs_at = np.bincount(both[both >= 0], minlength=BINS)
    tail = reached[::-1].cumsum()[::-1]
    return Strangers(tail / tail[0], pairs_at[::-1].cumsum()[::-1], people, len(chosen))


def fit(seen: Strangers, contract: str, measured_on: str, base: Calibration | None = None) -> Calibration:
    """A calibration of what was seen.

    Args:
        seen: Comparisons of two people.
        contract: The embedding contract of their templates.
        measured_on: Whose photographs, in words.
        base: Another calibration of the model. Beyond what these people can tell, its shape is carried on.

    Raises:
        InputError: too few people for even two rates, or with ``base`` for one.
    """
    places = [(rate, int(np.argmax(seen.share <= rate))) for rate in RATES]
    told = [(rate, place) for rate, place in places if seen.share[place] > 0 and seen.pairs[place] >= CERTAIN]
    if len(told) < (2 if base is None else 1):
        raise InputError(
            f"{seen.people} people are too few for a calibration: fewer than {CERTAIN} pairs of them are alike.",
            hint="Take photos of more people who agreed: about a hundred tell what half of all searches need.",
        )
    own = tuple((cosine(place), rate) for rate, place in told)
    decay, spread = _decay(seen, told, base), _SPREAD if base is None else base.spread
    made = Calibration(contract, own, decay, spread, measured_on, seen.people, seen.photos, own[-1][1])
    return made if base is None else carried_on(made, base)


def carried_on(own: Calibration, base: Calibration) -> Calibration:
    """``own``, and beyond its last rate the shape of ``base``, moved so that the two meet."""
    last, least = own.rates[-1]
    moved = last - base.score(least)
    further = [(cosine + moved, rate) for cosine, rate in base.rates if rate < least * (1 - 1e-9)]
    rates = own.rates + tuple((round(cosine, 5), rate) for cosine, rate in further if last < cosine < 1)
    return replace(own, rates=rates, decay=base.decay if further else own.decay)


def _decay(seen: Strangers, told: list[tuple[float, int]], base: Calibration | None) -> float:
    """One over the mean excess above a high score: the maximum-likelihood fit of an exponential tail."""
    many = [place for _, place in told if seen.pairs[place] >= MANY]
    if base is not None and (not many or len(told) < len(RATES)):
        return base.decay
    start = many[-1] if many else told[0][1]
    # The mean excess is the area under the tail over its height.
    excess = float(seen.share[start + 1 :].sum() / seen.share[start]) * STEP
    return round(1 / max(excess, STEP), 2)
