"""What an ingest says while it runs, and at its end."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from countenance.vision.pace import STANDARD

_OFTEN = 0.5
"""Seconds after which progress is told where no batch ends."""


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file that was not ingested, and why."""

    path: str
    code: str
    reason: str


@dataclass(slots=True)
class Report:
    """What an ingest did. ``photos`` counts the picture files that were seen.

    Attributes:
        photos: Picture files that are there.
        new: Of them, how many were looked at, or are exact copies of one that was.
        already_known: How many were known and passed over, under the same name or another one.
        duplicates: How many of the new are exact copies; they were not looked at again.
        moved: How many of the known have another name or place now. They keep their record.
        missing: Files that were there at the last ingest and are gone: out of search, and erased at the next purge.
        returned: Files that were gone and are back.
        faces_found: Faces in the new photos.
        faces_kept: Faces of people who agreed.
        faces_forgotten: All others. Nothing of them was written.
        compared: Pairs of a face found and an enrolled template.
        false_matches: How many of these pairs can be expected to be strangers taken for the person, at the rate that
            the model's card states for the threshold (P27).
        near: Photos that look alike (a burst of shots, a resized copy), in groups with at least one new photo.
        skipped: Files that were not ingested, each with its reason.
        skipped_by: How many, by the reason's code.
        detect: How closely the photos were looked at.
        seconds: How long it took.
    """

    photos: int = 0
    new: int = 0
    already_known: int = 0
    faces_found: int = 0
    faces_kept: int = 0
    faces_forgotten: int = 0
    compared: int = 0
    false_matches: float = 0.0
    duplicates: int = 0
    moved: int = 0
    missing: int = 0
    returned: int = 0
    near: list[tuple[str, ...]] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    skipped_by: dict[str, int] = field(default_factory=dict)
    detect: str = STANDARD
    seconds: float = 0.0

    def skip(self, path: str, code: str, reason: str) -> None:
        """Note a file that is not ingested."""
        self.skipped.append(Skipped(path, code, reason))
        self.skipped_by[code] = self.skipped_by.get(code, 0) + 1


@dataclass(frozen=True, slots=True)
class Swept:
    """What a sweep did, in one source or in several; in a dry run, what it would look at.

    Attributes:
        photos: Photos ingested earlier that are looked at again.
        sources: How many of them lie in each source.
        people: Whose faces are kept now and were not before: how many different people.
        faces_kept: How many such faces.
        compared: Pairs of a face found and an enrolled template.
        false_matches: How many strangers among the kept are to be expected (see `Report`).
        skipped: Photos that could not be looked at again, each with its reason.
        skipped_by: How many, by the reason's code.
        left: Sources that were left out, each with the reason.
        dry_run: Whether photos were only counted.
        seconds: How long it took.
    """

    photos: int
    sources: dict[str, int]
    people: int = 0
    faces_kept: int = 0
    compared: int = 0
    false_matches: float = 0.0
    skipped: Sequence[Skipped] = ()
    skipped_by: dict[str, int] = field(default_factory=dict)
    left: dict[str, str] = field(default_factory=dict)
    dry_run: bool = False
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Progress:
    """Told after every batch, and now and then in between.

    Attributes:
        done: Files that are dealt with.
        total: Files that there are.
        looked: Of the files that had to be looked at, how many were.
        to_look: How many had to.
        report: What was done so far; of a sweep, ``new`` are the photos that were looked at again.
        seconds: Since the beginning.
    """

    done: int
    total: int
    report: Report
    looked: int = 0
    to_look: int = 0
    seconds: float = 0.0

    @property
    def photos_per_s(self) -> float | None:
        """How fast photos are looked at; None before the first was."""
        return self.looked / self.seconds if self.looked and self.seconds else None

    @property
    def seconds_left(self) -> float | None:
        """How long it will take still, at the rate so far; None before the first photo was looked at."""
        rate = self.photos_per_s
        return (self.to_look - self.looked) / rate if rate else None


Tell = Callable[[Progress], None]


class Told:
    """Counts what is done and tells it: at the beginning, after every batch, and now and then in between."""

    def __init__(self, tell: Tell | None = None) -> None:
        self._tell = tell
        self._started = self._last = time.monotonic()
        self._total = self._to_look = 0
        self._report: Report = Report()
        self.done = self.looked = 0

    @property
    def seconds(self) -> float:
        """Since the beginning."""
        return time.monotonic() - self._started

    def begin(self, total: int, to_look: int, report: Report) -> None:
        """So many files there are, and so many of them have to be looked at."""
        self._total, self._to_look, self._report = total, to_look, report
        self.done = total - to_look
        self._say()

    def more(self, photos: int) -> None:
        """So many have to be looked at after all."""
        self._to_look += photos

    def committed(self, photos: int) -> None:
        """So many were written."""
        self.done += photos
        self._say()

    def now_and_then(self) -> None:
        """Tell what is done, unless that was done a moment ago."""
        if time.monotonic() - self._last >= _OFTEN:
            self._say()

    def _say(self) -> None:
        self._last = time.monotonic()
        self._report.seconds = round(self.seconds, 3)
        if self._tell:
            looked = min(self.looked, self._to_look)
            self._tell(Progress(self.done, self._total, self._report, looked, self._to_look, self.seconds))
