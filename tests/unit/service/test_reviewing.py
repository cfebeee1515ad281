"""Reviews: whose, how many, by which key; and the sealed probe that goes with the last of them (P16, P18)."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from clubs import BEN, CLEO, DAY, Club, looked, probe
from countenance.errors import AlreadyExists, InputError, NoAgreement, NotFound, NotSignedIn, Refused, RoleRefused
from countenance.gallery import probes
from countenance.gallery.searching import Answer
from countenance.policy.desk import Ask
from countenance.registry import schema as t
from countenance.service.countenance import Countenance
from countenance.types import Search
from county import County, county

FACE = b"\xff\xd8 a small picture of a face that is looked for \xff\xd9"


@pytest.fixture
def three(club: Club) -> Club:
    """Ada and Bo, and a third person who can review."""
    club.person("Ada", 1)
    club.person("Bo", 2)
    assert club.cleo
    return club


@pytest.fixture
def other(club: Club) -> County:
    club.person("Ada", 1)
    made = county(club)
    made.agree()
    return made


def search(club: Club, person: int, by: Countenance | None = None, **more: object) -> Answer:
    """As the service does it, with a crop of the face."""
    session = by or club.anna
    context = session.context
    number = session.cases.for_search("press 12", "photo-library")
    wanted = probe(person)
    ask = Ask(purpose="photo-library", case_named=True, case=number, facts={"probe": wanted.commitment})
    grant = context.desk.decide(Search, ask)
    given = {"limit": 5, "threshold": 0.57} | more
    return context.gallery.search(wanted, crop=lambda: FACE, grant=grant, **given)  # type: ignore[arg-type]


def state(review: object) -> list[tuple[str, str]]:
    return [(each.subject, each.state) for each in review.candidates]  # type: ignore[attr-defined]


def look(other: County) -> None:
    """Both reviewers of the county look at its one review."""
    for reviewer in (other.eve, other.fay):
        reviewer.reviewing.show("R1")


def held(club: Club) -> tuple[int, list[str]]:
    """Rows of sealed probes, and their keys."""
    with club.anna.context.registry.read() as connection:
        rows = connection.scalar(sa.select(sa.func.count()).select_from(t.probes)) or 0
    return rows, [name for name in club.anna.context.keys.vault.ids() if name.startswith("probe:")]


# --- one reviewer ----------------------------------------------------------------------------------------------------


def test_p18_a_candidate_is_open_until_another_account_confirms_it(three: Club) -> None:
    answer = search(three, 1)
    assert [candidate.review for candidate in answer.candidates] == ["open"]
    with pytest.raises(RoleRefused, match="searched") as refused:
        three.anna.reviewing.confirm("R1", "ada")
    assert refused.value.requirement == "P18"
    assert state(three.cleo.reviewing.show("R1")) == [("ada", "open")]
    confirmed = three.cleo.reviewing.confirm("R1", "ada")
    assert state(confirmed) == [("ada", "confirmed")]
    assert confirmed.candidates[0].reviews[0][:2] == ("cleo@club.example", "confirm")
    with pytest.raises(NotFound):
        three.anna.reviewing.show("R2")
    with pytest.raises((AlreadyExists, RoleRefused)):
        three.cleo.reviewing.reject("R1", "ada")


def test_p18_nobody_signs_what_they_have_not_looked_at(three: Club) -> None:
    three.ingest(three.source(), [looked("party.jpg", [1])])
    for _ in range(2):
        search(three, 1)
    three.anna.reviewing.show("R1")  # somebody else's look is not Cleo's
    three.cleo.reviewing.show("R2")  # nor is a look at another review
    for act in (three.cleo.reviewing.confirm, three.cleo.reviewing.reject):
        with pytest.raises(Refused, match="have not looked at R1") as refused:
            act("R1", "ada")
        assert refused.value.requirement == "P18"
        assert "review show R1" in refused.value.hint
    assert three.anna.log_entries()[-1]["outcome"] == "refused"
    (listed, _) = [each.as_json() for each in three.cleo.reviewing.list()]
    assert "appearances" not in listed["candidates"][0], (
        "a list shows no pictures, and does not say that there are none"
    )
    (candidate,) = three.cleo.reviewing.show("R1").as_json()["candidates"]
    assert [photo["path"] for photo in candidate["appearances"]] == ["party.jpg"]
    assert state(three.cleo.reviewing.confirm("R1", "ada")) == [("ada", "confirmed")]


def test_p18_one_rejection_is_enough(three: Club) -> None:
    search(three, 1, threshold=None)
    three.cleo.reviewing.show("R1")
    assert state(three.cleo.reviewing.reject("R1", "ada")) == [("ada", "rejected"), ("bo", "open")]
    assert state(three.cleo.reviewing.confirm("R1", "bo")) == [("ada", "rejected"), ("bo", "confirmed")]


def test_p18_in_a_solo_installation_one_may_review_one_s_own_and_it_says_so(club: Club) -> None:
    club.person("Ada", 1)
    search(club, 1)
    club.anna.reviewing.show("R1")
    before = club.anna.context.book.size()
    review = club.anna.reviewing.confirm("R1", "ada")
    assert review.solo
    assert state(review) == [("ada", "confirmed")]
    (entry,) = club.anna.log_entries(before)
    assert entry["facts"] == {"search": "S1", "state": "confirmed", "solo": True}


def test_p18_nobody_reviews_their_own_by_revoking_the_others(three: Club) -> None:
    search(three, 1)
    three.anna.reviewing.show("R1")
    for email in (BEN, CLEO):
        three.anna.accounts.revoke(email)
    with pytest.raises(RoleRefused):
        three.anna.reviewing.confirm("R1", "ada")
    three.clock.forward(days=31)
    assert state(three.anna.reviewing.confirm("R1", "ada")) == [("ada", "confirmed")]


def test_p18_a_review_needs_the_role_and_a_person(three: Club) -> None:
    search(three, 1)
    before = three.anna.context.book.size()
    with pytest.raises(RoleRefused) as refused:
        three.ben.reviewing.confirm("R1", "ada")
    assert refused.value.requirement == "P18"
    assert refused.value.log_index == before
    (entry,) = three.anna.log_entries(before)
    assert (entry["act"], entry["outcome"], entry["facts"]["requirement"]) == ("review-confirm", "refused", "P18")
    for handle in ("bo", "nobody"):
        with pytest.raises(NotFound):
            three.cleo.reviewing.confirm("R1", handle)
    with pytest.raises(InputError):
        three.cleo.reviewing.decide("R1", "ada", "perhaps")


@pytest.mark.parametrize("lie", ["a made-up review", "a turned decision"])
def test_p18_a_review_that_was_written_into_the_registry_counts_for_nothing(three: Club, lie: str) -> None:
    search(three, 1)
    if lie == "a made-up review":
        values = {"organisation": 1, "search": 1, "subject": 1, "account": 3, "decision": "confirm", "created": 1}
        with three.sql() as connection:
            connection.execute(sa.insert(t.reviews).values(signature=bytes(64), **values))
    else:
        search(three, 1)
        three.cleo.reviewing.show("R2")
        three.cleo.reviewing.reject("R2", "ada")
        with three.sql() as connection:
            connection.execute(sa.update(t.reviews).values(decision="confirm"))
    number = "R1" if lie == "a made-up review" else "R2"
    assert state(three.cleo.reviewing.show(number)) == [("ada", "open")]
    assert state(three.cleo.reviewing.confirm(number, "ada")) == [("ada", "confirmed")]


def test_p18_another_key_signs_no_review(three: Club) -> None:
    from dataclasses import replace

    search(three, 1)
    cleo = three.cleo
    cleo.reviewing.show("R1")
    ben = three.ben.context.actor
    assert ben is not None
    object.__setattr__(cleo.context, "actor", replace(cleo.context.actor, sign=ben.sign))  # type: ignore[type-var]
    with pytest.raises(NotSignedIn):
        cleo.reviewing.confirm("R1", "ada")


def test_p5_who_has_withdrawn_is_not_reviewed_any_more(three: Club) -> None:
    search(three, 1)
    three.ben.withdraw("ada")
    review = three.cleo.reviewing.show("R1")
    assert (review.candidates, review.withdrawn) == ((), 1)
    with pytest.raises(NotFound):
        three.cleo.reviewing.confirm("R1", "ada")


def test_a_search_that_needs_no_review_has_none(three: Club) -> None:
    ada = three.person("Ida", 5, purposes=["find-my-photos"])
    answer = three.search(5, "find-my-photos", only=ada.id)
    assert [candidate.review for candidate in answer.candidates] == [None]
    assert three.cleo.reviewing.list() == []


# --- two reviewers, of another organisation --------------------------------------------------------------------------


def test_p18_another_organisation_s_candidate_needs_two_of_its_people_besides_the_searcher(other: County) -> None:
    search(other.club, 1, by=other.dan)
    with pytest.raises(RoleRefused, match="searched"):
        other.dan.reviewing.confirm("R1", "ada")
    look(other)
    assert state(other.eve.reviewing.confirm("R1", "ada")) == [("ada", "open")]
    with pytest.raises(RoleRefused, match="already"):
        other.eve.reviewing.confirm("R1", "ada")
    assert state(other.fay.reviewing.confirm("R1", "ada")) == [("ada", "confirmed")]
    (seen,) = other.club.anna.agreements.searches("A2")
    assert (seen.confirmed, seen.rejected) == (1, 0)


def test_p18_nobody_reviews_another_organisation_s_searches(other: County) -> None:
    search(other.club, 1)
    search(other.club, 1, by=other.dan)
    assert [review.id for review in other.eve.reviewing.list()] == ["R2"]
    assert [review.id for review in other.club.anna.reviewing.list()] == ["R1"]
    for session, number in ((other.eve, "R1"), (other.club.anna, "R2")):
        for act in (session.reviewing.show, session.reviewing.probe):
            with pytest.raises(NotFound):
                act(number)


def test_p3_a_review_ends_with_the_agreement(other: County) -> None:
    search(other.club, 1, by=other.dan)
    other.club.anna.agreements.end("A2")
    for act in (other.eve.reviewing.show, other.eve.reviewing.probe):
        with pytest.raises(NoAgreement):
            act("R1")
    with pytest.raises(NoAgreement):
        other.eve.reviewing.confirm("R1", "ada")
    assert other.eve.reviewing.list() == []


# --- the sealed probe ------------------------------------------------------------------------------------------------


def test_p16_a_probe_is_sealed_until_the_last_review_and_then_destroyed(other: County) -> None:
    search(other.club, 1, by=other.dan)
    look(other)
    assert held(other.club) == (1, ["probe:1"])
    assert other.eve.reviewing.probe("R1") == FACE
    assert not in_files(other.club, FACE)
    other.eve.reviewing.confirm("R1", "ada")
    assert held(other.club) == (1, ["probe:1"])
    other.fay.reviewing.reject("R1", "ada")
    assert held(other.club) == (0, [])
    with pytest.raises(NotFound):
        other.eve.reviewing.probe("R1")


def test_p16_a_probe_is_destroyed_after_fourteen_days(three: Club) -> None:
    search(three, 1)
    context = three.anna.context
    three.clock.forward(seconds=14 * DAY - 1)
    assert probes.forget_expired(context.registry, context.keys, three.clock()) == 0
    assert three.cleo.reviewing.probe("R1") == FACE
    three.clock.forward(seconds=1)
    with pytest.raises(NotFound):
        three.cleo.reviewing.probe("R1")
    assert probes.forget_expired(context.registry, context.keys, three.clock()) == 1
    assert held(three) == (0, [])


def test_p16_no_probe_is_kept_where_nobody_was_shown_or_nobody_reviews(three: Club) -> None:
    search(three, 9)
    ida = three.person("Ida", 5, purposes=["find-my-photos"])
    three.search(5, "find-my-photos", only=ida.id)
    three.verify(1, 2)
    assert held(three) == (0, [])


def test_p16_whoever_looks_at_a_probe_is_in_the_log(three: Club) -> None:
    search(three, 1)
    before = three.anna.context.book.size()
    three.cleo.reviewing.probe("R1")
    with pytest.raises(RoleRefused):
        three.ben.reviewing.probe("R1")
    entries = three.anna.log_entries(before)
    assert [(entry["act"], entry["outcome"]) for entry in entries] == [
        ("probe-look", "done"),
        ("probe-look", "refused"),
    ]


def test_p16_a_sealed_probe_s_key_is_its_own(three: Club) -> None:
    search(three, 1)
    search(three, 1)
    assert held(three) == (2, ["probe:1", "probe:2"])
    with three.anna.context.registry.read() as connection:
        rows = connection.execute(sa.select(t.probes.c.sealed)).scalars().all()
    assert rows[0] != rows[1]
    with pytest.raises(ValueError, match="too large"), three.sql() as connection:
        probes.keep(connection, three.anna.context.keys, 2, bytes(probes.MOST_BYTES + 1), 0)  # type: ignore[arg-type]


def in_files(club: Club, content: bytes) -> list[Path]:
    every = [file for place in club.places for file in place.rglob("*") if file.is_file()]
    return [file for file in every if content in file.read_bytes()]
