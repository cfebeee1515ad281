"""The table of requirements is made from the tests, and has no gap."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import permission_table
from breaks import BREAKS

FOLDER = Path(__file__).parents[2] / "docs" / "reference"
STALE = "is stale: run `python tests/permission_table.py docs/reference`"


def test_no_requirement_is_without_a_test_and_a_broken_rule() -> None:
    assert list(permission_table.REQUIREMENTS) == [f"P{number}" for number in range(1, 31)]
    missing = permission_table.gaps()
    assert not missing, "\n".join(["The table of requirements has gaps:", *missing])


def test_the_page_of_requirements_is_current() -> None:
    assert (FOLDER / "permission.md").read_text("utf-8") == permission_table.permission_page(), f"permission.md {STALE}"


def test_the_table_of_broken_rules_is_current() -> None:
    written = (FOLDER / "rules.md").read_text("utf-8")
    assert written == permission_table.rules_page(written), f"rules.md {STALE}"
    assert all(f"| {each.rule} | {each.requirement} |" in written for each in BREAKS)


@pytest.mark.parametrize("broken", BREAKS, ids=[each.rule for each in BREAKS])
def test_a_broken_rule_names_a_requirement_and_a_test_that_is_there(broken) -> None:
    assert broken.requirement in permission_table.REQUIREMENTS
    file, _, name = broken.test.partition("::")
    text = (permission_table.TESTS / file).read_text("utf-8")
    assert re.search(rf"^ *(def|class) {re.escape(name.partition('[')[0].rpartition('::')[2])}\b", text, re.MULTILINE)


def test_a_requirement_is_one_sentence() -> None:
    for _, sentence in permission_table.REQUIREMENTS.values():
        assert sentence.endswith(".")
        assert ". " not in sentence


def test_a_gap_would_be_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(permission_table.REQUIREMENTS, "P31", ("Something new", "It is not there yet."))
    assert [gap for gap in permission_table.gaps() if gap.startswith("P31")] == [
        "P31: no test is called test_p31_…",
        "P31: no Break in tests/breaks turns a test_p31_… red",
    ]


def test_the_numbers_of_a_test_are_read_from_its_name() -> None:
    assert permission_table.numbers("test_p4_p23_the_filter_learns_nothing") == ["P4", "P23"]
    assert permission_table.numbers("test_people_are_found") == []
