"""A measured process: which cores it may use, what it answers, and how much memory it and its children take."""

from __future__ import annotations

import ctypes
import gc
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

T = TypeVar("T")
STAGES = ("read", "decode", "detect", "embed")
"""What looking at a photo consists of: read and hash, decode, detect, embed."""
ROOT = Path(__file__).resolve().parents[1]
_PAGE = os.sysconf("SC_PAGE_SIZE")
_EVERY = 0.04
"""Seconds between two looks at the memory."""


class Failed(Exception):
    """A measured process that ended badly, with the last lines that it wrote."""


def cores(count: int) -> set[int]:
    """The last ``count`` of the cores that this process may use: the first one has the machine's own work to do."""
    return set(sorted(os.sched_getaffinity(0))[-count:])


@contextmanager
def pinned(allowed: set[int]) -> Iterator[None]:
    """What is started in here runs on these cores alone; its children too."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, allowed)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def timed(work: Callable[[], T]) -> tuple[T, float]:
    """What it gave, and the seconds that it took."""
    began = time.perf_counter()
    done = work()
    return done, time.perf_counter() - began


def answer(
    command: Sequence[str | Path],
    *,
    count: int,
    environment: Mapping[str, str] | None = None,
    peak: Peak | None = None,
) -> dict[str, Any]:
    """Run a command on ``count`` cores and give the JSON that it prints last. Raises `Failed`."""
    with pinned(cores(count)):
        process = subprocess.Popen(  # noqa: S603 - our own commands
            [str(word) for word in command],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=ROOT,
            env=dict(environment or os.environ),
            text=True,
        )
    with process, peak.of(process.pid) if peak else nullcontext():
        told, complaint = process.communicate()
    if process.returncode:
        raise Failed(f"{' '.join(map(str, command[:4]))} …: {complaint.strip()[-1500:]}")
    found: dict[str, Any] = json.loads(told.strip().splitlines()[-1])
    return found


def ours(
    module: str,
    *arguments: str | Path,
    count: int,
    backend: str = "auto",
    detect: str = "standard",
    peak: Peak | None = None,
) -> dict[str, Any]:
    """Run one of our own measuring modules in a fresh process, with galleries set to this backend and way."""
    environment = os.environ | {"COUNTENANCE_VISION__BACKEND": backend, "COUNTENANCE_VISION__DETECT": detect}
    return answer(
        [sys.executable, "-m", f"benchmarks.{module}", *arguments], count=count, environment=environment, peak=peak
    )


class Peak:
    """The most memory that a process and all its children take together, looked at every so many seconds.

    Counted is the proportional set size: memory that several share is split among them, not counted twice. Where a
    process does not let itself be looked into, its resident set is taken, which is more. To look takes milliseconds,
    in which the process that is looked at gets no memory: seldom is better beside what is timed.
    """

    def __init__(self, every: float = _EVERY) -> None:
        self.bytes = 0
        self._every = every

    @contextmanager
    def of(self, pid: int) -> Iterator[None]:
        """Watch ``pid`` while the block runs."""
        over = threading.Event()
        watching = threading.Thread(target=self._watch, args=(pid, over), daemon=True)
        watching.start()
        try:
            yield
        finally:
            over.set()
            watching.join()

    def _watch(self, pid: int, over: threading.Event) -> None:
        while not over.wait(self._every):
            self.bytes = max(self.bytes, sum(map(_held, family(pid))))


def family(pid: int) -> list[int]:
    """A process and all that descend from it."""
    found = [pid]
    for one in found:
        for task in Path(f"/proc/{one}/task").glob("*/children"):
            with suppress(OSError):
                found += [int(child) for child in task.read_text("ascii").split()]
    return found


def _held(pid: int) -> int:
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text("ascii").splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    with suppress(OSError):
        return int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1]) * _PAGE
    return 0


def free() -> None:
    """Give memory that is not used any more back to the system, so that it is not counted."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)


def held() -> int:
    """Bytes of memory of this process alone, without the files that it reads."""
    for line in Path("/proc/self/status").read_text("ascii").splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) * 1024
    return 0


def read_bandwidth() -> float:
    """Bytes a second that one thread reads from memory, at best: of 512 MB, more than a processor's cache."""
    some = np.ones(128_000_000, np.float32)
    return some.nbytes / min(timed(lambda: np.dot(some, some))[1] for _ in range(7))
