"""A face that a reviewer said is not somebody's never returns as theirs, whatever is done afterwards."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest
import sqlalchemy as sa

from clubs import CLEO, Club, looked, probe
from countenance.errors import NotFound
from countenance.gallery.rejecting import content_of
from countenance.gallery.searching import Answer
from countenance.policy.desk import Ask
from countenance.registry import schema as t
from countenance.rights import held
from countenance.rights.reading import Reading
from countenance.service.countenance import Countenance
from countenance.types import OrganisationId, Probe, Search, SubjectId
from county import County, county
from restores import backup, lose, restore

PHOTO = "probe.jpg"


def asked(person: int, name: str = PHOTO, face: int = 1) -> Probe:
    """A face in a photo, as the service makes it."""
    return replace(probe(person), content=content_of(hashlib.sha256(name.encode()).hexdigest(), face))


def search(club: Club, wanted: Probe, by: Countenance | None = None) -> Answer:
    session = by or club.anna
    context = session.context
    number = session.cases.for_search("press 12", "photo-library")
    ask = Ask(purpose="photo-library", case_named=True, case=number, facts={"probe": wanted.commitment})
    grant = context.desk.decide(Search, ask)
    return context.gallery.search(wanted, limit=5, threshold=0.57, crop=lambda: b"a small picture", grant=grant)


def found(club: Club, wanted: Probe, by: Countenance | None = None) -> list[str]:
    return [each.subject for each in search(club, wanted, by).candidates]


@pytest.fixture
def three(club: Club) -> Club:
    club.person("Ada", 1)
    assert club.cleo
    return club


def reject(club: Club, wanted: Probe) -> None:
    """Anna searches, Cleo looks and says no."""
    answer = search(club, wanted)
    club.cleo.reviewing.show(f"R{answer.search}")
    club.cleo.reviewing.reject(f"R{answer.search}", "ada")


def test_p18_a_rejected_pair_never_returns_in_a_later_search(three: Club) -> None:
    reject(three, asked(1))
    again = search(three, asked(1))
    assert again.candidates == ()
    assert again.rejected == 1, "it is said that somebody is not shown, and not who"
    three.clock.forward(days=40)
    assert found(three, asked(1), by=three.cleo) == [], "whoever searches, and when"
    assert found(three, asked(1, face=2)) == ["ada"], "another face of the photo is another face"
    assert found(three, asked(1, "other.jpg")) == ["ada"]
    assert three.anna.log_entries()[-1]["facts"]["candidates"] == 1


def test_p18_a_rejected_pair_never_returns_after_re_enrolment_or_a_new_index(three: Club) -> None:
    reject(three, asked(1))
    ada = three.anna.subjects.get("ada")
    three.enrol(ada, three.anna.bases.list(ada)[0], 1, photo=1)
    assert found(three, asked(1)) == []
    three.anna.index.rebuild()
    assert found(three, asked(1)) == []
    three.reopen()
    assert found(three, asked(1)) == []
    assert found(three, asked(1, "other.jpg")) == ["ada"]


def test_p27_a_rejected_pair_never_returns_by_an_ingest(three: Club) -> None:
    source = three.source()
    three.ingest(source, [looked(PHOTO, [1])])
    reject(three, asked(1))
    with three.sql() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(t.appearances)) == 0, "what was kept has gone"
    assert three.ingest(source, [looked(PHOTO, [1])]).kept == 0
    assert (
        three.ingest(three.source("copies"), [replace(looked("copy.jpg", [1]), file=looked(PHOTO, [1]).file)]).kept == 0
    )
    (candidate,) = search(three, asked(1, "other.jpg")).candidates
    assert candidate.appearances == ()
    assert three.ingest(source, [looked("other.jpg", [1])]).kept == 1
    assert three.ingest(source, [looked(PHOTO, [2, 1])]).kept == 1, "the second face of it was not asked about"


def test_p7_a_restore_says_again_what_a_reviewer_said_since_the_backup(three: Club) -> None:
    made = backup(three)
    reject(three, asked(1))
    search(three, asked(1, "other.jpg"))
    three.cleo.reviewing.show("R2")
    three.cleo.reviewing.confirm("R2", "ada")
    lose(three, log=True)
    restore(three, made.file)
    assert found(three, asked(1)) == []
    assert found(three, asked(1, "other.jpg")) == ["ada"], "nobody is out of search for a review"


def test_p18_what_another_organisation_rejects_hides_nobody_from_the_owner(club: Club) -> None:
    club.person("Ada", 1)
    other: County = county(club)
    other.agree()
    search(club, asked(1), by=other.dan)
    other.eve.reviewing.show("R1")
    other.eve.reviewing.reject("R1", "ada")
    assert found(club, asked(1), by=other.dan) == []
    assert found(club, asked(1)) == ["ada"]


def test_p6_a_rejection_goes_with_the_person_and_says_nothing_without_their_key(three: Club) -> None:
    reject(three, asked(1))
    with three.sql() as connection:
        row = connection.execute(sa.select(t.rejections)).one()
        assert connection.scalars(sa.select(t.shown.c.mark)).all() == [None], "a closed review keeps no mark"
    assert asked(1).content not in row.mark
    three.anna.erase("ada", reason="withdrawn")
    with three.sql() as connection:
        assert connection.execute(sa.select(t.rejections)).all() == []
    assert "ada" not in found(three, asked(1))


def test_p8_a_hold_keeps_the_face_and_the_rejection_stands(three: Club) -> None:
    three.ingest(three.source(), [looked(PHOTO, [1])])
    answer = search(three, asked(1))
    three.cleo.reviewing.show(f"R{answer.search}")
    three.order("hold", subject=1)
    three.cleo.reviewing.reject("R1", "ada")
    with three.sql() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(t.appearances)) == 1


def test_p15_the_access_answer_tells_of_a_rejection(three: Club) -> None:
    reject(three, asked(1))
    context = three.anna.context
    with context.registry.read() as connection:
        (told,) = held.said(Reading(connection, context.keys, OrganisationId(1), SubjectId(1)))
    assert (told["said"], told["by"]) == ("a face that was searched for is not theirs", CLEO)


# --- nothing is learned ----------------------------------------------------------------------------------------------


def test_p23_decisions_change_no_template_threshold_or_score(three: Club) -> None:
    three.person("Bo", 2)
    before = everything(three)
    reject(three, asked(1))
    number = f"R{search(three, asked(1, 'other.jpg')).search}"
    three.cleo.reviewing.show(number)
    three.cleo.reviewing.confirm(number, "ada")
    assert everything(three) == before


def everything(club: Club) -> tuple[object, ...]:
    context = club.anna.context
    with context.registry.read() as connection:
        rows = connection.execute(sa.select(t.references).order_by(t.references.c.id)).all()
    scores = [each.score for number in (1, 2) for each in search(club, asked(number, "third.jpg")).candidates]
    return [tuple(row) for row in rows], context.scale, context.settings, scores


# --- the next one ----------------------------------------------------------------------------------------------------


def test_p18_the_next_review_is_the_oldest_that_waits_for_this_account(three: Club) -> None:
    three.person("Bo", 2)
    dora = three.cleo
    for number in (1, 2, 1):
        search(three, asked(number, f"{number}.jpg"))
    search(three, asked(2, "mine.jpg"), by=dora)
    first = dora.reviewing.next()
    assert first is not None
    assert (first.review.id, first.candidate.subject, first.waiting) == ("R1", "ada", 3), "one's own is passed over"
    assert first.as_json()["review"]["candidates"][0]["subject"] == "ada"
    assert three.anna.log_entries()[-1]["act"] == "review-look"
    dora.reviewing.confirm("R1", "ada")  # it has been looked at
    dora.reviewing.show("R2")
    dora.reviewing.reject("R2", "bo")
    last = dora.reviewing.next()
    assert last is not None
    assert (last.review.id, last.waiting) == ("R3", 1)
    three.anna.withdraw("ada")
    assert dora.reviewing.next() is None
    with pytest.raises(NotFound):
        dora.reviewing.confirm("R3", "ada")
    mine = three.anna.reviewing.next()
    assert mine is not None
    assert mine.review.id == "R4"
