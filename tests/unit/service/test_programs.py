"""API keys: what a program may do in a person's name, and what it never may (P3, P18, P21)."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from clubs import DAY, Club
from countenance.errors import InputError, NotFound, NotSignedIn, PurposeRefused, RoleRefused, Tampered
from countenance.policy import delegating
from countenance.registry import schema as t
from countenance.service.programs import Entered, Made, enter

PURPOSE = "photo-library"
CONSENT = {"ground": "consent", "condition": "explicit-consent", "purposes": [PURPOSE]}


def key(club: Club, *roles: str, **more: object) -> Made:
    given = {"purposes": [PURPOSE], "purpose": PURPOSE, "case": "press 12"} | more
    return club.anna.api_keys.create("a program", roles=roles or ("controller", "operator", "officer"), **given)


def entered(club: Club, *roles: str, **more: object) -> Entered:
    return enter(club.anna, key(club, *roles, **more).token)


def test_a_program_acts_in_the_name_of_whoever_made_its_key(club: Club) -> None:
    program = entered(club)
    assert program.email == "anna@club.example"
    assert (program.purpose, program.case) == (PURPOSE, "press 12")
    program.club.subjects.add("Ada", territory="GB")
    last = club.anna.log_entries(club.anna.context.book.size() - 1)[0]
    assert last["act"] == "subject"
    assert last["opened"]["key"] == "K1"


def test_p18_an_api_key_cannot_approve_review_or_confirm(club: Club) -> None:
    program = entered(club)
    basis = club.ben.bases.record(club.subject("Ada"), **CONSENT, evidence=club.form)
    order = club.ben.orders.propose("hold", territory="GB", authority="ICO", evidence=club.document())
    size = club.anna.context.book.size()
    for sign in (lambda: program.club.bases.countersign(basis), lambda: program.club.orders.approve(order.id)):
        with pytest.raises(RoleRefused, match="API key") as refused:
            sign()
        assert refused.value.requirement == "P18"
    assert club.anna.bases.get(basis).state == "pending"
    assert club.anna.context.book.size() > size  # what was tried is in the log


def test_p18_an_api_key_makes_no_other_key(club: Club) -> None:
    program = entered(club)
    with pytest.raises(RoleRefused, match="API key"):
        program.club.api_keys.create("more", roles=["operator"], purposes=[PURPOSE])
    assert [each.id for each in club.anna.api_keys.list()] == ["K1"]


def test_p18_no_key_is_made_for_a_reviewer(club: Club) -> None:
    with pytest.raises(InputError, match="P18"):
        key(club, "reviewer")


def test_p21_a_key_can_do_no_more_than_the_person_who_makes_it(club: Club) -> None:
    with pytest.raises(RoleRefused, match="operator"):
        club.ben.api_keys.create("more", roles=["operator"], purposes=[PURPOSE])


def test_p21_a_key_reaches_as_far_as_its_roles(club: Club) -> None:
    program = entered(club, "operator")
    with pytest.raises(RoleRefused, match="controller"):
        program.club.subjects.add("Ada", territory="GB")
    assert not club.anna.subjects.list()


def test_p3_a_key_searches_for_its_own_purposes_only(club: Club) -> None:
    program = entered(club)
    assert club.search(1, by=program.club).candidates == ()
    with pytest.raises(PurposeRefused, match="API key"):
        club.search(1, "visitor-check-in", by=program.club)


def test_p3_a_key_s_default_case_serves_for_thirty_days(club: Club) -> None:
    made = key(club)
    club.clock.forward(days=31)
    assert enter(club.anna, made.token).case is None


def test_p3_a_key_opens_nothing_once_it_is_revoked_or_expired_or_its_account_ended(club: Club) -> None:
    revoked, expired = key(club), key(club, days=1)
    inside = enter(club.anna, revoked.token)
    club.anna.api_keys.revoke(revoked.key)
    with pytest.raises(NotSignedIn):
        enter(club.anna, revoked.token)
    with pytest.raises(NotSignedIn):
        inside.club.subjects.add("Ada", territory="GB")  # it had come in before
    late = enter(club.anna, expired.token)
    club.clock.forward(days=1)
    with pytest.raises(NotSignedIn):
        enter(club.anna, expired.token)
    with pytest.raises(NotSignedIn):
        late.club.subjects.add("Ada", territory="GB")
    assert [each.state for each in club.anna.api_keys.list()] == ["revoked", "expired"]
    bens = club.ben.api_keys.create("ben's", roles=["controller"], purposes=[PURPOSE])
    club.anna.accounts.revoke("ben@club.example")
    with pytest.raises(NotSignedIn):
        enter(club.anna, bens.token)


@pytest.mark.parametrize("token", ["", "cnt_K1_", "cnt_K1_" + "A" * 43, "cnt_K9_" + "A" * 43, "é" * 50, "K1" * 9_000])
def test_what_is_no_key_opens_nothing_and_is_told_in_the_same_words(club: Club, token: str) -> None:
    key(club)
    with pytest.raises(NotSignedIn, match="This API key opens nothing"):
        enter(club.anna, token)


def test_nothing_of_the_secret_is_kept(club: Club) -> None:
    made = key(club)
    secret = delegating.parse_token(made.token)
    assert secret
    with club.sql() as connection:
        row = connection.execute(sa.select(t.api_keys)).one()
    assert all(secret[1] not in value for value in row if isinstance(value, bytes))
    assert made.token.encode() not in (club.folder / "data" / "registry.db").read_bytes()
    assert made.token not in repr(club.anna.api_keys.list())


@pytest.mark.parametrize("lie", [{"roles": "controller operator officer"}, {"purposes": 2**20 - 1}, {"expires": 2**40}])
def test_p3_a_row_that_is_widened_with_a_database_tool_opens_nothing(club: Club, lie: dict[str, object]) -> None:
    made = key(club, "operator")
    with club.sql() as connection:
        connection.execute(sa.update(t.api_keys).values(**lie))
    with pytest.raises(NotSignedIn):
        enter(club.anna, made.token)


def test_p2_a_notice_that_a_program_records_stands_and_one_in_its_name_from_outside_does_not(club: Club) -> None:
    program = entered(club)
    ada = club.subject("Ada")
    basis = program.club.bases.record(ada, **CONSENT, evidence=b"a signed form", notice="notice-2027")
    club.ben.bases.countersign(basis)
    club.enrol(ada, basis, 1)
    assert club.found(1) == ["ada"]
    with club.sql() as connection:
        connection.execute(sa.update(t.api_keys).values(roles="controller"))  # not what Anna signed
    with pytest.raises(Tampered):
        club.found(1)


def test_a_key_is_revoked_by_whose_it_is_or_by_a_controller(club: Club) -> None:
    made = club.cleo.api_keys.create("cleo's", roles=["operator"], purposes=[PURPOSE])
    assert [each.id for each in club.anna.api_keys.list()] == [made.key.id]
    with pytest.raises(NotFound):
        club.anna.api_keys.revoke("K99")
    assert club.ben.api_keys.revoke(made.key.id).state == "revoked"
    with pytest.raises(NotFound):
        club.ben.api_keys.revoke(made.key.id)


@pytest.mark.parametrize(
    "wrong",
    [{"days": 0}, {"days": 400}, {"quota": 0}, {"purpose": "visitor-check-in"}, {"case": " "}, {"purposes": []}],
)
def test_what_makes_no_key_is_said(club: Club, wrong: dict[str, object]) -> None:
    with pytest.raises((InputError, PurposeRefused)):
        key(club, **wrong)
    assert not club.anna.api_keys.list()


def test_a_quota_is_counted_for_all_processes_together(club: Club) -> None:
    one, other = club.anna.quotas, club.open("anna@club.example").quotas
    assert [one.draw("x", 5, share=3), other.draw("x", 5, share=3)] == [3, 2]
    from countenance.errors import TooMany

    with pytest.raises(TooMany) as refused:
        one.draw("x", 5)
    assert refused.value.after == DAY - club.clock() % DAY
    club.clock.forward(days=1)
    assert one.draw("x", 5) == 1
