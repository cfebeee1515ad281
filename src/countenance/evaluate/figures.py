"""The report of an evaluation as plain data: made from scores alone, so that anybody who has them can make it again."""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from typing import Any

import numpy as np
import rfc8785

from countenance.evaluate.identifying import Identification, Searches, identification, rates, search_all
from countenance.evaluate.measures import Operating, TradeOff, Verification, accepted, compare_all, verification
from countenance.evaluate.scores import HALF, Counts, Observed


def report(observed: Observed, least_people: int) -> dict[str, Any]:
    """All figures, with a hash of them under ``report_sha256``: the same scores give the same hash.

    Args:
        observed: What they are made from.
        least_people: Groups of fewer people than this are counted, and no rate of theirs is told.
    """
    persons = np.array(observed.persons, np.int64)
    labels = persons[np.array(observed.found, np.bool_)]
    verified, made = verification(compare_all(observed.scores, labels.tolist())), search_all(observed)
    identified = identification(made)
    told: dict[str, Any] = {
        **observed.about,
        "images": len(persons),
        "identities": len(set(observed.persons)),
        "detected": int(sum(observed.found)),
        "verification": _verification(verified),
        "identification": _identification(identified),
    }
    if observed.groups:
        told["groups"] = {
            name: _group(observed, labels, number, (verified, identified, made), least_people)
            for number, name in enumerate(observed.groups)
        }
    return told | {"report_sha256": hashlib.sha256(rfc8785.dumps(told)).hexdigest()}


def _group(
    observed: Observed,
    labels: Counts,
    number: int,
    whole: tuple[Verification, Identification, Searches],
    least_people: int,
) -> dict[str, Any]:
    """One group at the thresholds of the whole: pairs within the group, and searches by its people in the gallery."""
    verified, identified, made = whole
    people = [person for person, group in observed.stated.items() if group == number]
    told: dict[str, Any] = {"people": len(people)}
    if len(people) < least_people:
        return told | {"note": f"fewer than {least_people} people: no rate is told"}
    pairs = compare_all(observed.scores, labels.tolist(), np.flatnonzero(np.isin(labels, people)))
    tar, far = accepted(pairs.genuine), accepted(pairs.impostor)
    told["genuine_pairs"], told["impostor_pairs"] = pairs.genuine_count, pairs.impostor_count
    told["verification"] = {
        rate: _at(at, far, tar, "fmr", "fnmr") for rate, at in verified.tar.items() if at is not None
    }
    found, shown, strangers = rates(made, np.isin(made.person, people))
    told["probes"], told["non_mated"] = int((made.mated & np.isin(made.person, people)).sum()), strangers
    told["identification"] = {
        rate: _at(at, shown, found, "fpir", "fnir") for rate, at in identified.fnir.items() if at is not None
    }
    return told


def _at(at: Operating, positive: np.ndarray, found: np.ndarray, one: str, other: str) -> dict[str, float]:
    place = round((at.threshold + 1) * HALF)
    return {"threshold": at.threshold, one: round(float(positive[place]), 6), other: round(1 - float(found[place]), 6)}


def _verification(found: Verification) -> dict[str, Any]:
    return {
        "tar": {far: None if at is None else round(at.tar, 6) for far, at in found.tar.items()},
        "threshold": {far: None if at is None else at.threshold for far, at in found.tar.items()},
        "eer": _rounded(found.eer),
        "accuracy": _rounded(found.accuracy),
        "genuine_pairs": found.genuine_pairs,
        "impostor_pairs": found.impostor_pairs,
        "det": _points(found.det, "fmr", "fnmr"),
    }


def _identification(found: Identification) -> dict[str, Any]:
    return {
        "gallery": found.gallery,
        "probes": found.probes,
        "rank1": _rounded(found.rank1),
        "rank5": _rounded(found.rank5),
        "non_mated": found.strangers,
        "fnir": {fpir: None if at is None else round(1 - at.tar, 6) for fpir, at in found.fnir.items()},
        "threshold": {fpir: None if at is None else at.threshold for fpir, at in found.fnir.items()},
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
