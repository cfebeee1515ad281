"""The verifier stands alone: nothing else of ours is loaded, and it can be run as a command."""

from __future__ import annotations

import ast
import io
import json
import subprocess
import sys
import tokenize
from pathlib import Path

from countenance import check

PROBE = """
import json, sys
from countenance.check import main
try:
    main(["--help"])
except SystemExit:
    pass
print(json.dumps([m for m in sys.modules if m.split(".")[0] == "countenance"]))
"""


def test_it_imports_nothing_else_of_countenance() -> None:
    run = subprocess.run([sys.executable, "-c", PROBE], capture_output=True, text=True, check=True)
    assert sorted(json.loads(run.stdout.splitlines()[-1])) == [
        "countenance",
        "countenance.check",
        "countenance.version",
    ]


def test_it_runs_as_a_module_and_teaches() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "countenance.check", "--help"], capture_output=True, text=True, check=True
    )
    for words in ("certificate", "log", "--checkpoint", "examples:"):
        assert words in run.stdout


def test_p12_it_is_small_enough_to_be_read_in_one_sitting() -> None:
    """Lines that hold code, the command line included; words that explain it are not counted."""
    text = Path(check.__file__).read_text("utf-8")
    explaining: set[int] = set()
    for each in ast.walk(ast.parse(text)):
        if isinstance(each, ast.Module | ast.FunctionDef | ast.ClassDef) and ast.get_docstring(each) is not None:
            explaining |= set(range(each.body[0].lineno, (each.body[0].end_lineno or 0) + 1))
    blank = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    assert len({token.start[0] for token in tokens if token.type not in blank} - explaining) <= 245
