"""What a quality gate does to the errors of searches: who is refused, and how often the others are missed (P22).

With the gate before enrolment, a person is enrolled by their first picture that passes, as somebody who is refused
gives another one; who has none is not enrolled. With the gate before searches, a picture that does not pass is not
searched for. Refusing is no merit by itself, so each rate is told twice: of the searches that were made, and of all,
those that were refused and those for people who could not be enrolled counted as misses.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from countenance.evaluate.identifying import Identification, enrol, identification, searched
from countenance.evaluate.scores import Observed

PROBE, ENROLMENT = "probe", "enrolment"
USES = (PROBE, ENROLMENT)
_BEFORE = {"probes": (PROBE,), "enrolment": (ENROLMENT,), "both": (PROBE, ENROLMENT)}
Refused = Mapping[str, Collection[int]]
"""Before which use the gate refuses which pictures, by their numbers in the data set."""


def gated(observed: Observed, level: str, refused: Refused) -> dict[str, Any]:
    """The figures of a gate before probes, before enrolment, and before both."""
    told: dict[str, Any] = {"level": level}
    for name, uses in _BEFORE.items():
        told[name] = _figures(observed, {use: frozenset(refused[use]) if use in uses else frozenset() for use in USES})
    return told


def _figures(observed: Observed, refused: Mapping[str, frozenset[int]]) -> dict[str, Any]:
    drawn = enrol(observed, refused[ENROLMENT])
    enrolled, asked, several = drawn.faces, drawn.asked, drawn.several
    barred = several - enrolled.keys()
    wanted = [each for number, each in asked if number not in refused[PROBE] and each[0] not in barred]
    made = searched(observed, enrolled, wanted, enrolled.keys())
    found = identification(made)
    # What would have been their enrolment is no search.
    mated = sum(who in several for _, (who, _) in asked) - observed.enrol * len(barred)
    return {
        "people_not_enrolled": len(barred),
        "searches_refused": sum(number in refused[PROBE] for number, (who, _) in asked if who not in barred),
        "gallery": found.gallery,
        "probes": found.probes,
        "unmated": found.everybody.strangers,
        "rank1": _share(found.within(1)),
        "fnir": {rate: _missed(found, rate, found.probes) for rate in found.everybody.fnir},
        "fnir_of_all": {rate: _missed(found, rate, mated) for rate in found.everybody.fnir},
    }


def _missed(found: Identification, rate: str, searches: int) -> float | None:
    """The share of so many mated searches that do not find their person at this rate of false positives."""
    at = found.everybody.fnir[rate]
    return None if at is None or not searches else round(1 - at.tar * found.probes / searches, 6)


def _share(rate: float | None) -> float | None:
    return None if rate is None else round(rate, 6)
