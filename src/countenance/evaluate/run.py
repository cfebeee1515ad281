"""One evaluation: photos → templates in memory → scores. No registry, no search in a gallery.

In each photo the largest face is taken, as it is in an enrolment and a search; other people in the picture are not
looked at. No quality gate stands in front: poor photos count, so the figures are those of the model on this data set.
Templates live as long as the call; only scores and file numbers leave it (DESIGN §10).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from countenance.errors import InputError, QualityTooLow
from countenance.evaluate.dataset import Copies, DataSet
from countenance.evaluate.scores import Computed, Floats, Observed
from countenance.vision.engine import Vision


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
        repeats: Files left out because the same person has the identical file already.
        duplicates: Numbers of identical files that lie under different names. They are left in.
    """

    observed: Observed
    faults: tuple[Fault, ...]
    repeats: int
    duplicates: tuple[tuple[int, ...], ...]
    seconds: float


@dataclass(frozen=True, slots=True, eq=False)
class _Seen:
    """A photo that was read: its number, its person's, and the template of its largest face, if there is a face."""

    number: int
    person: int
    vector: Floats | None


class _Reader:
    """Reads the photos of a data set one after the other and notes what went wrong."""

    def __init__(self, data: DataSet, vision: Vision, limit: int) -> None:
        self._data = data
        self._vision = vision
        self._limit = limit
        self._copies = Copies(data)
        self.faults: list[Fault] = []
        self.repeats = 0

    def read(self, number: int) -> _Seen | None:
        """What is in a photo; None when it is left out."""
        photo = self._data.photos[number]
        try:
            content = self._data.read(photo, self._limit)
            picture = self._vision.decode(content)
            if self._copies.is_repeat(content, number):
                self.repeats += 1
                return None
            faces = self._vision.faces(picture)
            templates = self._vision.templates(picture, faces[:1])
        except QualityTooLow:
            return _Seen(number, photo.person, None)
        except InputError as error:
            self.faults.append(Fault(number, error.code, error.message))
            return None
        return _Seen(number, photo.person, templates[0].vector if templates else None)

    def duplicates(self) -> tuple[tuple[int, ...], ...]:
        return self._copies.across_people()


def measure(
    data: DataSet, vision: Vision, *, limit: int, progress: Callable[[Progress], None] | None = None
) -> Measured:
    """Measure the model on a data set.

    Args:
        data: Whose photos.
        vision: Reads the pictures and makes the templates.
        limit: Bytes that one file may have.
        progress: Told after every photo.

    Raises:
        InputError: Fewer than two faces were found.
    """
    started = time.monotonic()
    reader, seen = _Reader(data, vision, limit), []
    for number in range(len(data.photos)):
        one = reader.read(number)
        if one is not None:
            seen.append(one)
        if progress:
            progress(Progress(number + 1, len(data.photos)))
    return Measured(
        observed=_observed(seen),
        faults=tuple(reader.faults),
        repeats=reader.repeats,
        duplicates=reader.duplicates(),
        seconds=round(time.monotonic() - started, 3),
    )


def _observed(seen: list[_Seen]) -> Observed:
    vectors = [one.vector for one in seen if one.vector is not None]
    if len(vectors) < 2:
        raise InputError(
            f"A face was found in {len(vectors)} of {len(seen)} pictures: there is nothing to compare.",
            hint="Check that the folder holds one folder for each person, with photos of that person.",
        )
    return Observed(
        numbers=tuple(one.number for one in seen),
        persons=tuple(one.person for one in seen),
        found=tuple(one.vector is not None for one in seen),
        scores=Computed(np.stack(vectors)),
    )
