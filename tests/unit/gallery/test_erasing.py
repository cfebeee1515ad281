"""Erased means erased: rows, log openings, index, key, bytes. And an erasure that was cut short comes to its end."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from clubs import Club, looked, orphans, template
from countenance.errors import GrantRefused, Held, KeyMissing, NoBasis, NotFound, Tampered, Unavailable
from countenance.gallery import erasing
from countenance.policy.desk import Ask
from countenance.registry import schema as t
from countenance.service.countenance import Unfinished
from countenance.types import Enrol


def traces(club: Club, number: int) -> list[bytes]:
    """What the files hold of one person: read before the erasure, looked for after it, by this test's own code."""
    context = club.anna.context
    key = f"subject:{number}"
    with context.registry.read() as connection:
        person = connection.execute(sa.select(t.subjects).where(t.subjects.c.id == number)).one()
        found = [person.handle_sealed, person.name_sealed, person.contact_sealed, context.keys.vault.wrapped(key)]
        for row in connection.execute(sa.select(t.references).where(t.references.c.subject == number)):
            found += [row.template_sealed, row.photo_sealed, row.face_sealed]
        found += connection.scalars(sa.select(t.openings.c.sealed).where(t.openings.c.key == key)).all()
    return [bytes(each) for each in found if each] + [context.keys.vault.get(key), template(1).to_bytes()]


def where(club: Club, markers: list[bytes]) -> set[str]:
    """The files in which any 16 bytes in a row of a marker are."""
    pieces = {marker[i : i + 16] for marker in markers for i in range(0, len(marker) - 15, 16)}
    files = [file for file in club.folder.rglob("*") if file.is_file()]
    return {file.name for file in files for data in [file.read_bytes()] for piece in pieces if piece in data}


@pytest.fixture
def ada(club: Club) -> int:
    subject = club.subject("Ada", contact="ada@example.org", birth_year=1990)
    club.enrol(subject, club.basis(subject), 1)
    club.enrol(subject, club.anna.bases.list(subject)[0], 1, 1)
    club.ingest(club.source(), [looked("a.jpg", [1, 2])])
    assert club.found(1) == ["ada"]
    return int(subject.id)


def test_p6_after_an_erasure_nothing_of_the_person_is_in_any_file(club: Club, ada: int) -> None:
    marks = traces(club, ada)
    assert where(club, marks), "the traces were there before"
    certified = club.ben.erase("ada", reason="request")
    assert where(club, marks) == set()
    assert certified.faces_erased == 3
    assert certified.certificate["body"]["counts"] == {"subjects": 1, "bases": 1, "references": 2, "appearances": 1}
    assert orphans(club) == []
    assert club.found(1) == []
    club.anna.check_log()


def test_p30_the_template_never_lies_in_the_open_even_before(club: Club, ada: int) -> None:
    assert where(club, [template(1).to_bytes(), template(1, 1).to_bytes(), b"ada@example.org" + bytes(16)]) == set()


def test_an_erased_handle_is_free_and_its_number_is_not(club: Club, ada: int) -> None:
    club.ben.erase("ada", reason="request")
    assert club.subject("Ada").id > ada


def test_p12_the_paths_of_the_originals_are_told_and_not_certified(club: Club, ada: int) -> None:
    certified = club.ben.erase("ada", reason="request")
    assert any(Path(each).name == "a.jpg" for each in certified.originals)
    assert "/pictures/person-1-0.jpg" in certified.originals
    assert "a.jpg" not in str(certified.certificate)


def test_a_hold_forbids_it_and_nothing_is_changed(club: Club, ada: int) -> None:
    order = club.order("hold", subject=ada)
    with pytest.raises(Held):
        club.ben.erase("ada", reason="request")
    assert club.found(1) == ["ada"]
    club.set_order(order, "complied")
    assert club.ben.erase("ada", reason="request").faces_erased == 3


@pytest.mark.parametrize("step", ["_delete", "_scrub", "look_for"])
def test_p7_an_erasure_that_is_cut_short_is_finished_at_the_next_start(
    club: Club, ada: int, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    marks = traces(club, ada)
    with monkeypatch.context() as patch:
        patch.setattr(erasing, step, lambda *_, **__: (_ for _ in ()).throw(Unavailable("the power went")))
        with pytest.raises(Unavailable):
            club.ben.erase("ada", reason="request")
    assert club.found(1) == [], "she is out of the next search as soon as it is decided"
    with pytest.raises(NotFound):
        club.anna.subjects.get("ada")
    club.reopen()
    assert club.anna.status()["unfinished_erasures"] == 0
    assert where(club, marks) == set()
    assert orphans(club) == []
    club.anna.check_log()


def test_an_erasure_that_still_cannot_finish_says_why(club: Club, ada: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object, **__: object) -> None:
        raise Tampered("Bytes of the erased person are still in backup.db.")

    monkeypatch.setattr(erasing, "look_for", fails)
    with pytest.raises(Tampered):
        club.ben.erase("ada", reason="request")
    assert club.ben.finish_erasures() == [Unfinished("Bytes of the erased person are still in backup.db.")]
    assert club.ben.status()["unfinished_erasures"] == 1


def test_p6_a_copy_that_lies_about_is_found_and_named(club: Club, ada: int) -> None:
    """The scan is no formality: the registry copied into the data folder is a place where bytes remain."""
    copy = club.folder / "data" / "registry-copy.db"
    with club.sql() as connection:
        connection.exec_driver_sql("SELECT 1")
    club.anna.context.registry.scrub()
    copy.write_bytes((club.folder / "data" / "registry.db").read_bytes())
    with pytest.raises(Tampered, match=r"registry-copy\.db"):
        club.ben.erase("ada", reason="request")
    copy.unlink()
    (certified,) = club.ben.finish_erasures()
    assert not isinstance(certified, Unfinished)
    assert certified.certificate["body"]["scan"]["found"] == 0


def test_nobody_resumes_an_erasure_that_was_never_decided(club: Club, ada: int) -> None:
    with pytest.raises(GrantRefused):
        club.ben.context.desk.resume(1)
    club.ben.erase("ada", reason="request")
    with pytest.raises(GrantRefused):
        club.ben.context.desk.resume(1)


@pytest.mark.parametrize("leaving", ["erase", "withdraw"])
def test_p7_an_enrolment_under_way_is_refused_when_the_person_leaves(club: Club, ada: int, leaving: str) -> None:
    """The photo is being read while she leaves: the grant is there already, and must not bring her back."""
    from clubs import enrolment

    subject = club.anna.subjects.get("ada")
    basis = club.anna.bases.list(subject)[0]
    grant = club.anna.context.desk.decide(Enrol, Ask(subject=subject.id, basis=basis.number))
    if leaving == "erase":
        club.ben.erase("ada", reason="request")
    else:
        club.ben.withdraw("ada")
    with pytest.raises((NoBasis, KeyMissing)):
        club.anna.context.gallery.enrol(subject.id, basis.number, enrolment(1, 2), grant=grant)
    assert orphans(club) == []
