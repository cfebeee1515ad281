"""``countenance index``: rebuild, check, move, as a person types them; a move that is killed and run again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from clubs import ANNA, BEN, WORDS, Club, MovableClock
from countenance.config import FILE_NAME, load
from milvuses import LITE, Milvuses

FOUNDED = 1_780_000_000
KILLED = """
import os, signal, sys
from countenance.cli.app import main
from countenance.gallery import compared, outbox
compared.PEOPLE = 1
parts = []
def part_done(seconds):
    parts.append(seconds)
    if len(parts) == 3:
        os.kill(os.getpid(), signal.SIGKILL)
outbox.time.sleep = part_done
main(sys.argv[1:])
"""


class Wall(MovableClock):
    """Some day while the club is founded; then the time that the commands have too."""

    def __call__(self) -> int:
        return self.now or int(time.time())


@pytest.fixture
def rowing(quick_folder: Path, monkeypatch: pytest.MonkeyPatch):
    """Five people, on the exact engine; the commands run in its folder."""
    clock = Wall(FOUNDED)
    club = Club(quick_folder, engine="exact", clock=clock)
    clock.now = 0
    for who in range(1, 6):
        club.person(f"Person {who}", who)
    monkeypatch.chdir(club.folder)
    yield club
    club.close()


def engine(club: Club) -> str:
    return load(club.folder).index.engine


def test_an_index_in_memory_is_built_and_compared(run, rowing: Club) -> None:
    words = WORDS[ANNA]
    assert "5 people in a new index (exact)" in run("index", "rebuild", words=words).out
    told = run("index", "check", "--all", "--json", words=words)
    assert told.code == 0
    assert told.json["ok"]
    assert (told.json["rows"], told.json["held"], told.json["templates_compared"]) == (5, 5, 5)
    assert "agree: 5 references" in run("index", "check", words=words).out


def test_a_move_in_memory_changes_one_line_of_the_configuration(run, rowing: Club) -> None:
    config = rowing.folder / FILE_NAME
    before = config.read_text().splitlines()
    told = run("index", "move", "--to", "embedded", "--json", words=WORDS[ANNA])
    assert told.json == {"engine": "embedded", "people": 5, "moved_from": "exact"}
    after = config.read_text().splitlines()
    (changed,) = [(one, other) for one, other in zip(before, after, strict=True) if one != other]
    assert changed[0].replace('"exact"', '"embedded"', 1) == changed[1]
    assert "embedded already" in run("index", "move", "--to", "embedded", words=WORDS[ANNA]).out
    rowing.reopen()
    assert rowing.found(2) == ["person-2"]


def test_an_engine_that_is_not_there_or_not_described_is_refused(run, rowing: Club) -> None:
    told = run("index", "move", "--to", "faiss", words=WORDS[ANNA])
    assert told.code == 17
    assert "milvus" in told.err
    told = run("index", "move", "--to", "milvus", words=WORDS[ANNA])
    assert told.code == 17
    assert "[milvus]" in told.err
    assert engine(rowing) == "exact"


def test_p21_only_a_controller_or_a_system_account_looks_after_the_index(run, rowing: Club) -> None:
    rowing.anna.accounts.add("olga@club.example", roles=["operator"], passphrase="olga's words")
    for line in (["rebuild"], ["check"], ["move", "--to", "embedded"]):
        told = run("index", *line, "--account", "olga@club.example", words="olga's words")
        assert told.code == 38 or "role" in told.err
        assert told.code != 0
    assert run("index", "rebuild", "--account", BEN, words=WORDS[BEN]).code == 0


@pytest.fixture
def milvus(rowing: Club, milvuses: Milvuses):
    """The same, with a server in the configuration; everything on it is dropped at the end."""
    rowing.configure("[milvus]", f'address = "{milvuses.address("milvus-lite")}"', "encrypted_disk = true")
    yield rowing
    rowing.close()
    server = rowing.open(ANNA).context.follow("milvus")
    server.drop()
    server.close()


def on_server(club: Club) -> list[str]:
    server = club.anna.context.follow("milvus")
    names = server._index._all()
    server.close()
    return names


@LITE.marks[0]
@LITE.marks[1]
def test_a_move_to_milvus_and_back(run, milvus: Club) -> None:
    told = run("index", "move", "--to", "milvus", words=WORDS[ANNA])
    assert told.code == 0, told.err
    assert "5 people moved from exact to milvus" in told.out
    assert engine(milvus) == "milvus"
    milvus.reopen()
    assert milvus.found(3) == ["person-3"]
    assert run("index", "check", "--all", "--json", words=WORDS[ANNA]).json["ok"]
    assert run("index", "rebuild", "--json", words=WORDS[ANNA]).json["people"] == 5
    told = run("index", "move", "--to", "exact", words=WORDS[ANNA])
    assert told.code == 0, told.err
    assert engine(milvus) == "exact"
    milvus.reopen()
    assert on_server(milvus) == []
    assert milvus.found(3) == ["person-3"]


@LITE.marks[0]
@LITE.marks[1]
def test_p7_a_move_that_is_killed_is_gone_on_with_and_the_erased_stay_gone(run, milvus: Club) -> None:
    env = os.environ | {"COUNTENANCE_PASSPHRASE": WORDS[ANNA]}
    command = [sys.executable, "-c", KILLED, "index", "move", "--to", "milvus"]
    done = subprocess.run(command, cwd=milvus.folder, env=env, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert engine(milvus) == "exact"
    assert len(on_server(milvus)) == 1
    assert milvus.found(1) == ["person-1"]
    milvus.ben.erase("person-1", reason="request")
    server = milvus.anna.context.follow("milvus")
    reached = server._index.filling().reached
    assert 0 < reached < 5
    (name,) = server._index._all()
    assert server._index._server.count(name, "id > 0") == reached - 1
    server.close()
    told = run("index", "move", "--to", "milvus", "--json", words=WORDS[ANNA])
    assert told.code == 0, told.err
    assert engine(milvus) == "milvus"
    milvus.reopen()
    assert [milvus.found(who) for who in (1, 2, 5)] == [[], ["person-2"], ["person-5"]]
    assert run("index", "check", "--all", "--json", words=WORDS[ANNA]).json["held"] == 4


@LITE.marks[0]
@LITE.marks[1]
def test_what_differs_is_told_and_a_rebuild_mends_it(run, milvus: Club) -> None:
    run("index", "move", "--to", "milvus", words=WORDS[ANNA])
    milvus.reopen()
    server = milvus.anna.context.follow("milvus")
    (name,) = server._index._all()
    lost = server._index._server.rows(name, "id > 0", ["id"])["id"][0]
    import numpy as np

    server._index._server.delete(name, np.array([lost]))
    server.close()
    told = run("index", "check", "--json", words=WORDS[ANNA])
    assert told.code == 70
    assert told.json["differs"] == {"missing": 1, "extra": 0, "policy": 0, "template": 0}
    said = run("index", "check", words=WORDS[ANNA])
    assert f"in the registry and not in the index: {lost}" in said.err
    assert "countenance index rebuild" in said.out
    assert run("index", "rebuild", words=WORDS[ANNA]).code == 0
    assert run("index", "check", words=WORDS[ANNA]).code == 0
