"""The worst errors, by the numbers of files: errors alone, never who resembles whom (P3)."""

from __future__ import annotations

from typing import Any

import numpy as np

from countenance.evaluate.measures import Verification, cosine
from countenance.evaluate.pairing import Compared, Paired
from countenance.evaluate.scores import HALF, Observed

NAMED = 20
"""Errors of a kind that are named."""


def worst(observed: Observed, verified: Verification, paired: Paired) -> dict[str, Any]:
    """Pairs on the wrong side of the threshold, those farthest from it first, and pictures without a face.

    The threshold is that of the least false accept rate that can be told.
    """
    told = [(rate, at.threshold) for rate, at in verified.tar.items() if at is not None]
    faceless = np.array(observed.numbers, np.int64)[~np.array(observed.found, np.bool_)]
    found: dict[str, Any] = {
        "threshold": told[-1][1] if told else None,
        "far": told[-1][0] if told else None,
        "false_non_matches": [],
        "false_matches": [],
        "no_face": faceless[:NAMED].tolist(),
        "counts": {"false_non_matches": 0, "false_matches": 0, "no_face": len(faceless)},
    }
    if not told:
        return found
    place = round((told[-1][1] + 1) * HALF)
    missed = paired.genuine.of(paired.genuine.place < place)
    taken = paired.impostor.of(paired.impostor.place >= place)
    found["counts"] |= {"false_non_matches": len(missed.place), "false_matches": len(taken.place)}
    found["false_non_matches"] = _first(observed, missed, missed.place)
    found["false_matches"] = _first(observed, taken, -taken.place)
    return found


def _first(observed: Observed, pairs: Compared, order: np.ndarray) -> list[dict[str, Any]]:
    chosen = np.lexsort((pairs.second, pairs.first, order))[:NAMED]
    return [
        {
            "score": cosine(int(pairs.place[at])),
            "files": [observed.numbers[i] for i in (pairs.first[at], pairs.second[at])],
        }
        for at in chosen.tolist()
    ]


def named(report: dict[str, Any]) -> list[int]:
    """The numbers of all files that the worst errors name."""
    errors = report["worst"]
    pairs = [*errors["false_non_matches"], *errors["false_matches"]]
    return sorted({number for pair in pairs for number in pair["files"]} | set(errors["no_face"]))
