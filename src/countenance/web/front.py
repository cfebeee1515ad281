"""One process for both: the page, behind its session, and the API, behind its keys. Neither opens the other."""

from __future__ import annotations

import threading
from types import FrameType
from typing import TYPE_CHECKING

import uvicorn

from countenance.http.app import is_ours

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


class Serving(uvicorn.Server):
    """The server; when it is told to stop, whoever streams hears of it at once."""

    def __init__(self, config: uvicorn.Config, stopping: threading.Event) -> None:
        super().__init__(config)
        self._stopping = stopping

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop taking requests; those that are being answered are answered."""
        self._stopping.set()
        super().handle_exit(sig, frame)
