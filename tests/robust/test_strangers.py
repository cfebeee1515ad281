"""Of a stranger nothing is written: an ingest of group photos, and then every file is searched for them (P27)."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from clubs import Club
from countenance.errors import SourceRefused
from countenance.registry import schema as t
from countenance.samples import cast
from countenance.service.sources import Source
from robust import photos
from robust.conftest import MEMBERS
from strangers import pieces_of_strangers, residue

SHOWN = 2


def test_p27_group_photos_leave_nothing_of_a_stranger(members: Club, source: Source) -> None:
    groups = [photo for photo in cast().party() if set(photo.people) & set(MEMBERS)][:SHOWN]
    for number, photo in enumerate(groups):
        (source.root / f"{number}.jpg").write_bytes(photos.again(photo.path, 1000, 85))
    pieces = pieces_of_strangers(members, sorted(source.root.iterdir()), MEMBERS)
    assert len(pieces) > 100
    report = members.anna.ingest(source)
    known = sum(len(set(photo.people) & set(MEMBERS)) for photo in groups)
    assert (report.faces_kept, report.faces_forgotten) == (known, report.faces_found - known)
    assert report.faces_forgotten >= SHOWN
    assert residue(members.places, pieces) == []
    with members.anna.context.registry.read() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(t.appearances)) == known
    members.close()
    assert residue([members.folder], pieces) == []


def test_p27_the_scan_finds_a_stranger_where_there_is_one(members: Club, source: Source) -> None:
    (source.root / "one.jpg").write_bytes(photos.portrait("Zora"))
    pieces = pieces_of_strangers(members, [source.root / "one.jpg"], MEMBERS)
    planted = members.folder / "data" / "log" / "planted"
    planted.write_bytes(b"x" * 1000 + pieces[len(pieces) // 2] + b"y" * 1000)
    assert residue(members.places, pieces) == ["planted"]


def test_p27_the_report_says_how_many_false_matches_to_expect(members: Club, source: Source) -> None:
    (source.root / "two.jpg").write_bytes(photos.portrait("Zora"))
    (source.root / "one.jpg").write_bytes(photos.portrait())
    report = members.anna.ingest(source)
    assert (report.faces_found, report.compared) == (2, 2 * len(MEMBERS))
    rate = members.anna.context.scale.stated
    assert report.false_matches == pytest.approx(6 * rate, rel=1e-3)
    assert report.false_matches > 0


def test_p27_a_source_that_keeps_unknown_faces_is_refused_with_its_reason(members: Club, source: Source) -> None:
    with pytest.raises(SourceRefused, match="closed archive") as refused:
        members.anna.sources.add(
            "archive", source.root, statement="ours", purposes=["photo-library"], unknown_faces="keep"
        )
    assert refused.value.requirement == "P27"
    (source.root / "one.jpg").write_bytes(photos.portrait("Zora"))
    with members.sql() as connection:
        connection.execute(sa.update(t.sources).values(unknown_faces="keep"))
    with pytest.raises(SourceRefused) as refused:
        members.anna.ingest("pictures")
    assert refused.value.requirement == "P27"
    (entry,) = members.anna.log_entries(refused.value.log_index, 1)
    assert (entry["act"], entry["outcome"]) == ("ingest", "refused")
