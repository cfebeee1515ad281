"""Every refusal says which requirement refused, and what would satisfy it (issue 3, item 12)."""

from __future__ import annotations

import ast
from dataclasses import replace
from pathlib import Path

import pytest

import countenance
from countenance import errors
from countenance.errors import CountenanceError, Refused
from countenance.policy.facts import ROLES, AccountFacts, Facts
from countenance.policy.rules import RULES
from countenance.types import AccountId, Action, OrganisationId

SOURCE = Path(countenance.__file__).parent
FILES = sorted(file for file in SOURCE.rglob("*.py") if "migrations" not in file.parts)


def family(kind: type[CountenanceError]) -> set[str]:
    return (
        {kind.__name__}.union(*(family(each) for each in kind.__subclasses__()))
        if kind.__subclasses__()
        else {kind.__name__}
    )


OWN = OrganisationId(1)
REFUSALS = family(Refused) | {"TooMany", "Held"}


def made(file: Path) -> list[ast.Call]:
    """Every place where a refusal is made, whether it is raised there or returned."""
    calls = [each for each in ast.walk(ast.parse(file.read_text("utf-8"))) if isinstance(each, ast.Call)]
    return [each for each in calls if ast.unparse(each.func).rpartition(".")[2] in REFUSALS]


def given(call: ast.Call, what: str) -> bool:
    """Whether the call says it, or its class does."""
    kind = getattr(errors, ast.unparse(call.func).rpartition(".")[2])
    return any(each.arg == what for each in call.keywords) or bool(getattr(kind, f"default_{what}"))


@pytest.mark.parametrize("what", ["requirement", "hint"])
def test_every_refusal_in_the_source_says_it(what: str) -> None:
    calls = [(file, call) for file in FILES if file.name != "errors.py" for call in made(file)]
    assert len(calls) > 60
    silent = [f"{file.relative_to(SOURCE)}:{call.lineno}" for file, call in calls if not given(call, what)]
    assert silent == []


@pytest.mark.parametrize("action", RULES, ids=lambda action: action.__name__)
@pytest.mark.parametrize("purpose", ["photo-library", "find-my-photos"])
def test_every_rule_refuses_with_its_requirement_and_a_way_out(action: type[Action], purpose: str) -> None:
    """Each rule is asked by itself, by named accounts with every role and none, of whom nothing else is known."""
    everything = AccountFacts(AccountId(1), OWN, frozenset(ROLES), trial=False, revoked=False, signed=True)
    refusals = [
        refusal
        for who in (everything, replace(everything, roles=frozenset()))
        for rule in RULES[action]
        if (refusal := rule(Facts(action, 1, OWN, who, purpose))) is not None
    ]
    assert refusals
    for refusal in refusals:
        assert refusal.hint, refusal.message
        assert refusal.requirement or not isinstance(refusal, Refused | errors.TooMany | errors.Held), refusal.message


def test_a_refusal_tells_its_requirement_and_its_way_out() -> None:
    refused = errors.NoAgreement("No.")
    assert (refused.requirement, bool(refused.hint)) == ("P3", True)
    assert refused.diagnostics()["requirement"] == "P3"
    assert "requirement" not in errors.InputError("No.").diagnostics()
    assert errors.TooMany("No.").diagnostics()["requirement"] == "P3"
