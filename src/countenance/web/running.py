"""One process that answers: the opened gallery behind page and API, until it is told to stop."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from countenance.errors import BadConfiguration
from countenance.service.daily import Daily
from countenance.service.guest_sweeps import GuestSweeps

if TYPE_CHECKING:
    from countenance.http.metrics import Metrics
    from countenance.service.countenance import Countenance
    from countenance.web.guard import Session
    from countenance.web.reaching import Reach

GRACE = 20
"""Seconds for which what is being answered is waited for, when the service is stopped."""
CONNECTIONS = 8192
"""More open ones at a time are turned away by the server itself; how many requests, `countenance.web.gate` says."""
# No access log: it would hold the session's key and the handles of people.
UVICORN: dict[str, Any] = {
    "log_level": "warning", "access_log": False, "lifespan": "off", "proxy_headers": False, "server_header": False,
    "timeout_graceful_shutdown": GRACE, "limit_concurrency": CONNECTIONS,
}  # fmt: skip
"""How the server is set."""
_MINUTE = 60.0
_SECOND = 1.0
_WAITING = 5.0
"""Seconds between two looks at whether guests wait to be looked for."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What whoever serves has asked for."""

    demo: bool = False
    log_requests: bool = False
    sign_in: bool | None = None


def run(
    club: Countenance,
    session: Session,
    wanted: Reach,
    listening: socket.socket,
    asked: Asked,
    tell: Callable[[str, str], None],
    *,
    counts: Metrics | None = None,
    among: int = 1,
) -> None:
    """Answer until a signal comes.

    Args:
        club: The gallery, opened.
        session: Its secret lets the terminal's own browser in, and stands behind forms that anybody fills in.
        wanted: How it is reached.
        listening: The socket, which other processes may listen on as well.
        asked: What was asked for.
        tell: Told the address to open, and whose gallery it is.
        counts: Where requests are counted, where several processes count together.
        among: How many processes answer on the socket.

    Raises `NotSignedIn` where the account's key cannot be opened.
    """
    import uvicorn

    from countenance.http.app import create_api
    from countenance.web.app import create_app
    from countenance.web.doors import Doors
    from countenance.web.front import Front, Patient, Serving
    from countenance.web.gate import Gate
    from countenance.web.site import Site

    club.sign_in()
    doors = Doors(club, session) if named(club, session, wanted, asked) else None
    api = create_api(club, counts=counts)
    site = Site(club, session, demo=asked.demo, doors=doors, runner=api.state.service.runner)
    front = Front(create_app(site), api)
    tell(session.address if doors is None else sign_in_address(session), club.context.settings.gallery.organisation)
    gate = Gate(front, session=session, reach=wanted)
    # One connection at a time, where others wait for their share; `Serving` sets the queue's length again.
    queue: dict[str, Any] = {"backlog": 1} if among > 1 else {}
    settings = uvicorn.Config(gate, http=Patient, **UVICORN, **wanted.tls(), **queue)
    _many_files()
    if asked.log_requests:
        _log_to_stderr()
    with _every_day(club), _for_guests(club), _counting(counts):
        service = front.api.state.service
        try:
            Serving(settings, service.stopping).run(sockets=[listening])
        finally:
            service.stopping.set()
            service.runner.stop(GRACE)


def named(club: Countenance, session: Session, wanted: Reach, asked: Asked) -> bool:
    """Whether each person signs in as themselves."""
    oidc = club.context.settings.http.oidc
    outside = bool(session.public_url) or wanted.beyond
    if asked.sign_in is False and oidc is not None and oidc.required:
        raise BadConfiguration(
            "A page that the organisation's directory guards is for people who sign in.",
            hint="Leave out --no-sign-in, or [http.oidc] required.",
        )
    if asked.sign_in is False and outside:
        raise BadConfiguration(
            "A page that others can reach is for people who sign in.",
            hint="Leave out --no-sign-in, or [http] public_url and host.",
        )
    if asked.sign_in is None:
        return outside or (oidc is not None and oidc.required) or not (asked.demo or club.status()["solo"])
    return asked.sign_in


def sign_in_address(session: Session) -> str:
    """Where people sign in; by name, since passkeys work on no number."""
    return f"{session.public_url.rstrip('/') if session.public_url else session.by_name}/sign-in"


@contextmanager
def _every_day(club: Countenance) -> Iterator[None]:
    """The day's work, for as long as the page is served: asked for at once, then every minute."""
    stopped = threading.Event()
    daily = Daily(club, _note, stopped.is_set)
    try:
        with _beside("daily", daily.run_if_due, _MINUTE, stopped, at_once=True):
            yield
    finally:
        daily.close()


@contextmanager
def _for_guests(club: Countenance) -> Iterator[None]:
    """Guests who wait are looked for, all in one pass."""
    stopped = threading.Event()
    with _beside("guests", GuestSweeps(club, _note, stopped.is_set).run_if_due, _WAITING, stopped):
        yield


@contextmanager
def _counting(counts: Metrics | None) -> Iterator[None]:
    """Leave the counts for the other processes, every second."""
    if counts is None:
        yield
        return
    try:
        with _beside("counts", counts.leave, _SECOND, threading.Event()):
            yield
    finally:
        counts.leave()


@contextmanager
def _beside(
    name: str, work: Callable[[], object], every: float, stopped: threading.Event, *, at_once: bool = False
) -> Iterator[None]:
    """Do the work every so many seconds, in a thread of its own; ``stopped`` is set when the block ends."""

    def again() -> None:
        if at_once:
            work()
        while not stopped.wait(every):
            work()

    thread = threading.Thread(target=again, name=name, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopped.set()
        thread.join()


def _many_files() -> None:
    """A connection is an open file: as many as the machine lets us have."""
    import resource

    least, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = CONNECTIONS * 2 if most == resource.RLIM_INFINITY else min(CONNECTIONS * 2, most)
    if least < wanted:
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))


def _log_to_stderr() -> None:
    asked = logging.getLogger("countenance.http")
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(message)s"))
    asked.addHandler(handler)
    asked.setLevel(logging.INFO)
    asked.propagate = False


def _note(line: str) -> None:
    from rich.console import Console

    Console(stderr=True, highlight=False, markup=False, emoji=False).print(line, soft_wrap=True)
