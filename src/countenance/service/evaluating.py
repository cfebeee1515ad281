"""Evaluation: how often the model is wrong on a data set. In memory; nothing of it reaches a gallery (P3, P22)."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rfc8785

from countenance.config import VisionSection
from countenance.errors import InputError, PurposeRefused
from countenance.evaluate.dataset import DataSet, open_dataset
from countenance.evaluate.figures import report
from countenance.evaluate.groups import read_groups
from countenance.evaluate.pairs import add_pairs, open_pairs
from countenance.evaluate.remarks import kept, told
from countenance.evaluate.run import FACES, Progress, measure
from countenance.evaluate.scores import MOST_ENROLLED, Listed, read_scores, write_scores
from countenance.policy.desk import Ask
from countenance.policy.facts import DataSetFacts, Facts
from countenance.policy.rules import DATA_SET, LEAST_PEOPLE, STATEMENTS
from countenance.types import Evaluate, OrganisationId, system_clock
from countenance.version import VERSION
from countenance.vision.cards import SFACE
from countenance.vision.engine import GATES, Vision

if TYPE_CHECKING:
    from countenance.service.context import Context
    from countenance.service.countenance import Countenance

__all__ = ["FACES", "STATEMENTS", "Progress", "Wish", "evaluate", "rebuild"]

_STATED_BY_PEOPLE = ("consented-testers", "synthetic")


@dataclass(frozen=True, slots=True)
class Wish:
    """What is measured, how, and what is kept of it.

    Attributes:
        dataset: A folder that holds one folder for each person, with that person's photos; or a file of pairs that
            lies in such a folder: then those pairs alone are compared, and nobody is searched for.
        statement: What the data set is: one of `STATEMENTS`.
        people: Take only the first so many people who have two photos or more, in the order of their names.
        pairs: A file of pairs in folds, of a folder's photos: accuracy is told over them.
        groups: A table of person and group, as the people stated it themselves: figures are told by group too.
        face: Which face of a photo is its person's: one of `FACES`.
        leave_out_duplicates: Leave out files that lie under two names; without it they are an error.
        gate: A level of the quality gate, one of `GATES`: what it would refuse, and how often the others are missed.
        scores: Where to write the raw scores and file numbers, from which `rebuild` makes the same report.
        model: The id of a recogniser that is here; the gallery's, or the default one, when left out.
        enrol: By how many photos each person is enrolled; who has no more than these is not.
        flip: Whether a template is the mean of the face's and its mirror image's; as the gallery has it, when None.
    """

    dataset: Path
    statement: str
    people: int | None = None
    pairs: Path | None = None
    groups: Path | None = None
    face: str = "largest"
    leave_out_duplicates: bool = False
    gate: str | None = None
    scores: Path | None = None
    model: str | None = None
    enrol: int = 1
    flip: bool | None = None

    def check(self) -> None:
        """Raise `InputError` or `PurposeRefused` for what cannot be asked, before a photo is read."""
        if self.face not in FACES:
            raise InputError(
                f"There is no way {self.face!r} to choose a face.", hint=f"Use one of: {', '.join(FACES)}."
            )
        if self.gate is not None and self.gate not in GATES:
            raise InputError(f"There is no quality gate {self.gate!r}.", hint=f"Use one of: {', '.join(GATES)}.")
        if not 1 <= self.enrol <= MOST_ENROLLED or (self.enrol > 1 and self.dataset.is_file()):
            raise InputError(
                f"Nobody can be enrolled by {self.enrol} photos here.",
                hint=f"1 to {MOST_ENROLLED}, of a folder of people: in a file of pairs nobody is searched for.",
            )
        scores = self.scores
        if scores is not None and (scores.is_dir() or not scores.absolute().parent.is_dir()):
            raise InputError(
                f"The scores cannot be written to {scores}.", hint="Name a file in a folder that is there."
            )
        if self.groups is not None and self.statement not in _STATED_BY_PEOPLE:
            raise PurposeRefused(
                "Groups are what testers said of themselves, and nobody of this data set was asked.",
                requirement="P22", hint=f"Leave --groups out, or state one of: {', '.join(_STATED_BY_PEOPLE)}.",
            )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Job:
    """A wish, and what was found of it."""

    wish: Wish
    data: DataSet
    listed: Listed | None
    progress: Callable[[Progress], None] | None


def evaluate(
    wish: Wish, *, gallery: Countenance | None = None, progress: Callable[[Progress], None] | None = None
) -> dict[str, Any]:
    """Measure detection, verification (1:1) and identification (1:N) on a folder of people or a file of pairs.

    With a gallery the evaluation is decided and logged there first; without one it is not logged, and the answer says
    so (docs/decisions/0003-evaluate-without-a-gallery.md).

    Args:
        wish: What is measured, and how.
        gallery: Where it is decided and logged; opened by the account that evaluates.
        progress: Told after every photo.

    Returns:
        What ``countenance evaluate --json`` prints; docs/reference/evaluate.md explains every field.

    Raises:
        InputError: no such folder, fewer than 20 people, nothing to compare, one file under two names, or groups or
            pairs that do not fit.
        PurposeRefused: the statement is not on the list, or does not go with groups.
        NotSignedIn, RoleRefused: there is a gallery, and this account may not evaluate there.
    """
    wish.check()
    job = _Job(wish, *_opened(wish.dataset, wish.people, wish.pairs), progress)
    _check_enough(job)
    stated = DataSetFacts(wish.statement, job.data.people)
    if gallery is not None:
        return _logged(gallery.context, job, stated)
    for rule in DATA_SET:
        refusal = rule(Facts(Evaluate, system_clock(), OrganisationId(0), data_set=stated))
        if refusal is not None:
            raise refusal
    with Vision(recogniser=wish.model or SFACE.id, flip=bool(wish.flip)) as vision:
        return _measured(job, vision, VisionSection().max_bytes) | {"logged": None}


def rebuild(scores: Path, dataset: Path | None = None) -> dict[str, Any]:
    """The report made again from a file of raw scores: the same figures, the same hash.

    Args:
        scores: What `evaluate` wrote.
        dataset: What it was made from, unchanged. With it files have their names; no photo is opened.

    Raises:
        InputError: the file holds no raw scores, or this is not the data set that they were made from.
    """
    observed = read_scores(scores)
    data = None if dataset is None else _opened(dataset, observed.remarks["people"], None)[0]
    figures = report(observed, LEAST_PEOPLE)
    return figures | told(observed, figures, data)


def _opened(dataset: Path, people: int | None, pairs: Path | None) -> tuple[DataSet, Listed | None]:
    """The data set, and the pairs where some are listed."""
    if not dataset.is_file():
        data = open_dataset(dataset, people=people)
        return data, None if pairs is None else add_pairs(pairs, data)
    if people is not None or pairs is not None:
        raise InputError(
            f"{dataset} is a file of pairs: who and what is compared stands in it.",
            hint="Leave --people and --pairs out, or give the folder of people.",
        )
    return open_pairs(dataset)


def _check_enough(job: _Job) -> None:
    """Raise `InputError` where nobody would be left to search for."""
    if job.wish.enrol > 1 and max(Counter(photo.person for photo in job.data.photos).values()) <= job.wish.enrol:
        raise InputError(
            f"Nobody in {job.wish.dataset} has more than {job.wish.enrol} photos, so nobody could be searched for.",
            hint="Enrol each person by fewer: --enrol 1.",
        )


def _logged(context: Context, job: _Job, stated: DataSetFacts) -> dict[str, Any]:
    """Ask the desk, measure, and write down what came out: the counts, and a hash of the whole answer."""
    # What was typed in place of a statement could be anything, a name too: it is not repeated in the log.
    known = stated.statement if stated.statement in STATEMENTS else "unknown"
    facts = {"statement": known, "people": stated.people, "files": len(job.data.photos)}
    ask = Ask(data_set=stated, facts=facts)
    grant = context.desk.decide(Evaluate, ask)
    grant.spend(Evaluate, scope=ask.scope, now=context.clock())
    limit = context.settings.vision.max_bytes
    usual = (context.vision.card.id, context.vision.flip)
    model, flip = job.wish.model or usual[0], usual[1] if job.wish.flip is None else job.wish.flip
    if (model, flip) == usual:
        answer = _measured(job, context.vision, limit)
    else:
        wanted = context.settings.vision
        with Vision(backend=wanted.backend, recogniser=model, detector=wanted.detector, flip=flip) as other:
            answer = _measured(job, other, limit)
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
    wish = job.wish
    names, stated = read_groups(wish.groups, job.data) if wish.groups else ((), {})
    result = measure(
        job.data,
        vision,
        limit=limit,
        face=wish.face,
        leave_out_duplicates=wish.leave_out_duplicates,
        gate=wish.gate,
        progress=job.progress,
    )
    about = {
        "statement": wish.statement,
        "face": wish.face,
        "model": {"name": vision.card.name, "sha256": vision.card.sha256, "flip": vision.flip},
        "embedding_contract": vision.contract,
        "version": VERSION,
    }
    observed = replace(
        result.observed,
        groups=names,
        stated=stated,
        about=about,
        listed=job.listed,
        listed_alone=wish.dataset.is_file(),
        remarks=kept(job.data, result, wish.people, wish.gate, wish.enrol),
    )
    if wish.scores is not None:
        write_scores(observed, wish.scores)
    figures = report(observed, LEAST_PEOPLE)
    return figures | told(observed, figures, job.data)
