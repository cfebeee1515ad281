"""A small OpenID provider on 127.0.0.1, with people, keys and faults of one's choosing, for tests."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote_plus, urlencode, urlsplit

import jwt
import uvicorn
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

CLIENT = "countenance"
SECRET = "the client's : secret"
_RSA = rsa.generate_private_key(65537, 2048)
"""Made once a run: it takes long."""


@dataclass
class Provider:
    """``claims``: what the next tokens say otherwise; ``told``: what discovery says otherwise."""

    issuer: str
    clock: Callable[[], int]
    person: dict[str, Any] = field(default_factory=dict)
    claims: dict[str, Any] = field(default_factory=dict)
    told: dict[str, Any] = field(default_factory=dict)
    algorithm: str = "ES256"
    keys: dict[str, Any] = field(default_factory=dict)
    signs: str = "one"
    forge: Callable[[dict[str, Any]], str] | None = None
    asked: list[str] = field(default_factory=list)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    answer: Callable[[], Response] | None = None
    """What it answers to every question instead, where set."""

    def rotate(self, name: str, algorithm: str = "ES256") -> None:
        """Sign with another key from now on; the others are shown no more."""
        made = {"ES256": lambda: ec.generate_private_key(ec.SECP256R1()), "EdDSA": ed25519.Ed25519PrivateKey.generate,
                "RS256": lambda: _RSA}  # fmt: skip
        self.keys, self.signs, self.algorithm = {name: made[algorithm]()}, name, algorithm

    def authorize(self, address: str) -> str:
        """What the person's browser does there: they sign in, and are sent back. Returns the address."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert asked["response_type"] == "code"
        assert asked["client_id"] == CLIENT
        assert asked["code_challenge_method"] == "S256"
        assert "openid" in asked["scope"].split()
        code = secrets.token_urlsafe(16)
        self.codes[code] = asked
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state'], 'iss': self.issuer})}"

    def authorized(self, request: Request) -> Response:
        """The page where the person would sign in: they are signed in there already."""
        return RedirectResponse(self.authorize(str(request.url)), 302)

    def elsewhere(self, request: Request) -> Response:
        """Where a redirect leads that nobody follows."""
        self.answer = None
        self.asked.append("elsewhere")
        return self.discovery(request)

    # --- what it answers ---------------------------------------------------------------------------------------------

    def discovery(self, _: Request) -> Response:
        return self._or(
            {
                "issuer": self.issuer, "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token", "jwks_uri": f"{self.issuer}/keys", **self.told,
            }
        )  # fmt: skip

    def jwks(self, _: Request) -> Response:
        return self._or({"keys": [self._public(name, key) for name, key in self.keys.items()]})

    async def token(self, request: Request) -> Response:
        form = {name: values[0] for name, values in parse_qs((await request.body()).decode()).items()}
        given = base64.b64decode(request.headers.get("authorization", "Basic ").removeprefix("Basic ")).decode()
        kept = self.codes.pop(form.get("code", ""), None)
        made = base64.urlsafe_b64encode(hashlib.sha256(form.get("code_verifier", "").encode()).digest()).decode()
        if (
            kept is None
            or [unquote_plus(each) for each in given.split(":")] != [CLIENT, SECRET]
            or kept["code_challenge"] != made.rstrip("=")
            or kept["redirect_uri"] != form.get("redirect_uri")
        ):
            return JSONResponse({"error": "invalid_grant"}, 400)
        return self._or({"id_token": self._token(kept), "token_type": "Bearer", "access_token": "x"})

    # --- inside ------------------------------------------------------------------------------------------------------

    def _or(self, usual: dict[str, Any]) -> Response:
        self.asked.append(str(sorted(usual)))
        return self.answer() if self.answer else JSONResponse(usual)

    def _token(self, asked: dict[str, str]) -> str:
        now = self.clock()
        claims = {"iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + 300, "auth_time": now - 30,
                  "nonce": asked["nonce"], **self.person, **self.claims}  # fmt: skip
        claims = {name: value for name, value in claims.items() if value is not None}
        if self.forge is not None:
            return self.forge(claims)
        return jwt.encode(claims, self.keys[self.signs], algorithm=self.algorithm, headers={"kid": self.signs})

    def _public(self, name: str, key: Any) -> dict[str, Any]:
        kinds = {"ES256": jwt.algorithms.ECAlgorithm, "RS256": jwt.algorithms.RSAAlgorithm,
                 "EdDSA": jwt.algorithms.OKPAlgorithm}  # fmt: skip
        return json.loads(kinds[self.algorithm].to_jwk(key.public_key())) | {"kid": name, "use": "sig"}

    def public_pem(self) -> bytes:
        """The key that signs, as a public file."""
        return (
            self.keys[self.signs]
            .public_key()
            .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        )


@contextmanager
def provider(clock: Callable[[], int]) -> Iterator[Provider]:
    """One that runs until the block ends."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(16)
        made = Provider(f"http://127.0.0.1:{listening.getsockname()[1]}", clock)
        made.rotate("one")
        app = Starlette(
            routes=[
                Route("/.well-known/openid-configuration", made.discovery), Route("/keys", made.jwks),
                Route("/authorize", made.authorized), Route("/elsewhere", made.elsewhere),
                Route("/token", made.token, methods=["POST"]),
            ]
        )  # fmt: skip
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False, lifespan="off"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            until = time.monotonic() + 20
            while not server.started and time.monotonic() < until:
                time.sleep(0.01)
            yield made
        finally:
            server.should_exit = True
            thread.join()
