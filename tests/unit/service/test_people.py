"""People: who is kept in which photos, what is proposed, and what people say, which outlasts every look."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import sqlalchemy as sa

from clubs import Club, face, orphans, template
from countenance import errors
from countenance.ingest.parts import Parts
from countenance.registry import schema as t
from countenance.rights.access import everything
from countenance.rights.reading import Reading
from countenance.service.countenance import Countenance
from countenance.service.grouped import PeopleFound
from countenance.service.people import Peopling
from countenance.types import SubjectId
from made_up import Party, parts
from restores import backup, lose, restore
from strangers import residue

ASKED = {"purpose": "photo-library", "case": "library 1"}


@pytest.fixture
def party(club: Club) -> Party:
    """Ada (1) and Bruno (2) agreed; 7, 8 and 9 did not."""
    club.person("Ada", 1)
    club.person("Bruno", 2)
    made = Party(club)
    made.put("ada.jpg", 1)
    made.put("both.jpg", 1, 2, 7)
    made.put("strangers.jpg", 8, 9)
    made.ingest()
    return made


def people(party: Party, by: Countenance | None = None) -> Peopling:
    """The use case, with an engine that looks at made-up photos."""
    session = by or party.club.anna

    @contextmanager
    def hands(_context: object, _source: object, _engine: str | None) -> Iterator[Parts]:
        party.engine.looked.clear()
        yield parts(session, party.folder, party.engine, batch=party.batch)

    return Peopling(session.context, session.cases, hands)


def listed(party: Party) -> PeopleFound:
    return people(party).list(**ASKED)


def faces(found: PeopleFound) -> dict[str, list[str]]:
    return {
        "+".join(record.subject for record in each.records): sorted(face.photo.path for face in each.faces)
        for each in found.persons
    }


def number(party: Party, path: str) -> str:
    """A photo's number."""
    with party.club.anna.context.registry.read() as connection:
        return f"P{connection.scalar(sa.select(t.photos.c.id).where(t.photos.c.path == path.encode()))}"


def keep(party: Party, path: str, subject: int, place: int = 0) -> None:
    """A false match: a face of the photo is kept as somebody's whom it does not show."""
    with party.club.sql() as connection:
        photo = connection.scalar(sa.select(t.photos.c.id).where(t.photos.c.path == path.encode()))
        values = {"organisation": 1, "photo": photo, "subject": subject, "basis": subject, "score": 0.6, "band": "low"}
        box = str(face(place).box.as_list())
        connection.execute(sa.insert(t.appearances).values(**values, box=box, created=party.club.clock()))


def proposals(found: PeopleFound) -> list[tuple[str, str, str | None]]:
    return [(each.kind, each.subject, each.other) for each in found.proposals]


# --- who is here -----------------------------------------------------------------------------------------------------


def test_who_is_kept_where_and_nothing_to_say_of_them(party: Party) -> None:
    found = listed(party)
    assert faces(found) == {"ada": ["ada.jpg", "both.jpg"], "bruno": ["both.jpg"]}
    assert (found.proposals, found.skipped) == ((), ())
    assert min(face.score or 0 for each in found.persons for face in each.faces) > 0.8
    told = found.as_json()
    assert set(told) == {"people", "proposals", "skipped", "threshold", "scale", "caution", "log"}
    assert sorted(party.engine.looked) == [b"ada.jpg", b"both.jpg"], "photos in which nobody is kept stay closed"


def test_p27_nothing_is_left_of_a_comparison(party: Party) -> None:
    listed(party)
    pieces = [template(person, 500).to_bytes()[at : at + 16] for person in (1, 2, 7) for at in range(0, 496, 16)]
    assert residue(party.club.places, pieces) == []
    assert orphans(party.club) == []


def test_one_person_is_shown_with_whoever_resembles_them_and_only_their_photos_are_looked_at(party: Party) -> None:
    assert faces(people(party).show("bruno", **ASKED)) == {"bruno": ["both.jpg"]}
    assert party.engine.looked == [b"both.jpg"]
    party.club.person("Ada again", 1, handle="ada-2")
    assert faces(people(party).show("ada-2", **ASKED)).keys() == {"ada", "ada-2"}


def test_a_photo_that_cannot_be_looked_at_is_told_and_its_face_is_listed(party: Party) -> None:
    (party.folder / "ada.jpg").unlink()
    party.put("both.jpg", 1, 2, salt="another picture")
    found = listed(party)
    assert faces(found)["ada"] == ["ada.jpg", "both.jpg"]
    assert {face.score for each in found.persons for face in each.faces} == {None}
    assert [(path, "changed" in reason) for _, path, reason in found.skipped] == [
        ("ada.jpg", False),
        ("both.jpg", True),
    ]


def test_p5_whoever_withdrew_or_restricted_is_not_there(party: Party) -> None:
    party.club.ben.withdraw("ada")
    assert faces(listed(party)) == {"bruno": ["both.jpg"]}
    with party.club.sql() as connection:
        connection.execute(sa.update(t.subjects).values(restricted=1))
    assert faces(listed(party)) == {}
    assert faces(people(party).show("bruno", **ASKED)) == {}


def test_p4_a_basis_for_another_purpose_brings_nobody_in(party: Party) -> None:
    party.club.person("Chidi", 3, ["visitor-check-in"])
    party.club.person("Ada again", 1, ["find-my-photos"], handle="ada-2")
    found = listed(party)
    assert faces(found).keys() == {"ada", "bruno"}
    assert found.proposals == ()


def test_p8_whom_an_order_takes_out_of_search_is_not_there(party: Party) -> None:
    party.club.order("quarantine", subject=1)
    assert faces(listed(party)).keys() == {"bruno"}


# --- who may ask -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "refusal", "requirement"),
    [
        ({"purpose": None, "case": "c"}, errors.PurposeRefused, "P3"),
        ({"purpose": "visitor-check-in", "case": "c"}, errors.PurposeRefused, "P3"),
        ({"purpose": "find-my-photos", "case": "c"}, errors.PurposeRefused, "P3"),
        ({"purpose": "archive-cataloguing", "case": "c"}, errors.PurposeRefused, "P24"),
        ({"purpose": "photo-library", "case": None}, errors.NoCase, "P3"),
    ],
)
def test_p3_people_are_compared_for_a_purpose_that_groups_and_in_a_case(
    party: Party, asked: dict[str, str | None], refusal: type[errors.Refused], requirement: str
) -> None:
    party.engine.looked.clear()
    with pytest.raises(refusal) as refused:
        people(party).list(**asked)
    assert (refused.value.requirement, party.engine.looked) == (requirement, [])
    assert refused.value.log_index is not None


def test_p3_only_an_operator_compares_and_only_a_reviewer_says(party: Party) -> None:
    with pytest.raises(errors.RoleRefused):
        people(party, party.club.ben).list(**ASKED)
    with pytest.raises(errors.RoleRefused):
        people(party, party.club.ben).not_this("ada", [number(party, "ada.jpg")])
    with pytest.raises(errors.RoleRefused):
        people(party, party.club.ben).merge("ada", "bruno")
    assert party.shown(1) == ["ada.jpg", "both.jpg"]


def test_p3_an_agreement_that_ends_while_photos_are_looked_at_ends_the_comparison(party: Party) -> None:
    def end(_: bytes) -> None:
        with party.club.sql() as connection:
            connection.execute(sa.update(t.agreements).values(ended=1))

    party.engine.meanwhile = end
    with pytest.raises(errors.NoAgreement):
        listed(party)


def test_p5_a_withdrawal_while_photos_are_looked_at_binds_the_comparison(party: Party) -> None:
    def withdraw(path: bytes) -> None:
        if path == b"both.jpg":
            party.club.ben.withdraw("ada")

    party.engine.meanwhile = withdraw
    assert faces(listed(party)).keys() == {"bruno"}


def test_p19_the_log_says_who_was_compared_and_what_was_said(party: Party) -> None:
    listed(party)
    people(party).not_this("ada", [number(party, "ada.jpg")])
    entries = party.club.anna.log_entries()
    compared = next(each for each in entries if (each["act"], each["outcome"]) == ("people", "done"))
    assert {"people": 2, "faces": 3, "alike": 0, "doubts": 0}.items() <= compared["facts"].items()
    assert {"start", "end", "contract", "decision"} <= set(compared["facts"])
    assert len(compared["subjects"]) == 2
    said = next(each for each in entries if each["act"] == "people-not")
    assert said["facts"] == {"photos": [number(party, "ada.jpg")], "removed": 1}
    assert len(said["subjects"]) == 1
    party.club.anna.check_log()


# --- what is proposed ------------------------------------------------------------------------------------------------


def test_a_person_who_was_enrolled_twice_is_proposed_until_somebody_has_said_what_is_so(party: Party) -> None:
    party.club.person("Ada again", 1, handle="ada-2")
    (proposal,) = listed(party).proposals
    assert (proposal.kind, proposal.subject, proposal.other) == ("same", "ada", "ada-2")
    assert (proposal.score or 0) > 0.8
    assert proposal.commands == ("countenance people merge ada ada-2", "countenance people part ada ada-2")
    people(party).part("ada-2", "ada")
    assert listed(party).proposals == ()
    people(party).merge("ada", "ada-2")
    found = listed(party)
    assert found.proposals == ()
    assert faces(found) == {"ada+ada-2": ["ada.jpg", "both.jpg"], "bruno": ["both.jpg"]}


def test_faces_that_are_somebody_else_s_are_proposed_with_whom_they_resemble(party: Party) -> None:
    party.put("bruno.jpg", 2)
    party.ingest()
    with party.club.sql() as connection:
        photo = sa.select(t.photos.c.id).where(t.photos.c.path == b"bruno.jpg").scalar_subquery()
        connection.execute(sa.delete(t.appearances).where(t.appearances.c.photo == photo))
    for path in ("bruno.jpg", "strangers.jpg"):
        keep(party, path, 1)
    found = listed(party)
    assert sorted(proposals(found), key=str) == [("not", "ada", "bruno"), ("not", "ada", None)]
    told = {each.other: each.commands for each in found.proposals}
    bruno, strangers = number(party, "bruno.jpg"), number(party, "strangers.jpg")
    assert told == {
        "bruno": (f"countenance people split ada {bruno}", f"countenance people is ada {bruno}"),
        None: (f"countenance people not ada {strangers}", f"countenance people is ada {strangers}"),
    }
    assert max(each.score or 0 for each in found.proposals) < 0.4
    people(party).is_this("ada", [strangers])
    assert proposals(listed(party)) == [("not", "ada", "bruno")], "somebody has looked, and put it aside"


def test_enrolment_photos_that_do_not_resemble_one_another_are_proposed(party: Party) -> None:
    ada = party.club.anna.subjects.get("ada")
    party.club.enrol(ada, party.club.anna.bases.get("B1"), 9)
    (proposal,) = listed(party).proposals
    assert (proposal.kind, proposal.subject, proposal.score) == ("references", "ada", None)


# --- not this person -------------------------------------------------------------------------------------------------


def test_p27_not_this_person_is_forgotten_and_never_kept_again(party: Party) -> None:
    said = people(party).not_this("ada", [number(party, "ada.jpg")])
    assert (said.photos, said.removed, said.now) == ((number(party, "ada.jpg"),), 1, None)
    assert party.shown(1) == ["both.jpg"]
    party.ingest(again=True)
    assert party.shown(1) == ["both.jpg"], "looked at again"
    (party.folder / "ada.jpg").rename(party.folder / "moved.jpg")
    party.ingest()
    party.ingest(again=True)
    assert party.shown(1) == ["both.jpg"], "moved"
    (party.folder / "copy.jpg").write_bytes((party.folder / "moved.jpg").read_bytes())
    party.ingest()
    assert party.shown(1) == ["both.jpg"], "copied"
    ada = party.club.anna.subjects.get("ada")
    party.club.enrol(ada, party.club.anna.bases.get("B1"), 1, photo=3)
    party.sweep()
    assert party.shown(1) == ["both.jpg"], "swept after she was enrolled anew"
    with party.club.anna.context.registry.read() as connection:
        held = connection.execute(sa.select(t.corrections)).one()
    assert "box" not in t.corrections.columns, "where somebody else's face is, is not kept"
    assert (held.subject, held.decision) == (1, "not")


def test_copies_lose_the_face_as_well(party: Party) -> None:
    (party.folder / "copy.jpg").write_bytes((party.folder / "ada.jpg").read_bytes())
    party.ingest()
    assert people(party).not_this("ada", [number(party, "copy.jpg")]).removed == 2
    assert party.shown(1) == ["both.jpg"]


def test_whoever_comes_next_is_kept_in_their_place(party: Party) -> None:
    party.club.person("Ada again", 1, handle="ada-2")
    people(party).not_this("ada", [number(party, "ada.jpg")])
    party.ingest(again=True)
    assert faces(listed(party)) == {"ada": ["both.jpg"], "ada-2": ["ada.jpg"], "bruno": ["both.jpg"]}


def test_what_is_said_of_a_person_holds_for_every_record_of_theirs_also_one_that_is_merged_later(party: Party) -> None:
    party.club.person("Ada again", 1, handle="ada-2")
    people(party).merge("ada", "ada-2")
    people(party).not_this("ada-2", [number(party, "ada.jpg")])
    party.club.person("Ada once more", 1, handle="ada-3")
    people(party).merge("ada", "ada-3")
    party.ingest(again=True)
    assert faces(listed(party)) == {"ada+ada-2+ada-3": ["both.jpg"], "bruno": ["both.jpg"]}
    people(party).is_this("ada-3", [number(party, "ada.jpg")])
    party.ingest(again=True)
    assert faces(listed(party)) == {"ada+ada-2+ada-3": ["ada.jpg", "both.jpg"], "bruno": ["both.jpg"]}


def test_it_is_taken_back_and_comes_back_when_the_photo_is_looked_at(party: Party) -> None:
    people(party).not_this("ada", [number(party, "ada.jpg")])
    people(party).is_this("ada", [number(party, "ada.jpg")])
    assert party.shown(1) == ["both.jpg"]
    party.ingest(again=True)
    assert party.shown(1) == ["ada.jpg", "both.jpg"]


@pytest.mark.parametrize(
    ("subject", "photo", "error"),
    [("zora", "ada.jpg", errors.NotFound), ("bruno", "ada.jpg", errors.NotFound), ("ada", None, errors.InputError)],
)
def test_what_is_not_there_cannot_be_said_of_anybody(
    party: Party, subject: str, photo: str | None, error: type[errors.CountenanceError]
) -> None:
    for say in (people(party).not_this, people(party).is_this, people(party).split):
        with pytest.raises(error):
            say(subject, [number(party, photo)] if photo else [])
    with pytest.raises(errors.NotFound):
        people(party).not_this("ada", ["P999"])


def test_p5_nothing_is_said_of_whoever_restricted_their_record(party: Party) -> None:
    party.club.person("Ada again", 1, handle="ada-2")
    with party.club.sql() as connection:
        connection.execute(sa.update(t.subjects).where(t.subjects.c.id == 1).values(restricted=1))
    for say in (people(party).not_this, people(party).is_this):
        with pytest.raises(errors.NotFound):
            say("ada", [number(party, "ada.jpg")])
    for both in (people(party).merge, people(party).part):
        with pytest.raises(errors.NotFound):
            both("ada", "ada-2")


def test_p8_a_hold_keeps_the_face(party: Party) -> None:
    party.club.order("hold", subject=1)
    with pytest.raises(errors.Held):
        people(party).not_this("ada", [number(party, "ada.jpg")])
    assert party.shown(1) == ["ada.jpg", "both.jpg"]


# --- split -----------------------------------------------------------------------------------------------------------


def test_a_split_gives_the_face_to_whoever_agreed_and_resembles_it_or_to_nobody(party: Party) -> None:
    party.put("bruno.jpg", 2)
    party.ingest()
    with party.club.sql() as connection:
        photo = sa.select(t.photos.c.id).where(t.photos.c.path == b"bruno.jpg").scalar_subquery()
        connection.execute(sa.delete(t.appearances).where(t.appearances.c.photo == photo))
    for path in ("bruno.jpg", "strangers.jpg"):
        keep(party, path, 1)
    wanted = [number(party, path) for path in ("bruno.jpg", "strangers.jpg")]
    said = people(party).split("ada", wanted)
    assert (said.removed, said.now, said.skipped) == (2, ("bruno",), ())
    assert faces(listed(party)) == {"ada": ["ada.jpg", "both.jpg"], "bruno": ["both.jpg", "bruno.jpg"]}
    party.ingest(again=True)
    assert faces(listed(party)) == {"ada": ["ada.jpg", "both.jpg"], "bruno": ["both.jpg", "bruno.jpg"]}


def test_p10_a_split_says_nothing_where_the_photos_may_not_be_looked_at(party: Party) -> None:
    party.club.order("stop", source=1)
    with pytest.raises(errors.TerritoryRefused):
        people(party).split("ada", [number(party, "ada.jpg")])
    assert party.shown(1) == ["ada.jpg", "both.jpg"]


def test_a_photo_that_is_gone_is_told_and_the_split_stands(party: Party) -> None:
    wanted = [number(party, "ada.jpg")]
    (party.folder / "ada.jpg").unlink()
    said = people(party).split("ada", wanted)
    assert (said.removed, said.now, [path for path, _ in said.skipped]) == (1, (), ["ada.jpg"])


# --- the same person -------------------------------------------------------------------------------------------------


def test_p4_a_merge_lets_nobody_be_found_for_what_their_own_basis_does_not_name(party: Party) -> None:
    party.club.person("Ada again", 1, ["photo-library", "visitor-check-in"], handle="ada-2")
    people(party).merge("ada", "ada-2")
    assert set(party.club.found(1, "visitor-check-in", case="desk 1")) == {"ada-2"}
    assert set(party.club.found(1)) == {"ada", "ada-2"}


def test_p6_each_record_of_a_person_leaves_by_itself_and_takes_what_was_said_with_it(party: Party) -> None:
    party.club.person("Ada again", 1, handle="ada-2")
    people(party).merge("ada", "ada-2")
    people(party).not_this("ada", [number(party, "ada.jpg")])
    party.club.ben.erase("ada", reason="withdrawn")
    assert faces(listed(party)) == {"ada-2": [], "bruno": ["both.jpg"]}
    with party.club.anna.context.registry.read() as connection:
        assert connection.scalars(sa.select(t.corrections.c.subject)).all() == [3], "the other record's own"
        assert connection.execute(sa.select(t.pairs)).all() == []
    assert orphans(party.club) == []


def test_three_records_of_one_person_and_what_contradicts_that(party: Party) -> None:
    for handle in ("ada-2", "ada-3"):
        party.club.person("Ada again", 1, handle=handle)
    said = people(party)
    said.merge("ada", "ada-2")
    said.part("ada", "ada-3")
    with pytest.raises(errors.InputError, match="different people"):
        said.merge("ada-2", "ada-3")
    said.merge("ada", "ada-3")
    for again in (("ada", "ada-3"), ("ada-2", "ada-3")):
        with pytest.raises(errors.AlreadyExists):
            said.merge(*again)
    with pytest.raises(errors.InputError, match="through another"):
        said.part("ada-2", "ada-3")
    assert faces(listed(party)).keys() == {"ada+ada-2+ada-3", "bruno"}
    said.part("ada", "ada-2")
    with pytest.raises(errors.AlreadyExists):
        said.part("ada-2", "ada")
    with pytest.raises(errors.InputError):
        said.merge("ada", "ada")
    party.club.ben.withdraw("ada-3")
    assert faces(listed(party)).keys() == {"ada", "ada-2", "bruno"}


# --- orders, backups -------------------------------------------------------------------------------------------------


def test_p8_what_was_said_of_a_source_s_photos_goes_with_the_source(party: Party) -> None:
    people(party).not_this("ada", [number(party, "ada.jpg")])
    other = Party(party.club, "fete")
    (other.folder / "both.jpg").write_bytes((party.folder / "both.jpg").read_bytes())
    other.ingest()
    people(party).not_this("ada", [number(party, "both.jpg")])
    order = party.club.obey("erase", source="party")
    party.club.ben.orders.execute(order)
    with party.club.anna.context.registry.read() as connection:
        assert len(connection.execute(sa.select(t.corrections)).all()) == 1, "the other source has that content, too"


def test_p7_what_was_said_after_a_backup_is_said_again_by_a_restore(party: Party) -> None:
    club = party.club
    people(party).not_this("ada", [number(party, "both.jpg")])
    made = backup(club)
    people(party).not_this("ada", [number(party, "ada.jpg")])
    people(party).merge("ada", "bruno")
    lose(club, log=True)
    done = restore(club, made.file)
    assert (done.repeated.restricted, party.shown(1)) == (0, []), "the one from the backup, the other from the log"
    party.ingest(again=True)
    assert party.shown(1) == []


def test_p7_what_was_said_of_a_photo_that_came_after_the_backup_keeps_its_person_out_of_search(party: Party) -> None:
    club = party.club
    made = backup(club)
    party.put("late.jpg", 1)
    party.ingest()
    people(party).not_this("ada", [number(party, "late.jpg")])
    lose(club, log=True)
    assert restore(club, made.file).repeated.restricted == 1
    assert club.found(1) == []


def test_p28_a_comparison_of_kept_faces_is_among_the_uses_and_the_public_counts(party: Party) -> None:
    listed(party)
    (use,) = party.club.anna.logbook.uses()
    assert (use.kind, use.purpose, use.case, use.candidates) == ("people", "photo-library", "library 1", 2)
    assert use.account == "anna@club.example"
    (month,) = party.club.anna.reports.accountability()["use"]["searches"]
    assert (month["purpose"], month["searches"], month["candidates_shown"]) == ("photo-library", 1, 2)


def test_p15_what_was_said_of_a_person_is_told_and_nobody_else_is_named(party: Party) -> None:
    people(party).not_this("ada", [number(party, "ada.jpg")])
    people(party).part("ada", "bruno")
    context = party.club.anna.context
    with context.registry.read() as connection:
        for subject in (1, 2):
            told = everything(Reading(connection, context.keys, context.organisation, SubjectId(subject)))["said"]
            assert told[-1] == {
                "said": "another record in this gallery is of somebody else",
                "photo_sha256": None,
                "by": "anna@club.example",
                "at": "2027-01-15T08:00:00Z",
            }
            assert len(told) == 3 - subject
