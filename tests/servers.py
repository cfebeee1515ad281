"""A PostgreSQL server of the tests' own: at 127.0.0.1, in a temporary folder, its own user's, stopped by its number.

Debian's package is enough (``apt-get install postgresql``). Flushes to disk are left out: what a process has written
outlives its death without them, and only a power cut would show the difference.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from functools import cache
from pathlib import Path
from typing import Any

from countenance.registry.address import OWNER_PASSWORD, PASSWORD
from countenance.registry.owning import Owner

OWNER, APP = "club_owner", "club_app"
SECRET = "not a secret at all"
PREPARED = "prepared"
"""A database with empty tables, of which every test gets a copy."""


def programs() -> Path | None:
    """The folder of PostgreSQL's programs."""
    found = shutil.which("initdb")
    places = (
        [Path(found).resolve().parent] if found else sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    )
    return next((place for place in places if (place / "postgres").exists()), None)


@cache
def missing() -> str | None:
    """Why no server can be started here."""
    try:
        import psycopg  # noqa: F401
    except ImportError:
        return "psycopg is not installed: pip install 'countenance[postgresql]'"
    if programs() is None:
        return "PostgreSQL is not installed: apt-get install postgresql"
    if os.geteuid() == 0:
        try:
            pwd.getpwnam("postgres")
        except KeyError:
            return "PostgreSQL refuses root, and there is no user postgres"
    return None


class Server:
    """Started when it is made. Sets the passwords into the environment, where the program looks for them."""

    def __init__(self) -> None:
        place = programs()
        assert place is not None
        self._programs = place
        memory = "/dev/shm"  # noqa: S108
        self.folder = Path(
            tempfile.mkdtemp(prefix="countenance-pg-", dir=memory if os.access(memory, os.W_OK) else None)
        )
        self._as: dict[str, Any] = {}
        if os.geteuid() == 0:
            shutil.chown(self.folder, "postgres", "postgres")
            self._as = {"user": "postgres", "group": "postgres", "extra_groups": []}
        words = self.folder / "words"
        words.write_text(SECRET)
        words.chmod(0o644)
        options = ["-A", "scram-sha-256", "-U", "postgres", "--pwfile", words, "-E", "UTF8", "--locale=C", "--no-sync"]
        self._run("initdb", "-D", self.folder / "data", *options)
        self.port = _free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._copies = 0
        try:
            self.start()
            for role in (OWNER, APP):
                self.sql(f"CREATE ROLE {role} LOGIN PASSWORD '{SECRET}'")
            os.environ[PASSWORD] = os.environ[OWNER_PASSWORD] = SECRET
            self.sql(f"CREATE DATABASE {PREPARED} OWNER {OWNER}")
            with Owner(self.url(PREPARED, OWNER)) as owner:
                owner.prepare(APP)
        except BaseException:
            self.stop()
            raise

    def start(self) -> None:
        """Start it, or start it again where it was killed."""
        command = [
            self._programs / "postgres", "-D", self.folder / "data", "-h", "127.0.0.1", "-p", f"{self.port}",
            "-k", "", "-c", "fsync=off", "-c", "max_connections=40", "-c", "shared_buffers=16MB",
        ]  # fmt: skip
        until = time.monotonic() + 30
        while True:
            with (self.folder / "log").open("ab") as log:
                self._process = subprocess.Popen(command, stdout=log, stderr=log, cwd=self.folder, **self._as)
            if self._answers(until):
                return
            # Right after a kill the old server's last processes may still hold its memory.
            assert time.monotonic() < until, (self.folder / "log").read_text()[-2000:]
            time.sleep(0.1)

    @property
    def alive(self) -> bool:
        """Whether the postmaster runs."""
        return self._process is not None and self._process.poll() is None

    def kill(self) -> None:
        """``kill -9`` of the postmaster, and of nothing else: its other processes notice and go."""
        assert self._process is not None
        os.kill(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def stop(self) -> None:
        """Stop it by its number, and remove its folder."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(30)
        shutil.rmtree(self.folder, ignore_errors=True)

    def url(self, database: str, role: str = APP) -> str:
        """The address of a database, as a configuration has it."""
        return f"postgresql://{role}@127.0.0.1:{self.port}/{database}"

    def copy(self, database: str = PREPARED) -> str:
        """A new database like this one, which nobody has open; its name."""
        self._copies += 1
        name = f"copy_{self._copies}"
        self.sql(f"CREATE DATABASE {name} TEMPLATE {database} OWNER {OWNER} STRATEGY FILE_COPY")
        return name

    def empty(self) -> str:
        """A new database without tables; its name."""
        return self.copy("template0")

    def sql(self, text: str, database: str = "postgres", role: str = "postgres") -> list[tuple[Any, ...]]:
        """Any statement, as anybody."""
        with self.connect(database, role) as connection:
            cursor = connection.execute(text)
            return cursor.fetchall() if cursor.description else []

    def connect(self, database: str, role: str = "postgres") -> Any:
        """A connection of psycopg's own, past all of ours; what it does is committed at once."""
        import psycopg

        return psycopg.connect(
            host="127.0.0.1", port=self.port, user=role, password=SECRET, dbname=database, autocommit=True
        )

    def _answers(self, until: float) -> bool:
        import psycopg

        assert self._process is not None
        while time.monotonic() < until and self._process.poll() is None:
            try:
                self.connect("postgres").close()
            except psycopg.OperationalError:
                time.sleep(0.05)
            else:
                return True
        return False

    def _run(self, program: str, *words: object) -> None:
        command = [str(self._programs / program), *map(str, words)]
        subprocess.run(command, check=True, capture_output=True, cwd=self.folder, **self._as)


def _free_port() -> int:
    with socket.socket() as probing:
        probing.bind(("127.0.0.1", 0))
        return int(probing.getsockname()[1])
