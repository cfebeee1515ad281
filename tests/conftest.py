"""What all tests share: nobody's own configuration is touched, and clubs lie in memory where that is possible."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from hypothesis import Phase, settings

from clubs import Club
from compiled import share
from milvuses import Milvuses
from servers import Server, missing

LONG = os.environ.get("COUNTENANCE_LONG") == "1"
BROKEN = "COUNTENANCE_TEST_SEEDS" in os.environ
"""The source may be broken on purpose (see `workshop`): that a test fails is enough, and nobody reads of what."""
_phases = (Phase.explicit, Phase.generate) if BROKEN else tuple(Phase)
settings.register_profile("countenance", deadline=None, print_blob=True, phases=_phases)
settings.load_profile("countenance")
share()


LENGTHY = (
    "test_rules_can_fail.py",
    "test_lint.py",
    "test_restore.py",
    "test_gallery_machine.py",
    "test_order.py",
    "test_erase.py",
    "test_clearview.py",
    "test_milvus.py",
    "test_index.py",
    "test_engine.py",
    "test_ingest_many.py",
    "test_postgresql.py",
    "test_snapshot.py",
    "test_indexing.py",
    "test_outbox.py",
    "test_from_laptop_to_cluster.py",
)
"""Files that take minutes. They begin first, so that no core waits for another in the end."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: LENGTHY.index(item.path.name) if item.path.name in LENGTHY else len(LENGTHY))
    if not LONG:
        for item in items:
            if item.get_closest_marker("long"):
                item.add_marker(pytest.mark.skip(reason="a long run: set COUNTENANCE_LONG=1 (make test-long)"))


@pytest.fixture(scope="session", autouse=True)
def _own_configuration(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No test may write into the user's real configuration."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CONFIG_HOME", str(tmp_path_factory.mktemp("config")))
        patch.delenv("COUNTENANCE_PASSPHRASE", raising=False)
        patch.delenv("COLUMNS", raising=False)  # what is printed is as wide as in a pipe, whoever runs the tests
        yield


@pytest.fixture(scope="module", autouse=True)
def _no_loop_is_left() -> Iterator[None]:
    """A file that leaves an event loop running in this thread fails: no test after it could run one of its own."""
    yield
    left = asyncio._get_running_loop()
    assert left is None, "an event loop still runs: stop what started it (Playwright?) at the end of the file"


@pytest.fixture(scope="module")
def _milvuses() -> Iterator[Milvuses]:
    with ExitStack() as closing:
        yield Milvuses(closing)


@pytest.fixture
def milvuses(_milvuses: Milvuses) -> Iterator[Milvuses]:
    """Milvus servers, started once a file: idle, one takes a twentieth of a core until it ends. What a test opens on
    them is dropped at its end."""
    yield _milvuses
    _milvuses.tidy()


@pytest.fixture
def quick_folder(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory where there is one, since a flush to disk takes longer than all the rest."""
    memory = Path("/dev/shm")  # noqa: S108
    if not (memory.is_dir() and os.access(memory, os.W_OK)):
        yield tmp_path
        return
    folder = Path(tempfile.mkdtemp(prefix="countenance-test-", dir=memory))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def club(quick_folder: Path) -> Iterator[Club]:
    """A founded gallery: Anna with every role, Ben controller and officer, one notice, the clock in 2027."""
    made = Club(quick_folder)
    yield made
    made.close()


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """A PostgreSQL server, one a run; skipped where there is none. A test that uses it is marked ``postgresql``."""
    why = missing()
    if why:
        pytest.skip(why)
    with pytest.MonkeyPatch.context() as patch:
        for name in ("COUNTENANCE_REGISTRY_PASSWORD", "COUNTENANCE_REGISTRY_OWNER_PASSWORD", "PGPASSWORD"):
            patch.delenv(name, raising=False)
        started = Server()
        try:
            yield started
        finally:
            started.stop()


@pytest.fixture
def pg_club(server: Server, quick_folder: Path) -> Iterator[Club]:
    """`club`, with its records on PostgreSQL."""
    made = Club(quick_folder, server=server)
    yield made
    made.close()
