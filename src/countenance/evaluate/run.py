"""One evaluation: photos → templates in memory → counts. No registry, no search in a gallery, nothing written.

In each photo the largest face is taken, as it is in an enrolment and a search; other people in the picture are not
looked at. No quality gate stands in front: poor photos count, so the figures are those of the model on this data set.
Templates live as long as the call; only scores, counted, and file numbers leave it (DESIGN §10).
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from countenance.errors import InputError, QualityTooLow
from countenance.evaluate.dataset import Copies, DataSet
from countenance.evaluate.measures import (
    Floats,
    Identification,
    Verification,
    compare_all,
    identification,
    verification,
)
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


@dataclass(frozen=True, slots=True)
class Measured:
    """What an evaluation found.

    Attributes:
        images: Pictures that were read; ``identities`` have at least one of them.
        detected: Pictures in which a face was found.
        faults: Files that could not be read. They are left out.
        repeats: Files left out because the same person has the identical file already.
        duplicates: Numbers of identical files that lie under different names. They are left in.
    """

    images: int
    identities: int
    detected: int
    verification: Verification
    identification: Identification
    faults: tuple[Fault, ...]
    repeats: int
    duplicates: tuple[tuple[int, ...], ...]
    seconds: float


@dataclass(frozen=True, slots=True, eq=False)
class _Seen:
    """A photo that was read: its person's number, and the template of its largest face, if there is a face."""

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
            return _Seen(photo.person, None)
        except InputError as error:
            self.faults.append(Fault(number, error.code, error.message))
            return None
        return _Seen(photo.person, templates[0].vector if templates else None)

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
    vectors, labels = _faces(seen)
    return Measured(
        images=len(seen),
        identities=len({one.person for one in seen}),
        detected=len(vectors),
        verification=verification(compare_all(vectors, labels)),
        identification=_identify(seen),
        faults=tuple(reader.faults),
        repeats=reader.repeats,
        duplicates=reader.duplicates(),
        seconds=round(time.monotonic() - started, 3),
    )


def _faces(seen: list[_Seen]) -> tuple[Floats, list[int]]:
    found = [(one.vector, one.person) for one in seen if one.vector is not None]
    if len(found) < 2:
        raise InputError(
            f"A face was found in {len(found)} of {len(seen)} pictures: there is nothing to compare.",
            hint="Check that the folder holds one folder for each person, with photos of that person.",
        )
    return np.stack([vector for vector, _ in found]), [person for _, person in found]


def _identify(seen: list[_Seen]) -> Identification:
    """Everybody who has two pictures is enrolled by the first and searched for with the others."""
    pictures = Counter(one.person for one in seen)
    enrolled: set[int] = set()
    vectors, labels, first, lost = [], [], [], 0
    for one in seen:
        if pictures[one.person] < 2:
            continue
        is_first = one.person not in enrolled
        enrolled.add(one.person)
        if one.vector is None:
            lost += not is_first
            continue
        vectors.append(one.vector)
        labels.append(one.person)
        first.append(is_first)
    found = np.stack(vectors) if vectors else np.empty((0, 1), np.float32)
    return identification(found, labels, first, lost)
