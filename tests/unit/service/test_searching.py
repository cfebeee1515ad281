"""Search and verify through the real desk: who is found, for what, and what ends it."""

from __future__ import annotations

import threading

import pytest

from clubs import ANNA, BEN, PURPOSES, WORDS, Club, probe
from countenance.errors import (
    ContractMismatch,
    GrantRefused,
    NoAgreement,
    NoCase,
    NotFound,
    NotSignedIn,
    PurposeRefused,
    RoleRefused,
    TooMany,
)
from countenance.policy.desk import Ask
from countenance.types import Probe, Search, Template, Verify

FAR = {1: "ada", 2: "bo"}


@pytest.fixture
def two(club: Club) -> Club:
    """Ada and Bo, both to be found."""
    club.person("Ada", 1)
    club.person("Bo", 2)
    return club


@pytest.mark.parametrize(("face", "handle"), FAR.items())
def test_a_search_finds_the_person_and_nobody_else(two: Club, face: int, handle: str) -> None:
    answer = two.search(face)
    assert [(c.subject, c.rank, c.band, c.review) for c in answer.candidates] == [(handle, 1, "high", "open")]
    assert answer.gallery_size == 2


def test_nobody_is_an_empty_answer(two: Club) -> None:
    assert two.found(7) == []


def test_with_the_threshold_off_everybody_is_ranked_and_says_that_they_are_below(two: Club) -> None:
    answer = two.search(2, threshold=None)
    assert [(c.subject, c.band) for c in answer.candidates] == [("bo", "high"), ("ada", "below-threshold")]


def test_p4_a_basis_for_one_purpose_serves_no_other(club: Club) -> None:
    club.person("Ada", 1, purposes=["photo-library"])
    club.person("Bo", 1, purposes=["visitor-check-in"])
    assert club.found(1, "photo-library") == ["ada"]
    assert club.found(1, "visitor-check-in") == ["bo"]


def test_p1_a_pending_basis_finds_nobody_until_it_is_confirmed(club: Club) -> None:
    ada = club.subject("Ada")
    basis = club.basis(ada, live=False)
    club.enrol(ada, basis, 1)
    assert club.found(1) == []
    club.ben.bases.countersign(basis)
    assert club.found(1) == ["ada"]


def test_p2_nobody_is_found_until_a_notice_is_recorded(club: Club) -> None:
    ada = club.subject("Ada")
    basis = club.basis(ada, notice=None)
    club.enrol(ada, basis, 1)
    assert club.found(1) == []
    club.anna.bases.give_notice(basis, "notice-2027")
    assert club.found(1) == ["ada"]


def test_a_basis_ends_at_its_last_second(club: Club) -> None:
    ada = club.subject("Ada")
    club.enrol(ada, club.basis(ada, until="2027-01-20"), 1)
    club.clock.now = 1_800_489_600 - 1  # 2027-01-20 23:59:59 UTC
    assert club.found(1) == ["ada"]
    club.clock.forward(seconds=1)
    assert club.found(1) == []


def test_p1_a_minor_is_found_for_their_own_photos_only(club: Club) -> None:
    """The clock says 2027: who was born in 2009 may still be 17."""
    kid = club.person("Kid", 1, purposes=["photo-library", "find-my-photos"], birth_year=2009)
    club.person("Old", 2, purposes=["photo-library"], birth_year=2008)
    assert club.found(1, "photo-library") == []
    assert club.found(1, "find-my-photos", only=kid.id) == ["kid"]
    assert club.found(2, "photo-library") == ["old"]


@pytest.mark.parametrize("purpose", [None, "", "no-such", "duplicate-check", "rights-request", "family-tracing"])
def test_p3_without_a_purpose_that_searches_there_is_no_search(two: Club, purpose: str | None) -> None:
    before = two.anna.context.book.size()
    with pytest.raises(PurposeRefused) as refused:
        two.search(1, purpose)
    assert refused.value.log_index == before
    (entry,) = two.anna.log_entries(before)
    assert (entry["act"], entry["outcome"], entry["facts"]["code"]) == ("search", "refused", "purpose")


def test_p3_without_a_case_there_is_no_search(two: Club) -> None:
    for case in (None, ""):
        with pytest.raises(NoCase):
            two.search(1, case=case)


def test_a_closed_case_searches_no_more(two: Club) -> None:
    assert two.found(1, case="press 12") == ["ada"]
    assert two.anna.cases.close("press 12", purpose="photo-library").closed
    with pytest.raises(NoCase, match="closed"):
        two.search(1, case="press 12")
    assert two.found(1, case="press 13") == ["ada"]


def test_a_case_belongs_to_one_purpose_and_is_opened_once(two: Club) -> None:
    first = two.anna.cases.open("press 12", purpose="photo-library")
    assert two.anna.cases.open("press 12", purpose="photo-library") == first
    other = two.anna.cases.open("press 12", purpose="visitor-check-in")
    assert other.id != first.id
    assert {case.reference for case in two.anna.cases.list()} == {"press 12"}
    with pytest.raises(NotFound):
        two.anna.cases.close("press 14", purpose="photo-library")


def test_p20_a_case_s_reference_is_not_in_the_log(two: Club) -> None:
    two.search(1, case="the matter of Mrs Marple")
    assert not [line for line in two.anna.export_log() if "Marple" in line]


def test_p3_the_end_of_the_agreement_ends_the_searching(two: Club) -> None:
    assert two.found(1) == ["ada"]
    (agreement,) = two.anna.agreements.list()
    two.anna.agreements.end(agreement.id)
    with pytest.raises(NoAgreement):
        two.search(1)
    with pytest.raises(NotFound):
        two.anna.agreements.end(agreement.id)
    two.anna.agreements.add(["photo-library"])
    assert two.found(1) == ["ada"]
    with pytest.raises(PurposeRefused, match="does not cover"):
        two.search(1, "visitor-check-in")


def test_an_agreement_runs_out_by_itself(two: Club) -> None:
    two.clock.forward(days=365, seconds=-1)
    assert two.found(1) == ["ada"]
    two.clock.forward(seconds=1)
    with pytest.raises(NoAgreement):
        two.search(1)


def test_find_my_photos_answers_only_for_the_person_it_is_made_for(club: Club) -> None:
    ada = club.person("Ada", 1, purposes=["find-my-photos"])
    twin = club.person("Twin", 1, purposes=["find-my-photos"])
    with pytest.raises(PurposeRefused, match="free photo"):
        club.search(1, "find-my-photos")
    assert club.found(1, "find-my-photos", only=ada.id) == ["ada"]
    assert club.found(1, "find-my-photos", only=twin.id) == ["twin"]


def test_a_grant_made_for_one_person_cannot_search_for_all(club: Club) -> None:
    ada = club.person("Ada", 1, purposes=["find-my-photos"])
    number = club.anna.cases.for_search("my photos", "find-my-photos")
    ask = Ask(purpose="find-my-photos", case_named=True, case=number, on_behalf_of=ada.id)
    grant = club.anna.context.desk.decide(Search, ask)
    with pytest.raises(GrantRefused):
        club.anna.context.gallery.search(probe(1), limit=5, threshold=None, grant=grant)


@pytest.mark.parametrize("reach", ["the role", "a live account", "more than a trial"])
@pytest.mark.parametrize("case", ["a known case", "a case that is not open yet"])
def test_who_may_not_search_is_refused_and_the_refusal_is_logged(two: Club, reach: str, case: str) -> None:
    if case == "a known case":
        two.anna.cases.open(case, purpose="photo-library")
    session, wanted = two.ben, RoleRefused
    if reach == "more than a trial":
        two.anna.accounts.add("eve@club.example", roles=["operator"], passphrase="words", trial=True)
        session = two.open("eve@club.example")
    if reach == "a live account":
        two.anna.accounts.revoke(BEN)
        wanted = NotSignedIn
    before = two.anna.context.book.size()
    with pytest.raises(wanted):
        two.search(1, case=case, by=session)
    (entry,) = two.anna.log_entries(before)
    assert (entry["act"], entry["outcome"]) == ("search", "refused")


def test_p3_verify_compares_twenty_pairs_a_day_and_no_more(club: Club) -> None:
    assert club.verify(1, 1).band == "high"
    assert club.verify(1, 2).band == "below-threshold"
    for other in range(3, 21):
        assert club.verify(1, 2).band == "below-threshold"  # the same two photos again are not one more
        club.verify(1, other)
    with pytest.raises(TooMany):
        club.verify(1, 1)
    club.clock.forward(days=1)
    assert club.verify(1, 1).band == "high"


def test_templates_of_two_models_never_meet(club: Club) -> None:
    alien = Probe(probe(1).face, Template(probe(1).template.vector, "another contract"), "c")
    number = club.anna.cases.for_search("press 12", "photo-library")
    ask = Ask(purpose="photo-library", case_named=True, case=number)
    with pytest.raises(ContractMismatch):
        club.anna.context.gallery.search(
            alien, limit=5, threshold=None,
            grant=club.anna.context.desk.decide(Search, ask),
        )  # fmt: skip
    with pytest.raises(ContractMismatch):
        club.anna.context.gallery.verify(probe(1), alien, grant=club.anna.context.desk.decide(Verify, ask))


def test_p5_withdraw_and_the_next_search_does_not_find_you_in_any_session(two: Club) -> None:
    """P5, with searches running all the while in three threads: none that begins after the withdrawal finds her."""
    sessions = [two.open(ANNA) for _ in range(3)]
    gone, late, faults = threading.Event(), [], []
    rounds = [0, 0, 0]

    def keep_searching(number: int) -> None:
        try:
            for _ in range(400):
                began_after = gone.is_set()
                found = two.found(1, by=sessions[number], case=f"press {number}")
                if began_after:
                    rounds[number] += 1
                    late.extend(found)
                    if rounds[number] >= 3:
                        return
        except BaseException as error:  # noqa: BLE001 - a thread must not die unheard
            faults.append(error)

    threads = [threading.Thread(target=keep_searching, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    two.ben.withdraw("ada")
    gone.set()
    for thread in threads:
        thread.join()
    assert faults == []
    assert min(rounds) == 3
    assert late == []
    assert two.found(2) == ["bo"]
    two.anna.check_log()


def test_p19_every_search_says_who_asked_why_and_what_was_shown(two: Club) -> None:
    before = two.anna.context.book.size()
    two.search(1, case="press 99")
    opened, granted, shown = two.anna.log_entries(before)
    assert (opened["act"], granted["act"], granted["outcome"]) == ("case", "search", "granted")
    assert shown["facts"]["candidates"] == 1
    assert shown["facts"]["decision"] == granted["index"]
    assert granted["opened"]["account"] == ANNA
    assert len(shown["subjects"]) == 1


def test_a_session_without_an_account_may_look_at_the_status_and_no_more(two: Club) -> None:
    config = two.folder / "countenance.toml"
    config.write_text(config.read_text().replace(f'account = "{ANNA}"', "").replace("#  ", "#"))
    nobody = two.open(None)
    assert nobody.status()["account"] is None
    basis = two.basis(two.subject("Cy"), live=False)
    ada = two.anna.subjects.get("ada")
    for attempt in (
        nobody.subjects.list,
        lambda: nobody.subjects.add("Eve", territory="GB"),
        lambda: nobody.bases.record(
            ada, ground="consent", condition="explicit-consent", purposes=["photo-library"], evidence=two.form
        ),
        lambda: nobody.cases.open("press 77", purpose="photo-library"),
        lambda: nobody.agreements.add(PURPOSES),
        lambda: nobody.erase("ada", reason="request"),
        lambda: nobody.withdraw("ada"),
        lambda: two.search(1, by=nobody),
        lambda: two.search(1, by=nobody, case="press 78"),
        lambda: nobody.accounts.add("eve@club.example", roles=["operator"], passphrase="words"),
        lambda: nobody.sources.add("x", two.form.parent / "keys", statement="ours", purposes=["photo-library"]),
    ):
        with pytest.raises(NotSignedIn):
            attempt()
    with pytest.raises((NotSignedIn, RoleRefused)):
        nobody.bases.countersign(basis)


def test_a_wrong_passphrase_finds_nobody_and_is_logged(two: Club, monkeypatch: pytest.MonkeyPatch) -> None:
    two.search(1)
    monkeypatch.setitem(WORDS, ANNA, "not her words")
    stranger = two.open(ANNA)
    before = two.ben.context.book.size()
    with pytest.raises(NotSignedIn, match="passphrase"):
        two.search(1, by=stranger)
    (entry,) = two.ben.log_entries(before)
    assert (entry["outcome"], entry["facts"]["code"]) == ("refused", "not-signed-in")
