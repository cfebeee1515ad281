"""Several processes on one port, on a real PostgreSQL: what one of them knows the others know; one may be killed."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from clubs import ANNA, WORDS, Club, MovableClock
from countenance.errors import BadConfiguration
from countenance.samples import cast
from countenance.web.server import serve
from servers import Server

PURPOSE = "photo-library"
MINUTE = 60
RATE = 100
"""Requests of one account in a minute."""

pytestmark = pytest.mark.postgresql


@dataclass
class Service:
    """A running service of two workers."""

    club: Club
    process: subprocess.Popen[str]
    port: int
    anna: str
    ben: str

    @property
    def workers(self) -> list[int]:
        """The numbers of the processes that answer."""
        found: list[int] = []
        for file in Path(f"/proc/{self.process.pid}/task").glob("*/children"):
            found += map(int, file.read_text().split())
        return sorted(found)

    def ask(self, path: str, *, method: str = "GET", key: str | None = None, **more: Any) -> httpx.Response:
        """One request on a connection of its own: any of the workers may take it."""
        headers = {"authorization": f"Bearer {key or self.anna}"} | more.pop("headers", {})
        with httpx.Client(trust_env=False, base_url=f"http://127.0.0.1:{self.port}", timeout=30) as program:
            return program.request(method, path, headers=headers, **more)

    def counted(self) -> list[int]:
        """How many requests each worker has answered."""
        files = sorted((self.club.folder / "data" / "serving" / f"{self.port}").glob("counts-*.json"))
        return [sum(number for _, number in json.loads(file.read_text())[0]) for file in files]


def until(ready: Callable[[], object], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < end
        time.sleep(0.1)


def together(count: int, ask: Callable[[int], Any]) -> list[Any]:
    """So many at one time."""
    answers: list[Any] = [None] * count
    threads = [threading.Thread(target=lambda n=n: answers.__setitem__(n, ask(n))) for n in range(count)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    return answers


@pytest.fixture(scope="module")
def service(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    club = Club(tmp_path_factory.mktemp("workers"), server=server, clock=MovableClock(int(time.time()) - 60))
    folder = club.root / "party"
    folder.mkdir()
    for photo in cast().party()[:2]:
        shutil.copy(photo.path, folder)
    club.anna.sources.add("party", folder, statement="ours", purposes=[PURPOSE])
    given = ((club.anna, ["operator", "controller", "officer"]), (club.ben, ["controller"]))
    keys = [who.api_keys.create("x", roles=roles, purposes=[PURPOSE]).token for who, roles in given]
    command = ["--config", str(club.folder), "serve", "--port", "0", "--no-open", "--workers", "2"]
    process = subprocess.Popen(
        [sys.executable, "-m", "countenance", *command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env=os.environ | {"COUNTENANCE_PASSPHRASE": WORDS[ANNA], "COUNTENANCE_HTTP__REQUESTS": f"{RATE}"},
        cwd=Path.home(),
    )  # fmt: skip
    assert process.stdout
    said = process.stdout.readline() + process.stdout.readline()
    found = re.search(r"http://127\.0\.0\.1:(\d+)/open\?key=", said)
    assert found, said + process.communicate()[1]
    made = Service(club, process, int(found[1]), *keys)
    until(lambda: len(made.workers) == 2)
    yield made
    if process.poll() is None:
        process.terminate()
        process.communicate(timeout=60)
    club.close()


def test_several_processes_on_a_file_are_refused(club: Club) -> None:
    with pytest.raises(BadConfiguration, match="one writer") as refused:
        serve(club.folder, demo=False, workers=2)
    assert "registry move" in refused.value.hint


def test_all_of_them_answer_and_one_tells_the_counts_of_all(service: Service) -> None:
    until(lambda: service.ask("/healthz").is_success and len(told := service.counted()) == 2 and all(told))
    before = sum(service.counted())
    assert {each.status_code for each in together(8, lambda _: service.ask("/healthz"))} == {200}
    told = service.ask("/metrics").text
    asked = sum(int(line.rpartition(" ")[2]) for line in told.splitlines() if line.startswith("countenance_requests_t"))
    assert asked >= before
    until(lambda: sum(service.counted()) >= before + 8)


def test_a_form_of_one_is_taken_by_another(service: Service) -> None:
    pages = [service.ask("/rights").text for _ in range(6)]
    assert len({re.search(r'name="token" value="(\w+)"', page)[1] for page in pages}) == 1  # type: ignore[index]


def test_a_write_with_an_idempotency_key_is_done_once(service: Service) -> None:
    person = {"name": "Dora", "territory": "GB"}
    asked = {"method": "POST", "json": person, "headers": {"idempotency-key": "dora"}}
    answers = together(6, lambda _: service.ask("/v1/subjects", **asked))
    assert Counter(each.status_code for each in answers)[201] >= 1
    assert {each.status_code for each in answers} <= {201, 409}
    assert len({each.json()["handle"] for each in answers if each.status_code == 201}) == 1


def test_a_job_of_one_is_followed_and_told_by_another(service: Service) -> None:
    begun = service.ask("/v1/sources/party/ingest", method="POST", json={})
    assert begun.status_code == 202, begun.text
    job = begun.json()["id"]
    told = together(3, lambda _: service.ask(f"/v1/jobs/{job}/events").text)
    assert all("event: done" in each for each in told), told
    assert {service.ask(f"/v1/jobs/{job}").json()["state"] for _ in range(4)} == {"done"}


def test_the_rate_is_one_for_all_of_them(service: Service) -> None:
    left = MINUTE - time.time() % MINUTE
    if left < 15:
        time.sleep(left + 0.1)
    answers = Counter(service.ask("/v1/whoami", key=service.ben).status_code for _ in range(RATE + 20))
    assert set(answers) == {200, 429}
    assert RATE - 10 <= answers[200] <= RATE  # what one of them has drawn and not used is lost with the minute


def test_p13_one_of_them_does_the_day_s_work(service: Service) -> None:
    leaves = [json.loads(line) for line in service.club.anna.export_log()]
    assert len([leaf for leaf in leaves if leaf["act"] == "purge" and "due" in leaf["facts"]]) == 1


def test_who_is_killed_is_started_again_and_the_others_answer_meanwhile(service: Service) -> None:
    before = service.workers
    os.kill(before[0], signal.SIGKILL)
    until(lambda: len(service.workers) == 2 and service.workers != before)
    assert before[1] in service.workers
    assert {service.ask("/v1/whoami").status_code for _ in range(10)} == {200}
    assert service.process.poll() is None


def test_all_of_them_stop_when_the_one_is_told_to(service: Service) -> None:
    workers = service.workers
    service.process.terminate()
    _, errors = service.process.communicate(timeout=60)
    assert service.process.returncode == 0
    assert "another one is started" in errors
    assert "Traceback" not in errors
    until(lambda: not any(Path(f"/proc/{each}").exists() for each in workers))


def test_a_worker_whose_parent_is_gone_stops(service: Service) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        told = {
            "config": str(service.club.folder / "countenance.toml"), "passphrase": WORDS[ANNA], "host": "127.0.0.1",
            "port": listening.getsockname()[1], "socket": listening.fileno(), "secret": "x", "number": 0, "among": 2,
            "counts": str(service.club.root), "asked": {},
        }  # fmt: skip
        worker = subprocess.Popen(
            [sys.executable, "-m", "countenance.web.worker"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            pass_fds=[listening.fileno()],
        )  # fmt: skip
        assert worker.stdin
        assert worker.stdout
        worker.stdin.write(json.dumps(told) + "\n")
        worker.stdin.flush()
        with worker.stdout:
            assert "address" in worker.stdout.readline()
            worker.stdin.close()
            assert worker.wait(60) in {0, -signal.SIGTERM}
