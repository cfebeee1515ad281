"""kill -9 at every write of a restore and of a key rotation: nothing erased comes back, nothing is lost (P7, P30)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from crash.killing import told_by

pytestmark = pytest.mark.timeout(900)
RUNNER = Path(__file__).with_name("restore_runner.py")


def sound(found: list[dict[str, Any]], least: int) -> None:
    assert [kill["at"] for kill in found] == list(range(1, found[0]["of"] + 1))
    assert len(found) >= least
    assert not any(kill["lived"] for kill in found)
    assert [(kill["at"], kill["write"], kill["faults"]) for kill in found if kill["faults"]] == []


@pytest.mark.parametrize("what", ["lost", "replace"])
def test_p7_a_restore_that_is_killed_leaves_what_was_there_and_can_be_repeated(what: str) -> None:
    found = told_by(RUNNER, what)
    sound(found, 40)
    before = [1, 2, 4] if what == "replace" else None
    states = [kill["after"] for kill in found]
    turn = states.index([1, 2])
    assert states[:turn] == [before] * turn, "until it takes its place, everything is as it was"
    assert states[turn:] == [[1, 2]] * (len(states) - turn), "and from then on it is restored"


def test_p30_a_rotation_that_is_killed_is_finished_or_forgotten() -> None:
    found = told_by(RUNNER, "rotate")
    sound(found, 20)
    states = [kill["after"] for kill in found]
    assert {True, False} == set(states)
    assert states == sorted(states), "the vault turns once"
