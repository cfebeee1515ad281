"""Milvus to test against: a real server, and the small one, each in a process of its own, on this machine alone."""

from __future__ import annotations

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
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from countenance.index import Place
from countenance.index.milvus import MilvusIndex

CONTRACT = "0123abcd" * 8


def _lacks(*modules: str) -> bool:
    return any(importlib.util.find_spec(name) is None for name in modules)


SERVER = pytest.param(
    "milvus",
    marks=[
        pytest.mark.milvus,
        pytest.mark.skipif(_lacks("milvus", "pymilvus"), reason="Milvus is not installed: pip install milvus pymilvus"),
    ],
)
LITE = pytest.param(
    "milvus-lite",
    marks=[
        pytest.mark.milvus,
        pytest.mark.skipif(_lacks("milvus_lite", "pymilvus"), reason="Milvus Lite is not installed: pip install milvus-lite"),
    ],
)
KINDS = [SERVER, LITE]


@dataclass
class Milvuses:
    """Servers that are started when a test first asks for them, and the indexes that tests have opened on them."""

    closing: ExitStack
    running: dict[str, Any] = field(default_factory=dict)
    opened: list[MilvusIndex] = field(default_factory=list)
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
        """An empty index, which is dropped after the test."""
        index = MilvusIndex(dimension, self.place(kind, **more))
        self.opened.append(index)
        return index

    def tidy(self) -> None:
        """Drop what the test has opened."""
        while self.opened:
            index = self.opened.pop()
            index.clear()
            index.close()


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
        """As a power cut would: SIGKILL."""
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
        command = [sys.executable, "-P", "-W", "ignore", "-m", "milvus_lite", "server", "--data-dir", str(here / "data")]
        process = Process([*command, "--host", "127.0.0.1", "--port", str(port)], here, port, _plain())
        try:
            yield process
        finally:
            process.stop()


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
