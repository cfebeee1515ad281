"""Several processes that answer on one socket: started, started again when one ends, and stopped together.

The parent answers nothing and opens no gallery. Each worker is a program of its own (`countenance.web.worker`), told on
its standard input what it needs; when that ends, because the parent was killed, the worker stops by itself.
"""

from __future__ import annotations

import json
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from countenance.errors import CountenanceError, Unavailable
from countenance.web.running import GRACE, Asked

if TYPE_CHECKING:
    from countenance.config import Settings
    from countenance.web.reaching import Reach

_LOOK = 0.2
"""Seconds between two looks at the workers."""
_SOON = 10.0
"""Seconds: who ends within them is not started again at once."""
_LONGEST = 30.0
"""Seconds that one that ends again and again waits at the most."""
_AT_THE_END = GRACE + 20
"""Seconds in which a worker that was told to stop has to have stopped: what it answers, and then its jobs."""


@dataclass(slots=True)
class _Member:
    """One worker."""

    number: int
    process: subprocess.Popen[str]
    began: float
    again: float | None = None
    quick: int = 0
    """How many before it ended soon after they began."""


class Crew:
    """The workers of one service.

    Args:
        settings: Of the gallery.
        wanted: How it is reached.
        asked: What was asked for.
        listening: The socket that all of them listen on.
        passphrase: Of the account's key, where the environment does not hold it.
    """

    def __init__(
        self, settings: Settings, wanted: Reach, asked: Asked, listening: socket.socket, passphrase: str | None
    ) -> None:
        self._listening = listening
        port = listening.getsockname()[1]
        self._counts = settings.data / "serving" / f"{port}"
        self._told = {
            "config": str(settings.file), "asked": asdict(asked), "passphrase": passphrase,
            "socket": listening.fileno(),
            "host": wanted.host, "port": port, "secret": secrets.token_urlsafe(32), "counts": str(self._counts),
        }  # fmt: skip
        self._stopping = threading.Event()
        self._members: list[_Member] = []

    def run(self, count: int, tell: Callable[[str, str], None]) -> None:
        """Have so many workers answer until a signal comes. Raises what keeps the first one from beginning."""
        self._counts.mkdir(mode=0o700, parents=True, exist_ok=True)
        for old in self._counts.glob("counts-*"):
            old.unlink(missing_ok=True)
        self._told["among"] = count
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self._stopping.set())
        try:
            self._members.append(self._start(0))
            first = self._said(self._members[0].process)
            if first is None:
                return
            tell(first["address"], first["organisation"])
            self._members += [self._start(number) for number in range(1, count)]
            while not self._stopping.wait(_LOOK):
                for each in self._members:
                    self._look_after(each)
        finally:
            self._stop()

    # --- inside ------------------------------------------------------------------------------------------------------

    def _start(self, number: int) -> _Member:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "countenance.web.worker"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            pass_fds=[self._listening.fileno()], start_new_session=True,
        )  # fmt: skip
        assert process.stdin is not None  # noqa: S101 - for the type checker
        process.stdin.write(json.dumps(self._told | {"number": number}) + "\n")
        process.stdin.flush()
        return _Member(number, process, time.monotonic())

    def _said(self, process: subprocess.Popen[str]) -> dict[str, Any] | None:
        """What a worker says when it begins; None where it was stopped before. Raises what keeps it from beginning."""
        assert process.stdout is not None  # noqa: S101
        line = process.stdout.readline()
        told: dict[str, Any] = json.loads(line) if line.strip() else {}
        if "address" in told:
            return told
        if self._stopping.is_set():
            return None
        raise _error(told)

    def _look_after(self, each: _Member) -> None:
        """Start a worker again that has ended: at once, or after a while where it ends again and again."""
        now = time.monotonic()
        if each.again is not None:
            if now >= each.again:
                self._replace(each)
        elif each.process.poll() is not None:
            each.quick = each.quick + 1 if now - each.began < _SOON else 0
            each.again = now + (min(2.0**each.quick, _LONGEST) if each.quick else 0.0)
            code = each.process.returncode
            why = f"by signal {-code}" if code < 0 else f"with {code}"
            _say(f"Worker {each.number + 1} (process {each.process.pid}) ended {why}; another one is started.")

    def _replace(self, each: _Member) -> None:
        for pipe in (each.process.stdin, each.process.stdout):
            if pipe is not None:
                pipe.close()
        fresh = self._start(each.number)
        each.process, each.began, each.again = fresh.process, fresh.began, None

    def _stop(self) -> None:
        """Each by its own number; those that do not end in time are killed."""
        until = time.monotonic() + _AT_THE_END
        for each in self._members:
            if each.process.poll() is None:
                each.process.terminate()
        for each in self._members:
            try:
                each.process.wait(max(0.0, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                each.process.kill()
                each.process.wait()


def _error(told: dict[str, Any]) -> CountenanceError:
    """What a worker said of why it could not begin, as it was raised there."""
    if "message" not in told:
        return Unavailable("The first worker ended before it could begin.", hint="Look at what it wrote, above.")
    kinds, found = [CountenanceError], CountenanceError
    while kinds:
        kind = kinds.pop()
        kinds += kind.__subclasses__()
        if kind.code == told["code"]:
            found = kind
    return found(told["message"], hint=told["hint"])


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()
