"""The figures of one group, at the thresholds of the whole."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from countenance.evaluate.bootstrap import interval, one_person, shares, strangers_in_all, two_people
from countenance.evaluate.folds import divided
from countenance.evaluate.identifying import Identification, Searches, rates
from countenance.evaluate.measures import Operating, Verification, accepted, compare_all
from countenance.evaluate.pairing import Compared, Paired
from countenance.evaluate.scores import BINS, HALF, Counts, Observed


@dataclass(frozen=True, slots=True, eq=False)
class Whole:
    """What was measured on everybody. ``weights`` are the draws of the bootstrap."""

    observed: Observed
    persons: Counts
    paired: Paired
    verified: Verification
    made: Searches
    identified: Identification
    weights: Counts


def group(whole: Whole, number: int, least_people: int) -> dict[str, Any]:
    """Pairs within the group, and searches by its people in the whole gallery."""
    stated = whole.observed.stated
    people = np.array(
        [person for person in np.unique(whole.persons).tolist() if stated.get(person) == number], np.int64
    )
    told: dict[str, Any] = {"people": len(people)}
    if len(people) < least_people:
        return told | {"note": f"fewer than {least_people} people: no rate is told"}
    weights = np.zeros_like(whole.weights)
    weights[:, people] = whole.weights[:, people]
    return told | _verified(whole, people, weights) | _identified(whole, people, weights)


def _verified(whole: Whole, people: Counts, weights: Counts) -> dict[str, Any]:
    genuine = _within(whole.paired.genuine, whole.persons, people)
    impostor = _within(whole.paired.impostor, whole.persons, people)
    if whole.observed.listed_alone:
        genuine_counts, impostor_counts = (np.bincount(part.place, minlength=BINS) for part in (genuine, impostor))
        total = None
    else:
        labels = whole.persons[np.array(whole.observed.found, np.bool_)]
        pairs = compare_all(whole.observed.scores, labels.tolist(), np.flatnonzero(np.isin(labels, people)))
        genuine_counts, impostor_counts = pairs.genuine, pairs.impostor
        total = strangers_in_all(np.bincount(labels, minlength=weights.shape[1]), weights)
    tar, far = accepted(genuine_counts), accepted(impostor_counts)
    own, strange = one_person(genuine, whole.persons, weights), two_people(impostor, whole.persons, weights, total)
    told = {}
    for rate, at in whole.verified.tar.items():
        if at is None:
            continue
        threshold = np.array([_place(at)])
        ahead = own.above(threshold), strange.above(threshold)
        taken = np.array([strange.accepted(weight, ahead[1])[0] for weight in weights])
        found = np.array([own.accepted(weight, ahead[0])[0] for weight in weights])
        told[rate] = _at(
            at, ("fmr", far, divided(taken, strange.total)), ("fnmr", tar, 1 - divided(found, own.total)), len(people)
        )
    return {
        "genuine_pairs": int(genuine_counts.sum()),
        "impostor_pairs": int(impostor_counts.sum()),
        "verification": told,
    }


def _identified(whole: Whole, people: Counts, weights: Counts) -> dict[str, Any]:
    made = whole.made
    ours = np.isin(made.person, people)
    mated, unmated = made.mated & ours, made.seen & ours
    found, shown = rates(made, mated, unmated)
    count = weights.shape[1]
    tried, strange = (np.bincount(made.person[chosen], minlength=count) for chosen in (mated, unmated))
    told = {}
    for rate, at in whole.identified.everybody.fnir.items():
        if at is None:
            continue
        missed = np.bincount(made.person[mated & (made.mate < _place(at))], minlength=count)
        taken = np.bincount(made.person[unmated & (made.other >= _place(at))], minlength=count)
        told[rate] = _at(
            at, ("fpir", shown, shares(taken, strange, weights)), ("fnir", found, shares(missed, tried, weights)),
            len(people),
        )  # fmt: skip
    return {"probes": int(mated.sum()), "unmated": int(unmated.sum()), "identification": told}


def _within(pairs: Compared, persons: Counts, people: Counts) -> Compared:
    return pairs.of(np.isin(persons[pairs.first], people) & np.isin(persons[pairs.second], people))


def _place(at: Operating) -> int:
    return round((at.threshold + 1) * HALF)


def _at(
    at: Operating,
    positive: tuple[str, np.ndarray, np.ndarray],
    negative: tuple[str, np.ndarray, np.ndarray],
    people: int,
) -> dict[str, Any]:
    """Both errors at a threshold: their names, the accepted share by threshold, and their rounds."""
    wrong = float(positive[1][_place(at)])
    missed = 1 - float(negative[1][_place(at)])
    return {
        "threshold": at.threshold,
        positive[0]: round(wrong, 6),
        negative[0]: round(missed, 6),
        "interval": {
            positive[0]: interval(positive[2], wrong, people),
            negative[0]: interval(negative[2], missed, people),
        },
    }
