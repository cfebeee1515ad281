"""A photo of the asker: an option that helps an officer, leaves no byte, and by itself tells nobody anything (P14)."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
import sqlalchemy as sa

from clubs import ANNA, Club, probe
from countenance.errors import GrantRefused, NotSignedIn, PurposeRefused, RoleRefused
from countenance.policy.desk import Ask
from countenance.registry import schema as t
from countenance.samples import cast
from countenance.types import Locate

PASSPHRASE = "eve's words"


@pytest.fixture
def ada(club: Club) -> Club:
    """Ada is enrolled with a real photo; the threshold is the model's own."""
    config = club.folder / "countenance.toml"
    config.write_text(
        config.read_text().replace("threshold = 0.57", "threshold = 0.415").replace("high = 0.65", "high = 0.465")
    )
    club.reopen()
    subject = club.subject("Ada", contact="ada@example.org")
    club.anna.enrol(subject, cast().portrait("Ada"), basis=club.basis(subject))
    return club


def test_p14_a_photo_leaves_no_byte_anywhere(ada: Club, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    photo = cast().photos("Ada")[1].read_bytes() + b"\0" * 700_000
    commitments = []
    made = ada.anna.requests.open("access", photo=photo)
    assert [(each.subject, each.band) for each in made.candidates] == [("ada", "high")]
    assert list(tmp_path.iterdir()) == []
    for file in (each for each in ada.root.rglob("*") if each.is_file()):
        content = file.read_bytes()
        commitments.append(file)
        assert not any(photo[at : at + 32] in content for at in range(2000, 40_000, 997)), file
    assert len(commitments) > 5
    with ada.anna.context.registry.read() as connection:
        counts = [
            connection.scalar(sa.select(sa.func.count()).select_from(table))
            for table in (t.searches, t.shown, t.probes)
        ]
    assert counts == [0, 0, 0]


def test_p19_the_comparison_of_a_photo_at_the_counter_is_a_use_and_is_counted(ada: Club) -> None:
    """Art 12(3): every search and comparison, whatever it is called."""
    ada.found(1, "photo-library")
    made = ada.anna.requests.open("access", photo=cast().photos("Ada")[1])
    ada.anna.requests.open("access", photo=cast().no_face()[0])  # nothing was compared
    ada.found(1, "photo-library")
    search, use, last = ada.anna.logbook.uses()
    assert (search.kind, use.kind, last.kind) == ("search", "locate", "search")
    assert (use.account, use.organisation, use.case, use.purpose) == (ANNA, "Rowing Club", made.id, "rights-request")
    assert (use.candidates, use.number) == (1, f"L{use.log_index}")
    assert use.probe in str(ada.anna.log_entries())
    assert [each.kind for each in ada.anna.logbook.uses(limit=2)] == ["search", "locate"]
    assert [each.kind for each in ada.anna.logbook.uses(start=2)] == ["search"]
    for report in (ada.anna.reports.public()["searches"], ada.anna.reports.accountability()["use"]["searches"]):
        (counted,) = [each for each in report if each["purpose"] == "rights-request"]
        assert (counted["searches"], counted["candidates_shown"]) == (1, 1)


def test_p14_a_photo_decides_nothing_by_itself(ada: Club) -> None:
    found = ada.anna.requests.open("objection", photo=cast().photos("Ada")[1])
    missed = ada.anna.requests.open("objection", photo=cast().photos("Bruno")[1])
    assert [len(each.candidates) for each in (found, missed)] == [1, 0]
    assert found.subject is None
    assert missed.subject is None
    assert ada.anna.subjects.get("ada").state == "active"
    with ada.anna.context.registry.read() as connection:
        assert connection.scalar(sa.select(t.subjects.c.restricted)) is None
    ada.anna.requests.assign(found.id, "ada")
    with ada.anna.context.registry.read() as connection:
        assert connection.scalar(sa.select(t.subjects.c.restricted)) is not None


@pytest.mark.parametrize("photo", [b"no picture", b"", cast().no_face()[0]], ids=["no picture", "empty", "no face"])
def test_p14_a_photo_that_cannot_be_used_never_stands_in_the_way(ada: Club, photo: bytes | Path) -> None:
    made = ada.anna.requests.open("access", contact="ada@example.org", photo=photo)
    assert (made.state, made.subject, made.candidates) == ("open", "ada", ())


def test_p14_who_is_withdrawn_or_restricted_is_found_all_the_same(ada: Club) -> None:
    ada.anna.requests.open("restriction", contact="ada@example.org")
    ada.anna.withdraw("ada")
    made = ada.anna.requests.open("access", photo=cast().photos("Ada")[1])
    assert [each.subject for each in made.candidates] == ["ada"]


def test_p14_only_an_officer_uses_a_photo(club: Club) -> None:
    club.anna.accounts.add("eve@club.example", roles=["operator"], passphrase=PASSPHRASE)
    with pytest.raises(NotSignedIn):
        club.open(None).requests.open("access", photo=b"photo")
    from countenance.wiring import open_gallery

    eve = open_gallery(club.folder, account="eve@club.example", passphrase=PASSPHRASE, clock=club.clock)
    club.opened.append(eve)
    with pytest.raises(RoleRefused):
        eve.requests.open("access", photo=b"photo")
    assert club.anna.requests.list() == []


def test_p14_a_record_is_found_by_photo_for_a_request_and_nothing_else(club: Club) -> None:
    club.person("Ada", 1)
    desk, gallery = club.anna.context.desk, club.anna.context.gallery
    for purpose, named in (("photo-library", True), (None, True), ("rights-request", False)):
        with pytest.raises(PurposeRefused):
            desk.decide(Locate, Ask(purpose=purpose, case_named=named))
    grant = desk.decide(Locate, Ask(purpose="rights-request", case_named=True))
    assert [each.subject for each in gallery.locate(probe(1), grant=grant)] == [1]
    with pytest.raises(GrantRefused):
        gallery.locate(probe(1), grant=grant)
    located = [each for each in club.anna.log_entries() if each["act"] == "locate"]
    assert [each["outcome"] for each in located] == ["refused"] * 3 + ["granted", "done"]
    assert {each["opened"]["account"] for each in located} == {ANNA}
