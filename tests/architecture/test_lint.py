"""Style, types and import contracts (`make lint`), run among the tests so that no core waits for them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
CHECKS = {
    "types": ["mypy"],
    "imports": ["lint-imports", "--no-cache"],
    "style": ["ruff", "check", "--quiet", "."],
    "form": ["ruff", "format", "--check", "--quiet", "."],
}


@pytest.mark.timeout(900)
@pytest.mark.parametrize("command", CHECKS.values(), ids=CHECKS)
def test_the_source_is_in_order(command: list[str]) -> None:
    ran = subprocess.run([BIN / command[0], *command[1:]], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
