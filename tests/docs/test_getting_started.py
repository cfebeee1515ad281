"""The getting-started page is run as it stands: every ``$`` line of it, in one shell, in an empty folder."""

import os
import re
import subprocess
import sys
from pathlib import Path

from ready import ready

PAGE = Path(__file__).parents[2] / "docs" / "getting-started.md"


def commands() -> list[str]:
    blocks = re.findall(r"```console\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    return [line.removeprefix("$ ") for block in blocks for line in block.splitlines() if line.startswith("$ ")]


def test_every_command_of_the_page_does_what_it_says(quick_folder):
    lines = commands()
    assert len(lines) > 15
    script = "set -euo pipefail\n" + "\n".join(f"echo '@@ {number}'\n{line}" for number, line in enumerate(lines))
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("COUNTENANCE_")},
        "XDG_CONFIG_HOME": str(quick_folder / "config"),
        "COUNTENANCE_VISION__BACKEND": "onnxruntime",  # which one is faster need not be measured by every command
    }
    work = quick_folder / "work"
    work.mkdir()
    with ready(quick_folder / "bin") as ours:
        environment["PATH"] = os.pathsep.join([str(ours), str(Path(sys.executable).parent), os.environ["PATH"]])
        ran = subprocess.run(
            ["bash", "-c", script], cwd=work, env=environment, capture_output=True, text=True, timeout=280, check=False
        )
    assert ran.returncode == 0, ran.stdout[-2000:] + ran.stderr[-2000:]
    said = dict(zip(lines, re.split(r"@@ \d+\n", ran.stdout)[1:], strict=True))

    def of(start: str) -> str:
        return next(output for line, output in said.items() if start in line)

    assert "20 people enrolled from 20 photos, 0 not enrolled; 20 bases not live yet" in of("enrol --from")
    assert "20 bases countersigned" in of("countersign")
    assert "forgotten" in of("ingest party")
    assert "unreadable" in of("ingest party")
    assert "Ada (ada)" in of("Ada.jpg --purpose photo-library --case")
    assert "Nobody" in of("Zora.jpg")
    assert "refused: exit 36" in of("refused: exit")
    assert "Nobody" in of("Bruno.jpg")
    assert "ada is erased" in of("erase ada")
    assert "It agrees with 2 checkpoints from outside." in of("--against")
    assert "data:image/jpeg" in (work / "club" / "ada.html").read_text("utf-8")
    assert not (quick_folder / "config").exists(), "the page keeps its keys in its own folder"
    assert "Traceback" not in ran.stderr
