"""kill -9 at every write of an order's execution: the next start, by whomever, completes it, and loses nothing (P8)."""

from __future__ import annotations

from pathlib import Path

import pytest

from crash.killing import told_by

RUNNER = Path(__file__).with_name("order_runner.py")

pytestmark = pytest.mark.timeout(900)
"""More than a hundred kills, each with an order carried out after it."""


@pytest.fixture(scope="module")
def kills() -> list[dict[str, object]]:
    """Every kill and what was found after it; made by a process that may fork, once for all tests here."""
    return told_by(RUNNER)


def test_p8_every_write_of_an_execution_was_killed_once(kills: list[dict[str, object]]) -> None:
    assert [kill["at"] for kill in kills] == list(range(1, len(kills) + 1))
    assert len(kills) == kills[0]["of"]
    assert len(kills) > 60
    assert not any(kill["lived"] for kill in kills)


def test_p8_a_killed_execution_is_completed_and_nothing_else_is_lost(kills: list[dict[str, object]]) -> None:
    assert [(kill["at"], kill["write"], kill["faults"]) for kill in kills if kill["faults"]] == []


def test_p8_an_execution_that_was_asked_for_is_never_taken_back(kills: list[dict[str, object]]) -> None:
    began = [bool(kill["began"]) for kill in kills]
    first = began.index(True)
    assert not any(began[:first])
    assert all(began[first:])
