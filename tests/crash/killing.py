"""Dying at the k-th write: a fork that counts what reaches the disk, and ends by SIGKILL just before one of them.

A write is a statement or commit on any SQLite connection, a file put in place, removed or flushed. Just after one is
just before the next, so every moment between two writes is met.
"""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

CHANGES = ("insert", "update", "delete", "commit", "create", "drop", "alter", "vacuum", "pragma wal_checkpoint")
SETTINGS = {"_set_pragmas", "_connect", "connect"}
"""Functions whose statements change nothing on the disk."""
FILES = {"replace", "rename", "unlink", "rmdir", "mkdir", "fsync", "truncate"}


class Killer:
    """Watches calls into C, counts those that write, and ends the process just before one of them."""

    def __init__(self, at: int, each: int = 1) -> None:
        self.at = at
        self.each = each
        self.seen: list[str] = []
        self._many: dict[str, int] = {}

    def __call__(self, frame: FrameType, event: str, called: Any) -> None:
        what = self._write(frame, called) if event == "c_call" else None
        if what is None:
            return
        # Of statements inside one transaction the first few say it all; commits and files are all counted.
        self._many[what] = self._many.get(what, 0) + 1
        if what.startswith("sql ") and self._many[what] > self.each:
            return
        self.seen.append(what)
        if len(self.seen) == self.at:
            os.kill(os.getpid(), signal.SIGKILL)

    def _write(self, frame: FrameType, called: Any) -> str | None:
        owner, name = getattr(called, "__self__", None), getattr(called, "__name__", "")
        caller = frame
        while Path(caller.f_code.co_filename).name in {"pathlib.py", "shutil.py"} and caller.f_back is not None:
            caller = caller.f_back
        where = f"{Path(caller.f_code.co_filename).name}:{caller.f_lineno}"
        if isinstance(owner, (sqlite3.Connection, sqlite3.Cursor)):
            if name == "commit":
                return f"commit {where}"
            if name in {"execute", "executemany"}:
                text = frame.f_locals.get("statement") or frame.f_locals.get("sql")
                if isinstance(text, str):
                    words = text.strip().lower()
                    return f"sql {words.split()[0]}" if words.startswith(CHANGES) else None
                return None if frame.f_code.co_name in SETTINGS else f"vault {where}"
        if name in FILES and getattr(called, "__module__", "") == "posix":
            return f"{name} {where}"
        return None


def killed(work: Callable[[], object], at: int, each: int = 1) -> tuple[list[str], bool]:
    """Fork, work there, die at the k-th write. Says what was written, and whether it lived to the end."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        killer = Killer(at, each)
        try:
            sys.setprofile(killer)
            work()
            sys.setprofile(None)
            os.write(writing, json.dumps(killer.seen).encode())
        except BaseException as error:  # noqa: BLE001 - told by the exit code
            sys.setprofile(None)
            sys.stderr.write(f"{type(error).__name__}: {error}\n")
            os._exit(3)
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
