"""kill -9 at every write of an erasure: after the next start the person is gone everywhere, and nobody else is (P7)."""

from __future__ import annotations

from pathlib import Path

import pytest

from crash.killing import told_by

pytestmark = pytest.mark.timeout(1000)  # a machine that is busy with other things takes its time
RUNNER = Path(__file__).with_name("erase_runner.py")


@pytest.fixture(scope="module", params=["single", "batch"])
def kills(request: pytest.FixtureRequest) -> list[dict[str, object]]:
    """Every kill and what was found after it; made by a process that may fork, once for all tests here."""
    return told_by(RUNNER, request.param)


def test_p7_every_write_was_killed_once(kills: list[dict[str, object]]) -> None:
    assert [kill["at"] for kill in kills] == list(range(1, len(kills) + 1))
    assert len(kills) == kills[0]["of"]
    assert len(kills) > 30
    assert not any(kill["lived"] for kill in kills)
    kinds = {str(kill["write"]).split(":")[0] for kill in kills}
    assert {"registry", "file", "file.py"} <= kinds


def test_p7_the_person_is_gone_and_nobody_else(kills: list[dict[str, object]]) -> None:
    assert [(kill["at"], kill["write"], kill["faults"]) for kill in kills if kill["faults"]] == []


def test_p7_a_decision_that_took_effect_is_never_taken_back(kills: list[dict[str, object]]) -> None:
    began = [bool(kill["began"]) for kill in kills]
    first = began.index(True)
    assert not any(began[:first])
    assert all(began[first:])
