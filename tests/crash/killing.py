"""Dying at the k-th write: a fork that counts what reaches the disk, and ends by SIGKILL just before one of them.

A write is a statement that changes a database (the registry's or the vault's), a commit, bytes written to a file, or a
file or folder made, put in place, removed or flushed. Just after one is just before the next, so every moment between
two writes is met. No vision is loaded where this forks, so a fork is safe.
"""

from __future__ import annotations

import gc
import hashlib
import io
import itertools
import json
import multiprocessing
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

from clubs import Club
from compiled import share

share()
CHANGES = ("insert", "update", "delete", "commit", "create", "drop", "alter", "vacuum", "pragma wal_checkpoint")
SETTINGS = {"_set_pragmas", "_connect", "connect"}
"""Functions whose statements change nothing on the disk."""
FILES = {"replace", "rename", "unlink", "rmdir", "mkdir", "fsync", "truncate"}
BYTES = {"write", "truncate", "flush"}
NAMES = FILES | BYTES | {"commit", "execute", "executemany"}
ALL = sys.maxsize
PROCESSES = 2

Ready = Callable[[], Callable[[], object]]
"""Makes ready without being watched, and gives back what is watched."""


class Killer:
    """Watches calls into C, tells of those that write, and ends the process just before one of them.

    Of the statements of a kind inside one transaction the first ``each`` count; commits and files are all counted.
    """

    def __init__(self, at: int, each: int, tell: Callable[[str], object]) -> None:
        self.at = at
        self.each = each
        self._tell = tell
        self._writes = 0
        self._kinds: Counter[str] = Counter()

    def __call__(self, frame: FrameType, event: str, called: Any) -> None:
        if event != "c_call" or getattr(called, "__name__", "") not in NAMES:
            return  # nearly all calls end here, and there are a great many
        what = _write(frame, called)
        if what is None:
            return
        if what.startswith("registry: "):
            kind = what.split()[1]
            self._kinds[kind] += 1
            if kind == "commit":
                self._kinds.clear()
            elif self._kinds[kind] > self.each:
                return
        self._writes += 1
        self._tell(what)
        if self._writes == self.at:
            os.kill(os.getpid(), signal.SIGKILL)


def _write(frame: FrameType, called: Any) -> str | None:
    owner, name = getattr(called, "__self__", None), called.__name__
    if isinstance(owner, (sqlite3.Connection, sqlite3.Cursor)):
        if name == "commit":
            return "registry: commit"
        return _statement(frame) if name in {"execute", "executemany"} else None
    buffered = isinstance(owner, (io.BufferedWriter, io.BufferedRandom)) and name in BYTES
    if buffered or (name in FILES and getattr(called, "__module__", "") == "posix"):
        return f"file: {name} {_where(frame)}"
    return None


def _statement(frame: FrameType) -> str | None:
    text = frame.f_locals.get("statement") or frame.f_locals.get("sql")
    if isinstance(text, str):
        words = " ".join(text.lower().split())
        return f"registry: {words[:40]}" if words.startswith(CHANGES) else None
    # The vault speaks to SQLite directly: its statements are literals, told apart by where they stand.
    return None if frame.f_code.co_name in SETTINGS else _where(frame)


def _where(frame: FrameType) -> str:
    caller = frame
    while Path(caller.f_code.co_filename).name in {"pathlib.py", "shutil.py"} and caller.f_back is not None:
        caller = caller.f_back
    return f"{Path(caller.f_code.co_filename).name}:{caller.f_lineno}"


def killed(ready: Ready, at: int, each: int = 1, look: Callable[[], object] | None = None) -> tuple[list[str], bool]:
    """Fork, work there, die at the k-th write. Says what was about to be written, and whether it lived to the end.

    With ``look`` the child stands still before each write until this process has looked.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _die(ready, at, each, writing, stops=look is not None)
    os.close(writing)
    seen = []
    with os.fdopen(reading) as pipe:
        for line in pipe:
            seen.append(line.strip())
            if look is not None:
                os.waitpid(child, os.WUNTRACED)
                look()
                os.kill(child, signal.SIGCONT)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return seen, False
    assert status == 0, f"the child failed at {at}"
    return seen, True


def _die(ready: Ready, at: int, each: int, told: int, *, stops: bool) -> None:
    """The child's part; does not return."""

    def tell(what: str) -> None:
        os.write(told, f"{what}\n".encode())
        if stops:
            os.kill(os.getpid(), signal.SIGSTOP)

    try:
        work = ready()
        sys.setprofile(Killer(at, each, tell))
        work()
        sys.setprofile(None)
    except BaseException as error:  # noqa: BLE001 - told by the exit code
        sys.setprofile(None)
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
        os._exit(3)
    os._exit(0)


def again(origin: Path, root: Path) -> Club:
    """A copy of the club, its paths turned to where it lies now; to be opened as after a crash."""
    config = root / "club" / "countenance.toml"
    config.write_text(config.read_text().replace(str(origin), str(root)))
    club = Club.__new__(Club)
    club.root, club.engine, club.opened = root, "exact", []
    club.clock = Club.__dataclass_fields__["clock"].default_factory()  # type: ignore[misc]
    return club


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


class Every:
    """Kills some work on a club at every write, and judges what each kill left."""

    def __init__(
        self,
        base: Path,
        work: Callable[[Club], Callable[[], object]],
        judge: Callable[[Club], dict[str, Any]],
        each: int = 1,
    ) -> None:
        """``base`` holds the club, as ``origin``; ``each`` as for `Killer`."""
        self.base, self.work, self.judge, self.each = base, work, judge, each
        self.origin = base / "origin"

    def tell(self) -> None:
        """Print a line of JSON for each kill: what was about to be written, and what was found afterwards.

        Where nothing on the disk changed between one write and the next (a statement inside a transaction, a file that
        was there already), the kills leave the same, and what the first of them left is judged for all of them.
        """
        self._rehearse()
        root, states = self._copy("count"), list[str]()
        self.writes, lived = killed(self._ready(root), 0, self.each, lambda: states.append(on_disk(root)))
        assert lived
        shutil.rmtree(root)
        numbers = itertools.groupby(range(1, len(self.writes) + 1), key=lambda number: states[number - 1])
        gc.freeze()  # what is there now stays, and the forks need not look at it over and over
        with multiprocessing.get_context("fork").Pool(PROCESSES) as pool:
            for said in pool.imap(self.kill, [list(same) for _, same in numbers]):
                print("\n".join(said), flush=True)  # noqa: T201

    def _rehearse(self) -> None:
        """Do it once unwatched: what is imported and what SQL is compiled here need not be in each fork, watched."""
        root = self._copy("rehearsal")
        club = again(self.origin, root)
        self.work(club)()
        club.close()
        self.judge(again(self.origin, root))
        shutil.rmtree(root)

    def kill(self, numbers: list[int]) -> list[str]:
        """Kill at these writes, before which the same lies on the disk."""
        lines, judged = [], None
        for number in numbers:
            root = self._copy(f"kill-{number}")
            seen, lived = killed(self._ready(root), number, self.each)
            assert seen == self.writes[:number], f"another run wrote otherwise: {seen[-1]}, {self.writes[number - 1]}"
            judged = judged or self.judge(again(self.origin, root))
            said = {"at": number, "of": len(self.writes), "write": self.writes[number - 1], "lived": lived}
            lines.append(json.dumps(said | {"state": numbers[0]} | judged))
            shutil.rmtree(root)
        return lines

    def _copy(self, name: str) -> Path:
        return Path(shutil.copytree(self.origin, self.base / name))

    def _ready(self, root: Path) -> Ready:
        return lambda: self.work(again(self.origin, root))


def on_disk(root: Path) -> str:
    """A digest of all that outlives a process: not locks, nor what SQLite shares between living processes."""
    hashed = hashlib.sha256()
    for file in sorted(each for each in root.rglob("*") if not each.name.endswith((".lock", "-shm"))):
        hashed.update(f"{file.relative_to(root)}\n".encode() + (file.read_bytes() if file.is_file() else b""))
    return hashed.hexdigest()


def told_by(runner: Path, *words: str) -> list[dict[str, Any]]:
    """What a runner printed. It is a process of its own, that may fork, and works in memory: a flush costs nothing."""
    memory = "/dev/shm"  # noqa: S108
    folder = Path(tempfile.mkdtemp(prefix="countenance-kills-", dir=memory if os.access(memory, os.W_OK) else None))
    single = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "XDG_CONFIG_HOME": str(folder)}
    try:
        done = subprocess.run(
            [sys.executable, str(runner), str(folder), *words],
            capture_output=True,
            text=True,
            check=False,
            env=os.environ | single,
            timeout=840,
        )
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    assert done.returncode == 0, done.stderr[-2000:]
    return [json.loads(line) for line in done.stdout.splitlines()]
