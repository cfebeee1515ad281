"""The organisation's directory (an OpenID Connect provider): where a browser is sent, and what the answer proves.

The one module of the page that calls out (DESIGN §10). It speaks to the origin of ``[http.oidc] issuer`` alone:
discovery, keys and tokens come from there, no redirect is followed, no proxy of the environment is asked, and time and
size are bounded. What a browser brings back is a code that only this process can change for a token.

OpenID Connect Core 1.0, Discovery 1.0, RFC 7636 (PKCE), RFC 9207 (issuer in the answer).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import ssl
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import quote_plus, urlencode, urlsplit

from countenance.config.secrets import secret
from countenance.errors import BadConfiguration, NotSignedIn, Unavailable
from countenance.service.directory import Person

if TYPE_CHECKING:
    from pathlib import Path

    from countenance.config import OidcSection

SECRET = "COUNTENANCE_OIDC_SECRET"  # noqa: S105 - the variable's name
ALGORITHMS = ("RS256", "ES256", "EdDSA")
"""What a token may be signed with: nothing that a public key could forge, and never nothing."""
SECONDS = 10.0
"""For one answer of the directory, to its last byte."""
LARGEST = 256 * 2**10
KEPT = 600.0
"""Seconds for which what the directory says of itself is believed; an unknown key asks anew."""
LEEWAY = 60
"""Seconds by which its clock may differ from ours."""
LONGEST = 255
"""Characters of a person's number in the directory (OpenID Connect Core, 2)."""
WEAKEST = 2048
"""Bits of an RSA key."""
_KNOWN = "/.well-known/openid-configuration"


class Directory:
    """The directory that the configuration names. ``clock`` tells the seconds since 1970."""

    def __init__(self, section: OidcSection, folder: Path, clock: Callable[[], int]) -> None:
        self.issuer = section.issuer
        self.required = section.required
        self._section = section
        self._clock = clock
        self._tls = _tls(section, folder)
        self._lock = threading.Lock()
        self._told: dict[str, tuple[float, dict[str, Any]]] = {}

    @property
    def name(self) -> str:
        """What the directory is called on a page: its host."""
        return urlsplit(self.issuer).netloc

    def address(self, *, back: str, state: str, nonce: str, verifier: str) -> str:
        """Where a browser is sent. Raises `Unavailable`."""
        asked = {
            "response_type": "code", "client_id": self._section.client_id, "redirect_uri": back,
            "scope": "openid email", "state": state, "nonce": nonce, "max_age": str(self._section.hours * 3600),
            "code_challenge": _hashed(verifier), "code_challenge_method": "S256",
        }  # fmt: skip
        place = self._endpoint("authorization_endpoint")
        return f"{place}{'&' if '?' in place else '?'}{urlencode(asked)}"

    def person(self, code: str, *, back: str, nonce: str, verifier: str) -> Person:
        """Whom the directory has seen, by the code that came back.

        Raises `NotSignedIn` for whatever does not prove it, `Unavailable` where the directory does not answer.
        """
        asked = {"grant_type": "authorization_code", "code": code, "redirect_uri": back, "code_verifier": verifier}
        given = self._ask("POST", self._endpoint("token_endpoint"), form=asked)
        token = given.get("id_token")
        if not isinstance(token, str):
            raise _unproven("its answer has no ID token")
        return self._read(token, nonce)

    # --- what a token says -------------------------------------------------------------------------------------------

    def _read(self, token: str, nonce: str) -> Person:
        import jwt

        try:
            header = jwt.get_unverified_header(token)
            algorithm = header.get("alg")
            if algorithm not in ALGORITHMS:
                raise _unproven("its token is signed in a way that is not taken")
            claims = jwt.decode(
                token, self._key(header.get("kid"), algorithm), algorithms=[algorithm], issuer=self.issuer,
                audience=self._section.client_id,
                options={"require": ["iss", "aud", "sub", "exp", "iat"], "verify_exp": False, "verify_iat": False,
                         "verify_nbf": False},
            )  # fmt: skip
        except (jwt.PyJWTError, ValueError, TypeError):
            raise _unproven("its token does not check") from None
        return self._person(claims, nonce)

    def _person(self, claims: dict[str, Any], nonce: str) -> Person:
        now, most = self._clock(), self._section.hours * 3600
        times = [claims.get(name, now) for name in ("exp", "iat", "nbf", "auth_time")]
        if not all(isinstance(each, int) and not isinstance(each, bool) for each in times):
            raise _unproven("its token's times are none")
        expires, issued, begins, seen = times
        if not now < expires + LEEWAY or max(issued, begins, seen) > now + LEEWAY:
            raise _unproven("its token is not of now")
        if "auth_time" not in claims or seen + most + LEEWAY <= now:
            raise _unproven("it does not say that the person was there within the hours that are asked for")
        client, parties = self._section.client_id, claims["aud"]
        several = isinstance(parties, list) and parties != [client]
        if claims.get("azp", None if several else client) != client:
            raise _unproven("its token is for somebody else")
        if not hmac.compare_digest(str(claims.get("nonce", "")).encode(), nonce.encode()):
            raise _unproven("its token answers another question")
        subject, email = claims["sub"], claims.get("email")
        if not isinstance(subject, str) or not 0 < len(subject) <= LONGEST:
            raise _unproven("its token names nobody")
        known = isinstance(email, str) and claims.get("email_verified") is True
        return Person(self.issuer, subject, email.lower() if known and isinstance(email, str) else None, seen + most)

    def _key(self, number: object, algorithm: str) -> Any:
        """The key that a token names; asked for anew where it is not known yet, once."""
        import jwt

        for fresh in (False, True):
            keys = self._told_of(self._endpoint("jwks_uri"), fresh=fresh).get("keys")
            fitting = [each for each in keys if isinstance(each, dict)] if isinstance(keys, list) else []
            found = [each for each in fitting if each.get("kid") == number] if number is not None else fitting
            if len(found) == 1:
                break
        if len(found) != 1 or found[0].get("use", "sig") != "sig" or found[0].get("alg", algorithm) != algorithm:
            raise _unproven("its token names a key that it does not show")
        key = jwt.PyJWK(found[0], algorithm=algorithm).key
        if getattr(key, "key_size", WEAKEST) < WEAKEST and algorithm == "RS256":
            raise _unproven("its key is too short")
        return key

    # --- what it says of itself --------------------------------------------------------------------------------------

    def _endpoint(self, name: str) -> str:
        """An address of its own. Raises `Unavailable` where it names none, or one on another origin."""
        told = self._told_of(self.issuer.rstrip("/") + _KNOWN)
        place = told.get(name)
        if told.get("issuer") != self.issuer:
            raise _unfit("it says that it is another one")
        if not isinstance(place, str) or _origin(place) != _origin(self.issuer) or urlsplit(place).fragment:
            raise _unfit("it names an address that is not its own")
        return place

    def _told_of(self, place: str, *, fresh: bool = False) -> dict[str, Any]:
        with self._lock:
            at, told = self._told.get(place, (0.0, {}))
            if told and not fresh and time.monotonic() - at < KEPT:
                return told
        told = self._ask("GET", place)
        with self._lock:
            self._told[place] = (time.monotonic(), told)
        return told

    def _ask(self, method: str, place: str, form: dict[str, str] | None = None) -> dict[str, Any]:
        """One question, one answer, of bounded size, in bounded time. Raises `Unavailable`; for a no, `NotSignedIn`."""
        import httpx

        until = time.monotonic() + SECONDS
        client = httpx.Client(timeout=SECONDS / 2, follow_redirects=False, trust_env=False, verify=self._tls)
        try:
            with client, client.stream(method, place, **self._sent(form)) as answer:
                body = bytearray()
                for part in answer.iter_bytes(4096):
                    body += part
                    if len(body) > LARGEST or time.monotonic() > until:
                        raise _unfit("its answer has no end")
        except httpx.HTTPError:
            raise Unavailable("The directory does not answer.", hint="Try again in a moment.") from None
        if form is not None and 400 <= answer.status_code < 500:
            raise _unproven("it does not take the code")
        try:
            told = json.loads(body)
        except (ValueError, RecursionError):
            told = None
        if answer.status_code != 200 or not isinstance(told, dict):
            raise _unfit("its answer cannot be read")
        return told

    def _sent(self, form: dict[str, str] | None) -> dict[str, Any]:
        """A token is asked for with the client's secret, where it has one."""
        if form is None:
            return {}
        client, word = self._section.client_id, secret(SECRET)
        if not word:
            return {"data": form | {"client_id": client}}
        told = self._told_of(self.issuer.rstrip("/") + _KNOWN).get("token_endpoint_auth_methods_supported")
        if isinstance(told, list) and "client_secret_basic" not in told:
            return {"data": form | {"client_id": client, "client_secret": word}}
        return {"data": form, "auth": (quote_plus(client), quote_plus(word))}  # RFC 6749, 2.3.1


def _tls(section: OidcSection, folder: Path) -> ssl.SSLContext:
    try:
        import httpx  # noqa: F401
        import jwt  # noqa: F401
    except ImportError:
        raise BadConfiguration(
            "[http.oidc] needs httpx and pyjwt.", hint="Install them: pip install 'countenance[oidc]'."
        ) from None
    try:
        own = section.certificates
        return ssl.create_default_context(cafile=None if own is None else str(folder / own.expanduser()))
    except (OSError, ssl.SSLError):
        raise BadConfiguration("[http.oidc] certificates cannot be read.", hint="Name a file of PEM.") from None


def _origin(place: str) -> tuple[str, str, int | None]:
    try:
        parts = urlsplit(place)
        return (
            parts.scheme,
            f"{parts.username or ''}@{parts.hostname}",
            parts.port or {"https": 443, "http": 80}.get(parts.scheme),
        )
    except ValueError:
        return "", "", None


def _hashed(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")


def _unproven(why: str) -> NotSignedIn:
    return NotSignedIn(f"The directory's answer proves nothing: {why}.", hint="Begin anew from the sign-in page.")


def _unfit(why: str) -> Unavailable:
    return Unavailable(f"The directory cannot be used: {why}.", hint="Whoever runs the server looks at [http.oidc].")
