"""The real compreface-sdk, unchanged, against the real server: the whole story of a service, with synthetic people."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from clubs import ANNA, WORDS, Club
from countenance.samples import cast
from countenance.service.forms import Wish
from countenance.types import system_clock
from sdks import compreface

pytestmark = pytest.mark.sdk
STORY = Path(__file__).with_name("compreface_story.py")
PEOPLE = ("Ada", "Jia")


@pytest.fixture
def present(quick_folder: Path) -> Iterator[Club]:
    """A club of today: the server's clock is the machine's."""
    made = Club(quick_folder, clock=system_clock)  # type: ignore[arg-type]
    yield made
    made.close()


@pytest.fixture
def told(present: Club, tmp_path: Path) -> Iterator[list[str]]:
    """Where the server is, a key, and photos: what the story is told with."""
    people = cast()
    for name in PEOPLE:
        for number, file in enumerate(list(people.photos(name).values())[:3]):
            (tmp_path / f"{name}-{number}.jpg").write_bytes(file.read_bytes())
    (tmp_path / "group.jpg").write_bytes(people.party()[2].path.read_bytes())
    (tmp_path / "nobody.jpg").write_bytes(people.no_face()[0].read_bytes())
    key = present.anna.api_keys.create(
        "a door", roles=["controller", "operator", "officer"], purposes=["photo-library"], purpose="photo-library",
        case="door 1", door="compreface", form=Wish(present.evidence("everybody"), "notice-2027"),
    )  # fmt: skip
    serving = subprocess.Popen(
        [sys.executable, "-m", "countenance", "--config", str(present.folder), "serve", "--port", "0", "--no-open"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path,
        env=os.environ | {"COUNTENANCE_PASSPHRASE": WORDS[ANNA]},
    )  # fmt: skip
    try:
        assert serving.stdout
        found = re.search(r"(http://127\.0\.0\.1):(\d+)", serving.stdout.readline() + serving.stdout.readline())
        assert found
        yield [found[1], found[2], key.token, str(tmp_path)]
    finally:
        serving.send_signal(signal.SIGTERM)
        _, errors = serving.communicate(timeout=30)
        assert "Traceback" not in errors


def tell(part: str, told: list[str]) -> Any:
    python, why = compreface()
    if python is None:
        pytest.skip(why)
    ran = subprocess.run(
        [python, STORY, part, *told], capture_output=True, text=True, timeout=120, check=False,
        env={"PATH": os.environ["PATH"], "NO_PROXY": "127.0.0.1"},
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


def names(face: Any) -> list[str]:
    return [each["subject"] for each in face["subjects"]]


def test_the_real_client_adds_finds_verifies_renames_and_deletes(present: Club, told: list[str]) -> None:
    ada, jia = (f"{name} of the cast" for name in PEOPLE)
    said = tell("add", told)
    assert said["added"] == [{"subject": ada}, {"subject": jia}]
    assert said["again"]["code"] == 43
    assert [each["subject"] for each in said["examples"]] == [ada, jia]
    ids = [said["examples"][0]["image_id"], said["examples"][1]["image_id"], said["bytes"]["image_id"]]
    assert [each["image_id"] for each in said["listed"]["faces"]] == ids
    assert said["listed"]["total_elements"] == 3
    assert (said["several"]["code"], said["none"]["code"]) == (31, 28)
    assert said["subjects"] == {"subjects": [ada, jia]}  # nobody was recorded for a photo that cannot serve
    assert names(said["pending"]["result"][0]) == []
    assert set(said["pending"]["plugins_versions"]) == {"detector", "calculator"}
    for basis in present.anna.bases.list():
        present.ben.bases.countersign(basis)

    said = tell("use", told)
    assert names(said["recognized"]["result"][0]) == [ada]
    assert sorted(name for face in said["party"]["result"] for name in names(face)) == [ada, jia]
    assert len(said["party"]["result"]) == 4
    assert said["party"]["plugins_not_offered"] == ["age", "calculator", "gender"]
    assert set(said["party"]["result"][0]) == {"box", "landmarks", "subjects"}
    assert said["verified"]["result"][0]["similarity"] >= 0.8
    assert len(said["detected"]["result"]) == 2
    assert len(said["detected"]["result"][0]["landmarks"]) == 5
    assert said["same"]["result"][0]["face_matches"][0]["similarity"] >= 0.8
    assert set(said["same"]["result"][0]["source_image_face"]["box"]) == {
        "probability", "x_max", "y_max", "x_min", "y_min",
    }  # fmt: skip
    assert said["renamed"] == {"updated": True}
    assert names(said["found"]["result"][0]) == ["A new name"]
    assert said["one"]["image_id"] == ids[0]
    assert said["one"]["certificate"]["body"]["counts"]["references"] == 1
    assert said["all"]["deleted"] == 1
    assert names(said["gone"]["result"][0]) == []
    assert said["deleted"]["subject"] == ada
    assert said["deleted"]["certificate"]["body"]["counts"]["subjects"] == 1
    assert said["absent"]["code"] == 42
    assert said["everybody"]["deleted"] == 1
    assert said["nobody"] == {"subjects": []}
