"""Ingest of a source: batch by batch, resumable anywhere, with a reason for everything that is skipped."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing

import sqlalchemy as sa

from countenance.errors import Unreadable
from countenance.gallery.appearing import shown_path
from countenance.gallery.batch import Copied, Looked, PhotoFile
from countenance.ingest import upkeep
from countenance.ingest.engine import Seen
from countenance.ingest.known import Fate, Known, Record, records
from countenance.ingest.near import near_groups
from countenance.ingest.parts import Parts
from countenance.ingest.provenance import SCRAPED, Provenance, pause, provenance
from countenance.ingest.report import Progress, Report, Skipped, Tell, Told
from countenance.ingest.upkeep import Placed
from countenance.photos.store import PICTURES, VIDEOS, Found
from countenance.policy.desk import Ask
from countenance.registry import schema as t
from countenance.registry.database import Registry
from countenance.types import Grant, Ingest, SourceId

__all__ = ["Ingestion", "Progress", "Report", "Skipped", "earlier_photos"]


class Ingestion:
    """One ingest of one source by one process."""

    def __init__(self, parts: Parts, *, source: SourceId) -> None:
        self._parts = parts
        self._source = source
        self._false_matches = 0.0
        self._provenance = Provenance()
        self._known = Known({}, (), again=False)
        self._waiting: list[Looked] = []
        self._copies: list[Copied] = []
        self._placed: list[Placed] = []
        self._looked_at: set[bytes] = set()
        self._began = time.monotonic()
        self._told = Told()
        self.report = Report(detect=parts.detect)

    def run(self, *, again: bool = False, progress: Tell | None = None) -> Report:
        """Go through the source. What was done already is passed over, unless ``again`` is true.

        Raises:
            Busy: another process is ingesting this source.
            Refused: the rules say no, to the run or to a batch of it; what was kept before stays.
            InputError: the store is gone or cannot be read.
            SourceRefused: the photos carry marks of scraping, or are not in the supplier's manifest; the source is
                paused, and nothing of the batch is kept.
        """
        self._told = Told(progress)
        with self._parts.lock(self._source):
            # Before a photo is opened; each batch is asked again, for an order may come in between.
            self._decide(0)
            self._provenance = provenance(self._parts.registry, self._source)
            self._parts.store.check()
            files = list(self._parts.store.files())
            before = records(self._parts.registry, self._source, self._parts.desk.now())
            self._known = Known(before, files, again=again, detect=self._parts.detect)
            todo = self._settle(files)
            self._check_origin(todo, files)
            self._told.begin(len(files), len(todo), self.report)
            self._look(todo, self._known.settled)
            self._place()
            gone = self._known.newly_gone()
            upkeep.miss(self._parts.registry, self._parts.desk, gone)
            self.report.missing = len(gone)
            self.report.near = self._near()
        self.report.seconds = round(self._told.seconds, 3)
        return self.report

    # --- before a photo is opened ------------------------------------------------------------------------------------

    def _settle(self, files: Sequence[Found]) -> list[Found]:
        """Pass over what is no picture and what has not changed; what is left has to be read."""
        todo = []
        for file in files:
            if file.fault or file.suffix not in PICTURES:
                self.report.skip(shown_path(file.path), *_not_a_picture(file))
                continue
            self.report.photos += 1
            record = self._known.unchanged(file)
            if record is None:
                todo.append(file)
                continue
            self._pass_over(file.path, record)
            if record.missing:
                self._keep_place(record, PhotoFile(file.path, file.size, file.modified_ns, record.sha256))
        return todo

    def _check_origin(self, todo: Sequence[Found], files: Sequence[Found]) -> None:
        """What the names alone say about where the photos come from (P26)."""
        cause = self._provenance.cause_by_name([file.path for file in todo], {file.path for file in files})
        if cause is not None:
            pause(self._parts.registry, self._parts.desk, self._source, cause, len(todo))

    # --- one photo ---------------------------------------------------------------------------------------------------

    def _look(self, todo: Sequence[Found], settled: Callable[[Found, str], bool]) -> None:
        """Have these looked at, and write them batch by batch."""
        if not todo:
            return
        late: list[Copied] = []
        with closing(self._parts.engines(len(todo))) as engine:
            accepted = SCRAPED in self._provenance.accepted
            for seen in engine.look(iter(todo), self._parts.store, settled=settled, scraped=accepted):
                self._take(seen, late)
                if self._parts.full(len(self._waiting), self._began):
                    self._commit()
                self._told.now_and_then()
        self._commit()
        # The copies of photos in this run: their originals are all written now.
        lost: list[PhotoFile] = []
        for start in range(0, len(late), self._parts.batch):
            self._copies = late[start : start + self._parts.batch]
            lost += self._commit()
        again = [Found(file.path, file.bytes, file.modified_ns) for file in lost]
        self._told.more(len(again))
        self._look(again, lambda *_: False)

    def _take(self, seen: Seen, late: list[Copied]) -> None:
        """Put one photo where it belongs: to be written, a copy, or known already."""
        file, record = seen.file, self._known.record(seen.file.path)
        moved = self._known.moved_here(file.path)
        self._told.looked += 1
        if moved is not None and file.sha256 == moved.sha256:
            self.report.moved += 1
            self._keep_place(moved, file)
        if not seen.settled:
            self._waiting.append(self._looked(seen))
            return
        if self._known.fate(file.path) is Fate.COPY:
            late.append(self._copied(file))
            return
        self._told.done += 1
        if record is not None:
            self._pass_over(file.path, record)
            if moved is None:
                self._keep_place(record, file)

    def _looked(self, seen: Seen) -> Looked:
        file, marks = seen.file, seen.marks
        if marks.scraped and SCRAPED not in self._provenance.accepted:
            return Looked(file, code=SCRAPED, reason=marks.scraped)
        if marks.prohibited:
            return self._refuse(file, "rights", marks.prohibited)
        if seen.look is None:
            fault = seen.fault or Unreadable("Nothing was seen of this file.")
            return self._refuse(file, fault.code, fault.message)
        self._looked_at.add(file.path)
        line, look = self._provenance.line(file.path), seen.look
        return Looked(
            file,
            look.width,
            look.height,
            marks.taken_at or (line.date if line else None),
            line.origin if line else None,
            line.holder if line else None,
            line.licence if line else None,
            look.perceptual_hash,
            faces=look.faces,
            templates=look.templates,
            detect=self._parts.detect,
        )

    def _copied(self, file: PhotoFile) -> Copied:
        line = self._provenance.line(file.path)
        return Copied(file, line.date, line.origin, line.holder, line.licence) if line else Copied(file)

    def _pass_over(self, path: bytes, record: Record) -> None:
        self.report.already_known += 1
        if record.code:
            self.report.skip(shown_path(path), record.code, record.reason or "")

    def _keep_place(self, record: Record, file: PhotoFile) -> None:
        """Have it written where a record's file lies now; a file that was gone is back."""
        self.report.returned += record.missing
        self._placed.append(Placed(record.id, file, moved=record.path != file.path))
        if len(self._placed) >= upkeep.PART:
            self._place()

    def _refuse(self, file: PhotoFile, code: str, reason: str) -> Looked:
        self.report.skip(shown_path(file.path), code, reason)
        return Looked(file, code=code, reason=reason)

    # --- one batch ---------------------------------------------------------------------------------------------------

    def _commit(self) -> Sequence[PhotoFile]:
        """Decide, match, keep, forget: the batch's faces leave memory when this returns.

        Returns the copies whose originals are not to be had any more.
        """
        self._place()
        self._began = time.monotonic()
        batch, copies, self._waiting, self._copies = self._waiting, self._copies, [], []
        count = len(batch) + len(copies)
        if not count:
            return ()
        cause = self._provenance.cause(batch)
        if cause is not None:
            pause(self._parts.registry, self._parts.desk, self._source, cause, len(batch))
        kept = self._parts.gallery.keep_known(self._source, batch, copies=copies, grant=self._decide(count))
        for file, code, reason in kept.refused:
            self.report.skip(shown_path(file.path), code, reason)
        fresh = len(copies) - len(kept.refused) - len(kept.lost)
        self.report.new += fresh + sum(not each.code for each in batch)
        self.report.duplicates += fresh
        self.report.faces_found += kept.found
        self.report.faces_kept += kept.kept
        self.report.faces_forgotten += kept.forgotten
        self.report.compared += kept.compared
        self._false_matches += kept.false_matches
        self.report.false_matches = round(self._false_matches, 6)
        self._told.committed(count - len(kept.lost))
        return kept.lost

    def _place(self) -> None:
        placed, self._placed = self._placed, []
        upkeep.place(self._parts.registry, self._parts.desk, placed)

    def _decide(self, photos: int) -> Grant[Ingest]:
        return self._parts.desk.decide(Ingest, Ask(source=self._source, facts={"photos": photos}))

    # --- at the end --------------------------------------------------------------------------------------------------

    def _near(self) -> list[tuple[str, ...]]:
        """Groups of photos that look alike, with at least one that this run looked at. Exact copies are told apart."""
        if not self._looked_at:
            return []
        c = t.photos.c
        query = sa.select(c.path, c.sha256, c.perceptual_hash).where(
            c.source == self._source, c.state == "done", c.missing.is_(None), c.perceptual_hash.is_not(None)
        )
        with self._parts.registry.read() as connection:
            # Of each content one: the last, which is the one that was looked at.
            found = sorted(connection.execute(query), key=lambda row: bytes(row.path) in self._looked_at)
        rows = {row.sha256: row for row in found}.values()
        shown = [(shown_path(row.path), row.perceptual_hash, bytes(row.path) in self._looked_at) for row in rows]
        groups = near_groups([each[1] for each in shown], [each[2] for each in shown])
        return sorted(tuple(sorted(shown[place][0] for place in group)) for group in groups)


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
