"""The rules are held by tests that can fail: each is broken on purpose in a copy of the source, and its test turns red.

The table is in docs/reference/rules.md. A mutation that no longer fits the source is an error here, so that the table
stays true.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

import countenance

SOURCE = Path(countenance.__file__).parent
ROOT = SOURCE.parents[1]
TESTS = ROOT / "tests"


@dataclass(frozen=True)
class Break:
    """One rule, how it is broken (file, what stands there, what shall stand there), and the test that must object."""

    rule: str
    changes: tuple[tuple[str, str, str], ...]
    test: str


GRANTS = "architecture/test_grants.py"
SEARCH = "unit/service/test_searching.py"
ERASE = "unit/gallery/test_erasing.py::test_after_an_erasure_nothing_of_the_person_is_in_any_file"
STALE = "unit/gallery/test_recheck.py::test_a_stale_index_shows_nobody_who_is_gone"

UNCHECKED = """[
        Standing(row.id, row.subject, row.organisation, row.basis, row.template_sealed, 0xFFFFFFFF, 0, 1 << 60)
        for row in connection.exec_driver_sql("SELECT * FROM references_")
    ]"""

KEPT = (
    ("gallery/erasing.py", "(t.appearances, t.references, t.shown,", "(t.appearances, t.shown,"),
    ("gallery/erasing.py", "connection.execute(sa.delete(t.bases).where(t.bases.c.subject == subject))", "pass"),
)
"""Reference and basis stay where they are."""

BLIND = ("gallery/erasing.py", "        return look_for(markers, places)\n", "        return Scan(1, 1, 1)\n")
"""The program's own scan of its files is made to find nothing, so that only the test's own scan can object."""

BREAKS = [
    Break(
        "a gallery method without a grant",
        (("gallery/gallery.py", "    # --- inside -", "    def peek(self) -> int:\n        return 1\n\n    # -"),),
        f"{GRANTS}::test_every_gallery_method_demands_a_grant",
    ),
    Break(
        "a gallery method that does not spend its grant",
        (("gallery/gallery.py", "        grant.spend(Search, scope=gallery_scope(only), now=now)\n", ""),),
        f"{GRANTS}::test_every_gallery_method_spends_its_grant_before_anything_else",
    ),
    Break(
        "another room that holds the desk's seal",
        (("service/finding.py", "countenance.types import ", "countenance.types import _MINT, "),),
        f"{GRANTS}::test_only_the_desk_holds_the_seal",
    ),
    Break(
        "an import upwards",
        (("policy/purposes.py", '    return f"Name', '    import countenance.service.cases\n\n    return f"Name'),),
        "architecture/test_source.py::test_the_import_contracts_hold_and_cover_every_entrance",
    ),
    Break(
        "a network client",
        (("ingest/run.py", "import hashlib\n", "import hashlib\nimport urllib.request\n"),),
        "architecture/test_source.py::test_the_import_contracts_hold_and_cover_every_entrance",
    ),
    Break(
        "a search that trusts a stale index instead of the registry",
        (("gallery/matching.py", "standing(connection, terms.contract, terms.now, ids=wanted)", UNCHECKED),),
        STALE,
    ),
    Break(
        "an erasure that keeps the template",
        (
            *KEPT,
        ),
        ERASE,
    ),
    Break(
        "an erasure that keeps the template and looks away",
        (
            *KEPT,
            BLIND,
        ),
        ERASE,
    ),
    Break(
        "an erasure that leaves deleted bytes in the file",
        (("registry/database.py", "secure_delete=ON", "secure_delete=OFF"), BLIND),
        ERASE,
    ),
    Break(
        "an erasure that keeps the key",
        (("gallery/erasing.py", "    keys.vault.destroy(subject_key(row.subject))\n", ""), BLIND),
        ERASE,
    ),
    Break(
        "a pending basis that is searchable",
        (("gallery/eligible.py", 't.bases.c.state == "live"', 't.bases.c.state.in_(("live", "pending"))'),),
        f"{SEARCH}::test_a_pending_basis_finds_nobody_and_says_what_is_missing",
    ),
    Break(
        "a search outside an agreement",
        (("policy/rules.py", "under_an_agreement, in_an_open_case)", "in_an_open_case)"),),
        f"{SEARCH}::test_the_end_of_the_agreement_ends_the_searching",
    ),
    Break(
        "a log whose entries can be edited",
        (
            ("log/book.py", "hashed != bytes(stored) or _own_index(leaf) != place:", "False:"),
            ("log/book.py", "frontier.root() != merkle.root_of(hashes):", "False:"),
            ("log/book.py", "if merkle.root_of(hashes[: seen.size]) != seen.root:", "if False:"),
        ),
        "unit/log/test_book.py::test_an_edited_entry_is_found",
    ),
]  # fmt: skip


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
