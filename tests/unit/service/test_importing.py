"""People taken over from a CompreFace database, on a real PostgreSQL server; the people are synthetic."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from clubs import ANNA, WORDS, Club, orphans
from compreface_db import CompreFaceDatabase
from countenance.cli.app import main
from countenance.config import FILE_NAME
from countenance.errors import BadConfiguration, InputError, NoBasis, NoNotice, Unavailable
from countenance.ingest.compreface import PASSWORD
from countenance.samples import cast
from countenance.service.importing import Form, Imported
from countenance.types import system_clock
from servers import SECRET, Server

pytestmark = pytest.mark.postgresql
PURPOSES = ("photo-library",)


def photo(name: str, number: int = 0) -> bytes:
    return cast().photos(name)[number].read_bytes()


@pytest.fixture
def database(server: Server, monkeypatch: pytest.MonkeyPatch) -> CompreFaceDatabase:
    monkeypatch.setenv(PASSWORD, SECRET)
    return CompreFaceDatabase.make(server)


def taken(club: Club, database: CompreFaceDatabase, **more: Any) -> Imported:
    form = Form(club.evidence("everybody"), PURPOSES, "notice-2027")
    return club.anna.importing.compreface(database.url, form, **{"service": "Door"} | more)


def test_p3_people_and_photos_are_taken_over_pending_and_found_once_confirmed(
    club: Club, database: CompreFaceDatabase
) -> None:
    database.person("Ada Lovelace", photo("Ada"), photo("Ada", 1))
    database.person("Jia", photo("Jia"))
    database.forget(database.person("Wen", photo("Wen"), photo("Wen", 1)))
    before, ticks = database.everything(), []
    imported = taken(club, database, progress=lambda done, total: ticks.append((done, total)))
    assert (imported.people, imported.new_people, imported.enrolled, imported.skipped) == (2, 2, 3, [])
    assert imported.survey.orphans == 2
    assert imported.survey.orphan_bytes == len(photo("Wen")) + len(photo("Wen", 1))
    assert ticks[-1] == (3, 3)
    assert database.everything() == before
    assert [each.name for each in club.anna.subjects.list()] == ["Ada Lovelace", "Jia"]
    why = {"purpose": "photo-library", "case": "press 12"}
    assert not club.anna.search(photo("Ada", 2), **why)
    pending = club.anna.bases.list()
    assert [basis.state for basis in pending] == ["pending"] * 3  # one a photo: each can be erased by itself
    for basis in pending:
        club.ben.bases.countersign(basis)
    assert [hit.name for hit in club.anna.search(photo("Ada", 2), **why)] == ["Ada Lovelace"]
    assert orphans(club) == []


def test_p3_whom_nobody_confirms_is_erased_after_seven_days(club: Club, database: CompreFaceDatabase) -> None:
    database.person("Ada", photo("Ada"))
    taken(club, database)
    club.clock.forward(days=8)
    purged = club.ben.purge()
    assert [item.why for item in purged.due] == ["never confirmed within seven days, and no other basis is left"]
    assert club.anna.subjects.list() == []


def test_broken_off_it_goes_on_where_it_was(club: Club, database: CompreFaceDatabase) -> None:
    for number, name in enumerate(("Ada", "Jia", "Wen"), 1):
        database.person(name, photo(name), number=number)

    class Stopped(Exception):
        pass

    def stop(done: int, total: int) -> None:
        if done == 2:
            raise Stopped

    with pytest.raises(Stopped):
        taken(club, database, progress=stop)
    again = taken(club, database)
    assert (again.enrolled, again.already, again.new_people, again.skipped) == (1, 2, 1, [])
    assert taken(club, database).already == 3
    assert len(club.anna.bases.list()) == 3


def test_what_is_broken_is_reported_and_the_others_are_taken(club: Club, database: CompreFaceDatabase) -> None:
    config = club.folder / FILE_NAME
    config.write_text(config.read_text().replace("max_bytes = 67_108_864", "max_bytes = 1_000_000"))
    club.reopen()
    wicked, people = "<script>alert(1)</script>", cast()
    database.person(None, photo("Ada"), number=1)
    database.person("two\nlines \x1b[2J", photo("Ada"), number=2)
    database.person("n" * 255, photo("Ada"), number=3)
    database.person(wicked, photo("Jia"), number=4)
    database.person("Wen", b"no picture", b"", None, people.no_face()[0].read_bytes(),
                    people.party()[2].path.read_bytes(), b"0" * 1_000_001,
                    photo("Wen"), number=5)  # fmt: skip
    database.person(" Wen ", photo("Ada"), number=6)
    database.example(None, photo("Ada", 1))
    database.person("of a service that is gone", photo("Ada", 2), service="key-of-none")
    imported = taken(club, database)
    names = {each.name: each.code for each in imported.skipped if each.photo is None}
    assert list(names.values()) == ["input", "input", "input", "same-name"]
    assert all(name.isprintable() and len(name) <= 80 for name in names)
    codes = sorted(each.code for each in imported.skipped if each.photo)
    assert codes == ["many-faces", "no-face", "too-large", "unreadable", "unreadable", "unreadable"]
    assert imported.enrolled == 2
    assert [each.name for each in club.anna.subjects.list()] == [wicked, "Wen"]
    assert (imported.survey.of_nobody, imported.survey.of_no_service) == (1, 1)
    assert len(club.anna.bases.list()) <= 3  # a basis of a photo that failed serves the next one
    json.dumps(imported.as_json())


def test_a_name_that_is_somebody_else_s_already_is_not_merged(club: Club, database: CompreFaceDatabase) -> None:
    database.person("Ada", photo("Ada"))
    database.person("Ada", photo("Jia"), service="Office")
    database.person("Ada-2", photo("Wen"), service="Office")
    club.subject("Ada-2")  # recorded here, by nobody of CompreFace's: it stays apart
    taken(club, database)
    office = taken(club, database, service="Office")
    assert [(each.name, each.photo) for each in office.skipped] == [("Ada", None)]
    assert "Somebody else" in office.skipped[0].reason
    assert [each.name for each in club.anna.names.list()] == ["Ada", "Ada-2"]
    assert sorted(each.name for each in club.anna.subjects.list()) == ["Ada", "Ada-2", "Ada-2"]


def test_several_services_are_imported_one_at_a_time(club: Club, database: CompreFaceDatabase) -> None:
    database.person("Ada", photo("Ada"))
    database.person("Jia", photo("Jia"), service="Office")
    with pytest.raises(InputError, match="Several"):
        taken(club, database, service=None)
    for absent in ("Detect", "no such"):
        with pytest.raises(InputError, match="no such recognition service"):
            taken(club, database, service=absent)
    assert club.anna.subjects.list() == []


def test_p1_a_form_that_carries_no_face_is_refused_before_anybody_is_recorded(
    club: Club, database: CompreFaceDatabase
) -> None:
    database.person("Ada", photo("Ada"))
    empty = club.root / "empty"
    empty.write_text("")
    for form in (Form(empty, PURPOSES), Form(club.form, PURPOSES, ground="public"), Form(club.form, ())):
        with pytest.raises(NoBasis):
            club.anna.importing.compreface(database.url, form)
    assert club.anna.subjects.list() == []


def test_p1_a_form_for_many_has_to_be_declared_by_two(club: Club, database: CompreFaceDatabase) -> None:
    for number in range(30):
        club.basis(club.subject(f"Somebody {number}"), evidence=club.form, live=False)
    database.person("Ada", photo("Ada"))
    imported = club.anna.importing.compreface(database.url, Form(club.form, PURPOSES, "notice-2027"))
    assert [each.code for each in imported.skipped] == ["no-basis"]
    assert imported.enrolled == 0


def test_p25_nothing_can_be_written_there(database: CompreFaceDatabase) -> None:
    import sqlalchemy as sa

    from countenance.ingest.compreface import reading

    with pytest.raises(Unavailable), reading(database.url) as opened:
        opened._connection.execute(sa.text("DELETE FROM img"))


def test_p25_other_addresses_and_databases_are_refused(
    club: Club, database: CompreFaceDatabase, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    for address, kind in (
        ("sqlite:///frs.db", InputError),
        ("https://example.org/frs", InputError),
        ("postgresql://frs:hunter2@127.0.0.1/frs", BadConfiguration),
        ("postgresql://frs@frs.example.org/frs?sslmode=disable", BadConfiguration),
        (server.url(server.empty()), InputError),
        (f"postgresql://nobody@127.0.0.1:{server.port}/{database.name}", Unavailable),
    ):
        with pytest.raises(kind) as refused:
            club.anna.importing.survey(address)
        assert "hunter2" not in f"{refused.value.message} {refused.value.hint}"
    monkeypatch.setenv(PASSWORD, "wrong")
    with pytest.raises(Unavailable):
        club.anna.importing.survey(database.url)


@pytest.fixture
def present(quick_folder: Path) -> Iterator[Club]:
    """A club of today, as the command sees it."""
    made = Club(quick_folder, clock=system_clock)  # type: ignore[arg-type]
    yield made
    made.close()


def test_the_command_looks_imports_and_says_what_comes_next(
    present: Club, database: CompreFaceDatabase, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COUNTENANCE_PASSPHRASE", WORDS[ANNA])
    monkeypatch.setenv("COUNTENANCE_CONFIG", str(present.folder))

    def run(*line: object) -> tuple[int, str, str]:
        code = main(["import", "compreface", database.url, *map(str, line)])
        told = capsys.readouterr()
        return code, told.out, told.err

    database.person("Ada [bold]<b>", photo("Ada"))
    database.forget(database.person("Wen", photo("Wen")))
    code, out, err = run("--dry-run")
    assert (code, "recognition" in out) == (0, True)
    assert "1 photo (0." in err
    assert present.anna.subjects.list() == []
    _, told, _ = run("--dry-run", "--json")
    assert json.loads(told)["database"]["orphaned_photos"] == 1
    assert "key-door" not in told
    assert run()[0] == InputError.exit_code
    assert run("--evidence", present.form, "--notice", "unheard-of")[0] == NoNotice.exit_code
    form = ("--evidence", present.evidence("all"), "--notice", "notice-2027")
    code, out, _ = run(*form, "--json")
    assert (code, json.loads(out)["enrolled"]) == (0, 1)
    code, out, _ = run(*form)
    assert "no photos enrolled of 1 person (0 new), 1 here already" in " ".join(out.split())
