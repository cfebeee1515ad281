"""What every request passes first, to the pages and to the API alike: our own name, TLS, and a limit of the crowd.

Other names that resolve to this machine (DNS rebinding), whoever speaks in clear from elsewhere, and headers that only
a proxy of ours may set, are turned away here. The application answers, each door in its own shape.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from countenance.errors import CountenanceError, Refused, Unavailable
from countenance.http.problem import FAULT
from countenance.web.reaching import Reach, is_here

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from countenance.web.guard import Session

AT_ONCE = 512
"""Requests that are received or answered at one time; the others are told to come again."""
ANYWHERE = frozenset({"/healthz", "/readyz", "/metrics"})
"""What whoever watches asks, by whatever name: nothing of anybody is in it."""
HSTS = (b"strict-transport-security", b"max-age=31536000")
_FORWARDED = frozenset(
    {b"x-forwarded-host", b"x-forwarded-proto", b"x-forwarded-for", b"x-forwarded-port", b"forwarded"}
)


class Gate:
    """ASGI middleware around the pages and the API."""

    def __init__(self, app: ASGIApp, *, session: Session, reach: Reach, most: int = AT_ONCE) -> None:
        self._app = app
        self._session = session
        self._reach = reach
        self._public = urlsplit(session.public_url or "")
        self._most = most
        self._running = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or have it answered with the reason why not."""
        if scope["type"] != "http" or scope["path"] in ANYWHERE:
            await self._app(scope, receive, send)
            return
        scope, scheme = self._forwarded(scope)
        fault = self._fault(scope, scheme)
        if fault is None and self._running >= self._most:
            fault = Unavailable("Too many requests are being answered just now.", hint="Try again in a moment.")
        if fault is not None:
            scope[FAULT] = fault
        self._running += 1
        try:
            await self._app(scope, receive, self._strict(send) if self._is_public(scope) else send)
        finally:
            self._running -= 1

    def _forwarded(self, scope: Scope) -> tuple[Scope, str]:
        """The request as its sender made it, and how it came: a proxy of ours says so, and nobody else."""
        given = [pair for pair in scope["headers"] if pair[0] in _FORWARDED]
        headers = [pair for pair in scope["headers"] if pair[0] not in _FORWARDED]
        scheme = scope.get("scheme", "http")
        if self._reach.from_proxy(_peer(scope)):
            told = dict(given)
            scheme = told.get(b"x-forwarded-proto", b"").decode("latin-1").strip().lower() or scheme
            if host := told.get(b"x-forwarded-host"):
                headers = [pair for pair in headers if pair[0] != b"host"] + [(b"host", host)]
        return {**scope, "headers": headers, "scheme": scheme}, scheme

    def _fault(self, scope: Scope, scheme: str) -> CountenanceError | None:
        host = _host(scope)
        if host not in self._session.hosts:
            return Refused(
                "This service answers to its own address only.",
                requirement="P3",
                hint="Use the address that `countenance serve` shows; a proxy has to pass the Host on.",
            )
        if scheme == "https" or (f"http://{host}" in self._session.origins and is_here(_peer(scope))):
            return None
        return Refused(
            "This service is reached over TLS only.",
            requirement="P30",
            hint="Open it with https://; a proxy has to send X-Forwarded-Proto and stand in [http] proxies.",
        )

    def _is_public(self, scope: Scope) -> bool:
        """Whether it came by the public name, over TLS. ``localhost`` would be shut to other programs on it."""
        return scope["scheme"] == "https" and _host(scope) == self._public.netloc

    @staticmethod
    def _strict(send: Send) -> Send:
        async def strict(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], HSTS]
            await send(message)

        return strict


def _host(scope: Scope) -> str:
    found = [value for name, value in scope["headers"] if name == b"host"]
    return found[0].decode("latin-1").lower() if len(found) == 1 else ""


def _peer(scope: Scope) -> str:
    client = scope.get("client")
    return client[0] if client else ""
