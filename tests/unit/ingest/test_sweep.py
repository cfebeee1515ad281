"""A sweep: who came since is found in older photos, all of them in one pass; it adds and never takes away."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from clubs import WORDS, Club
from countenance import errors
from countenance.ingest.sweep import due
from countenance.registry import schema as t
from made_up import Party
from strangers import residue


@pytest.fixture
def party(club: Club) -> Party:
    """Ada (1) agreed before the photos came in."""
    club.person("Ada", 1)
    made = Party(club)
    made.put("ada.jpg", 1)
    made.put("both.jpg", 1, 2)
    made.put("bruno.jpg", 2, 3)
    made.put("nobody.jpg")
    made.put("strangers.jpg", 7, 8)
    made.ingest()
    return made


def due_now(party: Party) -> list[str]:
    context = party.club.anna.context
    found = due(context.registry, party.source, context.desk.contract, context.clock())
    return [file.path.decode() for file in found]


def test_nothing_is_due_while_nobody_came(party: Party) -> None:
    assert due_now(party) == []
    assert party.sweep().new == 0
    assert party.engine.made == []


def test_whoever_came_since_is_found_in_one_pass(party: Party) -> None:
    party.club.person("Bruno", 2)
    party.club.person("Chidi", 3)
    assert due_now(party) == ["both.jpg", "bruno.jpg", "strangers.jpg"], "not where nobody is, or all are kept"
    report = party.sweep()
    assert (report.new, report.faces_found, report.faces_kept) == (3, 6, 3)
    assert (party.shown(2), party.shown(3)) == (["both.jpg", "bruno.jpg"], ["bruno.jpg"])
    assert party.shown(1) == ["ada.jpg", "both.jpg"]
    assert due_now(party) == []
    assert party.ingest().already_known == 5


def test_p1_a_pending_consent_is_looked_for_once_it_is_confirmed(party: Party) -> None:
    bruno = party.club.subject("Bruno")
    basis = party.club.basis(bruno, live=False)
    party.club.enrol(bruno, basis, 2)
    assert due_now(party) == []
    party.club.ben.bases.countersign(basis)
    assert party.sweep().faces_kept == 2


def test_p4_a_consent_for_another_purpose_than_the_source_s_is_not_looked_for(party: Party) -> None:
    party.club.person("Bruno", 2, ["visitor-check-in"])
    assert due_now(party) == []


def test_what_was_removed_stays_removed_and_what_is_kept_stays_as_it_is(party: Party) -> None:
    with party.club.sql() as connection:
        both = sa.select(t.photos.c.id).where(t.photos.c.path == b"both.jpg").scalar_subquery()
        connection.execute(sa.delete(t.appearances).where(t.appearances.c.photo == both))
        connection.execute(sa.update(t.appearances).values(score=0.99))
    party.club.person("Bruno", 2)
    party.sweep()
    assert (party.shown(1), party.shown(2)) == (["ada.jpg"], ["both.jpg", "bruno.jpg"])
    with party.club.anna.context.registry.read() as connection:
        assert connection.scalar(sa.select(t.appearances.c.score).where(t.appearances.c.subject == 1)) == 0.99


def test_a_face_that_is_kept_under_a_name_is_not_given_another_one(party: Party) -> None:
    twin = party.club.subject("Twin")
    party.club.enrol(twin, party.club.basis(twin), 1, photo=500)  # the same face as in the photos
    party.sweep()
    assert party.shown(1) == ["ada.jpg", "both.jpg"]
    with party.club.anna.context.registry.read() as connection:
        kept = sa.select(sa.func.count()).where(t.appearances.c.subject == int(twin.id))
        assert connection.scalar(kept) == 0


def test_copies_are_looked_at_once_and_all_are_kept(party: Party) -> None:
    for name in ("x.jpg", "y.jpg", "z.jpg"):
        party.put(name, 4, 9, salt="same")
    party.ingest()
    party.club.person("Dora", 4)
    report = party.sweep()
    assert party.engine.looked.count(b"x.jpg") + party.engine.looked.count(b"y.jpg") == 1
    assert report.faces_kept == 3
    assert party.shown(4) == ["x.jpg", "y.jpg", "z.jpg"]


def test_a_file_that_changed_since_is_left_to_the_next_ingest(party: Party) -> None:
    party.put("bruno.jpg", 2, salt="another picture")
    party.club.person("Bruno", 2)
    report = party.sweep()
    assert [(each.path, each.code) for each in report.skipped] == [("bruno.jpg", "changed")]
    assert party.shown(2) == ["both.jpg"]
    party.ingest()
    assert party.shown(2) == ["both.jpg", "bruno.jpg"]


def test_p13_photos_whose_time_is_over_or_whose_file_is_gone_are_not_looked_at(party: Party) -> None:
    (party.folder / "both.jpg").unlink()
    party.ingest()
    party.club.person("Bruno", 2)
    assert due_now(party) == ["bruno.jpg", "strangers.jpg"]
    party.club.clock.forward(days=1095)
    party.club.person("Chidi", 3)
    assert due_now(party) == []


def test_a_sweep_that_was_cut_short_goes_on_where_it_was(party: Party) -> None:
    party.batch = 1
    party.club.person("Bruno", 2)
    assert party.sweep(ends=lambda: True).new == 1
    assert due_now(party) == ["bruno.jpg", "strangers.jpg"]

    def stop(path: bytes) -> None:
        if path == b"strangers.jpg":
            raise KeyboardInterrupt

    party.engine.meanwhile = stop
    with pytest.raises(KeyboardInterrupt):
        party.sweep()
    assert due_now(party) == ["strangers.jpg"]
    party.engine.meanwhile = lambda _: None
    assert party.sweep().new == 1
    assert party.shown(2) == ["both.jpg", "bruno.jpg"]


def test_p10_an_order_given_midway_stops_a_sweep_within_one_batch(party: Party) -> None:
    party.batch = 1
    party.club.person("Bruno", 2)

    def meanwhile(path: bytes) -> None:
        if path == b"bruno.jpg":
            party.club.obey("stop", source="party")

    party.engine.meanwhile = meanwhile
    with pytest.raises(errors.TerritoryRefused):
        party.sweep()
    assert (party.engine.looked, party.engine.closed) == ([b"both.jpg", b"bruno.jpg"], 2)
    assert party.shown(2) == ["both.jpg"]


def test_p3_a_timer_may_sweep_and_not_ingest_and_an_officer_neither(party: Party) -> None:
    club = party.club
    club.person("Bruno", 2)
    WORDS["timer@club.example"] = "timer's words"
    club.anna.accounts.add("timer@club.example", roles=["system"], passphrase="timer's words")
    timer = club.open("timer@club.example")
    with pytest.raises(errors.RoleRefused):
        party.sweep(by=club.ben)
    with pytest.raises(errors.RoleRefused):
        party.ingest(by=timer)
    assert party.sweep(by=timer).faces_kept == 2
    acts = [(entry["act"], entry["outcome"]) for entry in club.anna.log_entries()]
    assert acts[-3:] == [("sweep", "granted"), ("sweep", "granted"), ("sweep", "done")]
    assert ("sweep", "refused") in acts


def test_p27_a_sweep_leaves_nothing_of_a_stranger(party: Party) -> None:
    from clubs import template

    party.club.person("Bruno", 2)
    party.sweep()
    raw = [template(person, 500).to_bytes() for person in (3, 7, 8)]
    assert residue(party.club.places, [each[at : at + 16] for each in raw for at in range(0, 496, 16)]) == []
