"""A passkey in software: it answers as a browser and its authenticator do, with the real bytes (ES256, no attestation).

What it answers can be bent, so that a test sees that a wrong page, a wrong host or an old counter is refused.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


def text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


@dataclass
class Authenticator:
    """One passkey. ``origin``: the page that the browser says it is on; ``site``: the host that it signs for."""

    origin: str
    site: str
    count: int = 0
    flags: int = PRESENT | VERIFIED
    credential: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    key: EllipticCurvePrivateKey = field(default_factory=lambda: generate_private_key(SECP256R1()))

    def create(self, challenge: str, /, **bent: Any) -> str:
        """Answer `navigator.credentials.create`, as our script sends it."""
        point = self.key.public_key().public_numbers()
        cose = cbor2.dumps({1: 2, 3: -7, -1: 1, -2: point.x.to_bytes(32, "big"), -3: point.y.to_bytes(32, "big")})
        attested = bytes(16) + len(self.credential).to_bytes(2, "big") + self.credential + cose
        data = self._data(self.flags | ATTESTED) + attested
        made = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        client = self._client("webauthn.create", challenge, **bent)
        return json.dumps(
            {"id": text(self.credential), "clientDataJSON": text(client), "attestationObject": text(made)}
        )

    def get(self, challenge: str, /, **bent: Any) -> str:
        """Answer `navigator.credentials.get`; the counter goes on."""
        self.count += 1
        data, client = self._data(self.flags), self._client("webauthn.get", challenge, **bent)
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ECDSA(SHA256()))
        return json.dumps(
            {
                "id": text(self.credential),
                "authenticatorData": text(data),
                "clientDataJSON": text(client),
                "signature": text(signature),
            }
        )

    def _data(self, flags: int) -> bytes:
        return hashlib.sha256(self.site.encode()).digest() + bytes([flags]) + self.count.to_bytes(4, "big")

    def _client(self, kind: str, challenge: str, /, **bent: Any) -> bytes:
        said = {"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False} | bent
        return json.dumps(said).encode()
