"""Evaluation: how often the model is wrong on a data set. In memory; nothing of it reaches a gallery (P3, P22)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rfc8785

from countenance.config import VisionSection
from countenance.errors import PurposeRefused
from countenance.evaluate.dataset import DataSet, open_dataset
from countenance.evaluate.figures import report
from countenance.evaluate.groups import read_groups
from countenance.evaluate.run import Measured, Progress, measure
from countenance.evaluate.scores import read_scores, write_scores
from countenance.policy.desk import Ask
from countenance.policy.facts import DataSetFacts, Facts
from countenance.policy.rules import DATA_SET, LEAST_PEOPLE, STATEMENTS
from countenance.types import Evaluate, OrganisationId, system_clock
from countenance.version import VERSION
from countenance.vision import packs
from countenance.vision.engine import Vision

if TYPE_CHECKING:
    from countenance.service.context import Context
    from countenance.service.countenance import Countenance

__all__ = ["STATEMENTS", "Progress", "evaluate", "rebuild"]

_STATED_BY_PEOPLE = ("consented-testers", "synthetic")


@dataclass(frozen=True, slots=True)
class _Job:
    """What is measured, and what is kept of it."""

    data: DataSet
    statement: str
    groups: Path | None
    scores: Path | None
    progress: Callable[[Progress], None] | None


def evaluate(
    dataset: Path,
    statement: str,
    *,
    gallery: Countenance | None = None,
    people: int | None = None,
    groups: Path | None = None,
    scores: Path | None = None,
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
        groups: A table of person and group, as the people stated it themselves: figures are told by group too.
        scores: Where to write the raw scores and file numbers, from which `rebuild` makes the same report.
        progress: Told after every photo.

    Returns:
        What ``countenance evaluate --json`` prints; docs/reference/evaluate.md explains every field.

    Raises:
        InputError: no such folder, fewer than 20 people, nothing to compare, or groups that do not fit.
        PurposeRefused: the statement is not on the list, or does not go with groups.
        NotSignedIn, RoleRefused: there is a gallery, and this account may not evaluate there.
    """
    job = _Job(open_dataset(dataset, people=people), statement, groups, scores, progress)
    if groups is not None and statement not in _STATED_BY_PEOPLE:
        raise PurposeRefused(
            "Groups are what testers said of themselves, and nobody of this data set was asked.",
            requirement="P22", hint=f"Leave --groups out, or state one of: {', '.join(_STATED_BY_PEOPLE)}.",
        )  # fmt: skip
    stated = DataSetFacts(statement, job.data.people)
    if gallery is not None:
        return _logged(gallery.context, job, stated)
    for rule in DATA_SET:
        refusal = rule(Facts(Evaluate, system_clock(), OrganisationId(0), data_set=stated))
        if refusal is not None:
            raise refusal
    with Vision() as vision:
        return _measured(job, vision, VisionSection().max_bytes) | {"logged": None}


def rebuild(scores: Path) -> dict[str, Any]:
    """The report made again from a file of raw scores: the same figures, the same hash. Raises `InputError`."""
    return report(read_scores(scores), LEAST_PEOPLE)


def _logged(context: Context, job: _Job, stated: DataSetFacts) -> dict[str, Any]:
    """Ask the desk, measure, and write down what came out: the counts, and a hash of the whole answer."""
    # What was typed in place of a statement could be anything, a name too: it is not repeated in the log.
    known = stated.statement if stated.statement in STATEMENTS else "unknown"
    facts = {"statement": known, "people": stated.people, "files": len(job.data.photos)}
    ask = Ask(data_set=stated, facts=facts)
    grant = context.desk.decide(Evaluate, ask)
    grant.spend(Evaluate, scope=ask.scope, now=context.clock())
    answer = _measured(job, context.vision, context.settings.vision.max_bytes)
    outcome = {
        "images": answer["images"],
        "detected": answer["detected"],
        "report": answer["report_sha256"],
        "contract": answer["embedding_contract"],
        "gallery": answer["identification"]["gallery"],
        "rank1": answer["identification"]["rank1"],
        "fnir": answer["identification"]["fnir"],
        "tar": answer["verification"]["tar"],
        "statement": known,
        "answer": hashlib.sha256(rfc8785.dumps(answer)).hexdigest(),
    }
    with context.registry.write() as connection:
        written = context.desk.effect(connection, "evaluate", grant.log_index, facts=outcome)
    context.book.publish()
    return answer | {"logged": {"index": written.index, "root": written.root}}


def _measured(job: _Job, vision: Vision, limit: int) -> dict[str, Any]:
    """Measure, keep the raw scores where that is wanted, and tell."""
    names, stated = read_groups(job.groups, job.data) if job.groups else ((), {})
    result = measure(job.data, vision, limit=limit, progress=job.progress)
    about = {
        "statement": job.statement,
        "model": {"name": packs.SFACE.name, "sha256": packs.SFACE.sha256},
        "embedding_contract": vision.contract,
        "version": VERSION,
    }
    observed = replace(result.observed, groups=names, stated=stated, about=about)
    if job.scores is not None:
        write_scores(observed, job.scores)
    return report(observed, LEAST_PEOPLE) | _remarks(job.data, result)


def _remarks(data: DataSet, result: Measured) -> dict[str, Any]:
    """What is about the files and not about the scores: named where the operator has to do something about them."""
    return {
        "seconds": result.seconds,
        "unreadable": [
            {"path": _path(data, fault.number), "code": fault.code, "reason": fault.reason} for fault in result.faults
        ],
        "repeats": result.repeats,
        "duplicates": [[_path(data, number) for number in numbers] for numbers in result.duplicates],
    }


def _path(data: DataSet, number: int) -> str:
    return data.photos[number].path.decode("utf-8", "backslashreplace")
