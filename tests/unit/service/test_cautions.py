"""A candidate carries what is to be cautioned of, wherever it is shown, and needs one reviewer more (P17, P18)."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa
from PIL import Image

from clubs import Club, enrolment, looked, probe
from countenance.errors import RoleRefused
from countenance.gallery.searching import Answer
from countenance.policy.desk import Ask
from countenance.registry import schema as t
from countenance.service.finding import Found
from countenance.service.showing import shown_review
from countenance.types import Enrol, Probe, Search, SubjectId
from countenance.wiring import open_gallery


def search(club: Club, wanted: Probe, purpose: str = "photo-library", only: SubjectId | None = None) -> Answer:
    context = club.anna.context
    number = club.anna.cases.for_search("press 12", purpose)
    facts = {"probe": wanted.commitment}
    ask = Ask(purpose=purpose, case_named=True, case=number, on_behalf_of=only, facts=facts)
    grant = context.desk.decide(Search, ask)
    return context.gallery.search(wanted, limit=5, threshold=0.57, only=only, crop=lambda: b"face", grant=grant)


def carried(answer: Answer) -> list[tuple[str, tuple[str, ...], int]]:
    return [(each.subject, each.cautions, each.reviewers) for each in answer.candidates]


def enrolled(club: Club, number: int, **more: Any) -> None:
    """One more enrolment photo of the first person."""
    subject = club.anna.subjects.get("ada")
    basis = club.anna.bases.list(subject)[0]
    context = club.anna.context
    grant = context.desk.decide(Enrol, Ask(subject=subject.id, basis=basis.number, facts={"basis": basis.id}))
    context.gallery.enrol(subject.id, basis.number, replace(enrolment(1, number), **more), grant=grant)


@pytest.fixture
def old(club: Club) -> Club:
    """Ada, enrolled from a photo of 2015."""
    subject = club.subject("Ada")
    club.basis(subject)
    enrolled(club, 0, taken_at="2015-06-01T12:00:00")
    return club


def test_p18_a_cautioned_candidate_needs_one_reviewer_more(old: Club) -> None:
    assert old.cleo
    old.anna.accounts.add("dora@club.example", roles=["reviewer"], passphrase="dora's words")
    answer = search(old, probe(1))
    assert carried(answer) == [("ada", ("years-apart",), 2)]
    assert old.anna.log_entries()[-1]["facts"]["cautioned"] == 1
    review = old.cleo.reviewing.show("R1")
    assert (review.demanded, review.candidates[0].demanded) == (1, 2)
    assert old.cleo.reviewing.confirm("R1", "ada").candidates[0].state == "open"
    with pytest.raises(RoleRefused):
        old.cleo.reviewing.confirm("R1", "ada")
    assert old.cleo.reviewing.next() is None, "she has decided"
    with open_gallery(old.folder, account="dora@club.example", passphrase="dora's words", clock=old.clock) as dora:
        found = dora.reviewing.next()
        assert found
        told = found.as_json()["review"]["candidates"][0]
        assert [each["code"] for each in told["cautions"]] == ["years-apart"]
        assert dora.reviewing.confirm("R1", "ada").candidates[0].state == "confirmed"


def test_p18_in_a_solo_installation_a_cautioned_candidate_is_rejected_or_waits(old: Club) -> None:
    search(old, probe(1))
    old.anna.reviewing.show("R1")
    with pytest.raises(RoleRefused, match="caution") as refused:
        old.anna.reviewing.confirm("R1", "ada")
    assert refused.value.requirement == "P18"
    assert old.anna.reviewing.reject("R1", "ada").candidates[0].state == "rejected"


def test_p18_taking_a_caution_away_with_a_tool_takes_the_reviews_away(old: Club) -> None:
    assert old.cleo
    search(old, probe(1))
    old.cleo.reviewing.show("R1")
    old.cleo.reviewing.confirm("R1", "ada")
    with old.sql() as connection:
        connection.execute(sa.update(t.shown).values(cautions=None))
    (candidate,) = old.cleo.reviewing.show("R1").candidates
    assert (candidate.state, candidate.demanded, candidate.reviews) == ("open", 1, ())


def test_p17_a_new_enrolment_or_a_photo_of_that_time_needs_no_caution(old: Club) -> None:
    assert carried(search(old, replace(probe(1), taken_at="2014")))[0][1] == ()
    enrolled(old, 1, taken_at="2026-12-01T12:00:00")
    assert carried(search(old, probe(1))) == [("ada", (), 1)]
    assert carried(search(old, replace(probe(1), taken_at="2014")))[0][1] == ()


def test_p17_old_photos_of_somebody_are_cautioned_of(club: Club) -> None:
    club.person("Ada", 1)
    club.ingest(club.source(), [replace(looked("old.jpg", [1]), taken_at="1999")])
    (candidate,) = search(club, probe(1)).candidates
    assert candidate.cautions == ("years-apart",)
    assert candidate.appearances[0].photo.taken_at == "1999"


def test_p17_who_was_a_child_is_cautioned_of(club: Club) -> None:
    club.person("Ada", 1, birth_year=2003)
    assert carried(search(club, probe(1))) == [("ada", (), 1)]
    young = search(club, replace(probe(1), taken_at="2021-05-01T10:00:00"))
    assert carried(young) == [("ada", ("child",), 2)]


def test_p16_a_purpose_without_reviews_tells_the_caution_and_keeps_no_face(club: Club) -> None:
    ada = club.person("Ada", 1, purposes=["find-my-photos"], birth_year=2003)
    answer = search(club, replace(probe(1), taken_at="2021-05"), "find-my-photos", only=ada.id)
    assert carried(answer) == [("ada", ("child",), 0)]
    with club.sql() as connection:
        assert connection.execute(sa.select(t.probes)).all() == []


def test_p17_a_face_that_is_hardly_seen_is_cautioned_of(club: Club) -> None:
    club.person("Ada", 1)
    hidden = replace(probe(1), face=replace(probe(1).face, score=0.7))
    assert carried(search(club, hidden)) == [("ada", ("covered",), 2)]


def test_p17_whom_people_had_to_part_from_another_is_cautioned_of(club: Club) -> None:
    for number, name in enumerate(("Ada", "Bo", "Cy"), start=1):
        club.person(name, number)
    assert club.cleo
    club.cleo.people.part("ada", "bo")
    assert [carried(search(club, probe(number)))[0][1] for number in (1, 2, 3)] == [
        ("looks-like-another",), ("looks-like-another",), (),
    ]  # fmt: skip


def test_p17_json_and_pages_say_the_caution_in_words(old: Club) -> None:
    answer = search(old, probe(1))
    (told,) = Found(answer, probe(1), {}).as_json()["candidates"]
    assert told["reviewers"] == 2
    assert told["cautions"][0]["code"] == "years-apart"
    assert "6 years" in told["cautions"][0]["says"]
    assert old.cleo
    review = old.cleo.reviewing.show("R1")
    context = old.anna.context
    picture = io.BytesIO()
    Image.new("RGB", (32, 32)).save(picture, "PNG")
    (card,) = shown_review(context, old.anna.pictures, review, picture.getvalue()).candidates
    assert card.cautions == (told["cautions"][0]["says"],)
