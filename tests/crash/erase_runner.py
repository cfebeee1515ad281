"""Runs by itself: an erasure that is killed at its k-th write, for every k, each in a forked child.

A write is a statement that changes a database (the registry's or the vault's), a commit, or a file put in place. The
child dies by SIGKILL just before it; just after one is just before the next. No vision is loaded, so a fork is safe.
Prints one line of JSON a kill: what was being written, and what the gallery was like when it was opened again.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import sys
from pathlib import Path
from types import FrameType
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from clubs import ANNA, Club, looked
from countenance.errors import CountenanceError
from countenance.gallery.erasing import _markers

VICTIM, OTHERS = 3, (1, 2, 4)
VICTIM_HANDLE = f"person-{VICTIM}"
CHANGES = ("insert", "update", "delete", "commit", "pragma wal_checkpoint", "vacuum")


class Killer:
    """Watches calls into C, counts those that write, and ends the process just before one of them."""

    def __init__(self, at: int) -> None:
        self.at = at
        self.seen: list[str] = []

    def __call__(self, frame: FrameType, event: str, called: Any) -> None:
        what = self._write(frame, called) if event == "c_call" else None
        if what is not None:
            self.seen.append(what)
            if len(self.seen) == self.at:
                os.kill(os.getpid(), signal.SIGKILL)

    def _write(self, frame: FrameType, called: Any) -> str | None:
        owner, name = getattr(called, "__self__", None), getattr(called, "__name__", "")
        if isinstance(owner, (sqlite3.Connection, sqlite3.Cursor)):
            if name == "commit":
                return "registry: commit"
            if name in {"execute", "executemany"}:
                return self._statement(frame)
        if called is os.replace or (name == "rename" and getattr(called, "__module__", "") == "posix"):
            return "file: put in place"
        return None

    def _statement(self, frame: FrameType) -> str | None:
        for name in ("statement", "sql"):
            text = frame.f_locals.get(name)
            if isinstance(text, str):
                words = text.strip().lower()
                return f"registry: {words[:40]}" if words.startswith(CHANGES) else None
        # The vault speaks to SQLite directly: its statements are literals, told apart by where they stand.
        return f"{Path(frame.f_code.co_filename).name}:{frame.f_lineno}"


def made(root: Path) -> Club:
    club = Club(root, engine="exact")
    source = club.source()
    for number in (*OTHERS, VICTIM):
        club.person(f"Person {number}", number)
    club.ingest(source, [looked(f"{number}.jpg", [number, VICTIM]) for number in OTHERS])
    assert club.found(VICTIM) == [f"person-{VICTIM}"]
    return club


def again(origin: Path, root: Path) -> Club:
    """A copy of the club, its paths turned to where it lies now; opened as after a crash."""
    config = root / "club" / "countenance.toml"
    config.write_text(config.read_text().replace(str(origin), str(root)))
    club = Club.__new__(Club)
    club.root, club.engine, club.opened = root, "exact", []
    club.clock = Club.__dataclass_fields__["clock"].default_factory()  # type: ignore[misc]
    return club


def erase(root: Path, origin: Path, at: int) -> tuple[list[str], bool]:
    """Fork, erase there, die at the k-th write. Says what was written, and whether it lived to the end."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        club = again(origin, root)
        session = club.open(ANNA)
        killer = Killer(at)
        sys.setprofile(killer)
        session.erase(f"person-{VICTIM}", reason="withdrawn")
        sys.setprofile(None)
        os.write(writing, json.dumps(killer.seen).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        said = pipe.read()
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return [], False
    assert status == 0, f"the child failed at {at}"
    return json.loads(said), True


def bytes_in(places: tuple[Path, ...], markers: list[bytes]) -> list[str]:
    return [
        f"{file.name}: marker {number}"
        for place in places
        for file in sorted(place.rglob("*"))
        if file.is_file()
        for number, marker in enumerate(markers)
        if marker[8:32] in file.read_bytes()
    ]


def judge(club: Club, markers: list[bytes], leaves: int) -> dict[str, Any]:
    """Open as a person would, and look for faults."""
    club.anna = club.open(ANNA)
    began = VICTIM_HANDLE not in [subject.handle for subject in club.anna.subjects.list()]
    faults: list[str] = []
    try:
        if club.anna.check_log().size < leaves:
            faults.append("the log lost entries")
        if not began:
            # The kill came before the decision took effect: the person is whole, and the same command erases them.
            faults += [] if club.found(VICTIM) == [VICTIM_HANDLE] else ["the person is neither here nor gone"]
            club.anna.erase(VICTIM_HANDLE, reason="withdrawn")
        club.anna.check_log()
    except CountenanceError as error:
        faults.append(error.message)
    faults += [f"found: {hit}" for hit in club.found(VICTIM)]
    faults += [f"lost: {n}" for n in OTHERS if club.found(n) != [f"person-{n}"]]
    shown = [candidate for n in OTHERS for candidate in club.search(n).candidates]
    faults += [f"appearances of {c.subject}: {len(c.appearances)}" for c in shown if len(c.appearances) != 1]
    faults += bytes_in(club.places, markers)
    certificates = certificates_of(club)
    if [each["counts"] for each in certificates] != [{"references": 1, "appearances": 3}]:
        faults.append(f"certificates: {[each['counts'] for each in certificates]}")
    status = club.anna.status()
    if status["unfinished_erasures"] or status["counts"]["erasures"] != 1:
        faults.append(f"erasures {status['counts']['erasures']}, unfinished {status['unfinished_erasures']}")
    club.close()
    return {"began": began, "faults": faults, "scanned": certificates[0]["scan"]["markers"] if certificates else 0}


def certificates_of(club: Club) -> list[dict[str, Any]]:
    import sqlalchemy as sa

    from countenance.registry import schema as t

    with club.anna.context.registry.read() as connection:
        rows = connection.scalars(sa.select(t.erasures.c.certificate)).all()
    return [json.loads(row)["body"] for row in rows if row]


def main() -> None:
    base = Path(sys.argv[1])
    origin = base / "origin"
    club = made(origin)
    subject = club.anna.subjects.get(VICTIM_HANDLE)
    with club.anna.context.registry.read() as connection:
        markers = _markers(connection, club.anna.context.keys, subject.id)
    leaves = club.anna.check_log().size
    club.close()
    shutil.copytree(origin, base / "count")
    writes, _ = erase(base / "count", origin, 0)
    for number, write in enumerate(writes, start=1):
        root = base / f"kill-{number}"
        shutil.copytree(origin, root)
        _, lived = erase(root, origin, number)
        said = {"at": number, "of": len(writes), "write": write, "lived": lived}
        print(json.dumps(said | judge(again(origin, root), markers, leaves)), flush=True)  # noqa: T201
        shutil.rmtree(root)


main()
