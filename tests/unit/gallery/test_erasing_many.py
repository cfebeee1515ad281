"""Erasing many people, or single bases of people who stay, in one pass with one certificate."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from clubs import Club, looked, orphans, template
from countenance.check import check_certificate
from countenance.errors import GrantRefused, Held, KeyMissing, NotFound, Tampered, Unavailable
from countenance.gallery import erasing, marking
from countenance.gallery.originals import SALT
from countenance.policy.desk import Ask
from countenance.registry import schema as t
from countenance.registry.database import Registry
from countenance.service.countenance import Unfinished
from countenance.types import BasisId, Erase, SubjectId
from countenance.vault.file import FileVault
from traces import held, markers_of

NAMES = ("Ada", "Bo", "Cy", "Di")


@pytest.fixture
def four(club: Club) -> list[SubjectId]:
    """Four people who can be found, three of them in one photo."""
    found = [club.person(name, number).id for number, name in enumerate(NAMES, start=1)]
    club.ingest(club.source(), [looked("a.jpg", [1, 2, 3])])
    return found


def erase(club: Club, people: list[SubjectId]) -> dict[str, object]:
    return club.ben._leaving.erase_many(people, "withdrawn").certificate["body"]


def counted(monkeypatch: pytest.MonkeyPatch, owner: type, name: str) -> list[object]:
    calls: list[object] = []
    whole = getattr(owner, name)

    def counting(self: object, *values: object) -> object:
        calls.append(values)
        return whole(self, *values)

    monkeypatch.setattr(owner, name, counting)
    return calls


def test_p6_many_are_erased_in_one_pass(club: Club, four: list[SubjectId], monkeypatch: pytest.MonkeyPatch) -> None:
    marks = markers_of(club, *four[:3])
    assert held(club.places, marks)
    scans: list[object] = []
    look = erasing.look_for
    monkeypatch.setattr(erasing, "look_for", lambda *values, **more: (scans.append(values), look(*values, **more))[1])
    scrubs, destroyed = counted(monkeypatch, Registry, "scrub"), counted(monkeypatch, FileVault, "destroy_many")
    body = erase(club, four[:3])
    assert (len(scans), len(scrubs), len(destroyed)) == (1, 1, 1)
    assert held(club.places, marks) == []
    assert body["counts"] == {"subjects": 3, "bases": 3, "references": 3, "appearances": 3}
    assert body["keys"] == {"destroyed": 3, "checked": True}
    assert [club.found(number) for number in (1, 2, 3, 4)] == [[], [], [], ["di"]]
    assert orphans(club) == []
    club.anna.check_log()


def test_one_batch_is_one_certificate_and_a_line_each_in_the_ledger(club: Club, four: list[SubjectId]) -> None:
    erase(club, four[:2])
    erase(club, four[2:])
    with club.anna.context.registry.read() as connection:
        rows = connection.execute(sa.select(t.erasures).order_by(t.erasures.c.id)).all()
    assert [row.batch for row in rows] == [1, 1, 3, 3]
    assert [bool(row.certificate) for row in rows] == [True, False, True, False]
    assert {row.state for row in rows} == {"done"}
    assert [(line.number, line.subject, line.basis) for line in club.anna.context.ledger.lines()] == [
        (number, subject, None) for number, subject in enumerate(four, start=1)
    ]


def test_p7_the_ledger_has_the_erasure_before_a_key_is_destroyed(
    club: Club, four: list[SubjectId], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []

    def failing(vault: FileVault, names: object) -> int:
        seen.append(len(club.anna.context.ledger.lines()))
        raise Unavailable("the power went")

    with monkeypatch.context() as patch:
        patch.setattr(FileVault, "destroy_many", failing)
        with pytest.raises(Unavailable):
            erase(club, four[:2])
    assert seen == [2]


def test_p7_what_a_crash_left_out_of_the_ledger_is_written_at_the_next_start(
    club: Club, four: list[SubjectId], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(erasing, "follow", lambda *_: (_ for _ in ()).throw(Unavailable("the power went")))
        with pytest.raises(Unavailable):
            erase(club, four[:2])
    assert club.anna.context.ledger.lines() == []
    club.reopen()
    assert len(club.anna.context.ledger.lines()) == 2
    assert club.anna.status()["unfinished_erasures"] == 0


@pytest.mark.parametrize("step", ["_delete", "_scrub", "_check_keys", "look_for"])
def test_p7_a_resumed_batch_scans_as_fully_as_an_uninterrupted_one(
    club: Club, four: list[SubjectId], step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    marks = markers_of(club, *four[:3])
    with monkeypatch.context() as patch:
        patch.setattr(erasing, step, lambda *_, **__: (_ for _ in ()).throw(Unavailable("the power went")))
        with pytest.raises(Unavailable):
            erase(club, four[:3])
    copy = club.folder / "backups" / "copy"
    copy.parent.mkdir(exist_ok=True)
    copy.write_bytes(b"x" * 999 + marks[-1])
    club.reopen()
    assert club.anna.status()["unfinished_erasures"] == 3, "the copy was found, though the rows are gone"
    copy.unlink()
    (certified,) = club.anna.finish_erasures()
    assert not isinstance(certified, Unfinished)
    assert certified.certificate["body"]["scan"]["complete"] is True
    assert certified.certificate["body"]["scan"]["markers"] >= len(marks)
    assert certified.certificate["body"]["counts"]["subjects"] == 3
    assert held(club.places, marks) == []
    assert list((club.folder / "vault").glob("erasing-*")) == []


def test_p6_a_markers_file_that_was_taken_away_is_said_in_the_certificate(
    club: Club, four: list[SubjectId], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(erasing, "_scrub", lambda *_: (_ for _ in ()).throw(Unavailable("the power went")))
        with pytest.raises(Unavailable):
            erase(club, four[:2])
    for file in (club.folder / "vault").glob("erasing-*"):
        file.unlink()
    (certified,) = club.ben.finish_erasures()
    assert not isinstance(certified, Unfinished)
    assert certified.certificate["body"]["scan"]["complete"] is False
    assert certified.certificate["body"]["keys"]["destroyed"] == 2
    assert orphans(club) == []


@pytest.mark.parametrize("place", ["data/cache", "vault", "backups", "exports", "certificates", "data/thumbnails"])
def test_p6_a_copy_in_any_folder_of_ours_is_found(club: Club, four: list[SubjectId], place: str) -> None:
    folder = club.folder / place
    folder.mkdir(exist_ok=True)
    (folder / "planted").write_bytes(b"x" * 777 + template(1).to_bytes())
    with pytest.raises(Tampered, match="planted"):
        erase(club, four[:1])
    (folder / "planted").unlink()
    (certified,) = club.ben.finish_erasures()
    assert not isinstance(certified, Unfinished)


def test_p6_access_answers_that_wait_go_with_the_person(club: Club, four: list[SubjectId]) -> None:
    for number in four[:2]:
        answer = club.folder / "data" / "exports" / str(number) / "R1.sealed"
        answer.parent.mkdir(parents=True)
        answer.write_bytes(b"sealed")
    erase(club, four[:1])
    assert [path.name for path in (club.folder / "data" / "exports").iterdir()] == [str(four[1])]


def test_a_contact_that_two_people_share_stops_no_erasure(club: Club) -> None:
    ada, bo = (club.subject(name, contact="family@example.org") for name in ("Ada", "Bo"))
    assert erase(club, [ada.id])["scan"]["found"] == 0
    assert erase(club, [bo.id])["scan"]["found"] == 0


def test_p8_a_hold_on_one_keeps_the_whole_batch(club: Club, four: list[SubjectId]) -> None:
    club.order("hold", subject=four[1])
    with pytest.raises(Held, match="1 of these people"):
        erase(club, four[:3])
    assert [club.found(number) for number in (1, 2, 3)] == [["ada"], ["bo"], ["cy"]]


def test_p3_a_grant_for_some_is_none_for_others(club: Club, four: list[SubjectId]) -> None:
    desk, gallery = club.ben.context.desk, club.ben.context.gallery
    for asked, shown in ((four[:2], four[:3]), (four[:3], four[:2]), (four[:2], four[2:])):
        grant = desk.decide(Erase, Ask(subjects=tuple(asked)))
        with pytest.raises(GrantRefused):
            gallery.erase(shown, "request", grant=grant)
    grant = desk.decide(Erase, Ask(bases=(BasisId(1),)))
    with pytest.raises(GrantRefused):
        gallery.erase([SubjectId(1)], "request", grant=grant)


@pytest.mark.parametrize("people", [[], [1, 99], [99]])
def test_somebody_who_is_not_here_is_nobody_to_erase(club: Club, four: list[SubjectId], people: list[int]) -> None:
    with pytest.raises(NotFound):
        erase(club, [SubjectId(number) for number in people])
    with pytest.raises(NotFound):
        club.ben._leaving.erase_bases([BasisId(number) for number in people], "expired")
    assert club.anna.status()["counts"]["erasures"] == 0


# --- bases -----------------------------------------------------------------------------------------------------------


def test_p6_a_basis_is_erased_and_its_person_stays(club: Club) -> None:
    ada = club.subject("Ada")
    library, visit = club.basis(ada), club.basis(ada, ["visitor-check-in"])
    club.enrol(ada, library, 1)
    club.enrol(ada, visit, 1, 1)
    club.ingest(club.source(), [looked("a.jpg", [1])])
    context = club.anna.context
    with context.registry.read() as connection:
        found = marking.of_bases(connection, context.keys, [visit.number])
    marks = [*found.open, *found.secret]
    assert template(1, 1).to_bytes() in marks
    assert held(club.places, marks)
    body = club.ben._leaving.erase_bases([visit.number], "expired").certificate["body"]
    assert held(club.places, marks) == []
    assert body["counts"] == {"subjects": 0, "bases": 1, "references": 1, "appearances": 0}
    assert body["keys"] == {"destroyed": 0, "checked": True}
    assert "backups" in str(body["residuals"])
    assert club.found(1) == ["ada"]
    assert club.found(1, "visitor-check-in") == []
    assert [each.id for each in club.anna.bases.list(ada)] == [library.id]
    assert club.anna.subjects.get("ada").name == "Ada"
    (line,) = context.ledger.lines()
    assert (line.subject, line.basis, line.reason) == (ada.id, visit.number, "expired")
    assert orphans(club) == []


def test_p7_a_basis_whose_erasure_was_cut_short_is_gone_at_the_next_start(
    club: Club, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = club.person("Ada", 1)
    (basis,) = club.anna.bases.list(ada)
    with monkeypatch.context() as patch:
        patch.setattr(erasing, "_delete", lambda *_: (_ for _ in ()).throw(Unavailable("the power went")))
        with pytest.raises(Unavailable):
            club.ben._leaving.erase_bases([basis.number], "expired")
    assert club.found(1) == []
    club.reopen()
    assert club.anna.bases.list(ada) == []
    assert club.anna.subjects.get("ada").name == "Ada"
    assert orphans(club) == []


def test_p8_a_hold_keeps_a_basis_as_well(club: Club) -> None:
    ada = club.person("Ada", 1)
    club.order("hold", subject=ada.id)
    with pytest.raises(Held):
        club.ben._leaving.erase_bases([club.anna.bases.list(ada)[0].number], "expired")
    assert club.found(1) == ["ada"]


# --- the certificate -------------------------------------------------------------------------------------------------


def test_p12_the_certificate_checks_offline_and_names_nobody(club: Club, four: list[SubjectId], tmp_path: Path) -> None:
    certified = club.ben._leaving.erase_many(four[:2], "request")
    file = certified.save(tmp_path / "certificate.json")
    assert check_certificate(file.read_bytes(), None)["kind"] == "erasure"
    body, said = certified.certificate["body"], str(certified.certificate)
    assert body["log"]["consistency"]
    assert body["witness"] == "unwitnessed"
    assert body["scope"] == "whole persons"
    assert any("older copies of the vault" in each["what"] for each in body["residuals"])
    assert not any(word in said for word in ("Ada", "a.jpg", "pictures", "salt"))


def test_p12_the_salt_is_sealed_and_opens_for_the_organisation(club: Club, four: list[SubjectId]) -> None:
    certified = club.ben._leaving.erase_many(four[:1], "request")
    number = certified.certificate["body"]["number"]
    originals = certified.certificate["body"]["residuals"][0]
    assert originals["count"] == len(certified.originals) == 2
    assert SALT not in originals
    for path in certified.originals:
        assert club.anna.is_original(number, path)
    assert not club.anna.is_original(number, "/pictures/somebody-else.jpg")
    with pytest.raises(NotFound):
        club.anna.is_original("E99", "/pictures/a.jpg")


def test_p6_the_keys_are_asked_for_again(club: Club, four: list[SubjectId], monkeypatch: pytest.MonkeyPatch) -> None:
    context = club.ben.context
    with context.registry.read() as connection:
        sealed = connection.scalar(sa.select(t.subjects.c.handle_sealed).where(t.subjects.c.id == four[0]))
    with monkeypatch.context() as patch:
        patch.setattr(FileVault, "destroy_many", lambda *_: 1)
        with pytest.raises(Tampered, match="still in the vault"):
            erase(club, four[:1])
    (certified,) = club.ben.finish_erasures()
    assert not isinstance(certified, Unfinished)
    with pytest.raises(KeyMissing):
        context.keys.unseal(f"subject:{four[0]}", sealed or b"", "handle")
