"""A sweep: photos that were ingested earlier are looked at again for the people who came since, all in one pass.

It only adds. A photo is done when the registry's sequence is written to its record, so a sweep that was cut short goes
on where it was.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace

import sqlalchemy as sa

from countenance.gallery.appearing import shown_path
from countenance.gallery.batch import Looked, PhotoFile
from countenance.gallery.eligible import last_newcomer
from countenance.ingest.engine import Engine, Seen
from countenance.ingest.parts import Parts
from countenance.ingest.report import Report, Told
from countenance.photos.store import Found
from countenance.policy.desk import Ask
from countenance.registry import schema as t
from countenance.registry.database import Registry
from countenance.types import DAY, Grant, SourceId, Sweep

CHANGED = "changed", "The file was changed since it was ingested; ingest its source again."
"""Why a photo is left for the next ingest."""


def due(registry: Registry, source: SourceId, contract: str, now: int) -> list[PhotoFile]:
    """A source's photos in which somebody could be found who could not when they were looked at.

    Left out are photos without faces, photos all of whose faces are kept, those whose retention is over, and those
    whose file is gone.
    """
    c = t.photos.c
    kept = sa.select(sa.func.count()).where(t.appearances.c.photo == c.id).correlate(t.photos).scalar_subquery()
    with registry.read() as connection:
        place = connection.execute(sa.select(t.sources).where(t.sources.c.id == source)).one()
        newest = last_newcomer(connection, contract, place.purposes, place.organisation, now)
        query = (
            sa.select(c.path, c.bytes, c.modified_ns, c.sha256)
            .where(c.source == source, c.state == "done", c.missing.is_(None), c.sha256.is_not(None))
            .where(sa.func.coalesce(c.looked, 0) < newest, c.ingested > now - place.retention_days * DAY)
            .where(c.faces_found > kept)
            .order_by(c.id)
        )
        return [PhotoFile(bytes(path), size, time, sha256) for path, size, time, sha256 in connection.execute(query)]


class Sweeping:
    """One sweep of one source by one process.

    Args:
        parts: What it takes.
        told: Counts and tells; shared by the sources of one sweep.
        report: Likewise.
    """

    def __init__(self, parts: Parts, *, told: Told, report: Report) -> None:
        self._parts = parts
        self._told = told
        self._report = report
        self._waiting: list[Looked] = []
        self._anew = False
        self._began = time.monotonic()
        self.people: set[int] = set()

    def run(
        self,
        source: SourceId,
        *,
        files: Sequence[PhotoFile] | None = None,
        ends: Callable[[], bool] = lambda: False,
    ) -> None:
        """Look at what is due. ``ends`` is asked after every batch: whether to leave the rest for the next time.

        With ``files``, look at these photos instead, and for everybody.

        Raises:
            Busy: another process goes through this source.
            Refused: the rules say no, to the sweep or to a batch of it; what was kept before stays.
            InputError: the store is gone or cannot be read.
        """
        with self._parts.lock(source):
            self._decide(source, 0)
            alike: dict[str, list[PhotoFile]] = defaultdict(list)
            self._anew = files is not None
            for file in self._due(source) if files is None else files:
                alike[file.sha256 or ""].append(file)
            if not alike:
                return
            self._parts.store.check()
            with closing(self._parts.engines(len(alike))) as engine:
                for seen in self._seen(engine, alike):
                    self._take(seen, alike)
                    if self._parts.full(len(self._waiting), self._began):
                        self._commit(source)
                        if ends():
                            return
                    self._told.now_and_then()
            self._commit(source)

    def _due(self, source: SourceId) -> list[PhotoFile]:
        return due(self._parts.registry, source, self._parts.desk.contract, self._parts.desk.now())

    def _seen(self, engine: Engine, alike: Mapping[str, Sequence[PhotoFile]]) -> Iterator[Seen]:
        """Have one of each content looked at, as long as it is what was ingested."""
        first = {same[0].path: same[0] for same in alike.values()}
        wanted = (Found(file.path, file.bytes, file.modified_ns) for file in first.values())

        def changed(found: Found, sha256: str) -> bool:
            return first[found.path].sha256 != sha256

        for seen in engine.look(wanted, self._parts.store, settled=changed, scraped=True):
            yield replace(seen, file=first[seen.file.path])

    def _take(self, seen: Seen, alike: Mapping[str, Sequence[PhotoFile]]) -> None:
        """What was seen holds for every photo with the same bytes."""
        same = alike[seen.file.sha256 or ""]
        self._told.looked += len(same)
        if seen.look is not None:
            faces, templates = seen.look.faces, seen.look.templates
            self._waiting += [Looked(file, faces=faces, templates=templates) for file in same]
            return
        self._told.done += len(same)
        reason = (seen.fault.code, seen.fault.message) if seen.fault else CHANGED
        for file in same:
            self._report.skip(shown_path(file.path), *reason)

    def _commit(self, source: SourceId) -> None:
        batch, self._waiting, self._began = self._waiting, [], time.monotonic()
        if not batch:
            return
        grant = self._decide(source, len(batch))
        kept = self._parts.gallery.sweep(source, batch, anew=self._anew, grant=grant)
        self._report.new += len(batch)
        self._report.faces_found += kept.found
        self._report.faces_kept += kept.kept
        self._report.compared += kept.compared
        self._report.false_matches += kept.false_matches
        self.people |= kept.people
        self._told.committed(len(batch))

    def _decide(self, source: SourceId, photos: int) -> Grant[Sweep]:
        return self._parts.desk.decide(Sweep, Ask(source=source, facts={"photos": photos}))
