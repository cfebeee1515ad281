"""Milvus killed with SIGKILL amid adds and erasures: after it is started again, the index is what the registry says."""

from __future__ import annotations

import random
import threading
import time
from pathlib import Path

import pytest

from clubs import Club
from conftest import LONG
from countenance.config import FILE_NAME
from countenance.errors import CountenanceError, Unavailable
from milvuses import SERVER, serving

pytestmark = SERVER.marks
PEOPLE = 60
KILLS = 6 if LONG else 2


def on(club: Club, address: str) -> None:
    config = club.folder / FILE_NAME
    config.write_text(config.read_text().replace('engine = "exact"', 'engine = "milvus"'))
    club.configure("[milvus]", f'address = "{address}"', "encrypted_disk = true")


def test_p7_nothing_erased_comes_back_and_nobody_is_lost(quick_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("countenance.gallery.outbox._CLEARING", 0.1)  # how far compaction got is nothing to wait for
    chance = random.Random(20261123)  # noqa: S311 - not a secret
    club = Club(quick_folder / "club", engine="exact")
    folder = quick_folder / "milvus"
    folder.mkdir()
    here: set[int] = set()
    cut = 0
    with serving(folder) as server:
        on(club, server.address)
        for kill in range(KILLS):
            numbers = range(1 + kill * PEOPLE // KILLS, 1 + (kill + 1) * PEOPLE // KILLS)
            killer = threading.Timer(chance.uniform(0.5, 4), server.kill)
            killer.start()
            for who in numbers:
                club.person(f"Person {who}", who)
                here.add(who)
                gone = chance.choice(sorted(here)) if len(here) > 3 and who % 3 == 0 else None
                outcome = answered(club, gone)
                cut += outcome is None
                here -= outcome or set()
            killer.join()
            assert cut, "the kill came too late to cut anything short"
            cut = 0
            while server.alive:
                time.sleep(0.05)
            server.start()
            club.reopen()  # what was cut short is finished
            status = club.anna.status()
            assert status["unfinished_erasures"] == 0
            here = {int(each.handle.rpartition("-")[2]) for each in club.anna.subjects.list()}
            found = {who: club.found(who) for who in range(1, numbers[-1] + 1)}
            assert found == {who: [f"person-{who}"] if who in here else [] for who in found}
            compared = club.anna.index.check(sample=None)
            assert compared.same, compared
            assert compared.held == len(here)
    club.close()


def answered(club: Club, gone: int | None) -> set[int] | None:
    """Search, and erase somebody. None when the server was gone."""
    try:
        club.found(1)
        if gone is not None:
            club.ben.erase(f"person-{gone}", reason="request")
            return {gone}
    except Unavailable:
        return None
    except CountenanceError as error:
        pytest.fail(error.message)
    return set()
