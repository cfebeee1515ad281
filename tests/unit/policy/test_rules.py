"""The rules, one by one: facts in, a refusal with its class, requirement and exit code out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countenance import errors
from countenance.policy.comparing import VERIFY_A_DAY
from countenance.policy.facts import (
    AccountFacts,
    AgreementFacts,
    BasisFacts,
    CaseFacts,
    DataSetFacts,
    Facts,
    SourceFacts,
    SubjectFacts,
)
from countenance.policy.purposes import PURPOSES, mask
from countenance.policy.rules import LEAST_PEOPLE, RULES, judge
from countenance.types import (
    AccountId,
    Action,
    AgreementId,
    BasisId,
    CaseId,
    Confirm,
    Enrol,
    Erase,
    Evaluate,
    Ingest,
    OrganisationId,
    Search,
    SourceId,
    SubjectId,
    Verify,
    Withdraw,
)

NOW = 1_800_000_000
HOME, OTHER = OrganisationId(1), OrganisationId(2)
EVERY = frozenset({"controller", "operator", "reviewer", "officer"})

ACCOUNT = AccountFacts(AccountId(1), HOME, EVERY, trial=False, revoked=False, signed=True)
AGREEMENT = AgreementFacts(
    AgreementId(1), HOME, HOME, mask(["photo-library", "find-my-photos"]), NOW - 10, NOW + 10, ended=False, signed=True,
    territories=None, quota=None, made_today=0, assessed=False,
)  # fmt: skip
THEIRS = replace(AGREEMENT, party=OTHER, quota=5, assessed=True)
CASE = CaseFacts(CaseId(1), HOME, "photo-library", closed=False, verified_today=0)
SUBJECT = SubjectFacts(SubjectId(1), HOME, "active", "GB", None, holds=0, stops=0)
BASIS = BasisFacts(BasisId(1), SubjectId(1), 4, "live", NOW - 10, NOW + 10)
SOURCE = SourceFacts(SourceId(1), HOME, 4, "active", None, "our photographer", "forget", stops=0)
GOOD = Facts(
    Search, NOW, HOME, ACCOUNT, "photo-library", True, AGREEMENT, CASE, SUBJECT, basis=BASIS, source=SOURCE,
    data_set=DataSetFacts("synthetic", LEAST_PEOPLE), solo=False, model_on=True, territory_on=True,
    purposes_on=mask(each.name for each in PURPOSES.values() if each.on),
)  # fmt: skip
OTHERS: dict[str, Any] = {
    "account": replace(ACCOUNT, organisation=OTHER), "case": replace(CASE, organisation=OTHER), "agreement": THEIRS,
}  # fmt: skip
"""Another organisation asks, under its agreement, in its own case."""
ACTIONS = [Enrol, Ingest, Search, Verify, Withdraw, Erase, Evaluate]
KEEPING = [Enrol, Ingest, Withdraw, Erase, Evaluate]
COMPARING = [Search, Verify]


def refusal(action: type[Action], facts: Facts = GOOD, **changed: Any) -> errors.CountenanceError | None:
    return judge(replace(facts, action=action, **changed)).refusal


@pytest.mark.parametrize("action", ACTIONS)
def test_when_everything_is_in_order_it_is_granted(action: type[Action]) -> None:
    assert refusal(action) is None
    assert judge(replace(GOOD, action=action)).granted


def test_an_action_without_rules_is_refused() -> None:
    class Sell(Action):
        pass

    assert isinstance(refusal(Sell), errors.Refused)
    assert isinstance(refusal(Action), errors.Refused)


TABLE: list[tuple[list[type[Action]], dict[str, Any], type[errors.CountenanceError], str, int]] = [
    (ACTIONS, {"account": None}, errors.NotSignedIn, "", 25),
    (ACTIONS, {"account": replace(ACCOUNT, revoked=True)}, errors.NotSignedIn, "", 25),
    (ACTIONS, {"account": replace(ACCOUNT, signed=False)}, errors.NotSignedIn, "", 25),
    (ACTIONS, {"account": replace(ACCOUNT, trial=True)}, errors.RoleRefused, "P21", 37),
    (KEEPING, {"account": replace(ACCOUNT, organisation=OTHER)}, errors.NotFound, "", 20),
    (COMPARING, {"account": replace(ACCOUNT, organisation=OTHER)}, errors.NoAgreement, "P3", 35),
    ([Enrol, Ingest, Evaluate], {"account": replace(ACCOUNT, roles=EVERY - {"operator"})},
     errors.RoleRefused, "P21", 37),
    (COMPARING, {"account": replace(ACCOUNT, roles=EVERY - {"operator"})}, errors.RoleRefused, "P3", 37),
    ([Withdraw, Erase], {"account": replace(ACCOUNT, roles=EVERY - {"officer"})}, errors.RoleRefused, "P21", 37),
    (COMPARING, {"purpose": None}, errors.PurposeRefused, "P3", 33),
    (COMPARING, {"purpose": ""}, errors.PurposeRefused, "P3", 33),
    (COMPARING, {"purpose": "curiosity"}, errors.PurposeRefused, "P3", 33),
    (COMPARING, {"purpose": "duplicate-check"}, errors.PurposeRefused, "P3", 33),
    (COMPARING, {"purpose": "rights-request"}, errors.PurposeRefused, "P3", 33),
    (COMPARING, {"purpose": "family-tracing"}, errors.PurposeRefused, "P24", 33),
    (COMPARING, {"purpose": "visitor-check-in"}, errors.PurposeRefused, "P3", 33),
    (COMPARING, {"agreement": None}, errors.NoAgreement, "P3", 35),
    (COMPARING, {"agreement": replace(AGREEMENT, ended=True)}, errors.NoAgreement, "P3", 35),
    (COMPARING, {"agreement": replace(AGREEMENT, ends=NOW)}, errors.NoAgreement, "P3", 35),
    (COMPARING, {"agreement": replace(AGREEMENT, starts=NOW + 1)}, errors.NoAgreement, "P3", 35),
    (COMPARING, {"agreement": replace(AGREEMENT, party=OTHER)}, errors.NoAgreement, "P3", 35),
    (COMPARING, {"agreement": replace(AGREEMENT, owner=OTHER)}, errors.NoAgreement, "P3", 35),
    (COMPARING, {"agreement": replace(AGREEMENT, purposes=0)}, errors.PurposeRefused, "P3", 33),
    (COMPARING, {"agreement": replace(AGREEMENT, signed=False)}, errors.NoAgreement, "P3", 35),
    (COMPARING, {"agreement": replace(AGREEMENT, quota=5, made_today=5)}, errors.TooMany, "P3", 26),
    (COMPARING, OTHERS | {"agreement": replace(THEIRS, assessed=False)}, errors.NoAgreement, "P24", 35),
    (COMPARING, OTHERS | {"agreement": replace(THEIRS, quota=None)}, errors.NoAgreement, "P24", 35),
    (COMPARING, OTHERS | {"agreement": replace(THEIRS, made_today=5)}, errors.TooMany, "P3", 26),
    (COMPARING, OTHERS | {"agreement": replace(THEIRS, signed=False)}, errors.NoAgreement, "P3", 35),
    (COMPARING, OTHERS | {"case": CASE}, errors.NoCase, "P3", 36),
    (COMPARING, OTHERS | {"solo": True}, errors.PurposeRefused, "P18", 33),
    (COMPARING, {"purpose": "archive-cataloguing", "agreement": replace(AGREEMENT, purposes=0xFF), "solo": True,
                 "purposes_on": 0xFF, "case": replace(CASE, purpose="archive-cataloguing")},
     errors.PurposeRefused, "P18", 33),
    (COMPARING, {"purposes_on": 0}, errors.PurposeRefused, "P24", 33),
    ([Enrol, Ingest, Search, Verify], {"model_on": False}, errors.Refused, "P24", 30),
    ([Enrol], {"territory_on": False}, errors.TerritoryRefused, "P24", 34),
    (COMPARING, {"case_named": False}, errors.NoCase, "P3", 36),
    (COMPARING, {"case": None}, errors.NoCase, "P3", 36),
    (COMPARING, {"case": replace(CASE, organisation=OTHER)}, errors.NoCase, "P3", 36),
    (COMPARING, {"case": replace(CASE, closed=True)}, errors.NoCase, "P3", 36),
    (COMPARING, {"case": replace(CASE, purpose="visitor-check-in")}, errors.NoCase, "P3", 36),
    ([Search, Verify], {"purpose": "find-my-photos", "case": replace(CASE, purpose="find-my-photos")},
     errors.PurposeRefused, "P3", 33),
    ([Verify], {"case": replace(CASE, verified_today=VERIFY_A_DAY)}, errors.TooMany, "P3", 26),
    ([Enrol, Withdraw, Erase], {"subject": None}, errors.NotFound, "", 20),
    ([Enrol, Withdraw, Erase], {"subject": replace(SUBJECT, organisation=OTHER)}, errors.NotFound, "", 20),
    ([Enrol, Withdraw, Erase], {"subject": replace(SUBJECT, state="erasing")}, errors.NotFound, "", 20),
    ([Enrol, Withdraw, Erase], {"subject": replace(SUBJECT, state="erased")}, errors.NotFound, "", 20),
    ([Enrol], {"basis": None}, errors.NoBasis, "P1", 31),
    ([Enrol], {"basis": replace(BASIS, subject=SubjectId(2))}, errors.NoBasis, "P1", 31),
    ([Enrol], {"basis": replace(BASIS, state="withdrawn")}, errors.NoBasis, "P1", 31),
    ([Enrol], {"basis": replace(BASIS, state="erased")}, errors.NoBasis, "P1", 31),
    ([Enrol], {"basis": replace(BASIS, ends=NOW)}, errors.NoBasis, "P1", 31),
    ([Enrol], {"basis": replace(BASIS, purposes=0)}, errors.NoBasis, "P1", 31),
    ([Enrol], {"subject": replace(SUBJECT, stops=1)}, errors.TerritoryRefused, "P10", 34),
    ([Ingest], {"source": replace(SOURCE, stops=1), "subject": None}, errors.TerritoryRefused, "P10", 34),
    ([Erase], {"subject": replace(SUBJECT, holds=1)}, errors.Held, "P8", 40),
    ([Ingest], {"source": None}, errors.NotFound, "", 20),
    ([Ingest], {"source": replace(SOURCE, organisation=OTHER)}, errors.NotFound, "", 20),
    ([Ingest], {"source": replace(SOURCE, state="paused", reason="why")}, errors.SourceRefused, "P26", 39),
    ([Ingest], {"source": replace(SOURCE, state="stopped")}, errors.SourceRefused, "P26", 39),
    ([Ingest], {"source": replace(SOURCE, statement="  ")}, errors.SourceRefused, "P26", 39),
    ([Ingest], {"source": replace(SOURCE, purposes=0)}, errors.SourceRefused, "P26", 39),
    ([Ingest], {"source": replace(SOURCE, unknown_faces="keep")}, errors.SourceRefused, "P27", 39),
    ([Evaluate], {"data_set": None}, errors.PurposeRefused, "P3", 33),
    ([Evaluate], {"data_set": DataSetFacts("found on the web", 500)}, errors.PurposeRefused, "P3", 33),
    ([Evaluate], {"data_set": DataSetFacts("synthetic", LEAST_PEOPLE - 1)}, errors.PurposeRefused, "P3", 33),
]  # fmt: skip
CASES = [(action, *rest) for actions, *rest in TABLE for action in actions]


@pytest.mark.parametrize(
    ("action", "changed", "kind", "requirement", "code"), CASES,
    ids=[f"{case[0].__name__}-{next(iter(case[1]))}-{number}" for number, case in enumerate(CASES)],
)  # fmt: skip
def test_each_missing_fact_is_refused_with_its_own_reason(
    action: type[Action], changed: dict[str, Any], kind: type[errors.CountenanceError], requirement: str, code: int
) -> None:
    found = refusal(action, **changed)
    assert type(found) is kind
    assert found.exit_code == code
    assert found.requirement == requirement
    assert found.message
    assert "\n" not in found.message + found.hint


def test_a_pending_basis_may_be_enrolled_under() -> None:
    assert refusal(Enrol, basis=replace(BASIS, state="pending")) is None


def test_find_my_photos_is_granted_on_behalf_of_somebody() -> None:
    own = {"purpose": "find-my-photos", "case": replace(CASE, purpose="find-my-photos")}
    assert refusal(Search, on_behalf_of=SUBJECT, **own) is None


FIELDS = ["account", "purpose", "case_named", "agreement", "case", "subject", "basis", "source", "data_set"]
UNKNOWN: dict[str, Any] = {"case_named": False, "purposes_on": 0, "model_on": False, "territory_on": False}
IN_USE = {"purposes_on", "model_on"}
NEEDED = {
    Enrol: {"account", "subject", "basis", "model_on", "territory_on"}, Ingest: {"account", "source", "model_on"},
    Withdraw: {"account", "subject"},
    Erase: {"account", "subject"}, Evaluate: {"account", "data_set"},
    Search: {"account", "purpose", "case_named", "agreement", "case", *IN_USE},
    Verify: {"account", "purpose", "case_named", "agreement", "case", *IN_USE},
}  # fmt: skip


@given(action=st.sampled_from(ACTIONS), unknown=st.sets(st.sampled_from([*FIELDS, *IN_USE, "territory_on"])))
def test_unknown_means_no(action: type[Action], unknown: set[str]) -> None:
    """Whatever is not known counts as absent, and what is needed and absent refuses. Nothing has a default."""
    facts = replace(GOOD, action=action, **{name: UNKNOWN.get(name) for name in unknown})
    assert judge(facts).granted == (not unknown & NEEDED[action])


@given(action=st.sampled_from(ACTIONS), roles=st.frozensets(st.sampled_from(sorted(EVERY))))
def test_a_role_gives_what_it_says_and_no_more(action: type[Action], roles: frozenset[str]) -> None:
    wanted = "officer" if action in {Withdraw, Erase} else "operator"
    assert judge(replace(GOOD, action=action, account=replace(ACCOUNT, roles=roles))).granted == (wanted in roles)


@pytest.mark.parametrize("name", PURPOSES)
def test_a_purpose_searches_only_if_it_is_on_and_lists_candidates(name: str) -> None:
    purpose = PURPOSES[name]
    facts = replace(
        GOOD, purpose=name, case=replace(CASE, purpose=name), agreement=replace(AGREEMENT, purposes=0xFFFF),
        on_behalf_of=SUBJECT,
    )  # fmt: skip
    assert judge(facts).granted == (purpose.on and purpose.searches)
    activated = replace(facts, purposes_on=facts.purposes_on | purpose.mask)
    assert judge(activated).granted == (purpose.searches and set(purpose.roles) <= EVERY)


def test_who_asks_is_judged_before_anything_is_told() -> None:
    """A stranger learns nothing of cases, agreements or people from the order of the refusals."""
    for action in RULES.keys() - {Confirm}:  # stills are answered by whoever has no account
        found = refusal(
            action, account=replace(ACCOUNT, revoked=True), subject=None, case=None, source=None, basis=None
        )
        assert isinstance(found, errors.NotSignedIn)
