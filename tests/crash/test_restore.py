"""kill -9 at every write of a restore and of a key rotation: nothing erased comes back, nothing is lost (P7, P30)."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.timeout(900)
RUNNER = Path(__file__).with_name("restore_runner.py")


def kills(what: str, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """Every kill and what was found after it; made by a process that may fork."""
    folder = tmp_path_factory.mktemp("kills")
    if os.access("/dev/shm", os.W_OK):  # noqa: S108 - a flush to disk takes longer than all the rest
        folder = Path("/dev/shm") / f"countenance-{what}-{os.getpid()}"  # noqa: S108
        folder.mkdir()
    single = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "XDG_CONFIG_HOME": str(folder)}
    try:
        done = subprocess.run(
            [sys.executable, str(RUNNER), str(folder), what],
            capture_output=True,
            text=True,
            check=False,
            env=os.environ | single,
            timeout=840,
        )
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    assert done.returncode == 0, done.stderr[-2000:]
    return [json.loads(line) for line in done.stdout.splitlines()]


def sound(found: list[dict[str, Any]], least: int, each: int = 1) -> None:
    every = found[0]["of"]
    assert [kill["at"] for kill in found] == sorted({*range(each, every + 1, each), every - 1, every})
    assert len(found) >= least
    assert not any(kill["lived"] for kill in found)
    assert [(kill["at"], kill["write"], kill["faults"]) for kill in found if kill["faults"]] == []


@pytest.mark.parametrize("what", ["lost", "replace"])
def test_p7_a_restore_that_is_killed_leaves_what_was_there_and_can_be_repeated(
    what: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    found = kills(what, tmp_path_factory)
    sound(found, *((40, 1) if what == "replace" else (10, 4)))
    before = [1, 2, 4] if what == "replace" else None
    states = [kill["after"] for kill in found]
    turn = states.index([1, 2])
    assert states[:turn] == [before] * turn, "until it takes its place, everything is as it was"
    assert states[turn:] == [[1, 2]] * (len(states) - turn), "and from then on it is restored"


def test_p30_a_rotation_that_is_killed_is_finished_or_forgotten(tmp_path_factory: pytest.TempPathFactory) -> None:
    found = kills("rotate", tmp_path_factory)
    sound(found, 20)
    states = [kill["after"] for kill in found]
    assert {True, False} == set(states)
    assert states == sorted(states), "the vault turns once"
