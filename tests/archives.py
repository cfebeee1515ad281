"""An archive whose names were confirmed by two reviewers: a club with scans that can be exported."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from clubs import ANNA, CLEO, WORDS, Club, probe, template
from countenance.gallery.batch import Looked, PhotoFile
from countenance.policy.desk import Ask
from countenance.service.countenance import Countenance
from countenance.types import Box, Face, Quality, Search, SourceId
from county import dpia

CATALOGUE = "archive-cataloguing"
DORA = "dora@club.example"
WORDS[DORA] = "dora's words"
ROLES = ["controller", "operator", "reviewer", "officer"]
BOX = Box(60, 40, 20, 30)
"""Ada's face in every scan, in pixels of a scan that stands upright, 100 wide and 200 high."""


@dataclass
class Archive:
    """Ada and Bo agreed to be named; what is searched for is reviewed by Cleo and Dora."""

    club: Club
    cleo: Countenance
    dora: Countenance

    @property
    def anna(self) -> Countenance:
        return self.club.anna

    @property
    def folder(self) -> Path:
        return self.club.root / "source-scans"

    def search(self, person: int, case: str = "box 7") -> str:
        """Search, and the number of the review."""
        context = self.anna.context
        number = self.anna.cases.for_search(case, CATALOGUE)
        wanted = probe(person)
        ask = Ask(purpose=CATALOGUE, case_named=True, case=number, facts={"probe": wanted.commitment})
        grant = context.desk.decide(Search, ask)
        answer = context.gallery.search(wanted, limit=5, threshold=0.57, crop=lambda: b"\xff\xd8\xff\xd9", grant=grant)
        return f"R{answer.search}"

    def review(self, number: str, subject: str, *, both: bool = True) -> None:
        for reviewer in (self.cleo, self.dora)[: 1 + both]:
            reviewer.reviewing.show(number)
            reviewer.reviewing.confirm(number, subject)

    def confirm(self, person: int, subject: str, case: str = "box 7") -> str:
        number = self.search(person, case)
        self.review(number, subject)
        return number

    def scan(self, path: str, people: dict[int, Box], *, orientation: int = 1, source: SourceId | None = None) -> bytes:
        """A scan of 100 × 200 upright pixels, kept in a camera's orientation, on disk and ingested."""
        data = jpeg((200, 100) if orientation > 4 else (100, 200), orientation)
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
        seen = Looked(
            PhotoFile(path.encode(), len(data), 1, hashlib.sha256(data).hexdigest()), 100, 200,
            faces=[face(box) for box in people.values()], templates=[template(each, 500) for each in people],
        )  # fmt: skip
        self.club.ingest(source or SourceId(1), [seen])
        return data

    def export(self, kind: str = "json", by: Countenance | None = None, **more: object):
        given = {"purpose": CATALOGUE, "recipient": "City archive", "format": kind} | more
        return (by or self.anna).exporting.names(**given)


def archive(club: Club) -> Archive:
    """The purpose switched on by three people, and a source of scans."""
    made = Archive(club, club.cleo, club.cleo)
    if DORA not in [each.email for each in club.anna.accounts.list()]:
        club.anna.accounts.add(DORA, roles=ROLES, passphrase=WORDS[DORA])
    made.dora = club.open(DORA)
    number = club.anna.activations.propose("purpose", CATALOGUE, dpia=dpia(club), signatory="D. Lee").id
    for each in (club.ben, made.cleo):
        each.activations.approve(number)
    club.anna.agreements.add([CATALOGUE])
    club.person("Ada", 1, purposes=[CATALOGUE], contact="ada@example.org")
    club.person("Bo", 2, purposes=[CATALOGUE], contact="bo@example.org")
    club.source("scans", [CATALOGUE])
    return made


def face(box: Box) -> Face:
    x, y = box.x, box.y
    points = ((x + 4, y + 5), (x + 16, y + 5), (x + 10, y + 15), (x + 5, y + 30), (x + 15, y + 30))
    return Face(box, points, 0.9, Quality(80, 100, 120, 0, 0))


def jpeg(size: tuple[int, int], orientation: int) -> bytes:
    """A grey picture whose EXIF block says how the camera was held."""
    image, exif, out = Image.new("L", size, 128), Image.Exif(), io.BytesIO()
    exif[0x0112] = orientation
    image.save(out, "JPEG", exif=exif)
    return out.getvalue()


REVIEWERS = (CLEO, DORA)
EXPORTER = ANNA
