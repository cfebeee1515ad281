"""The rules are held by tests that can fail: each is broken on purpose in a copy of the source, and its test turns red.

The table is in docs/reference/rules.md. A mutation that no longer fits the source is an error here, so that the table
stays true.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import countenance
from breaks import BREAKS
from breaks.kind import Break

SOURCE = Path(countenance.__file__).parent
ROOT = SOURCE.parents[1]
TESTS = ROOT / "tests"


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The source, without the bulk of its data."""
    root = tmp_path_factory.mktemp("broken")
    shutil.copytree(
        SOURCE, root / "src" / "countenance", ignore=shutil.ignore_patterns("cast", "__pycache__", "*.jpg", "*.png")
    )
    shutil.copy(ROOT / "pyproject.toml", root)
    return root


def run(root: Path, *tests: str) -> subprocess.CompletedProcess[str]:
    """These tests against the copy, in a process of their own."""
    command = [sys.executable, "-m", "pytest", "-x", "-p", "no:randomly", *(str(TESTS / test) for test in tests)]
    environment = os.environ | {"PYTHONPATH": str(root / "src"), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def test_unbroken_they_all_pass(copy: Path) -> None:
    done = run(copy, *sorted({each.test for each in BREAKS}))
    assert done.returncode == 0, done.stdout
    assert "skipped" not in done.stdout


@pytest.mark.parametrize("broken", BREAKS, ids=[each.rule for each in BREAKS])
def test_a_broken_rule_turns_its_test_red(broken: Break, copy: Path) -> None:
    before = {name: (copy / "src" / "countenance" / name).read_text("utf-8") for name, _, _ in broken.changes}
    after = dict(before)
    for name, stands, shall in broken.changes:
        assert stands in after[name], f"the mutation does not fit {name} any more: {stands}"
        after[name] = after[name].replace(stands, shall, 1)
    try:
        for name, text in after.items():
            (copy / "src" / "countenance" / name).write_text(text, "utf-8")
        done = run(copy, broken.test)
    finally:
        for name, text in before.items():
            (copy / "src" / "countenance" / name).write_text(text, "utf-8")
    assert done.returncode == 1, f"the rule was broken and nobody minded:\n{done.stdout}{done.stderr}"


def test_the_table_in_the_documentation_is_this_one() -> None:
    table = (ROOT / "docs" / "reference" / "rules.md").read_text("utf-8")
    for each in BREAKS:
        assert f"| {each.rule} | `tests/{each.test}` |" in table, f"docs/reference/rules.md lacks: {each.rule}"
