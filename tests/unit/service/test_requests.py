"""Requests: by a contact, a receipt or at the counter; at once where they must be; answered alike (P14, P29)."""

from __future__ import annotations

import json

import pytest
import sqlalchemy as sa

from clubs import ANNA, Club
from countenance.errors import Held, InputError, NoBasis, NotFound, NotSignedIn, ReceiptRefused, Refused, TooMany
from countenance.gallery.originals import ANSWERS
from countenance.registry import schema as t
from countenance.service.exports import exports_of
from countenance.service.lapsing import KEPT
from countenance.service.receiving import SHARING
from countenance.service.requests import HOURLY, KINDS

ADA = "ada@example.org"


@pytest.fixture
def ada(club: Club) -> Club:
    """Ada is enrolled with a contact, and found."""
    club.person("Ada", 1, contact=ADA)
    assert club.found(1) == ["ada"]
    return club


def rows(club: Club) -> list[sa.Row[tuple[object, ...]]]:
    with club.anna.context.registry.read() as connection:
        return list(connection.execute(sa.select(t.requests).order_by(t.requests.c.id)))


# --- without disclosing anything -------------------------------------------------------------------------------------


def test_p29_a_request_needs_a_contact_or_a_receipt_and_no_account(ada: Club) -> None:
    nobody = ada.open(None)
    assert nobody.requests.open("access", contact=ADA).subject == "ada"
    with pytest.raises(InputError, match="whose"):
        nobody.requests.open("access")
    with pytest.raises(NotSignedIn):
        nobody.requests.open("access", subject="ada")


@pytest.mark.parametrize("kind", ["access", "erasure", "objection", "restriction", "rectification"])
def test_p14_whoever_asks_is_told_the_same_whether_or_not_they_are_here(ada: Club, kind: str) -> None:
    known = ada.anna.requests.receive(kind, contact=ADA, details="please")
    unknown = ada.anna.requests.receive(kind, contact="eve@example.org", details="please")
    assert known == unknown
    assert [row.subject is None for row in rows(ada)] == [False, True]


def test_p14_the_log_does_not_say_either_whether_they_are_here(ada: Club) -> None:
    ada.subject("Bob", contact="two@example.org")
    ada.subject("Cy", contact="two@example.org")
    asked = [ADA, "eve@example.org", "two@example.org"]
    for contact in asked:
        ada.anna.requests.receive("access", contact=contact)
    told = ada.anna.log_entries(ada.anna.status()["log"]["size"] - len(asked))
    seen: set[str] = set()
    for entry in told:
        entry.pop("index")
        assert entry["facts"].pop("request").startswith("R")
        assert all(len(each) == 64 for each in entry["subjects"])
        seen.update(entry["subjects"])
        entry["subjects"] = len(entry["subjects"])
    assert told[0] == told[1] == told[2]
    assert told[0]["subjects"] == SHARING
    assert len(seen) == len(asked) * SHARING
    assert "account" not in told[0]


@pytest.mark.parametrize(
    ("recorded", "given"),
    [
        (f"  {ADA} ", ADA),
        (ADA.upper(), ADA),
        ("ada\uff20example.org", ADA),
        ("zoe\u0308@example.org", "ZO\u00cb@example.org"),
        ("+44 20 7946 0000", " +44\u00a020 7946 0000"),
        ("stra\u00dfe@example.org", "STRASSE@example.org"),
    ],
)
def test_p14_a_contact_is_known_however_it_is_written(club: Club, recorded: str, given: str) -> None:
    club.person("Ada", 1, contact=recorded)
    club.anna.requests.receive("objection", contact=given)
    assert club.found(1) == []
    club.subject("Bo")
    assert club.anna.subjects.update("bo", contact=recorded).contact == recorded.strip()
    assert club.anna.requests.open("access", contact=given).also == ("R3",)


def test_p14_a_contact_as_the_first_release_kept_it_is_known(ada: Club) -> None:
    old = ada.anna.context.find_hash("contact", "stra\u00dfe@example.org")
    with ada.sql() as connection:
        connection.execute(sa.update(t.subjects).values(contact_hash=old))
    ada.anna.requests.receive("objection", contact="Stra\u00dfe@example.org")
    assert ada.found(1) == []


@pytest.mark.parametrize("contact", ["", "  ", "ab", "x" * 255, "ada@example.org\nbo@example.org", "a\ud800b"])
def test_p14_what_nobody_could_ask_by_is_no_contact(club: Club, contact: str) -> None:
    with pytest.raises(InputError, match="contact"):
        club.subject("Ada", contact=contact)
    with pytest.raises(InputError, match="contact"):
        club.subject("Ada", birth_year=2018, guardian=contact)
    club.subject("Ada")
    with pytest.raises(InputError, match="contact"):
        club.anna.subjects.update("ada", contact=contact)


def test_words_that_are_no_text_are_refused_when_they_come_in(ada: Club) -> None:
    with pytest.raises(InputError, match="no text"):
        ada.anna.requests.receive("access", contact=ADA, details="it\ud800s me")
    assert rows(ada) == []


def test_p29_what_was_written_is_sealed_under_the_persons_key_or_the_organisations(ada: Club) -> None:
    ada.anna.requests.open("access", contact=ADA, details="the party in May")
    ada.anna.requests.open("access", contact="eve@example.org", details="anything")
    assert [row.key for row in rows(ada)] == ["subject:1", "organisation:1"]
    data = b"".join(file.read_bytes() for place in ada.places for file in place.rglob("*") if file.is_file())
    for word in (ADA, "eve@example.org", "the party in May", "anything"):
        assert word.encode() not in data
    shown = ada.anna.requests.show("R1")
    assert (shown.contact, shown.words) == (ADA, "the party in May")
    assert ada.anna.requests.get("R1").words is None


def test_p14_several_people_behind_one_contact_have_a_request_each(ada: Club) -> None:
    ada.subject("Bob", contact=ADA.upper())
    made = ada.anna.requests.open("access", contact=f" {ADA} ")
    assert (made.id, made.also) == ("R1", ("R2",))
    assert [each.subject for each in ada.anna.requests.list()] == ["ada", "bob"]


def test_p29_too_many_in_an_hour_wait_and_an_officer_never_does(ada: Club) -> None:
    for _ in range(HOURLY):
        ada.anna.requests.receive("access", contact="eve@example.org")
    with pytest.raises(TooMany):
        ada.anna.requests.receive("access", contact=ADA)
    assert ada.anna.requests.open("access", subject="ada").state == "open"
    ada.clock.forward(seconds=3601)
    ada.anna.requests.receive("access", contact=ADA)


# --- receipts --------------------------------------------------------------------------------------------------------


def test_p14_a_receipt_is_enough_and_a_forged_one_is_not(ada: Club) -> None:
    receipt = ada.anna.receipts.issue("B1")
    content = json.dumps(receipt).encode()
    assert ada.open(None).requests.open("restriction", receipt=content).subject == "ada"
    assert ada.found(1) == []
    with pytest.raises(ReceiptRefused):
        ada.anna.requests.open("access", receipt=content.replace(b"Rowing", b"Sowing"))
    assert len(rows(ada)) == 1


# --- at once ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["objection", "restriction"])
def test_p5_an_objection_takes_effect_with_the_next_search_before_anybody_answers(ada: Club, kind: str) -> None:
    ada.anna.requests.receive(kind, contact=ADA)
    assert ada.found(1) == []
    assert ada.anna.status()["counts"]["references"] == 1


def test_p5_nobody_is_enrolled_any_further_while_they_object(ada: Club) -> None:
    ada.anna.requests.open("objection", subject="ada")
    with pytest.raises(NoBasis, match="objected"):
        ada.enrol(ada.anna.subjects.get("ada"), ada.anna.bases.get("B1"), 1, photo=2)
    assert ada.anna.status()["counts"]["references"] == 1


def test_p5_an_answered_objection_withdraws_what_can_be_objected_to(ada: Club) -> None:
    ada.anna.requests.open("objection", subject="ada")
    done = ada.anna.requests.answer("R1")
    assert "no longer searched for" in done.told
    assert done.contact == ADA
    assert ada.anna.bases.get("B1").state == "withdrawn"
    assert ada.found(1) == []


def test_p5_an_objection_leaves_a_ground_that_is_not_open_to_it(ada: Club) -> None:
    with ada.sql() as connection:
        connection.execute(sa.update(t.bases).values(ground="vital-interests", condition="vital-interests"))
    ada.anna.requests.open("objection", subject="ada")
    assert "B1 (vital-interests)" in ada.anna.requests.answer("R1").told
    assert ada.anna.bases.get("B1").state == "live"


def test_a_refused_objection_lets_them_be_found_again_and_another_one_does_not(ada: Club) -> None:
    ada.anna.requests.open("objection", subject="ada")
    ada.anna.requests.open("restriction", subject="ada")
    ada.anna.requests.answer("R1", refuse="unfounded")
    assert ada.found(1) == []
    ada.anna.requests.answer("R2")
    assert ada.found(1) == []
    ada.anna.requests.lift("ada")
    assert ada.found(1) == ["ada"]
    ada.clock.forward(seconds=1)
    ada.anna.requests.open("objection", subject="ada")
    assert ada.found(1) == []
    ada.anna.requests.answer("R3", refuse="unfounded")  # the restriction that was lifted before is no reason
    assert ada.found(1) == ["ada"]


# --- the other answers -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["objection", "restriction"])
def test_p5_nobody_is_let_back_in_before_their_request_is_answered(ada: Club, kind: str) -> None:
    ada.anna.requests.open(kind, contact=ADA)
    with pytest.raises(Refused) as refused:
        ada.anna.requests.lift("ada")
    assert refused.value.requirement == "P5"
    assert "R1" in str(refused.value)
    assert ada.anna.log_entries(ada.anna.status()["log"]["size"] - 1)[0]["outcome"] == "refused"
    assert ada.found(1) == []
    ada.anna.requests.answer("R1", refuse="unfounded") if kind == "objection" else ada.anna.requests.answer("R1")
    if kind == "restriction":
        ada.anna.requests.lift("ada")
    assert ada.found(1) == ["ada"]


def test_an_erasure_erases_with_a_certificate_and_stays_on_record_as_answered(ada: Club) -> None:
    ada.anna.requests.open("erasure", contact=ADA, details="all of it")
    done = ada.anna.requests.answer("R1")
    assert done.certified is not None
    assert done.certified.certificate["body"]["scan"]["found"] == 0
    assert done.contact == ADA
    (row,) = rows(ada)
    assert (row.state, row.subject, row.details_sealed) == ("answered", None, None)
    with pytest.raises(NotFound):
        ada.anna.subjects.get("ada")


def test_a_hold_stops_an_erasure_and_the_request_stays_open(ada: Club) -> None:
    ada.order("hold", subject=1)
    ada.anna.requests.open("erasure", contact=ADA)
    with pytest.raises(Held):
        ada.anna.requests.answer("R1")
    assert ada.anna.requests.get("R1").state == "open"
    assert ada.anna.requests.answer("R1", refuse="duty").outcome == "refused"


def test_a_rectification_puts_right_and_counts_for_orders_at_once(ada: Club) -> None:
    ada.order("quarantine", territory="FR")
    assert ada.found(1) == ["ada"]
    ada.anna.requests.open("rectification", contact=ADA, details="I moved")
    with pytest.raises(InputError, match="not said"):
        ada.anna.requests.answer("R1")
    done = ada.anna.requests.answer("R1", territory="FR", name="Ada Lovelace", contact="ada@new.example")
    person = ada.anna.subjects.get("ada")
    assert (person.name, person.territory, person.contact) == ("Ada Lovelace", "FR", "ada@new.example")
    assert done.contact == "ada@new.example"
    assert ada.found(1) == []
    assert ada.anna.requests.open("access", contact="ada@new.example").subject == "ada"


def test_a_minor_is_no_longer_found_once_the_birth_year_is_right(ada: Club) -> None:
    ada.anna.subjects.update("ada", birth_year=2015)
    assert ada.found(1) == []


def test_p14_nobody_on_record_is_answered_once_the_officer_has_said_so(club: Club) -> None:
    for kind in KINDS:
        made = club.anna.requests.open(kind, contact="eve@example.org")
        with pytest.raises(InputError, match="No record has the contact") as stopped:
            club.anna.requests.answer(made.id)
        assert f"request assign {made.id} SUBJECT" in stopped.value.hint
        assert club.anna.requests.get(made.id).state == "open"
        done = club.anna.requests.answer(made.id, nobody=True)
        assert (done.told, done.contact) == ("Nothing is held under what you gave.", "eve@example.org")


def test_p14_whoever_is_on_record_is_not_answered_as_nobody(ada: Club) -> None:
    ada.anna.requests.open("access", contact=ADA)
    with pytest.raises(InputError, match="R1 is ada's"):
        ada.anna.requests.answer("R1", nobody=True)
    ada.anna.requests.open("erasure", contact="eve@example.org")
    assert ada.anna.requests.answer("R2", refuse="not-identified").outcome == "refused"


def test_only_an_officer_answers_and_only_once(ada: Club) -> None:
    ada.anna.requests.open("restriction", contact=ADA)
    with pytest.raises(NotSignedIn):
        ada.open(None).requests.answer("R1")
    assert ada.found(1) == []
    ada.anna.requests.answer("R1")
    with pytest.raises(InputError, match="answered already"):
        ada.anna.requests.answer("R1")
    answers = [each for each in ada.anna.log_entries() if (each["act"], each["outcome"]) == ("answer", "done")]
    assert [entry["opened"]["account"] for entry in answers] == [ANNA]


# --- the month -------------------------------------------------------------------------------------------------------


def test_p29_overdue_requests_come_first_and_are_counted(ada: Club) -> None:
    ada.anna.requests.open("access", contact=ADA)
    assert ada.anna.requests.get("R1").days_left == 31
    ada.clock.forward(days=20)
    ada.anna.requests.open("access", contact=ADA)
    ada.anna.requests.open("restriction", contact=ADA)
    ada.anna.requests.answer("R3")
    ada.clock.forward(days=12)
    assert [(each.id, each.overdue) for each in ada.anna.requests.list()] == [
        ("R1", True), ("R2", False), ("R3", False),
    ]  # fmt: skip
    assert [each.id for each in ada.anna.requests.list(overdue=True)] == ["R1"]
    assert ada.anna.status()["requests"] == {"open": 2, "overdue": 1}


# --- the access answer -----------------------------------------------------------------------------------------------


def test_p14_an_access_answer_goes_only_to_the_contact_on_record(club: Club) -> None:
    club.person("Ada", 1)
    club.anna.requests.open("access", subject="ada")
    with pytest.raises(Refused, match="contact on record"):
        club.anna.requests.answer("R1")
    club.anna.subjects.update("ada", contact=ADA)
    assert club.anna.requests.answer("R1").contact == ADA


def test_p14_a_kept_answer_is_sealed_and_gone_once_it_is_sent(ada: Club) -> None:
    ada.anna.requests.open("access", contact=ADA, details="the party in May")
    done = ada.anna.requests.answer("R1")
    assert done.files == ()
    folder = exports_of(ada.folder / "data" / "exports", 1)
    (kept,) = folder.iterdir()
    assert kept.stat().st_mode & 0o777 == 0o600
    data = kept.read_bytes()
    assert b"Ada" not in data
    assert b"<html" not in data
    page, text = ada.anna.requests.export("R1", ada.root / "out")
    assert (page.stat().st_mode & 0o777, text.stat().st_mode & 0o777) == (0o600, 0o600)
    assert "the party in May" in page.read_text()
    assert json.loads(text.read_text())["held"]["subject"]["contact"] == ADA
    ada.anna.requests.done("R1")
    assert not folder.exists()
    assert ada.anna.requests.show("R1").words is None
    with pytest.raises(NotFound):
        ada.anna.requests.export("R1", ada.root / "out")


def test_p29_what_was_asked_is_forgotten_thirty_days_after_the_answer(ada: Club) -> None:
    ada.anna.requests.open("access", contact=ADA)
    ada.anna.requests.answer("R1")
    ada.anna.requests.open("access", contact="eve@example.org")
    ada.clock.forward(seconds=KEPT - 1)
    assert ada.anna.purge().due == []
    ada.clock.forward(seconds=1)
    assert [item.id for item in ada.anna.purge(dry_run=True).due] == ["R1"]
    assert ada.anna.requests.show("R1").contact == ADA
    assert [item.id for item in ada.anna.purge().due] == ["R1"]
    assert ada.anna.purge().due == []
    assert not (ada.folder / "data" / "exports" / "1").exists()
    assert [row.details_sealed is None for row in rows(ada)] == [True, False]


def test_whose_request_it_is_can_be_said_later(ada: Club) -> None:
    ada.anna.requests.open("objection", contact="ada@old.example", details="it is me")
    assert ada.found(1) == ["ada"]
    ada.anna.requests.assign("R1", "ada")
    assert ada.found(1) == []
    assert ada.anna.requests.show("R1").words == "it is me"
    assert rows(ada)[0].key == "subject:1"
    with pytest.raises(InputError):
        ada.anna.requests.assign("R1", "ada")


@pytest.mark.parametrize("where", [".", "answers", "data", "data/exports/1", "vault/here", "data/../certificates"])
def test_p6_an_answer_in_clear_never_goes_among_our_own_files(ada: Club, where: str) -> None:
    ada.anna.requests.open("access", contact=ADA)
    out = ada.folder / where
    with pytest.raises(InputError, match="own files"):
        ada.anna.requests.answer("R1", out=out)
    assert ada.anna.requests.get("R1").state == "open"
    ada.anna.requests.answer("R1")
    with pytest.raises(InputError, match="own files"):
        ada.anna.requests.export("R1", out)
    link = ada.root / "link"
    link.symlink_to(ada.folder / "data")
    with pytest.raises(InputError, match="own files"):
        ada.anna.requests.export("R1", link / "answers")
    assert not list(ada.folder.rglob("access-R1*"))
    assert len(ada.anna.requests.export("R1", ada.root / "out")) == 2


def test_p6_the_certificate_counts_the_answers_that_were_handed_out(ada: Club) -> None:
    ada.person("Bo", 2, contact="bo@example.org")
    for contact in (ADA, ADA, "bo@example.org"):
        ada.anna.requests.answer(ada.anna.requests.open("access", contact=contact), out=ada.root / "out")
    ada.anna.requests.open("access", contact=ADA)
    body = ada.anna.erase("ada", reason="request").certificate["body"]
    assert {"what": ANSWERS, "count": 2} in body["residuals"]
    number = ada.obey("erase", territory="GB")
    ordered = ada.anna.orders.execute(number).certificate["body"]
    assert {"what": ANSWERS, "count": 1} in ordered["residuals"]
    assert ordered["residuals"][0]["count"] == 1


def test_p6_a_certificate_speaks_of_no_answer_where_none_was_made(ada: Club) -> None:
    ada.anna.requests.open("access", contact=ADA)
    body = ada.anna.erase("ada", reason="request").certificate["body"]
    assert not [each for each in body["residuals"] if each["what"] == ANSWERS]


def test_p6_a_kept_answer_goes_with_the_person(ada: Club) -> None:
    ada.anna.requests.open("access", contact=ADA)
    ada.anna.requests.answer("R1")
    assert (ada.folder / "data" / "exports" / "1").exists()
    assert ada.anna.erase("ada", reason="request").certificate["body"]["scan"]["found"] == 0
    assert not (ada.folder / "data" / "exports" / "1").exists()
