"""The verifier stands alone: nothing else of ours is loaded, and it can be run as a command."""

from __future__ import annotations

import json
import subprocess
import sys

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
