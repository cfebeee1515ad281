"""The process has stopped, and somebody walks off with the disk: no file shows a face (P30)."""

from __future__ import annotations

import numpy as np

from clubs import Club
from countenance.samples import cast
from countenance.service.sources import Source
from countenance.vision.align import align
from robust import photos
from robust.conftest import MEMBERS

JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF"


def faces_of(club: Club) -> list[bytes]:
    """Pieces of the members' templates and crops, from their enrolment photos and from the photo that was ingested."""
    vision, pieces = club.anna.context.vision, []
    for name in MEMBERS:
        for photo in (cast().portrait(name).read_bytes(), photos.portrait(name)):
            picture = vision.decode(photo)
            face = vision.one_face(picture)
            template = vision.templates(picture, [face])[0].to_bytes()
            crop = np.ascontiguousarray(align(picture.pixels, face.landmarks)).tobytes()
            pieces += [template[at : at + 16] for at in range(0, 496, 16)]
            pieces += [crop[at : at + 24] for at in range(0, len(crop) - 24, 1536)]
    return [piece for piece in pieces if len(set(piece)) > 6]


def test_p30_a_stolen_disk_shows_no_face(members: Club, source: Source) -> None:
    for name in MEMBERS:
        (source.root / f"{name}.jpg").write_bytes(photos.portrait(name))
    assert members.anna.ingest(source).faces_kept == len(MEMBERS)
    found = members.anna.search(photos.portrait("Ada"), purpose="photo-library", case="press 12")  # seals a probe
    assert [hit.name for hit in found] == ["Ada"]
    wanted = [*faces_of(members), JPEG]
    members.close()
    files = [file for file in members.folder.rglob("*") if file.is_file()]
    assert {"registry.db", "keys.db"} <= {file.name for file in files}
    for file in files:
        content = file.read_bytes()
        assert not [piece for piece in wanted if piece in content], file


def test_p30_the_scan_finds_a_face_where_there_is_one(members: Club) -> None:
    wanted = faces_of(members)
    assert len(wanted) > 300
    planted = members.folder / "data" / "planted"
    planted.write_bytes(b"x" * 99 + wanted[7] + b"y")
    assert [piece for piece in wanted if piece in planted.read_bytes()]
