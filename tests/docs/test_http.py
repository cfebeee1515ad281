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
PROGRAM = PAGE.parents[1] / "how-to" / "use-from-a-program.md"
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


@pytest.fixture(scope="module")
def present(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Club]:
    """A club of today: the server's clock is the machine's."""
    made = Club(tmp_path_factory.mktemp("present"), clock=system_clock)  # type: ignore[arg-type]
    photo = cast().photos("Ada")[2]
    made.source("summer-party")
    shutil.copyfile(photo, made.root / "source-summer-party" / "boat.jpg")
    yield made
    made.close()


@pytest.fixture(scope="module")
def served(present: Club) -> Iterator[dict[str, str]]:
    people = cast()
    made = present.anna.api_keys.create(
        "the page", roles=["controller", "operator", "officer"], purposes=["photo-library"]
    )
    for name, photo in (("ada.jpg", people.portrait("Ada")), ("who.jpg", people.photos("Ada")[1])):
        shutil.copyfile(photo, present.root / name)
    (present.root / "form.txt").write_text("signed by Ada")
    environment = os.environ | {"COUNTENANCE_PASSPHRASE": WORDS[ANNA]}
    serving = subprocess.Popen(
        [sys.executable, "-m", "countenance", "--config", str(present.folder), "serve", "--port", "0", "--no-open"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment, cwd=present.root,
    )  # fmt: skip
    try:
        assert serving.stdout
        found = re.search(r"http://127\.0\.0\.1:\d+", serving.stdout.readline() + serving.stdout.readline())
        assert found
        yield environment | {"URL": found[0], "KEY": made.token}
    finally:
        serving.send_signal(signal.SIGTERM)
        serving.communicate(timeout=30)


def lacks(program: str) -> None:
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")


def ran(kind: str, code: str, club: Club, environment: dict[str, str]) -> str:
    """What an example printed."""
    command = {"bash": ["bash", "-euc"], "python": [sys.executable, "-c"], "javascript": ["node", "-e"]}[kind]
    done = subprocess.run(
        [*command, code], cwd=club.root, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_examples_do_what_the_page_says(present: Club, served: dict[str, str]) -> None:
    lacks("curl")
    said = []
    for kind, code in re.findall(r"```(bash|python)\n(.*?)```", TEXT, re.DOTALL):
        told = ran(kind, code, present, served)
        said.append(told if kind == "python" else json.loads(told))
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


@pytest.fixture(scope="module")
def program(present: Club, served: dict[str, str]) -> dict[str, list[str]]:
    """The examples of the guide in Python, which run one after the other; those in other languages come after them."""
    text = PROGRAM.read_text("utf-8")
    examples: dict[str, list[str]] = {}
    for kind, code in re.findall(r"```(bash|python|javascript)\n(.*?)```", text, re.DOTALL):
        examples.setdefault(kind, []).append(code)
    said = []
    for code in examples["python"]:
        said.append(ran("python", code, present, served))
        for basis in present.ben.bases.list():
            if basis.state == "pending":
                present.ben.bases.countersign(basis)
    return examples | {"said": said}


def test_the_client_does_what_the_guide_says(program: dict[str, list[str]]) -> None:
    recorded, found, later = program["said"]
    assert recorded.startswith("False because ")
    assert "case" in recorded.splitlines()[1]
    assert "1 of 1 done\n1 ada " in found
    assert "['boat.jpg']" in found
    assert later.startswith("1 found among ")


def test_javascript_does_what_the_guide_says(
    program: dict[str, list[str]], present: Club, served: dict[str, str]
) -> None:
    lacks("node")
    (code,) = program["javascript"]
    found, nobody = ran("javascript", code, present, served).splitlines()
    assert found.startswith("1 ada ")
    assert nobody.startswith("There is no subject 'nobody'.")


def test_curl_follows_a_job_to_its_end(program: dict[str, list[str]], present: Club, served: dict[str, str]) -> None:
    lacks("curl")
    (code,) = program["bash"]
    assert "event: done\n" in ran("bash", code, present, served)
