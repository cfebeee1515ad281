"""A club served at http://localhost:PORT in this process, and Debian's Chromium with an authenticator in software."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import uvicorn

from clubs import Club
from countenance.errors import CountenanceError
from countenance.web.app import _served, create_app
from countenance.web.doors import Doors
from countenance.web.guard import Session
from countenance.web.hints import hint_of
from countenance.web.route import ANYBODY, Route
from countenance.web.site import Site


@dataclass
class Served:
    """A club whose people sign in."""

    club: Club
    url: str


@contextmanager
def serving(club: Club) -> Iterator[Served]:
    """Serve the club's pages, and one route more: approving an order, as a page that has orders does."""
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    listening.listen()
    session = Session(listening.getsockname()[1])
    site = Site(club.anna, session, doors=Doors(club.anna, session))
    app = create_app(site)
    route = Route("POST", "/approve/{order}", "account", _approve, ANYBODY)
    app.add_api_route(route.path, _served(site, route), methods=["POST"], response_model=None)
    settings = uvicorn.Config(app, log_level="warning", access_log=False, lifespan="off")
    server = uvicorn.Server(settings)
    thread = threading.Thread(target=lambda: server.run(sockets=[listening]), daemon=True)
    thread.start()
    try:
        yield Served(club, f"http://localhost:{session.port}")
    finally:
        server.should_exit = True
        thread.join(20)


def _approve(site: Site, request: Any) -> Any:
    order = site.club.orders.approve(request.path_params["order"])
    told = CountenanceError(f"{order.id}: {order.approvals} signed.")
    return site.page("fault.html", error=told, hint=hint_of(""), requirement="", entry=None)


def with_authenticator(chromium: Any) -> Any:
    """A page of its own, whose authenticator verifies its person and keeps passkeys."""
    page = chromium.new_context().new_page()
    page.set_default_timeout(90_000)  # on a busy machine
    tools = page.context.new_cdp_session(page)
    tools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
        "isUserVerified": True, "automaticPresenceSimulation": True,
    }  # fmt: skip
    tools.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return page
