"""The Clearview page is run as it stands: what it says is refused is refused, and its certificate checks."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from ready import ready

PAGE = Path(__file__).parents[2] / "docs" / "clearview.md"


def commands() -> list[str]:
    """What follows a ``$``, with the lines that belong to it."""
    blocks = re.findall(r"```console\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    return [part.strip() for block in blocks for part in re.split(r"^\$ ", block, flags=re.MULTILINE) if part.strip()]


@pytest.mark.timeout(600)
def test_p8_p9_p10_p21_p26_the_clearview_case_goes_as_the_page_says(tmp_path):
    lines = commands()
    script = "set -euo pipefail\n" + "\n".join(f"echo '@@ {number}'\n{line}" for number, line in enumerate(lines))
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("COUNTENANCE_")},
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
        "COUNTENANCE_VISION__BACKEND": "onnxruntime",
    }
    work = tmp_path / "work"
    work.mkdir()
    with ready(tmp_path / "bin") as ours:
        environment["PATH"] = os.pathsep.join([str(ours), str(Path(sys.executable).parent), os.environ["PATH"]])
        ran = subprocess.run(
            ["bash", "-c", script], cwd=work, env=environment, capture_output=True, text=True, timeout=590, check=False
        )
    assert ran.returncode == 0, ran.stdout[-3000:] + ran.stderr[-3000:]
    assert "Traceback" not in ran.stderr
    outputs = re.split(r"@@ \d+\n", ran.stdout)[1:]
    said = list(zip(lines, outputs, strict=True))

    def of(start: str, which: int = 0) -> str:
        return [output for line, output in said if start in line][which]

    for word, code in (
        ("public", 31), ("interests", 31), ("ingest", 39), ("still paused", 39), ("shared login", 37),
        ("no agreement", 35), ("one signature", 35), ("own proposal", 37), ("twice", 37), ("stopped", 34),
        ("ingest stopped", 34), ("stayed", 41),
    ):  # fmt: skip
        assert f"{word}: exit {code}" in ran.stdout, word
    assert "FBMD" in of("source list")
    theirs = [output for line, output in said if "dan@police.example" in line and "search" in line]
    assert "Hana" in theirs[2], "who lives where the agreement says is a candidate"
    assert "Nobody" in theirs[3], "who lives elsewhere is not"
    assert "Nobody" in theirs[4], "nor is anybody once the second authority has quarantined them"
    ours = [output for line, output in said if "press 12" in line]
    assert ["Ada" in each for each in ours] == [False, True, False], "quarantined, stayed, revived"
    assert re.search(r"GB\s+\d+", of("dry-run O1"))
    assert re.search(r"unknown\s+2", of("dry-run O1"))
    assert "checks" in of("countenance-check certificate")
    assert "CNIL" in (work / "O1.json").read_text("utf-8")
