"""What every request passes first: the right host, a session of this process, a bounded body, a form of our own.

The public pages, where a person exercises their rights, need no session (P29). They carry a form's token of their own,
which opens nothing else, and take a smaller body.

Other pages open in the same browser, other names that resolve to this machine (DNS rebinding) and other users of the
machine can all reach a loopback port; none of them knows the session's secret.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from http.cookies import CookieError, SimpleCookie
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from countenance.errors import CountenanceError, NotSignedIn, Refused, TooLarge, Unavailable
from countenance.http.problem import FAULT
from countenance.web.doors import BACK, DOORS, SIGN_IN, VISIT, Doors, token_of
from countenance.web.forms import Form, parse

if TYPE_CHECKING:
    from starlette.responses import Response
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from countenance.service.signing_in import Visit

BODY_LIMIT = 32 * 2**20
"""The most bytes of one request, kept in memory while it is answered."""

PATIENCE = 60.0
"""Seconds in which a request's body has to be here."""

THE_ADDRESS = "Open the address that the terminal shows."

OPEN = "/open"
"""Where the address that the terminal shows leads: it makes the session."""

PUBLIC = frozenset({"/rights", "/public", "/public.json", "/style.css"})
CONFIRM = "/confirm/"
GUESTS = ("/guest/", "/mine/")
DRAWN_WITH = ("/static/", "/language/")
"""What answers without a session, beside the paths of one-time links and of what pages are drawn with."""

BY_THEMSELVES = ("/standing", "/standing.json")
"""How paths end that an open page asks for by itself: nobody need be there, and no session is prolonged by it."""

PUBLIC_LIMIT = 256 * 2**10
"""The most bytes of a request to a public page: a receipt has a few thousand."""
STILLS_LIMIT = 4 * 2**20
"""The same for three stills, which the page makes small before it sends them."""

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; img-src 'self' data:; style-src 'self'; "
    "script-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex",
}


@dataclass(frozen=True, slots=True)
class Session:
    """The one session of this process. Its secret is known to the terminal and to the browser that it opened."""

    port: int
    public_url: str | None = None
    """What people reach the page by, where that is not a name of this machine."""
    secure: bool = False
    """Whether TLS ends here."""
    secret: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)

    @property
    def hosts(self) -> frozenset[str]:
        """What a request may call us."""
        return frozenset(origin.partition("://")[2] for origin in self.origins)

    @property
    def origins(self) -> frozenset[str]:
        """Where forms of ours come from."""
        scheme = "https" if self.secure else "http"
        here = {f"{scheme}://{name}{self._at}" for name in ("127.0.0.1", "localhost", "[::1]")}
        parts = urlsplit(self.public_url or "")
        return frozenset(here | ({f"{parts.scheme}://{parts.netloc.lower()}"} if parts.netloc else set()))

    @property
    def cookie(self) -> str:
        """The cookie's name. Cookies do not tell ports apart, so the name does."""
        return f"countenance-{self.port}"

    @property
    def address(self) -> str:
        """What to open in the browser, once."""
        return f"{'https' if self.secure else 'http'}://127.0.0.1{self._at}{OPEN}?key={self.secret}"

    @property
    def by_name(self) -> str:
        """This machine by a name."""
        return f"{'https' if self.secure else 'http'}://localhost{self._at}"

    @property
    def _at(self) -> str:
        """The port as browsers write it."""
        return "" if self.port == (443 if self.secure else 80) else f":{self.port}"

    @property
    def form_token(self) -> str:
        """Stands in every form, so that no other page can have one sent (CSRF)."""
        return hmac.new(self.secret.encode(), b"form", hashlib.sha256).hexdigest()

    @property
    def public_token(self) -> str:
        """The same for the public pages, which anybody can read: it serves for no other form."""
        return hmac.new(self.secret.encode(), b"public form", hashlib.sha256).hexdigest()

    def holds(self, cookies: str) -> bool:
        """Whether the ``Cookie`` header carries this session."""
        try:
            found = SimpleCookie(cookies).get(self.cookie)
        except CookieError:
            return False
        return found is not None and self.is_secret(found.value)

    def is_secret(self, text: str) -> bool:
        """Compare in constant time."""
        return hmac.compare_digest(text.encode(), self.secret.encode())


def is_public(path: str) -> bool:
    """Whether a page answers without a session."""
    return path in PUBLIC or path.startswith((CONFIRM, *GUESTS, *DRAWN_WITH))


def _public_limit(path: str) -> int:
    return STILLS_LIMIT if path.startswith(GUESTS) and path.endswith("/stills") else PUBLIC_LIMIT


class Guard:
    """ASGI middleware. Puts the parsed form into the request's scope under ``form``."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        session: Session,
        show: Callable[..., Response],
        limit: int = BODY_LIMIT,
        doors: Doors | None = None,
    ) -> None:
        self._app = app
        self._session = session
        self._show = show
        self._limit = limit
        self._doors = doors

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request through, or answer with the reason why not."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        if scope["type"] != "http":
            return
        headers = _headers(scope)
        guarded = _with_headers(send)
        let_in, visit = False, None
        public, door = is_public(scope["path"]), self._doors is not None and scope["path"] in DOORS
        try:
            if (fault := scope.get(FAULT)) is not None:
                raise fault
            self._check(scope, headers, public=public or door)
            if scope["path"] != OPEN and not public and not door:
                visit = await self._let_in(headers, unasked=scope["path"].endswith(BY_THEMSELVES))
                let_in = True
            VISIT.set(visit)
            if scope["method"] == "POST":
                most = self._limit if let_in else min(self._limit, _public_limit(scope["path"]))
                body = await self._body(headers, receive, most)
                scope["form"] = _form(headers, body, self._token(headers, visit, public=public))
            await self._app(scope, receive, guarded)
        except CountenanceError as error:
            await self._fault(scope, error, let_in=let_in)(scope, receive, guarded)
        finally:
            if visit is not None:
                visit.close()
            VISIT.set(None)

    async def _let_in(self, headers: dict[str, str], *, unasked: bool) -> Visit | None:
        """Who has signed in; None for the one browser that the terminal has opened. Raises `NotSignedIn`."""
        if self._doors is not None:
            from anyio.to_thread import run_sync

            return await run_sync(partial(self._doors.enter, headers, unasked=unasked))
        if not self._session.holds(headers.get("cookie", "")):
            raise NotSignedIn("This browser has not been let in.", hint=THE_ADDRESS)
        return None

    def _token(self, headers: dict[str, str], visit: Visit | None, *, public: bool) -> str:
        """What the form has to carry."""
        if public:
            return self._session.public_token
        if visit is not None:
            return token_of(visit.secret)
        if self._doors is None:
            return self._session.form_token
        return self._doors.token_before(headers) or secrets.token_hex(32)  # never given a form: nothing fits

    def _fault(self, scope: Scope, error: CountenanceError, *, let_in: bool) -> Response:
        if self._doors is not None and isinstance(error, NotSignedIn) and scope["method"] == "GET":
            from starlette.responses import RedirectResponse

            away = RedirectResponse(SIGN_IN, status_code=303)
            if not scope["path"].endswith(BY_THEMSELVES):
                self._remember(scope, away, scope["path"], scope.get("query_string", b"").decode("latin-1"))
            return away
        answer = self._show(error, signed_in=let_in)
        if self._doors is not None and isinstance(error, NotSignedIn):
            parts = urlsplit(_headers(scope).get("referer", ""))  # the page with the form; a photo was not kept
            self._remember(scope, answer, parts.path, parts.query)
        if isinstance(error, Unavailable):
            answer.headers["retry-after"] = "5"
        return answer

    def _remember(self, scope: Scope, answer: Response, path: str, query: str) -> None:
        """Where a browser was that has been signed in: it is led back there. Of others nothing is noted."""
        headers = _headers(scope)
        if self._doors is not None and self._doors.had(headers) and path:
            self._doors.remember(answer, headers.get("host", ""), f"{path}?{query}" if query else path)

    def _check(self, scope: Scope, headers: dict[str, str], *, public: bool) -> None:
        if headers.get("host", "") not in self._session.hosts:
            raise Refused("This page answers to its own address only.", requirement="P3", hint=THE_ADDRESS)
        origin = headers.get("origin")
        if origin is not None and origin not in self._session.origins:
            raise Refused("This request comes from another page.", requirement="P3", hint="Use the page's own forms.")
        if scope["path"] in (OPEN, BACK) or (public and scope["method"] in ("GET", "HEAD")):
            return  # a link in an e-mail or on the organisation's own pages leads to the public ones
        # Cookies do not tell ports apart: another page on this machine could have one sent, by a picture say.
        if headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
            raise Refused("This request comes from another page.", requirement="P3", hint=THE_ADDRESS)

    async def _body(self, headers: dict[str, str], receive: Receive, limit: int) -> bytes:
        declared = headers.get("content-length", "0")
        if not declared.isdecimal() or len(declared) > 18 or int(declared) > limit:
            raise _too_large(limit)
        chunks, size, until = [], 0, time.monotonic() + PATIENCE
        while True:
            try:
                message = await asyncio.wait_for(receive(), max(0.0, until - time.monotonic()))
            except TimeoutError:
                raise Unavailable("The upload did not come in time.", hint="Send it again.") from None
            if message["type"] == "http.disconnect":
                raise Refused("The browser went away.", requirement="P3", hint="Send it again.")
            chunk = message.get("body", b"")
            size += len(chunk)
            if size > limit:
                raise _too_large(limit)
            chunks.append(chunk)
            if not message.get("more_body", False):
                return b"".join(chunks)


def _headers(scope: Scope) -> dict[str, str]:
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}


def _form(headers: dict[str, str], body: bytes, token: str) -> Form:
    form = parse(headers.get("content-type", ""), body)
    if not hmac.compare_digest(form.fields.pop("token", "").encode(), token.encode()):
        hint = "Go back, reload the page and send it again."
        raise Refused("This form was not made by this page.", requirement="P3", hint=hint)
    return form


def _too_large(limit: int) -> TooLarge:
    size = f"{limit / 2**20:.0f} MB" if limit >= 2**20 else f"{limit // 2**10} kB"
    return TooLarge(f"This upload is larger than {size}.", hint="Make the file smaller.")


def _with_headers(send: Send) -> Send:
    """Add the security headers, and keep every answer out of caches that does not say otherwise."""

    async def guarded(message: Message) -> None:
        if message["type"] == "http.response.start":
            own = {name.lower() for name, _ in message["headers"]}
            message["headers"] = [
                *message["headers"],
                *((name.lower().encode(), value.encode()) for name, value in HEADERS.items()),
            ]
            if b"cache-control" not in own:
                message["headers"].append((b"cache-control", b"no-store"))
        await send(message)

    return guarded
