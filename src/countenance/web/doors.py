"""How named people come in where several use one server: the cookie, the place, and the form's token of each."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from contextvars import ContextVar
from http.cookies import CookieError, SimpleCookie
from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote, urlsplit

from countenance.errors import NotSignedIn
from countenance.service.signing_in import Place, Visit, enter

if TYPE_CHECKING:
    from starlette.responses import Response

    from countenance.service.countenance import Countenance
    from countenance.web.guard import Session
    from countenance.web.oidc import Directory

SIGN_IN = "/sign-in"
DIRECTORY, BACK = "/sign-in/directory", "/sign-in/back"
"""Where a browser is sent to the organisation's directory, and where it comes back from there."""
DOORS = frozenset({SIGN_IN, DIRECTORY, BACK})
"""What answers where people sign in, before they have."""
LONGEST_PATH = 1000
"""Characters of an address that a browser is led back to."""
VISIT: ContextVar[Visit | None] = ContextVar("visit", default=None)
"""Who asks: set for the request that is being answered. None where the terminal's own browser does, or nobody."""


class Doors:
    """The way in by password or passkey. ``session`` says which addresses are ours."""

    def __init__(self, opened: Countenance, session: Session) -> None:
        self.opened = opened
        self._session = session
        self.directory = directory_of(opened)

    def enter(self, headers: Mapping[str, str], *, unasked: bool = False) -> Visit:
        """The visit that the request's cookie stands for. Raises `NotSignedIn`.

        ``unasked``: an open page asks by itself, which is no use of the session: it ends as it would have.
        """
        cookie = self._cookie(headers, self.name(headers.get("host", "")))
        if cookie is None:
            raise NotSignedIn("This browser is not signed in.", hint="Sign in first.")
        return enter(self.opened, cookie, used=not unasked)

    def leave(self, headers: Mapping[str, str]) -> None:
        """End the session that this browser had, if it had one: the next one has a new secret."""
        try:
            before = self.enter(headers)
        except NotSignedIn:
            return
        before.club.browsers.end_here()
        before.close()

    def name(self, host: str) -> str:
        """The cookie's name. Over TLS no other host and no page without TLS can set one of this name (``__Host-``)."""
        return "__Host-countenance" if self._secure(host) else self._session.cookie

    def give(self, answer: Response, host: str, value: str, *, name: str | None = None) -> None:
        """Set the cookie: for this host, for our own pages, for no script."""
        answer.set_cookie(
            name or self.name(host), value, httponly=True, samesite="strict", path="/", secure=self._secure(host)
        )

    def take(self, answer: Response, host: str) -> None:
        """Have the browser forget the cookie."""
        answer.delete_cookie(self.name(host), httponly=True, samesite="strict", path="/", secure=self._secure(host))

    def before(self, host: str) -> str:
        """The cookie that a browser has before it is signed in: the form's token fits it, and it opens nothing."""
        return f"{self.name(host)}-form"

    def token_before(self, headers: Mapping[str, str]) -> str | None:
        """The token that the sign-in form of this browser must carry; None where it was never given the form."""
        value = self._cookie(headers, self.before(headers.get("host", "")))
        return None if value is None else token_of(value)

    def origin(self, host: str) -> str:
        """The whole origin by which the browser calls us."""
        return next(origin for origin in sorted(self._session.origins) if urlsplit(origin).netloc == host)

    def send(self, answer: Response, host: str, value: str) -> None:
        """Set what a browser takes along to the directory. It comes back from elsewhere, so that it is not strict."""
        answer.set_cookie(
            self._sent(host), value, httponly=True, samesite="lax", path="/",
            secure=self._secure(host),
        )  # fmt: skip

    def sent(self, headers: Mapping[str, str]) -> str:
        """What it took along; nothing where it was not sent."""
        return self._cookie(headers, self._sent(headers.get("host", ""))) or ""

    def unsend(self, answer: Response, host: str) -> None:
        """Have the browser forget it."""
        answer.delete_cookie(self._sent(host), httponly=True, samesite="lax", path="/", secure=self._secure(host))

    def _sent(self, host: str) -> str:
        return f"{self.name(host)}-directory"

    def had(self, headers: Mapping[str, str]) -> bool:
        """Whether the browser was signed in before, as far as its cookie says."""
        return self._cookie(headers, self.name(headers.get("host", ""))) is not None

    def remember(self, answer: Response, host: str, path: str) -> None:
        """Note where a browser was when its session had ended, so that signing in leads back there."""
        if len(path) <= LONGEST_PATH:
            self.give(answer, host, quote(path, safe=""), name=self._there(host))

    def there(self, headers: Mapping[str, str]) -> str | None:
        """Where it was; whoever leads it there asks first whether that is a page of ours."""
        value = self._cookie(headers, self._there(headers.get("host", "")))
        return None if value is None else unquote(value)

    def forget(self, answer: Response, host: str) -> None:
        """Have the browser forget where it was."""
        name = self._there(host)
        answer.delete_cookie(name, httponly=True, samesite="strict", path="/", secure=self._secure(host))

    def _there(self, host: str) -> str:
        return f"{self.name(host)}-there"

    def place(self, host: str) -> Place | None:
        """Where passkeys work: on ``localhost`` and on the public address, never on a number."""
        for origin in sorted(self._session.origins):
            parts = urlsplit(origin)
            if parts.netloc == host and parts.hostname and not _is_number(parts.hostname):
                return Place(parts.hostname, origin)
        return None

    def _secure(self, host: str) -> bool:
        return f"https://{host}" in self._session.origins

    @staticmethod
    def _cookie(headers: Mapping[str, str], name: str) -> str | None:
        try:
            found = SimpleCookie(headers.get("cookie", "")).get(name)
        except CookieError:
            return None
        return None if found is None else found.value


def directory_of(opened: Countenance) -> Directory | None:
    """The organisation's directory, where the configuration names one. Raises `BadConfiguration`."""
    context = opened.context
    section = context.settings.http.oidc
    if section is None:
        return None
    from countenance.web.oidc import Directory

    return Directory(section, context.settings.folder, context.clock)


def token_of(secret: str) -> str:
    """What stands in every form of whoever has this secret, so that no other page can have one sent (CSRF)."""
    return hmac.new(secret.encode(), b"form", hashlib.sha256).hexdigest()


def _is_number(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
