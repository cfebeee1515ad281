"""The real server, started by its command, in a process of its own."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx

from amazon import now_club
from clubs import ANNA, WORDS, Club
from countenance.samples import cast


def test_serve_answers_programs_and_browsers_and_stops_when_told(club: Club) -> None:
    made = club.anna.api_keys.create("a program", roles=["operator"], purposes=["photo-library"])
    club.close()
    serving = subprocess.Popen(
        [sys.executable, "-m", "countenance", "--config", str(club.folder), "serve", "--port", "0", "--no-open",
         "--log-requests"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env=os.environ | {"COUNTENANCE_PASSPHRASE": WORDS[ANNA]}, cwd=Path.home(),
    )  # fmt: skip
    try:
        assert serving.stdout
        said = serving.stdout.readline() + serving.stdout.readline()
        found = re.search(r"(http://127\.0\.0\.1:\d+)/open\?key=\S+", said)
        assert found, said
        with httpx.Client(trust_env=False, base_url=found[1]) as program:
            assert program.get("/healthz").json() == {"status": "running"}
            assert program.get("/v1/whoami").status_code == 401
            program.headers["authorization"] = f"Bearer {made.token}"
            assert program.get("/v1/status").json()["account"] == ANNA
            assert program.get("/").status_code == 401  # a program's key opens no page
            assert program.get(found[0]).status_code == 303
            assert program.get("/v1/whoami", headers={"authorization": ""}).status_code == 401  # nor its cookie
    finally:
        serving.send_signal(signal.SIGTERM)
        _, errors = serving.communicate(timeout=30)
    assert serving.returncode in {0, -signal.SIGTERM}
    assert "Traceback" not in errors
    assert made.token not in errors
    assert '"route": "/v1/status", "status": 200, "key": "K1"' in errors


def test_photos_are_looked_at_beside_the_service_not_in_it(tmp_path: Path) -> None:
    """What meets a stranger's bytes, and what takes long, is a process of its own; it goes when the service goes."""
    club = now_club(tmp_path)
    made = club.anna.api_keys.create("a program", roles=["operator"], purposes=["photo-library"])
    club.close()
    serving = subprocess.Popen(
        [sys.executable, "-m", "countenance", "--config", str(club.folder), "serve", "--port", "0", "--no-open"],
        stdout=subprocess.PIPE, text=True, env=os.environ | {"COUNTENANCE_PASSPHRASE": WORDS[ANNA]}, cwd=Path.home(),
    )  # fmt: skip
    try:
        assert serving.stdout
        found = re.search(r"http://127\.0\.0\.1:\d+", serving.stdout.readline() + serving.stdout.readline())
        assert found
        photo = cast().portrait(cast().identities[0]).read_bytes()
        with httpx.Client(trust_env=False, base_url=found[0]) as program:
            program.headers["authorization"] = f"Bearer {made.token}"
            answer = program.post("/v1/detect", files={"photo": ("photo.jpg", photo, "image/jpeg")}).json()
        assert len(answer["faces"]) == 1
        threads = Path(f"/proc/{serving.pid}/task").glob("*/children")
        (beside,) = [child for each in threads for child in each.read_text().split()]
        assert "apart_worker" in Path(f"/proc/{beside}/cmdline").read_text()
        assert not [name for name in ("onnxruntime", "openvino") if name in held(serving.pid)]
        assert "onnxruntime" in held(int(beside))
    finally:
        serving.send_signal(signal.SIGTERM)
        serving.communicate(timeout=30)
    while (ends := Path(f"/proc/{beside}/stat")).exists() and ends.read_text().rpartition(")")[2].split()[0] != "Z":
        time.sleep(0.05)  # its input has ended, and so does it; or the run's own limit says that it did not


def held(process: int) -> str:
    """The libraries that a process has loaded."""
    return Path(f"/proc/{process}/maps").read_text()
