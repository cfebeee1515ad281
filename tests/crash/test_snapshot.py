"""kill -9 at every write of the index' snapshot, and of an erasure beside one: what opens is right, or built anew."""

from __future__ import annotations

from pathlib import Path

import pytest

from crash.killing import told_by

pytestmark = pytest.mark.timeout(1000)
RUNNER = Path(__file__).with_name("snapshot_runner.py")


@pytest.mark.parametrize("work", ["write", pytest.param("erase", marks=pytest.mark.long)])
def test_p7_a_snapshot_that_is_cut_short_hides_nobody_and_brings_nobody_back(work: str) -> None:
    kills = told_by(RUNNER, work)
    assert [kill["at"] for kill in kills] == list(range(1, len(kills) + 1))
    assert len(kills) == kills[0]["of"] > 20
    assert not any(kill["lived"] for kill in kills)
    assert [(kill["at"], kill["write"], kill["faults"]) for kill in kills if kill["faults"]] == []
    assert any("snapshot.py" in str(kill["write"]) for kill in kills)
