"""One evaluation: photos → templates in memory → scores. No registry, no search in a gallery.

In each photo the largest face is taken, as it is in an enrolment and a search, or, where the data set names the person
in the middle, the face nearest to it; other people in the picture are not looked at. No quality gate stands in front:
poor photos count, so the figures are those of the model on this data set.
Templates live as long as the call; only scores and file numbers leave it (DESIGN §10).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from countenance.errors import InputError, QualityTooLow
from countenance.evaluate.dataset import Copies, DataSet, copies
from countenance.evaluate.scores import Computed, Floats, Observed
from countenance.policy.rules import LEAST_PEOPLE
from countenance.types import Face, Pixels
from countenance.vision.engine import Vision
from countenance.vision.quality import USES, reasons

FACES = ("largest", "middle")
"""Which face of a photo is its person's."""


@dataclass(frozen=True, slots=True)
class Progress:
    """Told after every photo."""

    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Fault:
    """A file that could not be read: its number in the data set, and why."""

    number: int
    code: str
    reason: str


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """What an evaluation saw.

    Attributes:
        observed: What the figures are made from.
        faults: Files that could not be read. They are left out.
        repeats: How many files were left out because the same person has the identical file already.
        duplicates: Numbers of identical files that lie under different names. They are left out.
        seconds: How long it took.
        stages: How many of them went into reading, finding faces, and making templates.
        refused: What a quality gate would refuse, by use, as numbers of pictures; None where it was not asked about.
    """

    observed: Observed
    faults: tuple[Fault, ...]
    repeats: int
    duplicates: tuple[tuple[int, ...], ...]
    seconds: float
    stages: dict[str, float]
    refused: dict[str, tuple[int, ...]] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class _Seen:
    """A photo that was read: its number, its person's, and the template of its largest face, if there is a face."""

    number: int
    person: int
    vector: Floats | None


class _Reader:
    """Reads the photos of a data set one after the other and notes what went wrong."""

    def __init__(self, data: DataSet, vision: Vision, limit: int, face: str, gate: str | None = None) -> None:
        self._data = data
        self._vision = vision
        self._limit = limit
        self._face = face
        self._gate = gate
        self.refused: dict[str, list[int]] = {use: [] for use in USES}
        self.faults: list[Fault] = []
        self.stages = {"decode": 0.0, "detect": 0.0, "embed": 0.0}

    def read(self, number: int) -> _Seen | None:
        """What is in a photo; None when it is left out."""
        photo = self._data.photos[number]
        times = [time.perf_counter()]
        try:
            picture = self._vision.decode(self._data.read(photo, self._limit))
            times.append(time.perf_counter())
            faces = self._vision.faces(picture)
            times.append(time.perf_counter())
            chosen = faces[:1] if self._face == "largest" else _middle(faces, picture.pixels)
            self._judge(number, chosen)
            templates = self._vision.templates(picture, chosen)
        except QualityTooLow:
            return _Seen(number, photo.person, None)
        except InputError as error:
            self.faults.append(Fault(number, error.code, error.message))
            return None
        times.append(time.perf_counter())
        for stage, start, end in zip(self.stages, times[:-1], times[1:], strict=True):
            self.stages[stage] += end - start
        return _Seen(number, photo.person, templates[0].vector if templates else None)

    def _judge(self, number: int, chosen: list[Face]) -> None:
        for use, numbers in self.refused.items():
            if self._gate not in {None, "off"} and (not chosen or reasons(chosen[0], self._gate or "off", use)):
                numbers.append(number)


def _middle(faces: list[Face], pixels: Pixels) -> list[Face]:
    """The face whose middle is nearest to the picture's."""
    high, wide = pixels.shape[:2]

    def away(face: Face) -> float:
        return float(np.hypot(face.box.x + face.box.w / 2 - wide / 2, face.box.y + face.box.h / 2 - high / 2))

    return sorted(faces, key=away)[:1]


def measure(
    data: DataSet,
    vision: Vision,
    *,
    limit: int,
    face: str = "largest",
    leave_out_duplicates: bool = False,
    gate: str | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Measured:
    """Measure the model on a data set.

    Args:
        data: Whose photos.
        vision: Reads the pictures and makes the templates.
        limit: Bytes that one file may have.
        face: Which face of a photo is its person's: one of `FACES`.
        leave_out_duplicates: Leave out files that lie under the names of several people; without it they are an error.
        gate: Note which pictures the quality gate would refuse at this level; poor photos count all the same.
        progress: Told after every photo.

    Raises:
        InputError: One file lies under two names; or too few faces were found to compare, or too few people (P3).
    """
    started = time.monotonic()
    same = copies(data, limit)
    if same.duplicates and not leave_out_duplicates:
        raise _under_two_names(data, same)
    left_out = same.repeats | {number for numbers in same.duplicates for number in numbers}
    reader, seen = _Reader(data, vision, limit, face, gate), []
    for number in range(len(data.photos)):
        one = reader.read(number) if number not in left_out else None
        if one is not None:
            seen.append(one)
        if progress:
            progress(Progress(number + 1, len(data.photos)))
    return Measured(
        observed=_observed(seen),
        faults=tuple(reader.faults),
        repeats=len(same.repeats),
        duplicates=same.duplicates,
        seconds=round(time.monotonic() - started, 3),
        stages={stage: round(spent, 3) for stage, spent in reader.stages.items()},
        refused={use: tuple(numbers) for use, numbers in reader.refused.items()} if gate else None,
    )


def _under_two_names(data: DataSet, same: Copies) -> InputError:
    first, second, *_ = same.duplicates[0]
    more = f", and {len(same.duplicates) - 1:,} more such files" if len(same.duplicates) > 1 else ""
    return InputError(
        f"{data.name(first)!r} and {data.name(second)!r} are the same file under two names{more}.",
        hint="One of the names is wrong: take that file away, or leave all such files out with --leave-out-duplicates.",
    )


def _observed(seen: list[_Seen]) -> Observed:
    vectors = [one.vector for one in seen if one.vector is not None]
    people = [one.person for one in seen if one.vector is not None]
    if len(set(people)) < LEAST_PEOPLE:
        raise InputError(
            f"A face was found in {len(vectors)} of {len(seen)} pictures, of {len(set(people))} people; "
            f"{LEAST_PEOPLE} people are needed.",
            hint="Check that the folder holds one folder for each person, with photos of that person (P3).",
        )
    if len(set(people)) == len(people):
        raise InputError(
            "A face was found in one picture of each person at most, so there is nothing to compare.",
            hint="Give at least some people two photos or more in which their face is seen.",
        )
    return Observed(
        numbers=tuple(one.number for one in seen),
        persons=tuple(one.person for one in seen),
        found=tuple(one.vector is not None for one in seen),
        scores=Computed(np.stack(vectors)),
    )
