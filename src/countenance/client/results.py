"""What the service answers, as frozen objects of the library's shape. A field that a newer service adds is passed over.

Times are RFC 3339 texts in UTC; boxes are pixels of the upright photo; scores are cosine similarities.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, TypeVar, overload

from countenance.types import Appearance, Box, Candidate, PhotoRef

Told = Mapping[str, Any]
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Subject:
    """A person. ``territory`` is where they live (ISO 3166), or ``unknown``."""

    handle: str
    name: str
    territory: str
    state: str
    contact: str | None = None
    birth_year: int | None = None
    guardian: str | None = None

    def __str__(self) -> str:
        return self.handle


@dataclass(frozen=True, slots=True)
class Lack:
    """What keeps a basis from finding its person now, and the requirement that says so."""

    what: str
    requirement: str


@dataclass(frozen=True, slots=True)
class Basis:
    """Why a person's face may be held, and where that stands. ``waits_for``: what is lacking still."""

    id: str
    ground: str
    condition: str
    purposes: tuple[str, ...]
    state: str
    notice: str | None
    starts: str
    ends: str
    confirmed_how: str | None
    expired: bool
    recorded: str
    noticed: str | None = None
    confirmed: str | None = None
    withdrawn: str | None = None
    collective: bool = False
    waits_for: tuple[Lack, ...] = ()

    def __str__(self) -> str:
        return self.id


@dataclass(frozen=True, slots=True)
class Enrolled:
    """An enrolment photo was taken in. ``earlier_photos``: how many photos a sweep would look at again, by source."""

    subject: str
    basis: str
    photo: str
    searchable: bool
    waits_for: str | None
    earlier_photos: Mapping[str, int]
    advice: str | None
    log: Told


@dataclass(frozen=True, slots=True)
class Certified:
    """An erasure, with its certificate for ``countenance-check``."""

    certificate: Told
    faces_erased: int
    residuals: tuple[Any, ...]
    log: Told

    def save(self, path: str | Path) -> None:
        """Write the certificate to a file."""
        Path(path).write_text(json.dumps(self.certificate, ensure_ascii=False, indent=2) + "\n", "utf-8")


@dataclass(frozen=True, slots=True)
class DetectedFace:
    """A face in a photo. ``face``: the number to choose it by; ``landmarks``: five points, eyes first."""

    face: int
    box: Box
    landmarks: tuple[tuple[int, int], ...]
    score: float
    usable: bool
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Detected:
    """The faces of one photo, largest first."""

    width: int
    height: int
    faces: tuple[DetectedFace, ...]
    log: Told


@dataclass(frozen=True, slots=True)
class Found(Sequence[Candidate]):
    """The answer to a search: candidates, best first. Nobody found is an empty answer, not an error.

    ``bands``: what each band says. ``rate``: what the threshold stands for. ``review``: the number under which people
    review these candidates, where that is due. ``bases_pending``: bases for the purpose that find nobody yet.
    """

    candidates: tuple[Candidate, ...]
    threshold: float | None
    bands: Mapping[str, str]
    gallery_size: int
    faces_in_probe: int
    caution: str
    review: str | None
    bases_pending: int
    log: Told
    rate: Told = field(default_factory=dict)
    rejected_before: int = 0

    def __len__(self) -> int:
        return len(self.candidates)

    @overload
    def __getitem__(self, place: int) -> Candidate: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[Candidate, ...]: ...
    def __getitem__(self, place: int | slice) -> Candidate | tuple[Candidate, ...]:
        return self.candidates[place]

    def __iter__(self) -> Iterator[Candidate]:
        return iter(self.candidates)


@dataclass(frozen=True, slots=True)
class Verified:
    """The answer to a 1:1 comparison: a score and what it is called. Never a confirmation."""

    score: float
    band: str
    threshold: float
    caution: str
    log: Told
    bands: Mapping[str, str] = field(default_factory=dict)
    fmr: float | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """A source of photographs; where it lies is not told."""

    name: str
    state: str
    reason: str | None
    purposes: tuple[str, ...]
    territory: str
    unknown_faces: str
    origin: str | None

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Case:
    """What searches belong to."""

    id: str
    reference: str
    purpose: str
    opened: str
    closed: bool


@dataclass(frozen=True, slots=True)
class Reviewed:
    """A candidate that people decide about."""

    subject: str
    name: str
    score: float
    band: str
    state: str
    reviews: tuple[tuple[str, str, str], ...] = ()
    demanded: int = 0


@dataclass(frozen=True, slots=True)
class Review:
    """What one search has shown, and how far its review has come. People decide it, with keys of their own."""

    id: str
    search: str
    at: str
    searched_by: str
    case: str
    purpose: str
    demanded: int
    open: bool
    candidates: tuple[Reviewed, ...]


@dataclass(frozen=True, slots=True)
class Job:
    """Long work: running, done, failed, cancelled or interrupted. ``report`` and ``error`` are there at its end."""

    id: str
    kind: str
    source: str | None
    state: str
    account: str
    started: str
    ended: str | None
    cancelling: bool
    progress: Told | None
    report: Told | None
    error: Told | None
    again: bool = False
    detect: str | None = None

    def __str__(self) -> str:
        return self.id


@dataclass(frozen=True, slots=True)
class Event:
    """What a job tells: ``progress``, and at its end ``done`` or what else became of it. ``told``: its counts."""

    event: str
    told: Told

    @property
    def done(self) -> int:
        """Files that are dealt with; in the last event, all photos."""
        return int(self.told.get("done", self.told.get("photos", 0)))

    @property
    def total(self) -> int:
        """Files that there are."""
        return int(self.told.get("total", self.done))

    @property
    def ends(self) -> bool:
        """Whether the job has ended with it."""
        return self.event != "progress"


# --- made of what came -----------------------------------------------------------------------------------------------


def made(kind: type[R], told: Told, **parts: Any) -> R:
    """An object of the fields that it knows; lists become tuples."""
    known = {each.name for each in fields(kind)}  # type: ignore[arg-type]
    plain = {name: tuple(value) if isinstance(value, list) else value for name, value in told.items() if name in known}
    return kind(**(plain | parts))


def basis(told: Told) -> Basis:
    """A basis, with what it waits for."""
    return made(Basis, told, waits_for=tuple(made(Lack, each) for each in told["waits_for"]))


def detected(told: Told) -> Detected:
    """The faces of a photo."""
    faces = (
        made(DetectedFace, each, box=Box(*each["box"]), landmarks=tuple((x, y) for x, y in each["landmarks"]))
        for each in told["faces"]
    )
    return made(Detected, told, faces=tuple(faces))


def found(told: Told) -> Found:
    """The candidates of a search."""
    return made(Found, told, candidates=tuple(map(_candidate, told["candidates"])))


def review(told: Told) -> Review:
    """A review with its candidates."""
    people = (made(Reviewed, each, reviews=tuple(map(tuple, each["reviews"]))) for each in told["candidates"])
    return made(Review, told, candidates=tuple(people))


def event(text: str) -> Event:
    """What stands behind ``data:``."""
    told = json.loads(text)
    return Event(told.pop("event"), told)


def _candidate(told: Told) -> Candidate:
    cautions = tuple(each["code"] for each in told.get("cautions", ()))
    return made(Candidate, told, cautions=cautions, appearances=tuple(map(_appearance, told["appearances"])))


def _appearance(told: Told) -> Appearance:
    return Appearance(made(PhotoRef, told["photo"]), Box(*told["face"]["box"]), told["score"])
