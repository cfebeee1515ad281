"""The report of an evaluation as plain data: made from scores alone, so that anybody who has them can make it again."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, replace
from typing import Any

import numpy as np
import rfc8785

from countenance.evaluate import bootstrap
from countenance.evaluate.bootstrap import Side, draws, interval, one_person, shares, strangers_in_all, two_people
from countenance.evaluate.folds import Folds
from countenance.evaluate.gating import USES, gated
from countenance.evaluate.grouping import Whole, group
from countenance.evaluate.identifying import OpenSet, Searches, identification, search_all, sides
from countenance.evaluate.measures import BARS, TradeOff, histogram, uncertain, verification
from countenance.evaluate.pairing import all_pairs, listed_pairs
from countenance.evaluate.scores import Counts, Observed
from countenance.evaluate.worst import worst


def report(observed: Observed, least_people: int, rounds: int = bootstrap.ROUNDS) -> dict[str, Any]:
    """All figures, with a hash of them under ``report_sha256``: the same scores give the same hash.

    Args:
        observed: What they are made from.
        least_people: Groups of fewer people than this are counted, and no rate of theirs is told.
        rounds: How often people are drawn for the intervals.
    """
    observed = _numbered(observed)
    persons = np.array(observed.persons, np.int64)
    weights = draws(len(set(observed.persons)), rounds)
    paired = listed_pairs(observed) if observed.listed_alone else all_pairs(observed)
    verified, made = verification(paired.pairs), search_all(observed)
    identified = identification(made)
    whole = Whole(observed, persons, paired, verified, made, identified, weights)
    told: dict[str, Any] = {
        **observed.about,
        "images": len(persons),
        "identities": weights.shape[1],
        "detected": int(sum(observed.found)),
        "detection": _detection(observed, persons, weights),
        "verification": _verification(whole),
        "identification": _identification(whole),
        "intervals": {"level": bootstrap.LEVEL, "rounds": rounds, "seed": bootstrap.SEED, "drawn": "identities"},
        "worst": worst(observed, verified, paired),
    }
    if observed.groups:
        told["groups"] = {name: group(whole, number, least_people) for number, name in enumerate(observed.groups)}
    gate = observed.remarks.get("gate")
    if gate and not observed.listed_alone:
        told["gate"] = gated(observed, gate["level"], {use: gate[use] for use in USES})
    return told | {"report_sha256": hashlib.sha256(rfc8785.dumps(told)).hexdigest()}


def _numbered(observed: Observed) -> Observed:
    """The same with people numbered from 0, without a gap."""
    people, codes = np.unique(np.array(observed.persons, np.int64), return_inverse=True)
    place = {person: code for code, person in enumerate(people.tolist())}
    stated = {place[person]: group for person, group in observed.stated.items() if person in place}
    return replace(observed, persons=tuple(codes.tolist()), stated=stated)


def _detection(observed: Observed, persons: Counts, weights: Counts) -> dict[str, Any]:
    found, people = np.array(observed.found, np.bool_), weights.shape[1]
    hits, trials = (np.bincount(part, minlength=people) for part in (persons[found], persons))
    rate = float(found.mean())
    return {"rate": round(rate, 6), "interval": interval(shares(hits, trials, weights), rate, people)}


def _verification(whole: Whole) -> dict[str, Any]:
    found, paired, people = whole.verified, whole.paired, whole.weights.shape[1]
    told = [rate for rate, at in found.tar.items() if at is not None]
    drawn = bootstrap.rounds(*_pair_sides(whole), whole.weights, [float(rate) for rate in told])
    concerned = len(np.unique(whole.persons[paired.genuine.first]))
    spread: dict[str, Any] = {"eer": interval(drawn.eer, found.eer, people), "tar": dict.fromkeys(found.tar)}
    for column, rate in enumerate(told):
        at = found.tar[rate]
        spread["tar"][rate] = interval(drawn.tar[:, column], at.tar if at else None, concerned)
    folded = _folded(whole)
    spread["accuracy"] = folded.pop("interval")
    return folded | {
        "eer": _rounded(found.eer),
        "tar": {far: None if at is None else round(at.tar, 6) for far, at in found.tar.items()},
        "threshold": {far: None if at is None else at.threshold for far, at in found.tar.items()},
        "interval": spread,
        "uncertain": uncertain(found.tar, found.impostor_pairs),
        "best_accuracy": _rounded(found.best_accuracy),
        "compared": "listed pairs" if whole.observed.listed_alone else "all pairs",
        "genuine_pairs": found.genuine_pairs,
        "impostor_pairs": found.impostor_pairs,
        "det": _points(found.det, "fmr", "fnmr"),
        "histogram": {
            "from": -1, "step": 2 / BARS,
            "genuine": histogram(paired.pairs.genuine), "impostor": histogram(paired.pairs.impostor),
        },
    }  # fmt: skip


def _pair_sides(whole: Whole) -> tuple[Side, Side]:
    paired, persons, weights = whole.paired, whole.persons, whole.weights
    total = None
    if not paired.whole:
        faces = np.bincount(persons[np.array(whole.observed.found, np.bool_)], minlength=weights.shape[1])
        total = strangers_in_all(faces, weights)
    return one_person(paired.genuine, persons, weights), two_people(paired.impostor, persons, weights, total)


def _folded(whole: Whole) -> dict[str, Any]:
    """Accuracy over folds, where pairs were listed: over those pairs, whatever else was compared."""
    told: dict[str, Any] = {"accuracy": None, "accuracy_sd": None, "interval": None}
    if whole.observed.listed is None:
        return told
    paired = whole.paired if whole.observed.listed_alone else listed_pairs(whole.observed)
    kinds = (paired.genuine, paired.impostor)
    places, first, second = (
        np.concatenate([getattr(kind, part) for kind in kinds]) for part in ("place", "first", "second")
    )
    same = np.arange(len(places)) < len(paired.genuine.place)
    fold = paired.folds if paired.folds is not None else np.empty(0, np.int64)
    folds = Folds(places, same, fold)
    measured = folds.measured()
    if measured is not None:
        drawn = bootstrap.accuracies(folds, whole.persons[first], whole.persons[second], whole.weights)
        told["accuracy"], told["accuracy_sd"] = _rounded(measured.mean), _rounded(measured.sd)
        told["interval"] = interval(drawn, measured.mean, len(np.unique(whole.persons[first])))
        told["folds"] = [round(each, 6) for each in measured.accuracies]
    told["pairs"] = {
        "listed": len(whole.observed.listed.fold), "compared": len(places),
        "genuine": int(same.sum()), "impostor": int((~same).sum()),
        "left_out": paired.left_out, "without_face": paired.faceless,
    }  # fmt: skip
    return told


def _identification(whole: Whole) -> dict[str, Any]:
    found, made, weights = whole.identified, whole.made, whole.weights
    people = weights.shape[1]
    probes = np.bincount(made.person[made.mated], minlength=people)
    concerned = int((probes > 0).sum())
    spread = {}
    for rank in (1, 5):
        hits = np.bincount(made.person[made.mated & (made.rank <= rank)], minlength=people)
        spread[f"rank{rank}"] = interval(shares(hits, probes, weights), found.within(rank), concerned)
    everybody = _open_set(found.everybody, made, made.seen, weights, concerned)
    everybody["interval"] = spread | everybody["interval"]
    strange = _open_set(found.not_enrolled, made, made.seen & ~made.mated, weights, concerned)
    return {
        "gallery": found.gallery,
        "enrolled_by": whole.observed.enrol,
        "probes": found.probes,
        "unmated": everybody.pop("unmated"),
        "rank1": _rounded(found.within(1)),
        "rank5": _rounded(found.within(5)),
        **everybody,
        "not_enrolled": strange,
        "cmc": [round(share, 6) for share in found.cmc],
    }


def _open_set(found: OpenSet, made: Searches, unmated: np.ndarray, weights: Counts, concerned: int) -> dict[str, Any]:
    told = [rate for rate, at in found.fnir.items() if at is not None]
    drawn = bootstrap.rounds(*sides(made, unmated, weights), weights, [float(rate) for rate in told])
    spread: dict[str, Any] = dict.fromkeys(found.fnir)
    for column, rate in enumerate(told):
        at = found.fnir[rate]
        spread[rate] = interval(1 - drawn.tar[:, column], 1 - at.tar if at else None, concerned)
    return {
        "unmated": found.strangers,
        "fnir": {fpir: None if at is None else round(1 - at.tar, 6) for fpir, at in found.fnir.items()},
        "threshold": {fpir: None if at is None else at.threshold for fpir, at in found.fnir.items()},
        "interval": {"fnir": spread},
        "uncertain": uncertain(found.fnir, found.strangers),
        "det": _points(found.det, "fpir", "fnir"),
    }


def _points(points: tuple[TradeOff, ...], one: str, other: str) -> list[dict[str, float]]:
    rows = (asdict(point) for point in points)
    return [
        {"threshold": row["threshold"], one: _exact(row["false_positive"]), other: _exact(row["false_negative"])}
        for row in rows
    ]


def _exact(rate: float) -> float:
    """Rates of one in a million are told too."""
    return round(rate, 9)


def _rounded(rate: float | None) -> float | None:
    return None if rate is None else round(rate, 6)
