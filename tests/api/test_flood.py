"""The real server on a socket: what comes too slowly, too much at once, or made to be taken for something else."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
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
from countenance.web import front, guard
from countenance.web.app import create_app
from countenance.web.front import Front, Patient, Serving
from countenance.web.gate import Gate
from countenance.web.guard import Session
from countenance.web.reaching import Reach
from countenance.web.running import UVICORN
from countenance.web.site import Site

PLACES = 64
"""Requests at one time."""


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
    session = Session(listening.getsockname()[1])
    both = Front(create_app(Site(club.anna, session)), api)
    gate = Gate(both, session=session, reach=Reach(port=session.port), most=PLACES)
    server = Serving(uvicorn.Config(gate, http=Patient, **UVICORN), api.state.service.stopping)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    yield Served(club, listening.getsockname()[1], key)
    server.should_exit = True
    thread.join(30)
    assert not thread.is_alive()
    club.close()


def head(served: Served, *more: str) -> bytes:
    lines = [
        "POST /v1/detect HTTP/1.1",
        f"host: 127.0.0.1:{served.port}",
        f"authorization: Bearer {served.key}",
        "connection: close",
    ]
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


def said(answer: bytes) -> tuple[int, dict[str, str], str]:
    """An answer's status, headers and body."""
    told, _, body = answer.partition(b"\r\n\r\n")
    first, *lines = told.decode("latin-1").split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in lines)
    return int(first.split(" ")[1]), headers, body.decode()


def asked(served: Served, line: str, *more: str) -> bytes:
    lines = [f"{line} HTTP/1.1", f"host: 127.0.0.1:{served.port}", "connection: close", *more, "", ""]
    return "\r\n".join(lines).encode()


async def one(served: Served, sent: bytes, gate: asyncio.Event | None = None) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
    try:
        if gate is not None:
            await gate.wait()
        writer.write(sent)
        await writer.drain()
        return await reader.read()
    finally:
        writer.close()


def test_a_thousand_connections_at_once_are_answered_or_told_to_come_again(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Uploads that do not come take every place. The others are told when to come again, each door in its own shape."""
    monkeypatch.setattr(service, "PATIENCE", 4.0)
    size = served.club.anna.context.book.size()
    slow = head(served, "content-length: 1000", "content-type: multipart/form-data; boundary=a")
    target = "x-amz-target: RekognitionService.ListCollections"
    doors = {
        "health": asked(served, "GET /healthz"), "v1": asked(served, "GET /v1/whoami"),
        "page": asked(served, "GET /rights"), "rekognition": asked(served, "POST /", target),
        "compreface": asked(served, "GET /api/v1/recognition/subjects"),
    }  # fmt: skip

    async def flood() -> tuple[Counter[int], dict[str, bytes]]:
        gate = asyncio.Event()
        tasks = [asyncio.create_task(one(served, slow, gate)) for _ in range(1_000)]
        await asyncio.sleep(0.5)
        gate.set()
        await asyncio.sleep(1.5)
        answers = {name: await one(served, sent) for name, sent in doors.items()}
        return Counter(said(each)[0] for each in await asyncio.gather(*tasks)), answers

    counted, answers = asyncio.run(flood())
    assert counted == {408: PLACES, 503: 1_000 - PLACES}
    assert said(answers.pop("health"))[0] == 200
    for name, answer in answers.items():
        status, headers, body = said(answer)
        assert (status, headers["retry-after"]) == (503, "5"), name
        assert "Too many requests" in body
    assert json.loads(said(answers["v1"])[2])["code"] == "unavailable"
    assert said(answers["rekognition"])[1]["x-amzn-errortype"] == "serviceunavailableexception"
    assert set(json.loads(said(answers["compreface"])[2])) == {"message", "code"}
    assert "<html" in said(answers["page"])[2]
    assert served.club.anna.context.book.size() == size
    assert served.lives()


def test_a_page_does_not_wait_for_an_upload_that_does_not_come(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "PATIENCE", 0.2)
    status, headers, body = said(served.raw(asked(served, "POST /rights", "content-length: 9"), wait=5))
    assert (status, headers["retry-after"]) == (503, "5")
    assert "did not come in time" in body


def test_a_connection_on_which_nothing_is_asked_is_closed(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(front, "PATIENCE", 0.1)
    assert served.raw(wait=5) == b""
    assert served.lives()
