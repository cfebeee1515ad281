"""``countenance serve``: opens the gallery, then the page, on this machine only unless ``[http]`` says otherwise."""

from __future__ import annotations

import socket
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from countenance.config import HttpSection, Settings, load
from countenance.config.secrets import secret
from countenance.errors import BadConfiguration, NotSignedIn, Unavailable
from countenance.web.front import BACKLOG
from countenance.web.guard import Session
from countenance.web.reaching import Reach, check, reach
from countenance.web.running import Asked, run
from countenance.wiring import open_gallery

if TYPE_CHECKING:
    from countenance.service.countenance import Countenance

_TRIES = 20


def serve(
    config: Path | None,
    *,
    demo: bool,
    port: int | None = None,
    open_browser: bool = False,
    log_requests: bool = False,
    sign_in: bool | None = None,
    host: str | None = None,
    workers: int | None = None,
) -> None:
    """Serve the page and the API until it is interrupted. What is being answered then is answered to its end.

    Args:
        config: The configuration, or its folder; not needed for the demo.
        demo: Serve the demo club, which is founded first when there is none.
        port: In place of ``[http] port``; the next free one when it is taken and nobody else knows its number.
        open_browser: Open the address in the user's browser.
        log_requests: Write a line of JSON to stderr for each request to the API.
        sign_in: Whether people sign in, each as themselves, or one browser on this machine acts for whoever serves.
            Left out, they do where there are three or more of them, or where others can reach the page.
        host: In place of ``[http] host``.
        workers: In place of ``[http] workers``.

    Raises:
        BadConfiguration: what ``[http]`` says must not be served, or not by several processes.
        NotSignedIn: the account's key cannot be opened.
        Unavailable: no port is free.
    """
    if config is None and not demo:
        raise BadConfiguration("No gallery was named.", hint="Give --config, or --demo for the demo club.")
    settings = None if demo or config is None else load(config)
    section = settings.http if settings else HttpSection()
    wanted = reach(section, settings.folder if settings else Path()).on(port, host)
    lacks, count = check(wanted), workers or section.workers
    asked = Asked(demo=demo, log_requests=log_requests, sign_in=sign_in)

    def tell(address: str, organisation: str) -> None:
        _tell(address, organisation, wanted, lacks, open_browser=open_browser)

    if count > 1:
        from countenance.web.workers import Crew

        settings = _for_several(settings)
        with closing(_listening(wanted)) as listening:
            Crew(settings, wanted, asked, listening, _passphrase()).run(count, tell)
        return
    with _gallery(config, demo=demo) as club, closing(_listening(wanted)) as listening:
        session = Session(listening.getsockname()[1], wanted.public_url, wanted.secure)
        run(club, session, wanted, listening, asked, tell)


def _for_several(settings: Settings | None) -> Settings:
    """The settings, where several processes can serve them. Raises `BadConfiguration`."""
    if settings is None or not settings.registry_url.startswith("postgresql"):
        raise BadConfiguration(
            "Several workers need their records on PostgreSQL: a file has one writer, and they would wait for it.",
            hint="Move them (`countenance registry move --help`), or leave [http] workers at 1.",
        )
    return settings


def _gallery(config: Path | None, *, demo: bool) -> Countenance:
    from rich.console import Console

    if demo or config is None:
        from countenance.demo.club import ready

        with Console(stderr=True).status("Getting the demo club ready …"):
            return ready().open(apart=True)
    return open_gallery(config, passphrase=_ask, apart=True)


def _passphrase() -> str | None:
    """What several processes are given; None where they find it in the environment."""
    return None if secret("COUNTENANCE_PASSPHRASE") else _ask()


def _ask() -> str:
    if not sys.stdin.isatty():
        raise NotSignedIn("A passphrase is needed, and nobody can be asked.", hint="Set COUNTENANCE_PASSPHRASE.")
    from getpass import getpass

    return getpass("Passphrase of your account's key: ")


def _listening(wanted: Reach) -> socket.socket:
    """A listening socket on the port, or on the next free one where nobody else knows its number. 0 takes any."""
    family = socket.AF_INET6 if ":" in wanted.host else socket.AF_INET
    last = min(wanted.port + (_TRIES if wanted.moves else 1), 65_536)
    for candidate in range(wanted.port, last):
        # The protocol is named, or asyncio would hold small packets back until those before are acknowledged.
        listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((wanted.host, candidate))
            listening.listen(BACKLOG)
        except OSError:
            listening.close()
            continue
        return listening
    fault = f"The port {wanted.port} is not free on {wanted.host}."
    if last > wanted.port + 1:
        fault = f"No port from {wanted.port} to {last - 1} is free."
    raise Unavailable(fault, hint="Name another one with --port.")


def _tell(address: str, organisation: str, wanted: Reach, lacks: list[str], *, open_browser: bool) -> None:
    from rich.console import Console

    out = Console(highlight=False, markup=False, emoji=False)
    shown = "".join(sign if sign.isprintable() else " " for sign in organisation)  # nothing may steer the terminal
    out.print(f"{shown}, {f'on {wanted.host}' if wanted.beyond else 'on this machine only'}. Open:")
    out.print(address, style="bold", soft_wrap=True)
    here = address.rpartition("/")[0]
    out.print(
        f"For everybody, without an account: their rights {here}/rights, what this is used for {here}/public",
        soft_wrap=True,
    )
    for each in lacks:
        out.print(each, style="dim", soft_wrap=True)
    out.print("Ctrl-C ends it.", style="dim")
    if open_browser:
        import webbrowser

        webbrowser.open(address)
