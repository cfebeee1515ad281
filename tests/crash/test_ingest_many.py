"""kill -9 over and over in an ingest of thousands: counts exact, nothing doubled, nothing of a stranger (P7, P27).

2,000 photos and a kill every hundred; with COUNTENANCE_LONG=1, 20,000 photos and a kill every thousand.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import textwrap
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest
import sqlalchemy as sa

from clubs import ANNA, WORDS, Club, MovableClock
from countenance.config import FILE_NAME
from countenance.registry import schema as t
from countenance.samples import cast
from countenance.samples.made import with_segment
from robust import photos
from strangers import pieces_of_strangers, residue

LONG = os.environ.get("COUNTENANCE_LONG") == "1"
MANY = 20_000 if LONG else 2_000
KILL_AFTER = MANY // 20
SCANS = 4
MEMBERS = ("Ada", "Bruno")
COPIED, BROKEN = 40, 90
"""Every so many photos one is an exact copy of the one before, or is damaged."""
SHARED = Path("/dev/shm")  # noqa: S108

CHILD = textwrap.dedent(
    """
    import sys
    import countenance
    with countenance.open(sys.argv[1], passphrase=sys.argv[2]) as c:
        report = c.ingest("many", progress=lambda now: print(now.done, flush=True))
        print("report", report.photos, report.new, report.already_known, len(report.skipped), flush=True)
    """
)


@dataclass(frozen=True)
class Base:
    """One of the pictures that all others are made of, and what is seen in it."""

    data: bytes
    found: int
    kept: int


@dataclass
class Many:
    """A club with a source of thousands of photos; what they hold in all, and what a residue of strangers would be."""

    club: Club
    folder: Path
    expected: Counter[str]
    pieces: list[bytes]


@pytest.fixture
def many(tmp_path: Path, quick_folder: Path) -> Many:
    club = Club(quick_folder, clock=MovableClock(int(time.time())))  # the processes that are killed tell the real time
    config = club.folder / FILE_NAME
    # Batches that are small beside the photos between two kills.
    config.write_text(config.read_text().replace("batch = 64", "batch = 16").replace('"auto"', '"onnxruntime"'))
    club.reopen()
    for name in MEMBERS:
        subject = club.subject(name)
        club.anna.enrol(subject, cast().portrait(name), basis=club.basis(subject))
    bases, pieces = seen_alone(club, tmp_path)
    folder = tmp_path / "many"
    expected = fill(folder, bases)
    club.anna.sources.add("many", folder, statement="our own photographer", purposes=["photo-library"])
    club.close()
    return Many(club, folder, expected, pieces)


def seen_alone(club: Club, place: Path) -> tuple[list[Base], list[bytes]]:
    """Each base ingested once, in a source of its own."""
    strangers = [name for name in cast().identities if name not in MEMBERS][:4]
    shots = [cast().photos(name)[shot] for name in (*MEMBERS, *strangers) for shot in (1, 2)]
    chosen = [*shots, cast().no_face()[0]]
    (place / "bases").mkdir()
    for number, photo in enumerate(chosen):
        (place / "bases" / f"{number:02}.jpg").write_bytes(photos.again(photo, 200, 80))
    files = sorted((place / "bases").iterdir())
    club.anna.sources.add("bases", place / "bases", statement="ours", purposes=["photo-library"])
    club.anna.ingest("bases")
    kept = sa.select(sa.func.count()).where(t.appearances.c.photo == t.photos.c.id).scalar_subquery()
    with club.anna.context.registry.read() as connection:
        rows = connection.execute(sa.select(t.photos.c.faces_found, kept).order_by(t.photos.c.path)).all()
    bases = [Base(file.read_bytes(), found, kept) for file, (found, kept) in zip(files, rows, strict=True)]
    assert sum(base.kept for base in bases) == 2 * len(MEMBERS)
    assert sum(base.found - base.kept for base in bases) >= len(strangers)
    return bases, pieces_of_strangers(club, files, MEMBERS)


def fill(folder: Path, bases: list[Base]) -> Counter[str]:
    """Thousands of different files with the same few pictures in them; returns what they hold in all."""
    expected: Counter[str] = Counter()
    before = bases[0], b""
    for number in range(MANY):
        base, data = bases[number % len(bases)], b""
        data = with_segment(base.data, 0xFE, b"photo %d" % number)
        if number % COPIED == COPIED - 1:
            base, data = before
            expected["copies"] += 1
        before = base, data
        if number % BROKEN == BROKEN - 1:
            base, data = Base(b"", 0, 0), data[:300]
            expected["refused"] += 1
            before = bases[0], with_segment(bases[0].data, 0xFE, b"instead %d" % number)
        expected["found"] += base.found
        expected["kept"] += base.kept
        place = folder / f"{number // 500:02}"
        place.mkdir(parents=True, exist_ok=True)
        (place / f"IMG_{number:05}.jpg").write_bytes(data)
    return expected


def run(many: Many, until: int | None, wait: float = 0.0) -> tuple[int, str]:
    """Ingest in a process, and kill it a moment after so many photos are done. Returns how many were; its report."""
    command = [sys.executable, "-c", CHILD, str(many.club.folder), WORDS[ANNA]]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    done, report = 0, ""
    for line in child.stdout:
        if line.startswith("report"):
            report = line
        else:
            done = int(line)
        if until is not None and done >= until:
            time.sleep(wait)
            child.kill()
            break
    child.stdout.close()
    child.wait()
    return done, report


def counts(club: Club) -> dict[str, int]:
    """What the registry holds of the source, and what the log says that was written."""
    mine = sa.select(t.sources.c.id).where(t.sources.c.name == "many").scalar_subquery()
    photo = t.photos.c.source == mine
    with club.anna.context.registry.read() as connection:

        def count(*where: sa.ColumnElement[bool], of: sa.FromClause = t.photos) -> int:
            return connection.scalar(sa.select(sa.func.count()).select_from(of).where(photo, *where)) or 0

        found = connection.scalar(sa.select(sa.func.sum(t.photos.c.faces_found)).where(photo)) or 0
        shown = t.appearances.join(t.photos)
        return {
            "photos": count(),
            "refused": count(t.photos.c.state == "refused"),
            "found": found,
            "kept": count(of=shown),
        }


def logged(club: Club, since: int) -> Counter[str]:
    """What the log's entries about batches add up to."""
    total: Counter[str] = Counter()
    for entry in club.anna.log_entries(since):
        if (entry["act"], entry["outcome"]) == ("ingest", "done") and "faces_found" in entry["facts"]:
            total.update({name: entry["facts"][name] for name in ("photos", "faces_found", "faces_kept")})
    return total


@pytest.mark.timeout(7200 if LONG else 1200)
def test_p27_kills_in_an_ingest_of_thousands_double_nothing_and_leave_no_stranger(many: Many) -> None:
    moments = random.Random(20261123)  # noqa: S311
    club = many.club
    club.anna = club.open(ANNA)
    since = club.anna.check_log().size
    club.close()
    before = {file.name for file in SHARED.iterdir()} if SHARED.is_dir() else set()
    kills, done = 0, 0
    while done < MANY - KILL_AFTER:
        done, report = run(many, done + KILL_AFTER, moments.uniform(0, 0.2))
        assert not report
        kills += 1
        if kills % (20 // SCANS) == 0:
            assert residue(club.places, many.pieces) == []
    assert kills >= 15
    done, report = run(many, None)
    assert done == MANY
    assert report.startswith(f"report {MANY} ")

    club.clock.now = int(time.time())
    club.anna = club.open(ANNA)
    club.anna.check_log()
    expected = many.expected
    assert counts(club) == {"photos": MANY} | {name: expected[name] for name in ("refused", "found", "kept")}
    written = logged(club, since)
    assert written["photos"] == MANY, "each photo was written in one batch, and in no other"
    assert (written["faces_found"], written["faces_kept"]) == (expected["found"], expected["kept"])
    again = club.anna.ingest("many")
    assert (again.new, again.already_known, again.missing) == (0, MANY, 0)
    club.close()
    assert residue(club.places, many.pieces) == []
    if SHARED.is_dir():
        left = {file.name for file in SHARED.iterdir()} - before
        assert not {name for name in left if not name.startswith(("countenance-", "pytest-", "PostgreSQL."))}
