"""The page in a real server on 127.0.0.1, on a club of synthetic people, for a real browser."""

from __future__ import annotations

import re
import shutil
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import uvicorn

from countenance.demo import club as demo
from countenance.samples import cast
from countenance.service.countenance import Countenance
from countenance.web.app import create_app
from countenance.web.guard import Session
from countenance.web.site import Site

HOST = "127.0.0.1"
HOSTILE = """<img src=x onerror="document.title='hacked'">'"&amp;"""
"""A name, of a person, a source and a file, that would run if it were ever written into a page as it is."""
LATER = "later"
"""A source that waits to be ingested."""


@dataclass
class Served:
    """One account's page. ``address`` lets a browser in."""

    club: Countenance
    address: str

    @property
    def here(self) -> str:
        return self.address.partition("/open")[0]


@contextmanager
def serving(club: Countenance) -> Iterator[Served]:
    """A server in a thread of its own, until the block ends."""
    with socket.socket() as listening:
        listening.bind((HOST, 0))
        listening.listen(64)
        session = Session(listening.getsockname()[1])
        app = create_app(Site(club, session, demo=True))
        settings = uvicorn.Config(
            app, log_level="warning", access_log=False, lifespan="off", timeout_graceful_shutdown=2
        )
        server = uvicorn.Server(settings)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            yield Served(club, session.address)
        finally:
            server.should_exit = True
            thread.join()


@contextmanager
def club_served(root: Path, members: int, *, hostile: bool = False) -> Iterator[tuple[Served, Served]]:
    """Anna's page and Clara's, who reviews, on a club with so many members and the party ingested."""
    places = demo.clear(root / "demo")
    with ExitStack() as closing:
        anna = closing.enter_context(demo.found(places))
        with pytest.MonkeyPatch.context() as patch, places.open(demo.BEN) as ben:
            patch.setattr(demo, "MEMBERS", members)  # for the enrolment alone: other tests share this process
            demo.enrol_members(anna, ben, places)
        folder = demo.add_party(anna, places)
        if hostile:
            _add_hostile(anna, places, folder)
        anna.ingest(demo.PARTY)
        later = places.photos / LATER
        later.mkdir()
        shutil.copyfile(cast().party()[0].path, later / "one.jpg")
        anna.sources.add(LATER, later, statement="our own photographer", purposes=[demo.PURPOSE])
        clara = closing.enter_context(places.open(demo.CLARA))
        yield closing.enter_context(serving(anna)), closing.enter_context(serving(clara))


def _add_hostile(anna: Countenance, places: demo.Places, folder: Path) -> None:
    anna.subjects.add(HOSTILE, handle="hostile", territory="GB")
    shutil.copyfile(cast().photos(cast().identities[0])[2], folder / f"{re.sub('/', '', HOSTILE)}.jpg")
    (folder / f"broken {HOSTILE}.jpg").write_bytes(b"no picture")
    anna.sources.add(HOSTILE, places.papers, statement=HOSTILE, purposes=[demo.PURPOSE], origin=HOSTILE)
