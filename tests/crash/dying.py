"""A process that is killed at its k-th write, for runners that fork: no vision is loaded there, so a fork is safe.

A write is a statement that changes a database (the registry's or the vault's), a commit, bytes written to a file (the
ledger, the markers), or a file put in place or removed. The child dies by SIGKILL just before it; just after one is
just before the next.
"""

from __future__ import annotations

import io
import json
import os
import signal
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

from clubs import Club

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
            if name in {"execute", "executemany"} and frame.f_code.co_name != "_set_pragmas":
                return self._statement(frame)
        if isinstance(owner, (io.BufferedWriter, io.BufferedRandom)) and name in {"write", "truncate", "flush"}:
            return f"file: {name}"
        if name in {"unlink", "fsync"} and getattr(called, "__module__", "") == "posix":
            return f"file: {name}"
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


def again(origin: Path, root: Path) -> Club:
    """A copy of the club, its paths turned to where it lies now; opened as after a crash."""
    config = root / "club" / "countenance.toml"
    config.write_text(config.read_text().replace(str(origin), str(root)))
    club = Club.__new__(Club)
    club.root, club.engine, club.opened = root, "exact", []
    club.clock = Club.__dataclass_fields__["clock"].default_factory()  # type: ignore[misc]
    return club


def in_child(act: Callable[[Club], Callable[[], object]], root: Path, origin: Path, at: int) -> tuple[list[str], bool]:
    """Fork, do it there, die at the k-th write. Says what was written, and whether it lived to the end.

    ``act`` makes ready without being watched, and gives back what is watched.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        watched = act(again(origin, root))
        killer = Killer(at)
        sys.setprofile(killer)
        watched()
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
    """The files that hold a marker."""
    return [
        f"{file.name}: marker {number}"
        for place in places
        for file in sorted(place.rglob("*"))
        if file.is_file()
        for number, marker in enumerate(markers)
        if marker[8:32] in file.read_bytes()
    ]
