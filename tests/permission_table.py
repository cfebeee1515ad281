"""Makes two pages from the tests themselves: ``python tests/permission_table.py docs/reference``.

``permission.md``: what each requirement asks for, the tests that show it (``test_p<number>_…``), and how the rule is
broken on purpose to see them turn red. ``rules.md``: its table of all broken rules, between two marks.
"""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from breaks import BREAKS
from breaks.kind import Break

TESTS = Path(__file__).parent
MADE = "<!-- Made by `python tests/permission_table.py docs/reference`. Do not edit: change the tests. -->"
BEGIN, END = "<!-- broken rules: made by `python tests/permission_table.py docs/reference` -->", "<!-- end -->"
NUMBERED = re.compile(r"test_((?:p[0-9]+_)+)")


def _requirements() -> dict[str, tuple[str, str]]:
    read = tomllib.loads((TESTS / "requirements.toml").read_text("utf-8"))
    return {number: (each["name"], " ".join(each["asks"].split())) for number, each in read.items()}


REQUIREMENTS = _requirements()
"""What each requirement asks for, by its number: a name, and one sentence."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A test that shows a requirement."""

    file: str
    name: str

    @property
    def words(self) -> str:
        """The test's name as a sentence, without its numbers."""
        return NUMBERED.sub("", self.name).replace("_", " ").strip()


def numbers(name: str) -> list[str]:
    """The requirements that a test's name carries: ``test_p4_p23_…`` shows P4 and P23."""
    found = NUMBERED.match(name)
    return re.findall(r"P[0-9]+", found[1].upper()) if found else []


@cache
def shown() -> Mapping[str, Sequence[Shown]]:
    """Every test that shows a requirement, by requirement, found by parsing the test files."""
    found: dict[str, list[Shown]] = defaultdict(list)
    for file in sorted(TESTS.rglob("test_*.py")):
        for each in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(each, ast.FunctionDef):
                for number in numbers(each.name):
                    found[number].append(Shown(file.relative_to(TESTS).as_posix(), each.name))
    return found


def witness_of(broken: Break) -> str:
    """The name of the function that turns red."""
    return broken.test.rpartition("::")[2].partition("[")[0]


def gaps() -> list[str]:
    """What is missing, in words: requirements without a test, or without a broken rule that one of its tests sees."""
    missing = []
    for number in REQUIREMENTS:
        if not shown()[number]:
            missing.append(f"{number}: no test is called test_{number.lower()}_…")
        if not any(each.requirement == number and number in numbers(witness_of(each)) for each in BREAKS):
            missing.append(f"{number}: no Break in tests/breaks turns a test_{number.lower()}_… red")
    return missing


def permission_page() -> str:
    """docs/reference/permission.md."""
    lines = [
        "# The thirty requirements, and what shows each of them",
        "",
        MADE,
        "",
        (
            "The requirements come from the decisions of data protection authorities and courts on face search. Their "
            "numbers never change: a refusal names the one that refuses, and a test that shows one carries its number "
            "in its name."
        ),
        "",
        (
            "A test that cannot fail shows nothing. So each rule is also *broken on purpose*: "
            "[`tests/architecture/test_rules_can_fail.py`](../../tests/architecture/test_rules_can_fail.py) changes a "
            "few words in a copy of the source, as the lists in [`tests/breaks/`](../../tests/breaks) say, runs the "
            "named test against that copy in a process of its own, and demands that it turns red; unbroken, all of "
            "them are green. Words that the source no longer holds are an error, so that the lists stay true. "
            "`make test` does all of it; `pytest tests/architecture/test_rules_can_fail.py -k 'words of the rule'` "
            "breaks one."
        ),
        "",
        "| | requirement | tests | rules broken |",
        "|---|---|---|---|",
        *(_row(number) for number in REQUIREMENTS),
    ]
    for number in REQUIREMENTS:
        lines += _section(number)
    return "\n".join(lines) + "\n"


def _row(number: str) -> str:
    name, _ = REQUIREMENTS[number]
    return f"| [{number}](#{_anchor(number)}) | {name} | {len(shown()[number])} | {len(_broken(number))} |"


def _section(number: str) -> list[str]:
    name, sentence = REQUIREMENTS[number]
    lines = ["", f"## {number}: {name}", "", sentence]
    if shown()[number]:
        lines += ["", "Shown by:", ""]
    by_file: dict[str, list[str]] = defaultdict(list)
    for each in shown()[number]:
        by_file[each.file].append(each.words)
    for file, tests in by_file.items():
        lines += [f"- [tests/{file}](../../tests/{file}): {'; '.join(tests)}"]
    if _broken(number):
        lines += ["", "Broken on purpose:", "", "| the rule is broken by | and this test turns red |", "|---|---|"]
        lines += [f"| {each.rule} | {_link(each)} |" for each in _broken(number)]
    return lines


def _broken(number: str) -> list[Break]:
    return [each for each in BREAKS if each.requirement == number]


def _link(each: Break) -> str:
    file, _, test = each.test.partition("::")
    return f"[{test}](../../tests/{file})"


def _anchor(number: str) -> str:
    heading = f"{number}: {REQUIREMENTS[number][0]}"
    return re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")


def rules_page(written: str) -> str:
    """docs/reference/rules.md with its table of broken rules made anew; all else stays as it was written."""
    before, _, rest = written.partition(BEGIN)
    _, _, after = rest.partition(END)
    rows = [f"| {each.rule} | {each.requirement} | {_link(each)} |" for each in BREAKS]
    table = ["| the rule is broken by | requirement | the test that turns red |", "|---|---|---|", *rows]
    return "\n".join([before + BEGIN, "", *table, "", END + after])


def main(folder: str) -> int:
    """Write both pages into a folder, and tell what is missing."""
    (Path(folder) / "permission.md").write_text(permission_page(), "utf-8")
    rules = Path(folder) / "rules.md"
    rules.write_text(rules_page(rules.read_text("utf-8")), "utf-8")
    sys.stdout.writelines(f"{gap}\n" for gap in gaps())
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
