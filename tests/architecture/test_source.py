"""What the source must look like, and what it must not be able to do (DESIGN §2, §4)."""

from __future__ import annotations

import ast
import io
import re
import subprocess
import sys
import tokenize
import tomllib
from functools import cache
from pathlib import Path

import pytest

import countenance

SOURCE = Path(countenance.__file__).parent
ROOT = SOURCE.parents[1]
FILES = sorted(file for file in SOURCE.rglob("*.py") if "migrations" not in file.parts)
NAMES = [file.relative_to(SOURCE).as_posix() for file in FILES]
INSIDE = {"age", "sex", "gender", "ethnicity", "ethnic", "race", "emotion", "mood", "attractiveness"}
"""What is never inferred from a face (DESIGN §2)."""


@cache
def tree(file: Path) -> ast.Module:
    return ast.parse(file.read_text("utf-8"))


@cache
def identifiers(file: Path) -> frozenset[str]:
    tokens = tokenize.generate_tokens(io.StringIO(file.read_text("utf-8")).readline)
    return frozenset(token.string for token in tokens if token.type == tokenize.NAME)


def words(identifier: str) -> set[str]:
    """``read_max_age`` and ``readMaxAge`` hold the words read, max and age."""
    return {word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", identifier)}


every_file = pytest.mark.parametrize("file", FILES, ids=NAMES)


@every_file
def test_modules_stay_under_400_lines(file: Path) -> None:
    assert file.read_text("utf-8").count("\n") < 400


@every_file
def test_functions_stay_within_50_lines(file: Path) -> None:
    functions = [each for each in ast.walk(tree(file)) if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)]
    long = {each.name: (each.end_lineno or 0) - each.lineno + 1 - _docstring(each) for each in functions}
    assert not {name: lines for name, lines in long.items() if lines > 50}


def _docstring(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """The lines of the docstring, which make a function no harder to read."""
    if ast.get_docstring(function) is None:
        return 0
    return (function.body[0].end_lineno or 0) - function.body[0].lineno + 1


@every_file
def test_nothing_is_left_for_later(file: Path) -> None:
    text = file.read_text("utf-8")
    assert "NotImplementedError" not in identifiers(file)
    assert not re.search(r"\b(TODO|FIXME|XXX|HACK)\b", text)
    hollow = [
        each.name
        for each in ast.walk(tree(file))
        if isinstance(each, ast.FunctionDef) and _says_nothing(each) and not _only_declared(file, each)
    ]
    assert not hollow, "a function that does nothing"


def _says_nothing(function: ast.FunctionDef) -> bool:
    body = [each for each in function.body if not (isinstance(each, ast.Expr) and isinstance(each.value, ast.Constant))]
    return not body or all(isinstance(each, ast.Pass) for each in body)


def _only_declared(file: Path, function: ast.FunctionDef) -> bool:
    if any(ast.unparse(each) in {"abstractmethod", "overload"} for each in function.decorator_list):
        return True
    classes = [each for each in ast.walk(tree(file)) if isinstance(each, ast.ClassDef) and function in each.body]
    return any("Protocol" in ast.unparse(base) for each in classes for base in each.bases)


@every_file
def test_no_error_is_swallowed_whole(file: Path) -> None:
    for each in ast.walk(tree(file)):
        if isinstance(each, ast.ExceptHandler):
            broad = each.type is None or ast.unparse(each.type) in {"Exception", "BaseException"}
            assert not (broad and all(isinstance(line, ast.Pass) for line in each.body)), f"line {each.lineno}"
        if isinstance(each, ast.Call) and ast.unparse(each.func).endswith("suppress"):
            assert not {ast.unparse(a) for a in each.args} & {"Exception", "BaseException"}, f"line {each.lineno}"


@every_file
def test_p25_nothing_is_inferred_from_a_face(file: Path) -> None:
    assert not {name for name in identifiers(file) if words(name) & INSIDE}


def test_no_drawer_for_everything() -> None:
    assert not [name for name in NAMES if re.search(r"(^|/)(utils?|helpers?|misc|common)(\.py|/)", name)]


def test_p17_nobody_is_ever_said_to_be_confirmed_as_somebody() -> None:
    everything = [file for file in SOURCE.rglob("*") if file.suffix in {".py", ".html", ".css", ".js", ".txt", ".md"}]
    assert not [
        file.name for file in everything if re.search("match confirmed", file.read_text("utf-8"), re.IGNORECASE)
    ]


SWITCHES = re.compile(r"bypass|skip_(log|check|policy|recheck|grant)|no_log|force_|as_admin|superuser|unsafe|insecure")


@every_file
def test_there_is_no_way_around(file: Path) -> None:
    assert not {name for name in identifiers(file) if SWITCHES.search(name.lower())}
    keywords = [each for each in ast.walk(tree(file)) if isinstance(each, ast.keyword) and each.arg == "verify"]
    assert not [each for each in keywords if isinstance(each.value, ast.Constant) and each.value.value is False]


def test_p11_no_setting_turns_a_rule_off() -> None:
    from countenance.config import Settings

    def settings(model: type) -> set[str]:
        fields = model.model_fields.items()  # type: ignore[attr-defined]
        inner = [settings(each.annotation) for _, each in fields if hasattr(each.annotation, "model_fields")]
        return {name for name, _ in fields}.union(*inner)

    forbidden = {"log", "policy", "recheck", "grants", "admin", "debug", "audit", "consent", "rules", "enforce"}
    assert not settings(Settings) & forbidden


def test_p25_the_import_contracts_hold_and_cover_every_entrance() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
    (entrances,) = [each for each in contracts if each["id"] == "entrances"]
    there = {
        f"countenance.{name}" for name in ("cli", "http", "web", "demo") if (SOURCE / name / "__init__.py").exists()
    }
    assert there == set(entrances["source_modules"])
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache", "--no-logo"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
