"""What SQLite leaves behind: after each of many erasures no byte of the erased is in any file (P6)."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from clubs import Club, enrolment
from countenance.errors import Tampered
from countenance.gallery import erasing, scanning
from countenance.gallery.scanning import Wanted, look_for
from countenance.registry.database import Registry
from traces import held, markers_of

PEOPLE = 60


def test_p6_enrolments_and_erasures_in_turn_leave_nothing(club: Club, monkeypatch: pytest.MonkeyPatch) -> None:
    rewritten: list[int] = []
    rewrite = Registry.rewrite

    def counted(registry: Registry) -> None:
        rewritten.append(1)
        rewrite(registry)

    monkeypatch.setattr(Registry, "rewrite", counted)
    chance = random.Random(7)  # noqa: S311
    living: list[str] = []
    erased: list[bytes] = []
    for number in range(PEOPLE):
        name = f"p{number}"
        subject = club.person(name, number)
        for photo in range(1, chance.randint(1, 4)):
            club.enrol(subject, club.anna.bases.list(subject)[0], number, photo)
        living.append(name)
        if number % 3 == 2:
            gone = living.pop(chance.randrange(len(living)))
            wanted = markers_of(club, club.anna.subjects.get(gone).id)
            sealed = [marker for marker in wanted if len(marker) not in {32, 512}]  # not the bare key, nor templates
            assert len(held(club.places, sealed)) >= len(sealed)
            certificate = club.anna.erase(gone, reason="request").certificate["body"]
            assert certificate["scan"]["markers"] >= len(wanted)  # and what the log says of the erasure itself
            assert held(club.places, wanted) == []
            erased += wanted
    assert held(club.places, erased) == []
    assert len(erased) > 150
    club.anna.check_log()


def test_p6_a_copy_in_the_slack_of_a_page_is_found_and_written_over(
    club: Club, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`secure_delete` is switched off, so that every deleted byte stays where it lay: the worst that a page can do."""
    club.person("Ada", 1)
    wanted = markers_of(club, 1)
    engine = club.anna.context.registry.engine
    engine.dispose()
    import sqlalchemy as sa

    @sa.event.listens_for(engine, "connect")
    def careless(connection: object, _record: object) -> None:
        connection.execute("PRAGMA secure_delete=OFF").close()  # type: ignore[attr-defined]

    told: list[str] = []
    search = erasing.look_for

    def remembered(*values: object, **more: object) -> object:
        try:
            return search(*values, **more)  # type: ignore[arg-type]
        except Tampered as fault:
            told.append(fault.message)
            raise

    monkeypatch.setattr(erasing, "look_for", remembered)
    certificate = club.anna.erase("ada", reason="request").certificate["body"]
    assert len(told) == 1
    assert "registry" in told[0]
    assert certificate["scan"]["found"] == 0
    assert held(club.places, wanted) == []


def test_p6_a_copy_that_nobody_can_write_over_stops_the_certificate(club: Club) -> None:
    club.person("Ada", 1)
    wanted = markers_of(club, 1)
    copy = club.folder / "data" / "forgotten-copy"
    copy.write_bytes(b"x" * 5_000_000 + wanted[-2] + b"y" * 77)
    with pytest.raises(Tampered, match="forgotten-copy"):
        club.anna.erase("ada", reason="request")
    assert club.found(1) == []
    assert club.anna.status()["counts"]["erasures"] == 0
    assert club.anna.status()["unfinished_erasures"] == 1


def test_the_scan_looks_across_the_pieces_that_it_reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    marker = random.Random(1).randbytes(200)  # noqa: S311
    monkeypatch.setattr(scanning, "_CHUNK", 100)
    for before in range(250):
        (tmp_path / "file").write_bytes(b"\0" * before + marker[:24] + b"\0" * 50)
        with pytest.raises(Tampered):
            look_for(Wanted.of([marker]), [tmp_path])
    (tmp_path / "file").write_bytes(marker[1:24] + b"\0" + marker[1:24])
    assert look_for(Wanted.of([marker]), [tmp_path]).files == 1


def test_an_enrolment_has_a_template_to_look_for(club: Club) -> None:
    club.person("Ada", 1)
    assert enrolment(1).template.to_bytes() in markers_of(club, 1)
