"""A PostgreSQL server of the tests' own: at 127.0.0.1, in a temporary folder, its own user's, stopped by its number.

Debian's package is enough (``apt-get install postgresql``). Flushes to disk are left out: what a process has written
outlives its death without them, and only a power cut would show the difference.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

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

    @contextmanager
    def secured(self, address: str = "127.0.0.1") -> Iterator[Path]:
        """TLS, by a certificate for an address that an authority of the tests' own signed; yields the authority's."""
        authority, certificate, key = certificates(address)
        files = {"server.crt": certificate, "server.key": key, "authority.pem": authority}
        for name, content in files.items():
            place = self.folder / "data" / name
            place.write_bytes(content)
            place.chmod(0o600 if name.endswith("key") else 0o644)
            if self._as:
                shutil.chown(place, "postgres", "postgres")
        public = Path(tempfile.mkdtemp(prefix="countenance-ca-"), "authority.pem")
        public.write_bytes(authority)
        self.sql("ALTER SYSTEM SET ssl = on")
        try:
            self._reload("on")
            yield public
        finally:
            self.sql("ALTER SYSTEM RESET ssl")
            self._reload("off")
            shutil.rmtree(public.parent)

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

    def _reload(self, ssl: str) -> None:
        self.sql("SELECT pg_reload_conf()")
        until = time.monotonic() + 10
        while self.sql("SHOW ssl") != [(ssl,)]:
            assert time.monotonic() < until, (self.folder / "log").read_text()[-2000:]
            time.sleep(0.02)

    def _run(self, program: str, *words: object) -> None:
        command = [str(self._programs / program), *map(str, words)]
        subprocess.run(command, check=True, capture_output=True, cwd=self.folder, **self._as)


def certificates(address: str) -> tuple[bytes, bytes, bytes]:
    """An authority's certificate, one for this address that it has signed, and the key of that: PEM."""
    now = dt.datetime.now(dt.UTC)
    made: list[tuple[x509.Certificate, ec.EllipticCurvePrivateKey]] = []
    for name, is_authority in ((f"authority {secrets.token_hex(4)}", True), ("server", False)):
        key = ec.generate_private_key(ec.SECP256R1())
        named = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        by = made[0] if made else None
        builder = (
            x509.CertificateBuilder()
            .subject_name(named)
            .issuer_name(by[0].subject if by else named)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(days=1))
            .not_valid_after(now + dt.timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        )
        if not is_authority:
            host = x509.IPAddress(ipaddress.ip_address(address))
            builder = builder.add_extension(x509.SubjectAlternativeName([host]), critical=False)
        made.append((builder.sign(by[1] if by else key, hashes.SHA256()), key))
    (authority, _), (certificate, key) = made
    pem = serialization.Encoding.PEM
    plain = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return authority.public_bytes(pem), certificate.public_bytes(pem), plain


def _free_port() -> int:
    with socket.socket() as probing:
        probing.bind(("127.0.0.1", 0))
        return int(probing.getsockname()[1])
