"""One of several processes that answer on one socket: ``python -m countenance.web.worker``, started by its parent."""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import threading
from pathlib import Path
from typing import Any

from countenance.config import load
from countenance.errors import CountenanceError, NotSignedIn
from countenance.http.metrics import Metrics
from countenance.web.guard import Session
from countenance.web.reaching import reach
from countenance.web.running import Asked, run
from countenance.wiring import open_gallery


def main() -> int:
    """Answer until the parent says to stop, or is gone. What keeps it from beginning is said on standard output."""
    told = json.loads(sys.stdin.readline())
    threading.Thread(target=_until_alone, name="parent", daemon=True).start()
    try:
        _work(told)
    except CountenanceError as error:
        _say(error.diagnostics())
        return error.exit_code
    return 0


def _work(told: dict[str, Any]) -> None:
    settings = load(Path(told["config"]))
    wanted = reach(settings.http, settings.folder).on(told["port"], told["host"])
    session = Session(told["port"], wanted.public_url, wanted.secure, secret=told["secret"])
    counts = Metrics(Path(told["counts"]), told["number"])
    with (
        open_gallery(settings.file, passphrase=told["passphrase"] or _nobody, apart=True) as club,
        socket.socket(fileno=told["socket"]) as listening,
    ):
        run(
            club, session, wanted, listening, Asked(**told["asked"]),
            lambda address, organisation: _say({"address": address, "organisation": organisation}),
            counts=counts, among=told["among"],
        )  # fmt: skip


def _nobody() -> str:
    raise NotSignedIn("A passphrase is needed, and nobody can be asked.", hint="Set COUNTENANCE_PASSPHRASE.")


def _until_alone() -> None:
    """Standard input ends with the parent."""
    while sys.stdin.read(1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


def _say(told: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
