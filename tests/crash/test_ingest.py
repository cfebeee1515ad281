"""kill -9 in an ingest, ten times, then the same command: it finishes, and nothing is doubled (P7, P27)."""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import sqlalchemy as sa

from clubs import ANNA, WORDS, Club, MovableClock
from countenance.config import FILE_NAME
from countenance.registry import schema as t
from countenance.samples import cast
from robust import photos
from strangers import pieces_of_strangers, residue

CHILD = textwrap.dedent(
    """
    import sys
    import countenance
    with countenance.open(sys.argv[1], passphrase=sys.argv[2]) as c:
        picture = c.context.vision.decode(open(sys.argv[3], "rb").read())
        c.context.vision.templates(picture, c.context.vision.faces(picture))  # models are loaded
        c.sign_in()
        print("ready", flush=True)
        print(c.ingest("party"), flush=True)
    """
)
MEMBERS = ("Ada", "Bruno", "Chidi")
KILLS = 10
PHOTOS = 60
STRANGERS_SHOWN = 4


@dataclass
class Party:
    """Photos of three members and many strangers, and the templates and crops of the strangers' faces."""

    folder: Path
    residue: list[bytes]


@pytest.fixture(scope="module")
def party(tmp_path_factory: pytest.TempPathFactory) -> Party:
    folder = tmp_path_factory.mktemp("party")
    shots = [cast().photos(name)[shot] for name in cast().identities for shot in (1, 2)]
    groups = [photo.path for photo in cast().party()]
    chosen = [*groups, *shots[:6], *shots[-30:], *cast().no_face()][: PHOTOS - 8]
    for number, photo in enumerate(chosen):
        (folder / f"{number:02}-{photo.parent.name}-{photo.name}").write_bytes(photos.again(photo, 480, 80))
    for number in range(PHOTOS - len(chosen)):
        (folder / f"broken-{number}.jpg").write_bytes(photos.portrait()[: 3000 + number])
    return Party(folder, [])


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory, party: Party) -> Path:
    """A club with three members and the party as a source; every run gets a copy."""
    # The processes that are killed tell the real time.
    club = Club(tmp_path_factory.mktemp("origin"), clock=MovableClock(int(time.time())))
    for name in MEMBERS:
        subject = club.subject(name)
        club.anna.enrol(subject, cast().portrait(name), basis=club.basis(subject))
    club.anna.sources.add("party", party.folder, statement="our own photographer", purposes=["photo-library"])
    shown = sorted(party.folder.glob("*party*.jpg"))[:STRANGERS_SHOWN]
    party.residue += pieces_of_strangers(club, shown, MEMBERS)
    club.close()
    config = club.folder / FILE_NAME
    # Small batches, so that a kill falls between any two; one backend, so that a child starts quickly.
    text = config.read_text().replace("batch = 64", "batch = 3").replace('"auto"', '"onnxruntime"')
    config.write_text(text)
    return club.root


def copied(origin: Path, root: Path) -> Club:
    shutil.copytree(origin, root, dirs_exist_ok=True)
    config = root / "club" / FILE_NAME
    config.write_text(config.read_text().replace(str(origin), str(root)))
    club = Club.__new__(Club)
    club.root, club.engine, club.opened = root, "embedded", []
    club.clock = MovableClock(int(time.time()))
    return club


def started(club: Club) -> subprocess.Popen[str]:
    """A process that is about to ingest: its models are loaded, and what follows is the ingest alone."""
    command = [sys.executable, "-c", CHILD, str(club.folder), WORDS[ANNA], str(cast().portrait("Ada"))]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert child.stdout is not None
    assert child.stdout.readline() == "ready\n"
    return child


def records(club: Club) -> dict[str, list[tuple[object, ...]]]:
    """What an ingest wrote, without numbers and times, in an order of its own."""
    photos_ = sa.select(t.photos.c.path, t.photos.c.sha256, t.photos.c.state, t.photos.c.code, t.photos.c.faces_found)
    seen = sa.select(
        t.photos.c.path, t.appearances.c.subject, t.appearances.c.basis, t.appearances.c.box, t.appearances.c.band
    ).join_from(t.appearances, t.photos)
    with club.anna.context.registry.read() as connection:
        return {
            "photos": sorted(tuple(row) for row in connection.execute(photos_)),
            "appearances": sorted(tuple(row) for row in connection.execute(seen)),
        }


@pytest.fixture(scope="module")
def whole(origin: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Club, float]]:
    """The same ingest without a kill, and how long it took."""
    club = copied(origin, tmp_path_factory.mktemp("whole"))
    child = started(club)
    begun = time.monotonic()
    _, errors = child.communicate()
    assert child.returncode == 0, errors
    seconds = time.monotonic() - begun
    club.anna = club.open(ANNA)
    yield club, seconds
    club.close()


def test_ten_kills_and_then_the_same_command(
    origin: Path, party: Party, whole: tuple[Club, float], tmp_path: Path
) -> None:
    reference, seconds = whole
    moments = random.Random(20261122)  # noqa: S311
    club = copied(origin, tmp_path)
    interrupted, leaves = 0, []
    for _ in range(KILLS):
        child = started(club)
        time.sleep(moments.uniform(0, seconds / 4))
        interrupted += child.poll() is None
        child.kill()
        child.communicate()
        club.anna = club.open(ANNA)
        leaves.append(club.anna.check_log().size)
        now = records(club)
        assert set(now["photos"]) <= set(records(reference)["photos"])
        assert set(now["appearances"]) <= set(records(reference)["appearances"])
        assert residue(club.places, party.residue) == []
        club.close()
    assert interrupted >= KILLS // 2
    assert leaves == sorted(leaves)

    child = started(club)
    said, errors = child.communicate()
    assert child.returncode == 0, errors
    club.anna = club.open(ANNA)
    club.anna.check_log()
    assert records(club) == records(reference)
    assert len(records(club)["photos"]) == PHOTOS
    assert f"photos={PHOTOS}" in said
    club.clock.now = int(time.time())  # the children went by the real clock, and the log does not go back
    again = club.anna.ingest("party")
    assert (again.new, again.already_known) == (0, PHOTOS)
    assert residue(club.places, party.residue) == []
    club.close()


def test_p27_the_uninterrupted_run_kept_members_and_no_stranger(whole: tuple[Club, float], party: Party) -> None:
    club, _ = whole
    kept = records(club)["appearances"]
    assert {row[1] for row in kept} == {1, 2, 3}
    assert len(party.residue) > 500
    assert residue(club.places, party.residue) == []


def test_the_scan_finds_what_it_looks_for(whole: tuple[Club, float], party: Party) -> None:
    club, _ = whole
    planted = club.folder / "data" / "log" / "planted"
    planted.write_bytes(b"x" * 1000 + party.residue[len(party.residue) // 2] + b"y" * 1000)
    try:
        assert residue(club.places, party.residue)[0] == "planted"
    finally:
        planted.unlink()
    assert residue(club.places, party.residue) == []
