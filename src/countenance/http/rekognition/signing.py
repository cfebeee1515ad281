"""Signature Version 4: whether a request was signed with the secret of an access key, and just now.

As AWS documents it (Signing AWS API requests). Looked at: the algorithm, the credential's scope, the time, which
headers are signed, the hash of the body, the signature in constant time. What is not signed is not listened to.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from countenance.http.rekognition.protocol import Fault
from countenance.service.doors import WINDOW

TARGET = "x-amz-target"
OURS = "x-countenance-"
"""Headers of ours."""
_HAVE_TO_BE = ("host", "x-amz-date", TARGET)
_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 +Credential=(?P<access>[A-Za-z0-9]{1,64})/(?P<day>[0-9]{8})/(?P<region>[a-z0-9-]{1,40})/"
    r"rekognition/aws4_request, *SignedHeaders=(?P<signed>[a-z0-9;_-]{1,1000}), *Signature=(?P<signature>[0-9a-f]{64})"
)
_TIME = re.compile(r"[0-9]{8}T[0-9]{6}Z")
Headers = Sequence[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class Claim:
    """A request that says by which access key it was signed, and when. Nothing of it is proven yet."""

    access: str
    scope: str
    at: str
    signed: str
    canonical_headers: str
    signature: str = field(repr=False)

    def proven(self, secret: str, body: bytes) -> bool:
        """Whether this secret made the signature, over this body."""
        digest = hashlib.sha256(body).hexdigest()
        request = f"POST\n/\n\n{self.canonical_headers}\n{self.signed}\n{digest}"
        hashed = hashlib.sha256(request.encode()).hexdigest()
        said = f"AWS4-HMAC-SHA256\n{self.at}\n{self.scope}\n{hashed}"
        key = f"AWS4{secret}".encode()
        for part in self.scope.split("/"):
            key = hmac.digest(key, part.encode(), "sha256")
        return hmac.compare_digest(hmac.new(key, said.encode(), "sha256").hexdigest(), self.signature)


def claimed(headers: Headers, query: bytes, now: int) -> Claim:
    """What a request's headers claim. Raises `Fault` for what is not signed as it has to be, or not just now.

    ``now``: seconds since 1970.
    """
    told = _told(headers)
    if "authorization" not in told:
        raise Fault("MissingAuthenticationTokenException", "The request is not signed.")
    found = _AUTHORIZATION.fullmatch(told["authorization"])
    if found is None:
        raise Fault(
            "IncompleteSignatureException", "The Authorization header is no signature of version 4 for rekognition."
        )
    signed = found["signed"].split(";")
    if query or signed != sorted(set(signed)) or any(name not in told for name in signed):
        raise _bad("The request has not the headers that it says it has signed, or a query.")
    unsigned = [
        name for name in told if name not in signed and (name in _HAVE_TO_BE or name.startswith((OURS, "x-amz-")))
    ]
    if unsigned or any(name not in signed for name in _HAVE_TO_BE):
        raise _bad("Host, X-Amz-Date, X-Amz-Target and every other X-Amz- and X-Countenance- header have to be signed.")
    at = told["x-amz-date"]
    if abs(_seconds(at) - now) > WINDOW or not at.startswith(found["day"]):
        raise _bad(f"The request's time is more than {WINDOW // 60} minutes from the service's: set the clock right.")
    canonical = "".join(f"{name}:{' '.join(told[name].split())}\n" for name in signed)
    scope = f"{found['day']}/{found['region']}/rekognition/aws4_request"
    return Claim(found["access"], scope, at, found["signed"], canonical, found["signature"])


def _told(headers: Headers) -> dict[str, str]:
    """Headers by their names. One that comes twice says two things: it is refused."""
    told: dict[str, str] = {}
    for raw, value in headers:
        name = raw.decode("latin-1").lower()
        if name in told:
            raise _bad(f"The header {name[:40]!r} was sent twice.")
        told[name] = value.decode("latin-1").strip()
    return told


def _seconds(at: str) -> int:
    if not _TIME.fullmatch(at):
        return -(2**40)
    try:
        return int(datetime.strptime(at, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp())
    except ValueError:
        return -(2**40)


def _bad(message: str) -> Fault:
    return Fault("InvalidSignatureException", message)
