"""Before page and API: our own name, TLS, whose word is taken for where a request comes from, and what is refused."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn

from countenance.config import HttpSection
from countenance.errors import BadConfiguration
from countenance.web.front import Patient
from countenance.web.gate import FAULT, Gate
from countenance.web.guard import Session
from countenance.web.reaching import Reach, check, reach
from countenance.web.running import UVICORN
from servers import certificates
from web.conftest import TestClient

PUBLIC = "https://faces.example"
TLS = "strict-transport-security"


async def inner(scope: Any, _receive: Any, send: Any) -> None:
    """Tells what came through."""
    fault = scope.get(FAULT)
    told = {
        "fault": None if fault is None else fault.message,
        "host": next((value.decode() for name, value in scope["headers"] if name == b"host"), ""),
        "forwarded": sorted(name.decode() for name, _ in scope["headers"] if name.startswith(b"x-forwarded")),
    }
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": json.dumps(told).encode()})


def asked(
    url: str, *, peer: str = "127.0.0.1", proxies: tuple[str, ...] = (), public: str | None = PUBLIC, **headers: str
) -> Any:
    wanted = reach(HttpSection(public_url=public, proxies=proxies), Path())
    gate = Gate(inner, session=Session(8420, wanted.public_url), reach=wanted)
    browser = TestClient(gate, base_url=url, client=(peer, 5000))
    return browser.get("/people", headers={name.replace("_", "-"): value for name, value in headers.items()})


@pytest.mark.parametrize("host", ["evil.example", "faces.example.evil.example", "localhost", "127.0.0.1:8421", ""])
def test_p3_another_name_for_this_machine_is_refused(host: str) -> None:
    assert "own address" in asked("http://127.0.0.1:8420", host=host).json()["fault"]


@pytest.mark.parametrize("host", ["127.0.0.1:8420", "localhost:8420", "[::1]:8420", "LOCALHOST:8420"])
def test_our_own_names_are_answered(host: str) -> None:
    assert asked("http://127.0.0.1:8420", host=host).json()["fault"] is None


def test_p30_nobody_speaks_in_clear_from_elsewhere() -> None:
    for url, peer in (("http://127.0.0.1:8420", "10.0.0.9"), ("http://faces.example", "127.0.0.1")):
        assert "TLS only" in asked(url, peer=peer).json()["fault"]


def test_p30_a_proxy_s_word_is_taken_and_nobody_else_s() -> None:
    forwarded = {"x_forwarded_host": "faces.example", "x_forwarded_proto": "https", "x_forwarded_for": "192.0.2.7"}
    for peer, proxies in (("10.0.0.9", ()), ("10.0.0.9", ("10.0.1.0/24",)), ("127.0.0.1", ("10.0.0.9",))):
        assert asked("http://10.0.0.1:8420", peer=peer, proxies=proxies, **forwarded).json()["fault"]
    answer = asked("http://10.0.0.1:8420", peer="10.0.0.9", proxies=("10.0.0.0/24",), **forwarded)
    assert answer.json() == {"fault": None, "host": "faces.example", "forwarded": []}
    clear = forwarded | {"x_forwarded_proto": "http"}
    silent = {"x_forwarded_host": "faces.example"}
    for each in (clear, silent):
        answer = asked("http://10.0.0.1:8420", peer="10.0.0.9", proxies=("10.0.0.9",), **each)
        assert "TLS only" in answer.json()["fault"]


def test_a_browser_that_came_over_tls_is_told_to_go_on_so() -> None:
    assert asked(PUBLIC).headers[TLS]
    assert TLS not in asked("https://localhost:8420").headers  # it would shut out what else runs on localhost
    assert TLS not in asked("http://127.0.0.1:8420").headers


def test_whoever_watches_may_ask_by_any_name() -> None:
    gate = Gate(inner, session=Session(8420), reach=Reach())
    watcher = TestClient(gate, base_url="http://10.1.2.3:8420", client=("10.9.9.9", 1))
    for path in ("/healthz", "/readyz", "/metrics"):
        assert watcher.get(path).json()["fault"] is None


# --- what [http] may say ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("section", "wrong"),
    [
        ({"host": "10.0.0.5"}, "beyond this machine, and nothing is encrypted"),
        ({"host": "192.168.1.5", "public_url": PUBLIC}, "nothing is encrypted"),
        ({"host": "::", "proxies": ("10.0.0.1",)}, "nobody knows its name"),
        ({"public_url": PUBLIC}, "nothing here or before it speaks TLS"),
        ({"certificate": Path("a.pem")}, "a certificate without a key"),
        ({"certificate": Path("a.pem"), "key": Path("b.pem")}, "cannot be read"),
    ],
)
def test_p30_what_would_be_reached_in_clear_is_not_served(section: dict[str, Any], wrong: str, tmp_path: Path) -> None:
    with pytest.raises(BadConfiguration, match=wrong) as refused:
        check(reach(HttpSection(**section), tmp_path))
    assert refused.value.hint


@pytest.mark.parametrize(
    "section",
    [
        {"host": "example.org"},
        {"host": "127.0.0.1:80"},
        {"public_url": "http://faces.example"},
        {"public_url": "https://faces.example/path"},
        {"public_url": "https://user@faces.example"},
        {"proxies": ("0.0.0.0/0",)},
        {"proxies": ("a proxy",)},
        {"workers": 0},
    ],
)
def test_p30_a_section_that_says_what_cannot_be_is_refused(section: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        HttpSection(**section)


def test_what_is_missing_is_said(tmp_path: Path) -> None:
    assert "need https" in check(Reach())[0]
    assert check(Reach(public_url=PUBLIC, proxies=reach(HttpSection(proxies=("10.0.0.1",)), tmp_path).proxies)) == []
    number = reach(HttpSection(public_url="https://192.0.2.1", proxies=("10.0.0.1",)), tmp_path)
    assert "Passkeys belong to a name" in check(number)[0]


def test_it_speaks_tls_itself(tmp_path: Path) -> None:
    authority, certificate, key = certificates("127.0.0.1")
    for name, data in (("authority.pem", authority), ("a.pem", certificate), ("a.key", key)):
        (tmp_path / name).write_bytes(data)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        section = HttpSection(port=port, certificate=Path("a.pem"), key=Path("a.key"))
        wanted = reach(section, tmp_path)
        session = Session(port, secure=wanted.secure)
        gate = Gate(inner, session=session, reach=wanted)
        server = uvicorn.Server(uvicorn.Config(gate, http=Patient, **UVICORN, **wanted.tls()))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        trusted = ssl.create_default_context(cafile=tmp_path / "authority.pem")
        try:
            with httpx.Client(verify=trusted, trust_env=False) as browser:
                told = browser.get(session.address).json()
        finally:
            server.should_exit = True
            thread.join()
    assert session.address.startswith(f"https://127.0.0.1:{port}/open?key=")
    assert (told["fault"], told["host"]) == (None, f"127.0.0.1:{port}")


def test_a_certificate_and_its_own_key_serve(tmp_path: Path) -> None:
    _, certificate, key = certificates("127.0.0.1")
    _, other, _ = certificates("127.0.0.1")
    for name, data in (("a.pem", certificate), ("other.pem", other), ("a.key", key)):
        (tmp_path / name).write_bytes(data)
    section = {"host": "10.0.0.5", "public_url": PUBLIC, "key": Path("a.key")}
    wanted = reach(HttpSection(**section, certificate=Path("a.pem")), tmp_path)
    assert check(wanted) == []
    assert wanted.tls() == {"ssl_certfile": tmp_path / "a.pem", "ssl_keyfile": tmp_path / "a.key"}
    with pytest.raises(BadConfiguration, match="do not belong together"):
        check(reach(HttpSection(**section, certificate=Path("other.pem")), tmp_path))
