"""One process for both: the page, behind its session, and the API, behind its keys. Neither opens the other."""

from __future__ import annotations

import socket
import threading
from asyncio import Transport
from types import FrameType
from typing import TYPE_CHECKING

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from countenance.http.app import is_ours
from countenance.web.guard import PATIENCE

BACKLOG = 1024
"""Connections that wait to be taken."""

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.types import Receive, Scope, Send


class Front:
    """ASGI application: paths of the API go to it, all others to the page."""

    def __init__(self, page: FastAPI, api: FastAPI) -> None:
        self.page = page
        self.api = api

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        app = self.api if scope["type"] == "http" and is_ours(scope) else self.page
        await app(scope, receive, send)


class Patient(H11Protocol):
    """A connection on which nothing is asked is closed after a while: open ones are bounded by the machine."""

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        """Begin to wait."""
        super().connection_made(transport)
        self.loop.call_later(PATIENCE, self._waited)

    def _waited(self) -> None:
        asked: object = self.cycle  # None before the first request, whatever its type says
        if asked is None and not self.transport.is_closing():
            self.transport.close()


class Serving(uvicorn.Server):
    """The server; when it is told to stop, whoever streams hears of it at once."""

    def __init__(self, config: uvicorn.Config, stopping: threading.Event) -> None:
        super().__init__(config)
        self._stopping = stopping

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen. Several processes on one socket take one connection at a time, so that none takes all of them."""
        await super().startup(sockets)
        for each in sockets or ():
            each.listen(BACKLOG)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop taking requests; those that are being answered are answered."""
        self._stopping.set()
        super().handle_exit(sig, frame)
