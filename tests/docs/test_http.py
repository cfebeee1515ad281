"""The page on the HTTP API: its table is the application's, and its examples are run against the real server."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from clubs import ANNA, WORDS, Club
from countenance.http.table import ROUTES
from countenance.samples import cast
from countenance.types import system_clock

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "http.md"
TEXT = PAGE.read_text("utf-8")


def test_the_table_is_the_application_s() -> None:
    rows = re.findall(r"^\| `(\w+) (\S+)` \| (.+?) \| (.+?) \|$", TEXT, re.MULTILINE)
    wanted = [
        (
            each.method, each.path,
            (", ".join(each.roles) or "any") + (" (others too)" if each.party else ""),
            each.summary.rstrip("."),
        )
        for each in ROUTES
    ]  # fmt: skip
    assert rows == wanted


@pytest.fixture
def present(quick_folder: Path) -> Iterator[Club]:
    """A club of today: the server's clock is the machine's."""
    made = Club(quick_folder, clock=system_clock)  # type: ignore[arg-type]
    yield made
    made.close()


@pytest.fixture
def served(present: Club, tmp_path: Path) -> Iterator[dict[str, str]]:
    people = cast()
    made = present.anna.api_keys.create(
        "the page", roles=["controller", "operator", "officer"], purposes=["photo-library"]
    )
    for name, photo in (("ada.jpg", people.portrait("Ada")), ("who.jpg", people.photos("Ada")[1])):
        shutil.copyfile(photo, tmp_path / name)
    (tmp_path / "form.txt").write_text("signed by Ada")
    environment = os.environ | {"COUNTENANCE_PASSPHRASE": WORDS[ANNA]}
    serving = subprocess.Popen(
        [sys.executable, "-m", "countenance", "--config", str(present.folder), "serve", "--port", "0", "--no-open"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment, cwd=tmp_path,
    )  # fmt: skip
    try:
        assert serving.stdout
        found = re.search(r"http://127\.0\.0\.1:\d+", serving.stdout.readline() + serving.stdout.readline())
        assert found
        yield environment | {"URL": found[0], "KEY": made.token}
    finally:
        serving.send_signal(signal.SIGTERM)
        serving.communicate(timeout=30)


def test_the_examples_do_what_the_page_says(present: Club, served: dict[str, str], tmp_path: Path) -> None:
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    said = []
    for kind, code in re.findall(r"```(bash|python)\n(.*?)```", TEXT, re.DOTALL):
        command = ["bash", "-euc", code] if kind == "bash" else [sys.executable, "-c", code]
        ran = subprocess.run(command, cwd=tmp_path, env=served, capture_output=True, text=True, timeout=60, check=False)
        assert ran.returncode == 0, ran.stderr
        said.append(ran.stdout if kind == "python" else json.loads(ran.stdout))
        if "references" in code:
            present.ben.bases.countersign("B1")
    whoami, ada, basis, enrolled, found, erased, nobody = said
    assert whoami["account"] == ANNA
    assert ada["handle"] == "ada"
    assert (basis["id"], basis["state"]) == ("B1", "pending")
    assert enrolled["searchable"] is False
    assert found.startswith("1 ada ")
    assert erased["faces_erased"] == 1
    assert (nobody["status"], nobody["code"]) == (404, "not-found")
