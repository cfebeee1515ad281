"""The real server on a socket: what comes too slowly, too much at once, or made to be taken for something else."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

import httpx
import pytest
import uvicorn

from callers import PURPOSE
from clubs import Club
from countenance.http import service
from countenance.http.app import create_api
from countenance.web.front import Serving
from countenance.web.server import CONNECTIONS, UVICORN


@dataclass
class Served:
    club: Club
    port: int
    key: str

    def raw(self, *said: bytes, wait: float = 10) -> bytes:
        """What is answered to these bytes, sent as they are, to the end of the connection."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=wait) as line:
            answer = b""
            with suppress(ConnectionError):  # turned away before all was said; what was answered can be read still
                for each in said:
                    line.sendall(each)
            with suppress(ConnectionError):
                while part := line.recv(65_536):
                    answer += part
        return answer

    def lives(self) -> bool:
        with httpx.Client(trust_env=False) as program:
            headers = {"authorization": f"Bearer {self.key}"}
            return program.get(f"http://127.0.0.1:{self.port}/v1/whoami", headers=headers).status_code == 200


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    club = Club(tmp_path_factory.mktemp("flood"))
    key = club.anna.api_keys.create("x", roles=["operator"], purposes=[PURPOSE]).token
    api = create_api(club.anna)
    listening = socket.create_server(("127.0.0.1", 0), backlog=1024)
    server = Serving(uvicorn.Config(api, **UVICORN), api.state.service.stopping)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    yield Served(club, listening.getsockname()[1], key)
    server.should_exit = True
    thread.join(30)
    assert not thread.is_alive()
    club.close()


def head(served: Served, *more: str) -> bytes:
    lines = ["POST /v1/detect HTTP/1.1", "host: 127.0.0.1", f"authorization: Bearer {served.key}", "connection: close"]
    return "\r\n".join([*lines, *more, "", ""]).encode()


def test_p16_an_upload_that_does_not_come_is_not_waited_for(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "PATIENCE", 0.2)
    size = served.club.anna.context.book.size()
    answer = served.raw(
        head(served, "content-length: 1000", "content-type: multipart/form-data; boundary=a"), b"--a\r\n", wait=2
    )
    told, _, body = answer.partition(b"\r\n\r\n")
    assert told.startswith(b"HTTP/1.1 408 ")
    assert (json.loads(body)["code"], json.loads(body)["status"]) == ("too-slow", 408)
    assert served.club.anna.context.book.size() == size
    assert served.lives()


@pytest.mark.parametrize(
    ("more", "status"),
    [
        (("content-length: 5", "content-length: 6"), b"400"),
        (("content-length: 5", "transfer-encoding: chunked"), b"4"),
        (("content-length: -1",), b"400"),
        (("x: " + "a" * 70_000,), b"4"),
        (("x\x00y: 1",), b"400"),
        (("content-length: 99999999999",), b"413"),
        (("expect: 100-continue", "content-length: 99999999999"), b"413"),
    ],
)
def test_what_is_made_to_be_taken_for_two_requests_is_turned_away(
    served: Served, more: tuple[str, ...], status: bytes
) -> None:
    size = served.club.anna.context.book.size()
    answer = served.raw(head(served, *more), b"hello", b"GET /v1/whoami HTTP/1.1\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 " + status), answer[:80]
    assert answer.count(b"HTTP/1.1 ") == 1
    assert served.club.anna.context.book.size() == size


def test_a_thousand_connections_at_once_are_answered_or_told_to_come_again(served: Served) -> None:
    size = served.club.anna.context.book.size()

    async def one(gate: asyncio.Event) -> str:
        reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
        await gate.wait()
        try:
            writer.write(b"GET /v1/whoami HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
            await writer.drain()
            return (await reader.read(100)).split(b" ")[1].decode()
        finally:
            writer.close()

    async def flood() -> Counter[str]:
        gate = asyncio.Event()
        tasks = [asyncio.create_task(one(gate)) for _ in range(1_000)]
        await asyncio.sleep(1)
        gate.set()
        return Counter(await asyncio.gather(*tasks))

    answers = asyncio.run(flood())
    assert set(answers) <= {"401", "503"}
    assert answers["503"] >= 1_000 - CONNECTIONS - 1
    assert served.club.anna.context.book.size() == size
    until = time.monotonic() + 20
    while not served.lives():
        assert time.monotonic() < until
