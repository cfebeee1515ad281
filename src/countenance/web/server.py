"""``countenance serve``: opens the gallery, then the page, on this machine only."""

from __future__ import annotations

import logging
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from countenance.errors import BadConfiguration, NotSignedIn, Unavailable
from countenance.service.daily import Daily
from countenance.wiring import open_gallery

if TYPE_CHECKING:
    from countenance.service.countenance import Countenance
    from countenance.web.guard import Session

HOST = "127.0.0.1"
PORT = 8420
GRACE = 20
"""Seconds for which what is being answered is waited for, when the service is stopped."""
CONNECTIONS = 512
"""More at one time are answered with 503."""
# No access log: it would hold the session's key and the handles of people.
UVICORN: dict[str, Any] = {
    "log_level": "warning", "access_log": False, "lifespan": "off", "proxy_headers": False, "server_header": False,
    "timeout_graceful_shutdown": GRACE, "limit_concurrency": CONNECTIONS,
}  # fmt: skip
"""How the server is set."""
_TRIES = 20
_MINUTE = 60.0


def serve(
    config: Path | None,
    *,
    demo: bool,
    port: int = PORT,
    open_browser: bool = False,
    log_requests: bool = False,
    sign_in: bool | None = None,
) -> None:
    """Serve the page and the API until it is interrupted. What is being answered then is answered to its end.

    Args:
        config: The configuration, or its folder; not needed for the demo.
        demo: Serve the demo club, which is founded first when there is none.
        port: The port on 127.0.0.1; the next free one when it is taken.
        open_browser: Open the address in the user's browser.
        log_requests: Write a line of JSON to stderr for each request to the API.
        sign_in: Whether people sign in, each as themselves, or one browser on this machine acts for whoever serves.
            Left out, they do where there are three or more of them, or where the page has a public address.

    Raises:
        NotSignedIn: the account's key cannot be opened.
        Unavailable: no port is free.
    """
    import uvicorn

    from countenance.http.app import create_api
    from countenance.web.app import create_app
    from countenance.web.doors import Doors
    from countenance.web.front import Front, Serving
    from countenance.web.guard import Session
    from countenance.web.site import Site

    with _gallery(config, demo=demo) as club, _listening(port) as listening:
        club.sign_in()
        session = Session(listening.getsockname()[1], _public_url(club))
        doors = Doors(club, session) if _named(club, session, sign_in, demo=demo) else None
        api = create_api(club)
        site = Site(club, session, demo=demo, doors=doors, runner=api.state.service.runner)
        front = Front(create_app(site), api)
        _tell(session.address if doors is None else _sign_in_address(session), club, open_browser=open_browser)
        settings = uvicorn.Config(front, **UVICORN)
        if log_requests:
            _log_to_stderr()
        with _every_day(club):
            service = front.api.state.service
            try:
                Serving(settings, service.stopping).run(sockets=[listening])
            finally:
                service.stopping.set()
                service.runner.stop(GRACE)


def _public_url(club: Countenance) -> str | None:
    """The page's public address, where the configuration names one."""
    found: str | None = getattr(club.context.settings.http, "public_url", None)
    return found


def _named(club: Countenance, session: Session, wanted: bool | None, *, demo: bool) -> bool:
    """Whether each person signs in as themselves."""
    if wanted is False and session.public_url:
        raise BadConfiguration(
            "A page with a public address is for people who sign in.",
            hint="Leave out --no-sign-in, or [http] public_url.",
        )
    if wanted is None:
        return bool(session.public_url) or not (demo or club.status()["solo"])
    return wanted


def _sign_in_address(session: Session) -> str:
    """Where people sign in; by name, since passkeys work on no number."""
    return f"{(session.public_url or f'http://localhost:{session.port}').rstrip('/')}/sign-in"


@contextmanager
def _every_day(club: Countenance) -> Iterator[None]:
    """The day's work, in a thread of its own, for as long as the page is served."""
    stopped = threading.Event()
    daily = Daily(club, _note, stopped.is_set)

    def work() -> None:
        daily.run_if_due()
        while not stopped.wait(_MINUTE):
            daily.run_if_due()

    thread = threading.Thread(target=work, name="daily", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopped.set()
        thread.join()


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


def _gallery(config: Path | None, *, demo: bool) -> Countenance:
    from rich.console import Console

    if demo:
        from countenance.demo.club import ready

        with Console(stderr=True).status("Getting the demo club ready …"):
            return ready().open()
    if config is None:
        raise BadConfiguration("No gallery was named.", hint="Give --config, or --demo for the demo club.")
    return open_gallery(config, passphrase=_ask)


def _ask() -> str:
    if not sys.stdin.isatty():
        raise NotSignedIn("A passphrase is needed, and nobody can be asked.", hint="Set COUNTENANCE_PASSPHRASE.")
    from getpass import getpass

    return getpass("Passphrase of your account's key: ")


def _listening(port: int) -> socket.socket:
    """A listening socket on the port, or on the next free one. Port 0 takes any."""
    for candidate in range(port, min(port + _TRIES, 65_536)):
        listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((HOST, candidate))
            listening.listen(64)
        except OSError:
            listening.close()
            continue
        return listening
    raise Unavailable(f"No port from {port} to {port + _TRIES - 1} is free.", hint="Name another one with --port.")


def _tell(address: str, club: Countenance, *, open_browser: bool) -> None:
    from rich.console import Console

    out = Console(highlight=False, markup=False, emoji=False)
    organisation = club.context.settings.gallery.organisation
    shown = "".join(sign if sign.isprintable() else " " for sign in organisation)  # nothing may steer the terminal
    out.print(f"{shown}, on this machine only. Open:")
    out.print(address, style="bold", soft_wrap=True)
    here = address.rpartition("/")[0]
    out.print(
        f"For everybody, without an account: their rights {here}/rights, what this is used for {here}/public",
        soft_wrap=True,
    )
    out.print("Ctrl-C ends it.", style="dim")
    if open_browser:
        import webbrowser

        webbrowser.open(address)
