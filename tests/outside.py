"""Real servers on 127.0.0.1 that take checkpoints: a mail server, and a time-stamping authority made of openssl."""

from __future__ import annotations

import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

OPENSSL = shutil.which("openssl")

_CONFIG = """
[ req ]
distinguished_name = name
x509_extensions = ca
prompt = no
[ name ]
CN = {name}
[ ca ]
basicConstraints = critical, CA:true
keyUsage = critical, keyCertSign
[ stamping ]
basicConstraints = critical, CA:false
keyUsage = critical, digitalSignature
extendedKeyUsage = critical, timeStamping
[ tsa ]
default_tsa = one
[ one ]
serial = {folder}/serial
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
accuracy = secs:1
ess_cert_id_alg = sha256
"""


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def self_signed(folder: Path) -> Path:
    """A key and a certificate that nobody vouches for."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + timedelta(days=1))
    file = folder / "server.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(private + made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    return file


class Authority:
    """A time-stamping authority: a root certificate, a certificate for stamping, and what openssl makes of a query."""

    def __init__(self, folder: Path, name: str = "An authority") -> None:
        folder.mkdir()
        self.folder = folder
        self.root = folder / "root.pem"
        (folder / "openssl.cnf").write_text(_CONFIG.format(name=name, folder=folder))
        (folder / "serial").write_text("01\n")
        self._run("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "root.key", "-out", "root.pem")
        self._run("req", "-newkey", "rsa:2048", "-nodes", "-keyout", "tsa.key", "-out", "tsa.csr", "-subj", "/CN=TSA")
        self._run(
            "x509", "-req", "-in", "tsa.csr", "-CA", "root.pem", "-CAkey", "root.key", "-set_serial", "2",
            "-extfile", "openssl.cnf", "-extensions", "stamping", "-out", "tsa.pem",
        )  # fmt: skip

    def answer(self, query: bytes, *more: str) -> bytes:
        (self.folder / "query").write_bytes(query)
        self._run(
            "ts", "-reply", "-queryfile", "query", "-signer", "tsa.pem", "-inkey", "tsa.key", "-out", "answer", *more
        )
        return (self.folder / "answer").read_bytes()

    def _run(self, command: str, *more: str) -> None:
        config = () if command == "x509" else ("-config", "openssl.cnf")
        subprocess.run(
            [OPENSSL or "openssl", command, *config, *more], cwd=self.folder, capture_output=True, check=True
        )


@dataclass
class Behaviour:
    """What the server does with a request; a test changes it."""

    authority: Authority
    status: int = 200
    kind: str = "application/timestamp-reply"
    body: bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)
    asked: list[bytes] = field(default_factory=list)


@contextmanager
def stamping(authority: Authority) -> Iterator[tuple[str, Behaviour]]:
    """The authority behind HTTP; gives its address."""
    behaviour = Behaviour(authority)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            query = self.rfile.read(int(self.headers["Content-Length"]))
            behaviour.asked.append(query)
            body = authority.answer(query) if behaviour.body is None else behaviour.body
            self.send_response(behaviour.status)
            for name, value in behaviour.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Type", behaviour.kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/stamp", behaviour
        finally:
            server.shutdown()
            thread.join()


class Mailbox:
    """What a mail server has taken."""

    def __init__(self) -> None:
        self.letters: list[Any] = []

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - the library's
        self.letters.append(envelope)
        return "250 OK"


@contextmanager
def mail_server(**options: Any) -> Iterator[tuple[int, Mailbox]]:
    """A real SMTP server; gives its port."""
    from aiosmtpd.controller import Controller

    box = Mailbox()
    server = Controller(box, hostname="127.0.0.1", port=free_port(), **options)
    server.start()
    try:
        yield server.port, box
    finally:
        server.stop()
