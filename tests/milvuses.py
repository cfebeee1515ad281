"""Milvus to test against: a real server, and the small one, each in a process of its own, on this machine alone."""

from __future__ import annotations

import contextlib
import importlib.util
import itertools
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import apart
from countenance.index import Place
from countenance.index.milvus import MilvusIndex

CONTRACT = "0123abcd" * 8
Sort = tuple[Any, ...]


def _lacks(*modules: str) -> bool:
    return any(importlib.util.find_spec(name) is None for name in modules)


SERVER = pytest.param(
    "milvus",
    marks=[
        pytest.mark.milvus,
        pytest.mark.skipif(_lacks("milvus", "pymilvus"), reason="Milvus is not installed: pip install milvus pymilvus"),
        pytest.mark.skipif(not apart.possible(), reason="Milvus listens everywhere, and cannot be shut in here"),
    ],
)
LITE = pytest.param(
    "milvus-lite",
    marks=[
        pytest.mark.milvus,
        pytest.mark.skipif(
            _lacks("milvus_lite", "pymilvus"), reason="Milvus Lite is not installed: pip install milvus-lite"
        ),
    ],
)
KINDS = [SERVER, LITE]


@dataclass
class Milvuses:
    """Servers that are started when a test first asks for them, and the indexes that tests have opened on them."""

    closing: ExitStack
    running: dict[str, Any] = field(default_factory=dict)
    opened: list[tuple[Sort, MilvusIndex]] = field(default_factory=list)
    idle: dict[Sort, list[MilvusIndex]] = field(default_factory=lambda: defaultdict(list))
    numbers: Iterator[int] = field(default_factory=itertools.count)

    def address(self, kind: str) -> str:
        """Where the server of this kind listens."""
        if kind not in self.running:
            self.running[kind] = self.closing.enter_context(STARTED[kind]())
        return self.running[kind].address

    def place(self, kind: str, gallery: str = "", **more: Any) -> Place:
        """A place of its own on that server, or a gallery's."""
        gallery = gallery or f"test-{next(self.numbers)}"
        return Place(self.address(kind), gallery, CONTRACT, encrypted_disk=True, **more)

    def index(self, kind: str, dimension: int, **more: Any) -> MilvusIndex:
        """An empty index, for this test. To make a collection takes seconds, so that one is emptied and lent again."""
        sort = (kind, dimension, *more.items())
        index = self.idle[sort].pop() if self.idle[sort] else MilvusIndex(dimension, self.place(kind, **more))
        self.opened.append((sort, index))
        return index

    def tidy(self) -> None:
        """Empty what the test has opened."""
        while self.opened:
            sort, index = self.opened.pop()
            for name in index._all():
                index._server.delete(name, np.array(index._server.rows(name, "id > 0", ["id"])["id"], np.int64))
            self.idle[sort].append(index)


class Process:
    """A server in a process of its own, which is stopped, or killed, by its number and no other way."""

    def __init__(self, command: list[str], folder: Path, port: int, env: dict[str, str]) -> None:
        self.port, self._command, self._folder, self._env = port, command, folder, env
        self.start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(self._command, cwd=self._folder, stdout=log, stderr=log, env=self._env)
        if not answers(self):
            self.kill()
            raise AssertionError((self._folder / "log").read_text(errors="replace")[-3000:])

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def kill(self) -> None:
        """As a power cut would: SIGKILL, of the server first where it is shut in."""
        shut_in = self._folder / "number"
        if shut_in.exists() and self.alive:
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(shut_in.read_text()), signal.SIGKILL)
        else:
            self._process.send_signal(signal.SIGKILL)
        self._process.wait(30)

    def stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self.kill()


def answers(process: Process, seconds: float = 90) -> bool:
    """Whether the server answers before long."""
    from pymilvus import MilvusClient
    from pymilvus.exceptions import MilvusException

    end = time.monotonic() + seconds
    while time.monotonic() < end and process.alive:
        with socket.socket() as probe:
            probe.settimeout(1)
            if probe.connect_ex(("127.0.0.1", process.port)):
                time.sleep(0.2)
                continue
        try:
            client = MilvusClient(process.address, timeout=5)
            client.list_collections()
        except MilvusException:
            time.sleep(0.5)
            continue
        client.close()
        return True
    return False


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextmanager
def lite(folder: Path | None = None) -> Iterator[Process]:
    """Milvus Lite behind a port: the same protocol, another engine."""
    with _folder(folder) as here:
        port = free_port()
        command = [
            sys.executable,
            "-P",
            "-W",
            "ignore",
            "-m",
            "milvus_lite",
            "server",
            "--data-dir",
            str(here / "data"),
        ]
        process = Process([*command, "--host", "127.0.0.1", "--port", str(port)], here, port, _plain())
        try:
            yield process
        finally:
            process.stop()


@contextmanager
def serving(folder: Path | None = None) -> Iterator[Process]:
    """A real Milvus server, standalone, with everything it needs in its own process and folder.

    Its interim indexes are off, as the how-to says, and its clock ticks fast, so that strong consistency waits less. It
    listens at every address and cannot be told otherwise, so it has a network of its own (see `apart`).
    """
    from milvus import MilvusServerConfig

    with _folder(folder) as here:
        config = MilvusServerConfig(data_dir=str(here))
        for name, value in SET.items():
            config.set(name, value)
        config.resolve_storage()
        for name in [name for name in config.configurable_items if name.endswith("_port")]:
            config.set(name, free_port())
        config.write_config()
        binaries = _unpacked()
        env = {
            "DEPLOY_MODE": "STANDALONE",
            "METRICS_PORT": str(free_port()),
            "MILVUS_RUN_DIR": str(here / "run"),
            "LD_LIBRARY_PATH": str(binaries),
            "ETCD_CONFIG_PATH": str(_etcd(here)),
        }
        port = int(config.get("proxy_port"))
        shut_in = [sys.executable, apart.__file__, str(port), str(here / "number"), "--"]
        process = Process([*shut_in, str(binaries / "milvus"), "run", "standalone"], here, port, _plain() | env)
        try:
            yield process
        finally:
            process.kill()  # it takes its time to say goodbye, and nobody wants what it has


SET = {
    "etcd_log_level": "error",
    "log.level": "error",
    "queryNode.segcore.interimIndex.enableIndex": "false",
    "proxy.timeTickInterval": "50",
    "common.session.ttl": "5",  # seconds until a server that was killed counts as gone
}


def _etcd(folder: Path) -> Path:
    """Ports of its own for the etcd inside, so that two servers can run at once."""
    clients, peers = f"http://127.0.0.1:{free_port()}", f"http://127.0.0.1:{free_port()}"
    lines = [
        f"listen-client-urls: {clients}",
        f"advertise-client-urls: {clients}",
        f"listen-peer-urls: {peers}",
        f"initial-advertise-peer-urls: {peers}",
        f"initial-cluster: default={peers}",
    ]
    file = folder / "etcd.yaml"
    file.write_text("\n".join([*lines, ""]))
    return file


def _unpacked() -> Path:
    """The server's binaries, which the package carries compressed: unpacked once, beside the packages."""
    import milvus

    target = Path(sys.prefix) / "share" / f"milvus-{milvus.__version__}"
    if not target.exists():
        fresh = Path(tempfile.mkdtemp(prefix=".milvus-", dir=_made(target.parent)))
        milvus._initialize_data_files(str(fresh))
        with contextlib.suppress(OSError):  # another process was first
            fresh.rename(target)
        shutil.rmtree(fresh, ignore_errors=True)
    return target / "bin"


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


STARTED: dict[str, Callable[[], AbstractContextManager[Process]]] = {"milvus": serving, "milvus-lite": lite}


@contextmanager
def _folder(given: Path | None) -> Iterator[Path]:
    if given is not None:
        yield given
        return
    made = Path(tempfile.mkdtemp(prefix="countenance-milvus-"))
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _plain() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.upper().endswith("_PROXY")}
