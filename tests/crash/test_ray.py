"""kill -9 in an ingest on a cluster: what it left holds no face, no process stays, and the next run finishes (P27)."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from clubs import ANNA, WORDS, Club, MovableClock
from clusters import INSTALLED, MEMORY, below, left_in_memory, soon
from countenance.config import FILE_NAME
from countenance.registry import schema as t
from countenance.samples import cast
from robust import photos
from strangers import pieces_of_strangers, residue

MEMBERS = ("Ada", "Bruno")
PHOTOS = 40
pytestmark = [pytest.mark.ray, INSTALLED]


@pytest.fixture
def short() -> Iterator[Path]:
    """A folder with a short name: Ray's sockets lie in it, and their names may have 107 bytes."""
    folder = Path(tempfile.mkdtemp(prefix="r", dir="/tmp"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def club(tmp_path: Path) -> Iterator[Club]:
    """Two members, and a source with them and many strangers in it. The clock is real, as that of what is killed."""
    made = Club(tmp_path / "gallery", clock=MovableClock(int(time.time())))
    for name in MEMBERS:
        subject = made.subject(name)
        made.anna.enrol(subject, cast().portrait(name), basis=made.basis(subject))
    folder = tmp_path / "party"
    folder.mkdir()
    shots = [cast().photos(name)[shot] for name in cast().identities for shot in (1, 2)]
    for number, photo in enumerate([*(group.path for group in cast().party()), *shots][:PHOTOS]):
        (folder / f"{number:02}.jpg").write_bytes(photos.again(photo, 480, 80))
    made.anna.sources.add("party", folder, statement="our own photographer", purposes=["photo-library"])
    config = made.folder / FILE_NAME
    config.write_text(config.read_text().replace("batch = 64", "batch = 2").replace('"auto"', '"onnxruntime"'))
    yield made
    made.close()


def test_p27_kill_9_leaves_nothing_of_a_face_and_no_process(club: Club, tmp_path: Path, short: Path) -> None:
    folder = tmp_path / "party"
    pieces = pieces_of_strangers(club, sorted(folder.iterdir())[:2], MEMBERS)
    club.close()
    before = set(MEMORY.iterdir())
    command = [sys.executable, "-m", "countenance", "ingest", "party", "--engine", "ray", "--events"]
    told = {"COUNTENANCE_PASSPHRASE": WORDS[ANNA], "TMPDIR": str(short), "COUNTENANCE_INGEST__WORKERS": "2"}
    child = subprocess.Popen(
        [*command, "--config", str(club.folder), "--account", ANNA],
        env=os.environ | told, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    assert child.stdout is not None
    said = []
    for line in child.stdout:
        said.append(line)
        if (found := re.search(r'"new": (\d+)', line)) and int(found[1]) > 4:
            break
    family = below(child.pid)
    child.kill()
    child.wait()
    child.stdout.close()
    assert len([told for told in family.values() if "countenance.ingest.worker" in told]) == 2, said[-3:]
    looking = [pid for pid, told in family.items() if "countenance.ingest.worker" in told or "ray::RayWorker" in told]
    assert soon(lambda: not [pid for pid in looking if alive(pid)])
    assert list(short.rglob("raylet.out")), "what Ray wrote is there"
    assert left_in_memory(before) == set()
    assert residue([short, *club.places], pieces) == []

    club.reopen()
    with club.anna.context.registry.read() as connection:
        done = connection.scalar(sa.select(sa.func.count()).select_from(t.photos))
    report = club.anna.ingest("party")
    assert 4 < report.already_known == done < PHOTOS
    assert (report.photos, report.new) == (PHOTOS, PHOTOS - done)
    assert residue(club.places, pieces) == []


def alive(pid: int) -> bool:
    """Whether it runs: one that has ended and that nobody asked about does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
