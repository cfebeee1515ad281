"""An engine without vision: a "photo" is a line of text that says who is in it. For what a run does with what is seen.

Everything around it is the real part: files, store, records, gallery, desk, log.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from clubs import Club, face, template
from countenance.errors import InputError, Unreadable
from countenance.gallery.batch import PhotoFile
from countenance.ingest.engine import Seen, Settled
from countenance.ingest.marks import Marks
from countenance.ingest.parts import Engines, Parts
from countenance.ingest.report import Progress, Report, Told
from countenance.ingest.run import Ingestion
from countenance.ingest.sweep import Sweeping
from countenance.photos.folder import Folder
from countenance.photos.store import Found, Store
from countenance.service.countenance import Countenance
from countenance.types import SourceId
from countenance.vision.looking import Look
from countenance.vision.pace import STANDARD

LIMIT = 1 << 20


def photo(*people: int, salt: object = "", likeness: int | None = None, **more: object) -> bytes:
    """The content of a made-up photo. ``likeness`` is its perceptual hash; another one for each content by default."""
    return json.dumps({"people": people, "salt": str(salt), "hash": likeness} | more).encode()


@dataclass
class MadeUp:
    """Looks at made-up photos, in the order in which they come; it remembers which it opened and which it looked at."""

    opened: list[bytes] = field(default_factory=list)
    looked: list[bytes] = field(default_factory=list)
    made: list[int] = field(default_factory=list)
    closed: int = 0
    meanwhile: Callable[[bytes], None] = lambda _: None
    """Called with a path before it is looked at."""

    def __call__(self, photos: int) -> MadeUp:
        self.made.append(photos)
        return self

    def look(self, files: Iterable[Found], store: Store, *, settled: Settled, scraped: bool) -> Iterator[Seen]:
        for found in files:
            self.meanwhile(found.path)
            file = PhotoFile(found.path, found.size, found.modified_ns)
            try:
                data = store.read(found.path, LIMIT)
            except InputError as fault:
                yield Seen(file, fault=fault)
                continue
            self.opened.append(found.path)
            file = PhotoFile(found.path, found.size, found.modified_ns, hashlib.sha256(data).hexdigest())
            yield Seen(file, settled=True) if settled(found, file.sha256 or "") else self._seen(file, data, scraped)

    def _seen(self, file: PhotoFile, data: bytes, scraped: bool) -> Seen:
        self.looked.append(file.path)
        try:
            told = json.loads(data)
        except ValueError:
            return Seen(file, fault=Unreadable("This is no made-up photo."))
        marks = Marks(told.get("prohibited"), told.get("scraped"), told.get("taken_at"))
        if marks.prohibited or (marks.scraped and not scraped):
            return Seen(file, marks=marks)
        likeness = f"{told['hash']:016x}" if told["hash"] is not None else hashlib.sha256(data).hexdigest()[:16]
        people = told["people"]
        faces = [face(place) for place in range(len(people))]
        return Seen(
            file, Look(4000, 3000, "TEXT", likeness, faces, [template(person, 500) for person in people]), marks=marks
        )

    def close(self) -> None:
        self.closed += 1


def parts(by: Countenance, folder: Path, engines: Engines, *, batch: int) -> Parts:
    """What it takes to go through a folder with these engines."""
    context = by.context
    locks = context.settings.data / "locks"
    return Parts(context.registry, context.gallery, context.desk, Folder(folder), engines, locks, batch)


@dataclass
class Party:
    """A club's source of made-up photos."""

    club: Club
    name: str = "party"
    batch: int = 4
    engine: MadeUp = field(default_factory=MadeUp)
    source: SourceId = field(init=False)

    def __post_init__(self) -> None:
        self.source = self.club.source(self.name)

    @property
    def folder(self) -> Path:
        return self.club.root / f"source-{self.name}"

    def put(self, path: str, *people: int, **more: object) -> Path:
        """A photo of these people in the folder."""
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(photo(*people, **more))  # type: ignore[arg-type]
        return file

    def ingest(
        self,
        *,
        again: bool = False,
        by: Countenance | None = None,
        tell: Callable[[Progress], None] | None = None,
        detect: str = STANDARD,
    ) -> Report:
        run = Ingestion(replace(self._parts(by), detect=detect), source=self.source)
        return run.run(again=again, progress=tell)

    def sweep(self, *, by: Countenance | None = None, ends: Callable[[], bool] = lambda: False) -> Report:
        report, told = Report(), Told()
        told.begin(0, 0, report)
        Sweeping(self._parts(by), told=told, report=report).run(self.source, ends=ends)
        return report

    def _parts(self, by: Countenance | None) -> Parts:
        """Those of one more run, which has looked at nothing so far."""
        self.engine.opened.clear(), self.engine.looked.clear(), self.engine.made.clear()
        return parts(by or self.club.anna, self.folder, self.engine, batch=self.batch)

    def shown(self, person: int) -> list[str]:
        """The photos in which a search shows this person."""
        candidates = self.club.search(person).candidates
        return sorted(each.photo.path for each in candidates[0].appearances) if candidates else []
