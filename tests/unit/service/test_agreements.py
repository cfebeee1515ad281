"""Agreements with another organisation: both sign, and each search stays within what was signed (P3, P4, P18, P24)."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from clubs import ANNA, DAY, Club
from countenance.errors import (
    AlreadyExists,
    InputError,
    NoAgreement,
    NoCase,
    NotFound,
    PurposeRefused,
    RoleRefused,
    TerritoryRefused,
    TooMany,
)
from countenance.registry import schema as t
from county import DAN, FAY, NAME, County, county, dpia, propose


@pytest.fixture
def other(club: Club) -> County:
    """The county under an agreement for people in GB; Ada lives there, Bo elsewhere, and of Cy nobody knows it."""
    club.person("Ada", 1)
    club.person("Bo", 2, territory="DE")
    club.person("Cy", 3, territory="unknown")
    club.person("Di", 4, territory="GB-SCT")
    return county(club)


def test_p3_another_organisation_searches_only_after_both_have_signed(other: County) -> None:
    for _ in range(2):
        with pytest.raises(NoAgreement) as refused:
            other.search(1)
        assert refused.value.requirement == "P3"
        propose(other.club)
    (_, first, _) = other.club.anna.agreements.list()
    assert (first.state, first.waits_for) == ("proposed", ("Rowing Club", NAME))
    assert other.club.anna.agreements.sign(first.id).waits_for == (NAME,)
    with pytest.raises(NoAgreement, match="signed"):
        other.search(1)
    assert other.dan.agreements.sign(first.id).state == "in-force"
    assert other.found(1) == ["ada"]


@pytest.mark.parametrize(
    "lie", [{"territories": "*"}, {"purposes": 0xFF}, {"quota": 10**6}, {"ends": 2**40}, {"dpia": "0" * 64}]
)
def test_p3_an_agreement_that_was_edited_in_the_registry_is_not_signed(other: County, lie: dict[str, object]) -> None:
    number = int(other.agree().id[1:])
    assert other.found(1) == ["ada"]
    with other.club.sql() as connection:
        connection.execute(sa.update(t.agreements).where(t.agreements.c.id == number).values(**lie))
    with pytest.raises(NoAgreement, match="signed"):
        other.search(1)


def test_p18_one_side_cannot_sign_for_the_other_nor_twice(other: County) -> None:
    made = propose(other.club)
    other.club.anna.agreements.sign(made.id)
    before = other.club.anna.context.book.size()
    with pytest.raises(RoleRefused):
        other.club.anna.agreements.sign(made.id)
    other.club.ben.agreements.sign(made.id)  # a second one of the same side adds nothing
    with pytest.raises(NoAgreement):
        other.search(1)
    with pytest.raises(RoleRefused):
        other.eve.agreements.sign(made.id)  # a reviewer signs nothing for the county
    entries = other.club.anna.log_entries(before)
    assert [entry["outcome"] for entry in entries if entry["act"] == "sign"] == ["refused", "done", "refused"]


def test_p4_another_organisation_is_shown_only_people_of_its_territories(other: County) -> None:
    other.agree(territories=["GB"])
    assert [other.found(person) for person in (1, 2, 3, 4)] == [["ada"], [], [], ["di"]]
    everybody = other.search(1, threshold=None).candidates
    assert {candidate.subject for candidate in everybody} == {"ada", "di"}
    assert other.club.found(2) == ["bo"]  # the club's own search is as it was


def test_p4_an_unknown_residence_is_in_no_list_of_territories(other: County) -> None:
    other.agree(territories=["GB", "DE"])
    assert other.found(2) == ["bo"]
    assert other.found(3) == []
    with pytest.raises(InputError):
        propose(other.club, territories=["GB", "unknown"])
    other.agree(territories=["*"], purposes=["visitor-check-in"])
    assert other.found(3) == []


def test_p4_the_territories_filter_works_inside_the_search(club: Club, monkeypatch: pytest.MonkeyPatch) -> None:
    """The nearest ones live elsewhere, more than are fetched: a filter behind the search would leave nothing."""
    monkeypatch.setattr("countenance.gallery.gallery._FETCH", 4)
    for number in range(9):
        club.person(f"Far {number}", 1, territory="DE")
    near = club.subject("Near")
    club.enrol(near, club.basis(near), 1, photo=7)
    other = county(club)
    other.agree(territories=["GB"])
    assert other.found(1, limit=1) == ["near"]


def test_p3_the_quota_of_an_agreement_binds_all_its_accounts_and_cases(other: County) -> None:
    other.agree(quota=3)
    for number in range(3):
        other.search(1, case=f"county {number}")
    with pytest.raises(TooMany) as refused:
        other.search(1, case="county 99")
    assert refused.value.requirement == "P3"
    assert other.club.found(1) == ["ada"]
    other.club.clock.forward(days=1)
    assert other.found(1) == ["ada"]


@pytest.mark.parametrize("who", ["the owner", "the party"])
def test_p3_either_side_ends_an_agreement_at_once(other: County, who: str) -> None:
    made = other.agree()
    assert other.found(1) == ["ada"]
    ended = (other.club.anna if who == "the owner" else other.dan).agreements.end(made.id)
    assert (ended.state, ended.ended) == ("ended", True)
    with pytest.raises(NoAgreement):
        other.search(1)
    with pytest.raises(NotFound):
        other.dan.agreements.sign(made.id)


def test_p3_an_agreement_ends_by_itself(other: County) -> None:
    other.agree(days=10)
    other.club.clock.forward(seconds=10 * DAY - 1)
    assert other.found(1) == ["ada"]
    other.club.clock.forward(seconds=1)
    with pytest.raises(NoAgreement):
        other.search(1)


def test_p3_another_organisation_needs_a_case_of_its_own(other: County) -> None:
    other.agree()
    other.club.search(1, case="press 12")
    with pytest.raises(NoCase):
        other.club.search(1, case=None, by=other.dan)
    assert other.found(1, case="press 12") == ["ada"]  # the same words are another case
    assert [case.reference for case in other.dan.cases.list()] == ["press 12"]
    assert len(other.club.anna.cases.list()) == 1
    sealed = {row.organisation: row.reference_sealed for row in rows(other.club, t.cases)}
    keys = other.club.anna.context.keys
    assert keys.unseal_text(other.dan.context.party_key, sealed[2], "case") == "press 12"


def test_p21_a_trial_account_of_another_organisation_compares_nothing(other: County) -> None:
    other.agree()
    other.club.anna.accounts.add(
        "gil@county.example", roles=["operator"], passphrase="words", organisation=NAME, trial=True
    )
    gil = other.club.open("gil@county.example")
    with pytest.raises(RoleRefused) as refused:
        other.club.search(1, by=gil, case="county 8")
    assert refused.value.requirement == "P21"


def test_p18_another_organisation_with_fewer_than_three_people_cannot_be_reviewed_and_does_not_search(
    other: County,
) -> None:
    other.agree()
    other.club.anna.accounts.revoke(FAY)
    with pytest.raises(PurposeRefused) as refused:
        other.search(1)
    assert refused.value.requirement == "P18"


def test_p24_an_agreement_names_an_assessment_and_purposes_and_territories_that_are_in_use(other: County) -> None:
    with pytest.raises(InputError):
        propose(other.club, dpia=other.club.root / "nowhere.pdf")
    with pytest.raises(InputError):
        propose(other.club, signatory=" ")
    with pytest.raises(PurposeRefused) as refused:
        propose(other.club, purposes=["archive-cataloguing"])
    assert refused.value.requirement == "P24"
    with pytest.raises(PurposeRefused, match="release"):
        propose(other.club, purposes=["family-tracing"])
    with pytest.raises(InputError):
        propose(other.club, quota=0)


def test_p3_every_search_of_another_organisation_is_seen_by_the_owner(other: County) -> None:
    made = other.agree()
    other.search(1)
    other.search(9)
    seen = other.club.anna.agreements.searches(made.id)
    assert [(each.account, each.case, each.purpose, each.shown, each.reviewers) for each in seen] == [
        (DAN, "C1", "photo-library", 1, 2), (DAN, "C1", "photo-library", 0, 2),
    ]  # fmt: skip
    assert other.dan.agreements.searches(made.id) == seen
    with pytest.raises(NotFound):
        other.dan.agreements.searches("A1")
    assert other.club.anna.agreements.searches("A1") == ()


def test_p18_an_agreement_with_oneself_says_so_and_is_signed_by_the_founder(club: Club) -> None:
    (own,) = club.anna.agreements.list()
    assert (own.self_agreement, own.state, own.waits_for) == (True, "in-force", ())
    with club.sql() as connection:
        connection.execute(sa.delete(t.approvals))
    with pytest.raises(NoAgreement, match="signed"):
        club.search(1)
    club.anna.agreements.sign("A1")
    assert club.found(1) == []


def test_an_organisation_has_one_name_and_its_own_key(other: County) -> None:
    assert [(each.name, each.owner, each.people) for each in other.club.anna.organisations.list()] == [
        ("Rowing Club", True, 2), (NAME, False, 3),
    ]  # fmt: skip
    assert "organisation:2" in other.club.anna.context.keys.vault.ids()
    with pytest.raises(AlreadyExists):
        other.club.anna.organisations.add(NAME)
    with pytest.raises(InputError):
        other.club.anna.organisations.add(" ")
    with pytest.raises(NotFound):
        other.club.anna.agreements.propose(
            "Nobody", ["photo-library"], territories=["GB"], quota=1, dpia=dpia(other.club), signatory="x"
        )


def test_p24_a_gallery_that_was_made_for_one_territory_agrees_on_no_other(club: Club) -> None:
    """The club was made for everywhere; here its first agreement is made to say GB, and signed so."""
    with club.sql() as connection:
        connection.execute(sa.update(t.agreements).values(territories="GB"))
    club.anna.agreements.sign("A1")
    other = county(club)
    with pytest.raises(TerritoryRefused) as refused:
        propose(club, territories=["GB", "DE"])
    assert refused.value.requirement == "P24"
    club.anna.activations.propose("territory", "DE", dpia=dpia(club), signatory="D. Lee")
    assert other.agree(territories=["GB", "DE"]).state == "in-force"


def test_the_log_says_who_agreed_on_what(other: County) -> None:
    before = other.club.anna.context.book.size()
    made = other.agree()
    acts = [(entry["act"], entry["opened"].get("account")) for entry in other.club.anna.log_entries(before)]
    assert acts == [("agreement", ANNA), ("sign", ANNA), ("sign", DAN)]
    assert made.id == "A2"


def rows(club: Club, table: sa.Table) -> list[sa.Row[tuple[object, ...]]]:
    with club.anna.context.registry.read() as connection:
        return list(connection.execute(sa.select(table)).all())
