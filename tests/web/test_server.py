"""The real server, in a process of its own."""

from __future__ import annotations

import asyncio
import os
import re
import socket
import subprocess
import sys

import httpx
import pytest

from countenance.demo.club import ANNA
from countenance.errors import BadConfiguration, Unavailable
from countenance.web import server
from countenance.web.reaching import Reach

PROGRAM = "from pathlib import Path; from countenance.web.server import serve; import sys; serve(Path(sys.argv[1]), demo=False, port=int(sys.argv[2]), open_browser=False, sign_in=False)"  # noqa: E501


@pytest.fixture
def taken():
    """A port that somebody else has."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield other.getsockname()[1]


def test_it_takes_the_next_port_on_this_machine_only(taken):
    with server._listening(Reach(port=taken)) as listening:
        host, port = listening.getsockname()
    assert host == "127.0.0.1"
    assert taken < port < taken + 20


@pytest.mark.parametrize("handed_on", [False, True])
def test_what_is_small_is_sent_at_once(handed_on):
    """Or an answer in two parts waits until the other side has said that it has the first: 40 ms each time."""

    class Taken(asyncio.Protocol):
        def connection_made(self, transport):
            taken = transport.get_extra_info("socket")
            at_once.set_result(taken.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            transport.close()

    async def asked(listening):
        nonlocal at_once
        at_once = asyncio.get_running_loop().create_future()
        async with await asyncio.get_running_loop().create_server(Taken, sock=listening):
            _, writer = await asyncio.open_connection(*listening.getsockname())
            writer.close()
            return await asyncio.wait_for(at_once, 30)

    at_once = None
    with server._listening(Reach(port=0)) as listening:
        number = os.dup(listening.fileno())  # as each of several processes has it
        with socket.socket(fileno=number) as same:
            assert asyncio.run(asked(same if handed_on else listening)) == 1


def test_no_free_port_is_said(taken, monkeypatch):
    monkeypatch.setattr(server, "_TRIES", 1)
    with pytest.raises(Unavailable, match=str(taken)):
        server._listening(Reach(port=taken))


def test_without_a_gallery_it_says_what_to_give():
    with pytest.raises(BadConfiguration):
        server.serve(None, demo=False, port=0)


def test_it_serves_a_gallery_to_the_address_that_it_shows(seed, tmp_path):
    environment = os.environ | {"COUNTENANCE_PASSPHRASE": seed.passphrases[ANNA], "HOME": os.environ["HOME"]}
    serving = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(seed.club), "0"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment,
    )  # fmt: skip
    try:
        assert serving.stdout
        said = serving.stdout.readline() + serving.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:\d+/open\?key=\S+", said)
        assert found, said
        with httpx.Client(follow_redirects=True, trust_env=False) as browser:
            page = browser.get(found[0])
            assert page.status_code == 200
            assert "Riverside Rowing Club" in page.text
            assert "sample" not in page.text.lower()  # samples are the demo's
    finally:
        serving.terminate()
        _, errors = serving.communicate(timeout=30)
    assert "Traceback" not in errors
    assert "key=" not in errors
