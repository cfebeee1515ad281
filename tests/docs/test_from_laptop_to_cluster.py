"""The page that leads from a laptop to a cluster is walked as it stands, on real servers on this machine."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import time
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from buckets import KEYS, serving
from buckets import Server as Store
from clubs import ANNA, WORDS, Club, MovableClock, orphans
from clusters import INSTALLED
from countenance.check import main as check_offline
from countenance.cli.app import main
from countenance.config import FILE_NAME
from countenance.samples import cast
from milvuses import SERVER, Milvuses
from robust import photos
from servers import OWNER, Server

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "from-a-laptop-to-a-cluster.md"
BLOCK = re.compile(r"```(console|toml)\n(.*?)```", re.DOTALL)
NOT_OURS = ("pip install ", "export AWS_ACCESS_KEY_ID=")
"""What a reader does and the test has done already."""
FOUNDED = 1_780_000_000
pytestmark = [pytest.mark.postgresql, pytest.mark.ray, INSTALLED, *SERVER.marks]


def steps() -> list[tuple[str, str]]:
    """What the page asks for, in its order: lines to type, and tables of the configuration."""
    found: list[tuple[str, str]] = []
    for kind, block in BLOCK.findall(PAGE.read_text("utf-8")):
        found += [("toml", block)] if kind == "toml" else [
            ("console", line.removeprefix("$ ")) for line in block.splitlines() if line.startswith("$ ")
        ]  # fmt: skip
    return found


def configured(text: str, wanted: dict[str, dict[str, Any]]) -> str:
    """The configuration with these keys in it: a line is changed where there is one, or added."""
    for section, keys in wanted.items():
        head = f"[{section}]"
        if not re.search(rf"^{re.escape(head)}", text, re.MULTILINE):
            text += f"\n{head}\n"
        before, table = re.split(rf"^{re.escape(head)}.*\n", text, maxsplit=1, flags=re.MULTILINE)
        for key, value in keys.items():
            line = f"{key} = {json.dumps(value)}"
            there = re.match(rf"((?:[^\[\n].*\n|\n)*?){key} =.*\n", table)
            table = f"{there[1]}{line}\n{table[there.end() :]}" if there else f"{line}\n{table}"
        text = f"{before}{head}\n{table}"
    return text


@dataclass
class Walk:
    """One reader, at a terminal in the gallery's folder."""

    club: Club
    here: dict[str, str]
    """What the page's addresses and files are on this machine."""
    store: Store
    capsys: pytest.CaptureFixture[str]

    def do(self, kind: str, text: str) -> Any:
        for theirs, ours in self.here.items():
            text = text.replace(theirs, ours)
        if kind == "toml":
            file = self.club.folder / FILE_NAME
            file.write_text(configured(file.read_text(), tomllib.loads(text)))
            return None
        program, *words = shlex.split(text)
        if program == "countenance":
            return self.ran(*words)
        return {"countenance-check": check_offline, "rm": self.remove, "aws": self.copy}[program](words)

    def ran(self, *words: str) -> Any:
        """A command of ours, and what it answers to a program."""
        self.capsys.readouterr()
        code = main([*words, "--json"])
        told = self.capsys.readouterr()
        assert code == 0, f"{words}: {told.err}"
        return json.loads(told.out)

    def remove(self, words: list[str]) -> None:
        Path(*words).unlink()

    def copy(self, words: list[str]) -> None:
        source = Path(words[2])
        objects = {str(file.relative_to(source)): file.read_bytes() for file in source.rglob("*.jpg")}
        self.store.fill(words[3].removeprefix("s3://"), objects)


@pytest.fixture
def walk(
    server: Server,
    milvuses: Milvuses,
    quick_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Walk]:
    clock = MovableClock(FOUNDED)
    club = Club(quick_folder, clock=clock)
    clock.now = int(time.time())
    config = club.folder / FILE_NAME
    config.write_text(config.read_text().replace('"auto"', '"onnxruntime"'))
    club.reopen()
    for name in ("Ada", "Bruno"):
        subject = club.subject(name)
        club.anna.enrol(subject, cast().portrait(name), basis=club.basis(subject))
    club.close()
    for folder, shown in {"party": ("Ada", "Bruno", "Zora"), "summer": ("Ada",)}.items():
        (club.root / "photos" / folder).mkdir(parents=True)
        for name in shown:
            data = photos.again(cast().photos(name)[1], 480, 80)
            (club.root / "photos" / folder / f"{name}.jpg").write_bytes(data)
    shutil.copy(cast().photos("Ada")[2], club.folder / "who.jpg")
    monkeypatch.chdir(club.folder)
    monkeypatch.setenv("COUNTENANCE_PASSPHRASE", WORDS[ANNA])
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    database = server.empty()
    with serving() as store:
        here = {
            "~/photos": str(club.root / "photos"),
            "postgresql://club_owner@db.example.org/club": server.url(database, OWNER),
            "postgresql://club_app@db.example.org/club": server.url(database),
            "https://milvus.example.org:19530": milvuses.address("milvus"),
            "https://s3.example.org": store.endpoint,
            "10.0.0.1:6379": "local",
        }
        yield Walk(club, here, store, capsys)
        club.close()


def shown(answer: dict[str, Any]) -> list[tuple[Any, ...]]:
    """Candidates as they are shown: in order, each with score, band, and the photos it appears in."""
    return [
        (
            each["subject"],
            round(each["score"], 4),
            each["band"],
            sorted(a["photo"]["path"] for a in each["appearances"]),
        )
        for each in answer["candidates"]
    ]


def test_p7_the_page_is_walked_and_nobody_is_lost_or_comes_back(walk: Walk) -> None:
    said = []
    for kind, text in steps():
        if not text.startswith(NOT_OURS):
            said.append((text, walk.do(kind, text)))

    def of(start: str) -> list[Any]:
        return [answer for text, answer in said if text.startswith(f"countenance {start}")]

    before, after, gone = (shown(answer) for answer in of("search"))
    assert [(row[0], row[3]) for row in before] == [("ada", ["Ada.jpg"])]
    assert [row[:3] for row in after] == [row[:3] for row in before], "the same candidates, score for score"
    assert after[0][3] == ["Ada.jpg", "Ada.jpg"], "and the photo that was ingested since"
    assert gone == []
    first, again, summer = of("ingest")
    assert (first["new"], first["faces_kept"], first["faces_forgotten"]) == (3, 2, 1)
    assert (again["new"], again["photos"], again["already_known"]) == (0, 3, 3)
    assert (summer["new"], summer["faces_kept"]) == (1, 1)
    assert [answer["ok"] for answer in of("index check")] == [True, True]
    assert [answer["held"] for answer in of("index check")] == [2, 1]
    body = of("erase")[0]["certificate"]["body"]
    assert "compaction" in body["index"]["server"]
    assert body["counts"]["appearances"] == 2
    kept = " ".join(each["what"] for each in body["residuals"])
    assert all(word in kept for word in ("database server's own files", "search engine", "objects in buckets"))
    text = (walk.club.folder / FILE_NAME).read_text()
    assert 'engine = "milvus"' in text
    assert "sqlite" not in [line.split('"')[1][:6] for line in text.splitlines() if line.startswith("url = ")]
    _nothing_comes_back(walk.ran)
    walk.club.reopen()
    assert orphans(walk.club) == []
    assert walk.ran("index", "move", "--to", "embedded")["people"] == 1


def _nothing_comes_back(ran: Callable[..., Any]) -> None:
    """Looked at anew, the photos give nobody back; and whoever stays is found on all of it."""
    report = ran("ingest", "party", "--again", "--engine", "local")
    assert (report["faces_kept"], report["faces_forgotten"]) == (1, 2)
    search = ("search", "--purpose", "photo-library", "--case", "press 12")
    assert shown(ran(*search, "who.jpg")) == []
    assert [row[0] for row in shown(ran(*search, str(cast().photos("Bruno")[2])))] == ["bruno"]
    assert ran("index", "check", "--all")["ok"]


def test_every_line_of_the_page_is_walked_or_named_as_not_ours() -> None:
    programs = {shlex.split(text)[0] for kind, text in steps() if kind == "console" and not text.startswith(NOT_OURS)}
    assert programs == {"countenance", "countenance-check", "rm", "aws"}
    tables = {name for kind, text in steps() if kind == "toml" for name in tomllib.loads(text)}
    assert tables == {"photos", "registry", "milvus", "s3", "ingest", "ray"}
