"""The real server, started by its command, in a process of its own."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import httpx

from clubs import ANNA, WORDS, Club


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
