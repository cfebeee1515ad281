"""Ingest of a folder: batch by batch, resumable anywhere, with a reason for everything that is skipped."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePath

import sqlalchemy as sa

from countenance.errors import InputError
from countenance.gallery.appearing import shown_path
from countenance.gallery.batch import Looked, PhotoFile
from countenance.gallery.gallery import Gallery
from countenance.gallery.only_one import OnlyOne
from countenance.ingest.likeness import perceptual_hash
from countenance.ingest.marks import read_marks, scraper_sidecar
from countenance.ingest.provenance import SCRAPED, Provenance, pause, provenance
from countenance.photos.folder import PICTURES, VIDEOS, Folder, Found
from countenance.policy.desk import Ask, Desk
from countenance.registry import schema as t
from countenance.registry.database import Registry
from countenance.types import Grant, Ingest, SourceId
from countenance.vision.engine import Vision


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file that was not ingested, and why."""

    path: str
    code: str
    reason: str


@dataclass(slots=True)
class Report:
    """What an ingest did. ``photos`` counts the picture files that were seen.

    ``compared`` counts the pairs of a face found and an enrolled template; ``false_matches`` is how many of them can be
    expected to be strangers taken for the person, at the rate that the model's card states for the threshold (P27).
    """

    photos: int = 0
    new: int = 0
    already_known: int = 0
    faces_found: int = 0
    faces_kept: int = 0
    faces_forgotten: int = 0
    compared: int = 0
    false_matches: float = 0.0
    skipped: list[Skipped] = field(default_factory=list)
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Progress:
    """Told after every batch. ``total`` is the number of files that the folder holds."""

    done: int
    total: int
    report: Report


@dataclass(frozen=True, slots=True)
class _Known:
    size: int
    modified_ns: int
    sha256: str | None
    code: str | None
    reason: str | None


class Ingestion:
    """One ingest of one source by one process."""

    def __init__(
        self,
        registry: Registry,
        gallery: Gallery,
        desk: Desk,
        vision: Vision,
        *,
        source: SourceId,
        root: Path,
        locks: Path,
        batch: int,
        limit: int,
        false_accepts: float,
    ) -> None:
        self._registry = registry
        self._gallery = gallery
        self._desk = desk
        self._vision = vision
        self._source = source
        self._folder = Folder(root)
        self._locks = locks
        self._batch = batch
        self._limit = limit
        self._false_accepts = false_accepts
        self._provenance = Provenance()
        self.report = Report()

    def run(self, *, again: bool = False, progress: Callable[[Progress], None] | None = None) -> Report:
        """Go through the folder. What was done already is passed over, unless ``again`` is true.

        Raises:
            Busy: another process is ingesting this source.
            Refused: the rules say no, to the run or to a batch of it; what was kept before stays.
            InputError: the folder is gone or cannot be read.
            SourceRefused: the photos carry marks of scraping, or are not in the supplier's manifest; the source is
                paused, and nothing of the batch is kept.
        """
        started = time.monotonic()
        with self._only_one():
            # Before a photo is opened; each batch is asked again, for an order may come in between.
            self._decide(0)
            self._provenance = provenance(self._registry, self._source)
            files = self._listed()
            known = self._known()
            waiting: list[Looked] = []
            for done, file in enumerate(files, start=1):
                looked = self._consider(file, known, again=again)
                if looked is not None:
                    waiting.append(looked)
                if waiting and (len(waiting) >= self._batch or done == len(files)):
                    self._commit(waiting)
                    waiting = []
                if progress and (not waiting or looked is None):
                    self.report.seconds = time.monotonic() - started
                    progress(Progress(done, len(files), self.report))
        self.report.seconds = round(time.monotonic() - started, 3)
        return self.report

    # --- one photo ---------------------------------------------------------------------------------------------------

    def _consider(self, file: Found, known: dict[bytes, _Known], *, again: bool) -> Looked | None:
        """Look at one file; None when there is nothing to write about it."""
        if file.fault or (file.suffix not in PICTURES):
            self._skip(file.path, *_not_a_picture(file))
            return None
        self.report.photos += 1
        before = known.get(file.path)
        if before and not again and (before.size, before.modified_ns) == (file.size, file.modified_ns):
            self._pass_over(file, before)
            return None
        try:
            data = self._folder.read(file.path, self._limit)
        except InputError as error:
            return self._refuse(PhotoFile(file.path, file.size, file.modified_ns), error.code, error.message)
        digest = hashlib.sha256(data).hexdigest()
        if before and not again and before.sha256 == digest:
            self._pass_over(file, before)
            return None
        return self._look(PhotoFile(file.path, file.size, file.modified_ns, digest), data)

    def _look(self, file: PhotoFile, data: bytes) -> Looked:
        path = PurePath(os.fsdecode(file.path))
        marks = read_marks(data, path)
        scraped = marks.scraped or scraper_sidecar(self._folder.root / path)
        if scraped and SCRAPED not in self._provenance.accepted:
            return Looked(file, code=SCRAPED, reason=scraped)
        if marks.prohibited:
            return self._refuse(file, "rights", marks.prohibited)
        try:
            picture = self._vision.decode(data)
            faces = self._vision.faces(picture)
            templates = self._vision.templates(picture, faces)
        except InputError as error:
            return self._refuse(file, error.code, error.message)
        self.report.new += 1
        line = self._provenance.line(file.path)
        return Looked(
            file,
            picture.width,
            picture.height,
            marks.taken_at or (line.date if line else None),
            line.origin if line else None,
            line.holder if line else None,
            line.licence if line else None,
            perceptual_hash(picture.pixels),
            faces=faces,
            templates=templates,
        )

    def _pass_over(self, file: Found, before: _Known) -> None:
        self.report.already_known += 1
        if before.code:
            self._skip(file.path, before.code, before.reason or "")

    def _refuse(self, file: PhotoFile, code: str, reason: str) -> Looked:
        self._skip(file.path, code, reason)
        return Looked(file, code=code, reason=reason)

    def _skip(self, path: bytes, code: str, reason: str) -> None:
        self.report.skipped.append(Skipped(shown_path(path), code, reason))

    # --- one batch ---------------------------------------------------------------------------------------------------

    def _commit(self, batch: list[Looked]) -> None:
        """Decide, match, keep, forget: the batch's faces leave memory when this returns."""
        cause = self._provenance.cause(batch)
        if cause is not None:
            pause(self._registry, self._desk, self._source, cause, len(batch))
        kept = self._gallery.keep_known(self._source, batch, grant=self._decide(len(batch)))
        self.report.faces_found += kept.found
        self.report.faces_kept += kept.kept
        self.report.faces_forgotten += kept.forgotten
        self.report.compared += kept.compared
        self.report.false_matches = round(self.report.compared * self._false_accepts, 6)

    def _decide(self, photos: int) -> Grant[Ingest]:
        return self._desk.decide(Ingest, Ask(source=self._source, facts={"photos": photos}))

    # --- around ------------------------------------------------------------------------------------------------------

    def _listed(self) -> list[Found]:
        if not self._folder.root.is_dir() or not os.access(self._folder.root, os.R_OK | os.X_OK):
            raise InputError(
                f"The folder {self._folder.root} is gone or cannot be read.", hint="Check its place and rights."
            )
        return list(self._folder.files())

    def _known(self) -> dict[bytes, _Known]:
        query = sa.select(t.photos).where(t.photos.c.source == self._source)
        with self._registry.read() as connection:
            return {
                bytes(row.path): _Known(row.bytes, row.modified_ns, row.sha256, row.code, row.reason)
                for row in connection.execute(query)
            }

    def _only_one(self) -> OnlyOne:
        return OnlyOne(self._locks / f"source-{self._source}.lock", "Another process is ingesting this source.")


def _not_a_picture(file: Found) -> tuple[str, str]:
    if file.fault:
        return "unreadable", file.fault
    if file.suffix in VIDEOS:
        return "video", "Videos are not searched; export the pictures that matter."
    return "not-a-photo", f"{file.suffix or 'A file without an ending'} is no kind of picture that we read."


def earlier_photos(registry: Registry, organisation: int) -> Iterator[tuple[str, int]]:
    """Sources that were ingested before, with their photo counts: what a new subject has not been looked for in."""
    query = (
        sa.select(t.sources.c.name, sa.func.count())
        .select_from(t.photos.join(t.sources, t.photos.c.source == t.sources.c.id))
        .where(t.photos.c.organisation == organisation, t.photos.c.state == "done")
        .group_by(t.sources.c.name)
        .order_by(t.sources.c.name)
    )
    with registry.read() as connection:
        yield from ((name, count) for name, count in connection.execute(query))
