"""A Ray cluster on this machine that the engines of several tests use in turn, and a look into its processes."""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from countenance.errors import Unavailable
from countenance.photos.store import Found

INSTALLED = pytest.mark.skipif(
    importlib.util.find_spec("ray") is None,
    reason="Ray is not installed: pip install 'countenance[ray]'",
)

MEMORY = Path("/dev/shm")  # noqa: S108
OTHERS = ("countenance-", "PostgreSQL.")
"""How the names begin that other tests' processes make there: our temporary folders, a server's shared memory."""


class Lent:
    """A cluster that stays when an engine closes it."""

    def __init__(self, cluster: Any) -> None:
        self._cluster = cluster

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cluster, name)

    def close(self) -> None:
        """It is closed by whoever started it."""


@contextmanager
def started(workers: int) -> Iterator[Lent]:
    """A cluster of our own, in which every answer goes through the object store, however small it is."""
    from countenance.ingest.ray_cluster import HERE, Cluster

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_max_direct_call_object_size", "0")
        patch.setenv("PYTHONPATH", str(Path(__file__).parent))  # for stores of the tests' own
        cluster = Cluster(HERE, workers)
    try:
        yield Lent(cluster)
    finally:
        cluster.close()


class Away:
    """A store that was there when the work began, and is not there any more."""

    def check(self) -> None:
        """All is well."""

    def files(self) -> Iterator[Found]:
        yield Found(b"a.jpg", 1, 1)

    def read(self, path: bytes, limit: int) -> bytes:
        raise Unavailable("The store is away.")

    def close(self) -> None:
        """Nothing is open."""


# --- processes -------------------------------------------------------------------------------------------------------


def below(parent: int) -> dict[int, str]:
    """The processes that descend from this one, each with its command line."""
    parents, told = {}, {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                told[int(entry.name)] = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
    found = {parent}
    while more := {child for child, its in parents.items() if its in found} - found:
        found |= more
    return {child: told[child] for child in found - {parent}}


def listening(numbers: set[int]) -> set[str]:
    """The addresses at which these processes listen, as /proc/net/tcp and tcp6 write them."""
    sockets = set()
    for number in numbers:
        try:
            sockets |= {str(each.readlink()) for each in Path(f"/proc/{number}/fd").iterdir()}
        except OSError:
            continue
    lines = [
        line.split() for table in ("tcp", "tcp6") for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]
    ]
    return {line[1].partition(":")[0] for line in lines if line[3] == "0A" and f"socket:[{line[9]}]" in sockets}


def mapped(number: int, name: str) -> bytes:
    """What a process has in memory of the files whose name holds this, without pages of zeros."""
    found, page = bytearray(), 4096
    with Path(f"/proc/{number}/mem").open("rb") as memory:
        for line in Path(f"/proc/{number}/maps").read_text().splitlines():
            if name in line and line.split()[1].startswith("r"):
                start, end = (int(part, 16) for part in line.split()[0].split("-"))
                memory.seek(start)
                for _ in range(start, end, page):
                    part = memory.read(page)
                    found += part if any(part) else b""
    return bytes(found)


def left_in_memory(before: set[Path]) -> set[Path]:
    """What has come to the folder in memory since then and stays, other tests' folders and servers aside."""

    def new() -> set[Path]:
        return {file for file in set(MEMORY.iterdir()) - before if not file.name.startswith(OTHERS)}

    soon(lambda: not new(), 10)  # another process' semaphore is there for a moment
    return new()


def soon(true: Callable[[], bool], seconds: float = 60) -> bool:
    """Whether something becomes true before long."""
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            return False
        time.sleep(0.1)
    return True
