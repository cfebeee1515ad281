"""Evaluation: how often the model is wrong on a data set. In memory; nothing of it reaches a gallery (P3, P22)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rfc8785

from countenance.config import VisionSection
from countenance.evaluate.dataset import DataSet, open_dataset
from countenance.evaluate.measures import Identification, Verification
from countenance.evaluate.run import Measured, Progress, measure
from countenance.policy.desk import Ask
from countenance.policy.facts import DataSetFacts, Facts
from countenance.policy.rules import DATA_SET, STATEMENTS
from countenance.types import Evaluate, OrganisationId, system_clock
from countenance.vision.engine import Vision

if TYPE_CHECKING:
    from countenance.service.context import Context
    from countenance.service.countenance import Countenance

__all__ = ["STATEMENTS", "Progress", "evaluate"]


def evaluate(
    dataset: Path,
    statement: str,
    *,
    gallery: Countenance | None = None,
    people: int | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> dict[str, Any]:
    """Measure detection, verification (1:1) and identification (1:N) on a folder of people.

    With a gallery the evaluation is decided and logged there first; without one it is not logged, and the answer says
    so (docs/decisions/0003-evaluate-without-a-gallery.md).

    Args:
        dataset: A folder that holds one folder for each person, with that person's photos.
        statement: What the data set is: one of `STATEMENTS`.
        gallery: Where it is decided and logged; opened by the account that evaluates.
        people: Take only the first so many people who have two photos or more, in the order of their names.
        progress: Told after every photo.

    Returns:
        What ``countenance evaluate --json`` prints; docs/reference/evaluate.md explains every field.

    Raises:
        InputError: no such folder, fewer than 20 people, or nothing to compare.
        PurposeRefused: the statement is not on the list.
        NotSignedIn, RoleRefused: there is a gallery, and this account may not evaluate there.
    """
    data = open_dataset(dataset, people=people)
    stated = DataSetFacts(statement, data.people)
    if gallery is not None:
        return _logged(gallery.context, data, stated, progress)
    for rule in DATA_SET:
        refusal = rule(Facts(Evaluate, system_clock(), OrganisationId(0), data_set=stated))
        if refusal is not None:
            raise refusal
    with Vision() as vision:
        result = measure(data, vision, limit=VisionSection().max_bytes, progress=progress)
        return _told(data, result, statement, vision.contract) | {"logged": None}


def _logged(
    context: Context, data: DataSet, stated: DataSetFacts, progress: Callable[[Progress], None] | None
) -> dict[str, Any]:
    """Ask the desk, measure, and write down what came out: the counts, and a hash of the whole answer."""
    # What was typed in place of a statement could be anything, a name too: it is not repeated in the log.
    known = stated.statement if stated.statement in STATEMENTS else "unknown"
    facts = {"statement": known, "people": stated.people, "files": len(data.photos)}
    ask = Ask(data_set=stated, facts=facts)
    grant = context.desk.decide(Evaluate, ask)
    grant.spend(Evaluate, scope=ask.scope, now=context.clock())
    result = measure(data, context.vision, limit=context.settings.vision.max_bytes, progress=progress)
    answer = _told(data, result, stated.statement, context.vision.contract)
    outcome = {
        "images": result.images,
        "detected": result.detected,
        "answer": hashlib.sha256(rfc8785.dumps(answer)).hexdigest(),
    }
    with context.registry.write() as connection:
        written = context.desk.effect(connection, "evaluate", grant.log_index, facts=outcome)
    context.book.publish()
    return answer | {"logged": {"index": written.index, "root": written.root}}


def _told(data: DataSet, result: Measured, statement: str, contract: str) -> dict[str, Any]:
    """The answer as plain data. Files are named only where the operator has to do something about them."""
    return {
        "images": result.images,
        "identities": result.identities,
        "detected": result.detected,
        "verification": _verification(result.verification),
        "identification": _identification(result.identification),
        "embedding_contract": contract,
        "seconds": result.seconds,
        "statement": statement,
        "unreadable": [
            {"path": _path(data, fault.number), "code": fault.code, "reason": fault.reason} for fault in result.faults
        ],
        "repeats": result.repeats,
        "duplicates": [[_path(data, number) for number in numbers] for numbers in result.duplicates],
    }


def _path(data: DataSet, number: int) -> str:
    return data.photos[number].path.decode("utf-8", "backslashreplace")


def _verification(found: Verification) -> dict[str, Any]:
    return {
        "tar": {far: None if at is None else round(at.tar, 6) for far, at in found.tar.items()},
        "threshold": {far: None if at is None else at.threshold for far, at in found.tar.items()},
        "eer": _rounded(found.eer),
        "accuracy": _rounded(found.accuracy),
        "genuine_pairs": found.genuine_pairs,
        "impostor_pairs": found.impostor_pairs,
    }


def _identification(found: Identification) -> dict[str, Any]:
    return {
        "gallery": found.gallery,
        "probes": found.probes,
        "rank1": _rounded(found.rank1),
        "rank5": _rounded(found.rank5),
    }


def _rounded(rate: float | None) -> float | None:
    return None if rate is None else round(rate, 6)
