"""The visitor desk: today's visitors alone, a desk that decides, other ways in as good, an end with the visit."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import sqlalchemy as sa

from clubs import DAY, WORDS, Club, orphans
from countenance.errors import (
    AlreadyExists,
    InputError,
    NotFound,
    Refused,
    RoleRefused,
)
from countenance.registry import schema as t
from countenance.samples import cast
from countenance.service.countenance import Countenance
from countenance.service.visits import OTHERS, PURPOSE, Visit


def add(club: Club, name: str, **more: object) -> Visit:
    given = {"evidence": club.evidence(name), "notice": "notice-2027", "territory": "GB", "host": "Ben"} | more
    return club.anna.visits.add(name, cast().portrait(name), **given)  # type: ignore[arg-type]


def expect(club: Club, name: str, **more: object) -> Visit:
    """Expected, and the consent countersigned."""
    visit = add(club, name, **more)
    club.ben.bases.countersign(visit.basis)
    return visit


def still(name: str) -> Path:
    return cast().photos(name)[1]


def seen(club: Club, name: str) -> list[str]:
    return [each.name for each in club.anna.visits.search(still(name)).visits]


@pytest.fixture
def desk(club: Club) -> Club:
    """Ada is expected today."""
    expect(club, "Ada", contact="ada@example.org")
    return club


def test_p1_a_visitor_is_found_once_the_consent_is_confirmed(club: Club) -> None:
    visit = add(club, "Ada")
    assert (visit.id, visit.state, visit.host) == ("V1", "expected", "Ben")
    assert visit.waits_for
    assert seen(club, "Ada") == []
    club.ben.bases.countersign(visit.basis)
    assert seen(club, "Ada") == ["Ada"]
    assert club.anna.visits.list()[0].waits_for is None


def test_p17_a_comparison_proposes_and_whoever_is_at_the_desk_decides(desk: Club) -> None:
    answer = desk.anna.visits.search(still("Ada"))
    told = answer.as_json()
    assert told["candidates"][0]["band"] in {"low", "high"}
    assert told["other_ways"] == ["host", "paper", "badge"]
    assert "not an identification" in told["caution"]
    assert desk.anna.visits.list()[0].state == "expected"
    inside = desk.anna.visits.arrive("V1", way="face", search=answer.search)
    assert (inside.state, inside.way) == ("arrived", "face")
    with pytest.raises(AlreadyExists):
        desk.anna.visits.arrive("V1", way="host")


def test_p17_nobody_comes_in_by_face_without_a_comparison_that_showed_them(desk: Club) -> None:
    expect(desk, "Goran")
    goran = desk.anna.visits.search(still("Goran")).search
    for search in (goran, "S99"):
        with pytest.raises(Refused, match="showed this visitor"):
            desk.anna.visits.arrive("V1", way="face", search=search)
    mine = desk.anna.visits.search(still("Ada")).search
    with pytest.raises(Refused):
        desk.cleo.visits.arrive("V1", way="face", search=mine)
    desk.clock.forward(seconds=601)
    with pytest.raises(Refused):
        desk.anna.visits.arrive("V1", way="face", search=mine)
    with pytest.raises(NotFound):
        desk.anna.visits.arrive("V1", way="face")
    assert desk.anna.visits.list()[0].state == "expected"


@pytest.mark.parametrize("way", OTHERS)
def test_p29_every_other_way_in_counts_the_same(desk: Club, way: str) -> None:
    inside = desk.anna.visits.arrive("V1", way=way)
    assert (inside.state, inside.way) == ("arrived", way)
    entry = desk.anna.log_entries()[-1]
    assert (entry["act"], entry["facts"]) == ("visit-arrived", {"visit": "V1", "way": way})


def test_p29_whoever_is_not_enrolled_comes_in_too_and_nothing_of_them_is_kept(club: Club) -> None:
    club.anna.visits.arrive_unnamed("paper")
    entry = club.anna.log_entries()[-1]
    assert (entry["act"], entry["facts"], entry.get("subjects")) == ("visit-other-way", {"way": "paper"}, None)
    for wrong in ("face", "window", ""):
        with pytest.raises(InputError):
            club.anna.visits.arrive_unnamed(wrong)
    with pytest.raises(NotFound, match="expected now"):
        club.anna.visits.search(still("Ada"))


def test_p27_a_stranger_at_the_desk_leaves_nothing_but_the_log(desk: Club) -> None:
    assert seen(desk, "Vera") == []
    with desk.anna.context.registry.read() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(t.probes)) == 0
        assert connection.scalar(sa.select(sa.func.count()).select_from(t.shown)) == 0
    assert orphans(desk) == []


def test_p4_whoever_is_not_among_today_s_visitors_is_not_compared(desk: Club) -> None:
    member = desk.subject("Goran", handle="goran")
    basis = desk.basis(member, [PURPOSE, "photo-library"])
    desk.anna.enrol(member, cast().portrait("Goran"), basis=basis)
    assert [each.subject for each in desk.anna.search(still("Goran"), purpose=PURPOSE, case="c")] == ["goran"]
    answer = desk.anna.visits.search(still("Goran"))
    assert (answer.visits, list(answer.found)) == ((), [])


# --- the end ---------------------------------------------------------------------------------------------------------


def test_p5_leaving_ends_the_enrolment_at_once(desk: Club) -> None:
    expect(desk, "Goran")
    gone = desk.anna.visits.leave("V1")
    assert (gone.state, gone.way) == ("left", None)
    assert desk.anna.bases.get(gone.basis).state == "withdrawn"
    assert seen(desk, "Ada") == []
    assert seen(desk, "Goran") == ["Goran"]
    for act in (desk.anna.visits.leave, lambda visit: desk.anna.visits.arrive(visit, way="host")):
        with pytest.raises(NotFound, match="ended"):
            act("V1")


def test_p13_the_day_s_end_ends_it_and_the_purge_leaves_nothing(desk: Club) -> None:
    desk.clock.forward(seconds=DAY + 1)
    assert [each.state for each in desk.anna.visits.list()] == ["left"]
    with pytest.raises(NotFound):
        desk.anna.visits.search(still("Ada"))
    purged = desk.anna.purge()
    assert [each.what for each in purged.due] == ["subject"]
    assert desk.anna.visits.list() == []
    with desk.anna.context.registry.read() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(t.visits)) == 0
    assert orphans(desk) == []


def test_p13_an_operator_at_the_desk_ends_a_visit_and_withdraws_nothing_else(desk: Club) -> None:
    guard = operator(desk)
    member = desk.person("Mia", 7)
    with pytest.raises(RoleRefused):
        guard.withdraw(member.handle)
    with pytest.raises(RoleRefused):
        guard.withdraw("ada")
    assert guard.visits.leave("V1").state == "left"
    with pytest.raises(RoleRefused):
        guard.visits.add("Goran", cast().portrait("Goran"), evidence=desk.evidence("Goran"), notice="notice-2027")
    assert [each.name for each in desk.anna.subjects.list()] == ["Ada", "Mia"]


def operator(club: Club) -> Countenance:
    WORDS["gus@club.example"] = "gus's words"
    club.anna.accounts.add("gus@club.example", roles=["operator"], passphrase=WORDS["gus@club.example"])
    return club.open("gus@club.example")


# --- nothing that is not so ------------------------------------------------------------------------------------------


def test_p1_a_visit_that_was_written_by_hand_is_none(desk: Club) -> None:
    member = desk.subject("Goran")
    basis = desk.basis(member, [PURPOSE])
    desk.anna.enrol(member, cast().portrait("Goran"), basis=basis)
    with desk.sql() as connection:
        row = connection.execute(sa.select(t.visits)).one()
        values = dict(row._mapping) | {"id": 2, "subject": member.id, "basis": basis.number}
        connection.execute(sa.insert(t.visits).values(**values))
    assert [each.id for each in desk.anna.visits.list()] == ["V1"]
    assert seen(desk, "Goran") == []
    with pytest.raises(NotFound):
        operator(desk).visits.leave("V2")
    for ends in (row.ends + DAY, 2**60):  # the second is no number that canonical JSON can write
        with desk.sql() as connection:
            connection.execute(sa.update(t.visits).values(ends=ends))
        assert desk.anna.visits.list() == []


def test_nothing_is_half_written(club: Club) -> None:
    for photo in (b"no picture", next(each for each in cast().party() if len(each.people) > 2).path):
        with pytest.raises(InputError):
            club.anna.visits.add("Ada", photo, evidence=club.evidence("x"), notice="notice-2027")
    assert club.anna.subjects.list() == []


def test_p3_without_the_purpose_in_the_agreement_the_desk_compares_nobody(desk: Club) -> None:
    for each in desk.anna.agreements.list():
        desk.anna.agreements.end(each.id)
    with pytest.raises(Refused):
        desk.anna.visits.search(still("Ada"))


def test_p15_the_access_answer_tells_the_visit(desk: Club) -> None:
    desk.anna.visits.arrive("V1", way="badge")
    desk.anna.requests.open("access", subject="ada")
    desk.anna.requests.answer("R1", out=desk.root / "out")
    (told,) = json.loads((desk.root / "out" / "access-R1.json").read_text())["held"]["visits"]
    assert (told["visit"], told["host"], told["way"]) == ("V1", "Ben", "badge")


def test_p30_the_host_is_sealed_under_the_visitor_s_key(club: Club) -> None:
    add(club, "Ada", host="Ben the Boatman")
    club.close()
    for folder in club.places:
        for file in folder.rglob("*"):
            assert not file.is_file() or b"Boatman" not in file.read_bytes()


def test_a_visit_that_is_not_even_a_date_does_not_shut_the_desk(desk: Club) -> None:
    with desk.sql() as connection:
        row = connection.execute(sa.select(t.visits)).one()._asdict() | {"id": 7, "ends": 2**60, "signature": b"x"}
        connection.execute(sa.insert(t.visits).values(**row))
    assert [each.id for each in desk.anna.visits.list()] == ["V1"]
    assert seen(desk, "Ada") == ["Ada"]
