"""What others reach, and what goes out: the HTTP API, and where checkpoints are sent."""

from __future__ import annotations

import re
from ipaddress import ip_address, ip_network
from pathlib import Path

from pydantic import Field, field_validator

from countenance.config.section import Section

_PUBLIC = re.compile(r"(https://(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+)|http://(localhost|127\.0\.0\.1))(:[0-9]{1,5})?/?")


class OidcSection(Section):
    """The organisation's directory (OpenID Connect), the only one that is ever spoken to, over TLS or on this machine.

    ``required``: nobody signs in with a browser whom it has not just seen; the account's own key is needed as well.
    ``hours``: after which the directory has to see a person anew. ``certificates``: PEM of an authority of your own.
    A secret of the client is read from COUNTENANCE_OIDC_SECRET.
    """

    issuer: str = Field(
        pattern=r"^(https://[A-Za-z0-9.-]+(:[0-9]{1,5})?|http://127\.0\.0\.1:[0-9]{1,5})(/[A-Za-z0-9._~/-]*)?$"
    )
    client_id: str = Field(min_length=1, max_length=255)
    required: bool = False
    hours: int = Field(default=10, ge=1, le=10)
    certificates: Path | None = None


class HttpSection(Section):
    """How the service is reached, and how much it takes.

    ``host`` and ``port``: what it listens on; beyond this machine only with ``certificate`` and ``key`` (PEM), or with
    ``proxies``: addresses or networks whose ``X-Forwarded-Host`` and ``X-Forwarded-Proto`` are believed.
    ``public_url``: what people call it, https:// or a name of this machine. ``workers``: processes that answer.

    ``requests``: of one account in a minute, in all processes together. ``max_bytes``: of a request.
    ``waiting``: bytes of all requests that are being received or answered at one time. ``oidc``: a second lock.
    """

    host: str = "127.0.0.1"
    port: int = Field(default=8420, ge=0, le=65535)
    public_url: str | None = None
    certificate: Path | None = None
    key: Path | None = None
    proxies: tuple[str, ...] = ()
    workers: int = Field(default=1, ge=1, le=64)
    requests: int = Field(default=600, ge=1, le=1_000_000)
    max_bytes: int = Field(default=32 * 2**20, ge=1024)
    waiting: int = Field(default=256 * 2**20, ge=1024)
    oidc: OidcSection | None = None

    @field_validator("host")
    @classmethod
    def _an_address(cls, host: str) -> str:
        ip_address("127.0.0.1" if host == "localhost" else host)
        return "127.0.0.1" if host == "localhost" else host

    @field_validator("public_url")
    @classmethod
    def _over_tls(cls, url: str | None) -> str | None:
        if url is not None and not _PUBLIC.fullmatch(url):
            raise ValueError("it begins with https:// and names a host and no path; cameras and passkeys need TLS")
        return url

    @field_validator("proxies")
    @classmethod
    def _networks(cls, proxies: tuple[str, ...]) -> tuple[str, ...]:
        for each in proxies:
            if ip_network(each).prefixlen == 0:
                raise ValueError(f"{each} is everybody")
        return proxies


class MailServerSection(Section):
    """A mail server that takes letters to people. The password, if any, is read from COUNTENANCE_SMTP_PASSWORD."""

    host: str
    port: int = Field(default=587, ge=1, le=65535)
    starttls: bool = True
    sender: str
    user: str | None = None


class MailSection(MailServerSection):
    """A mail server that takes checkpoints, and whom they go ``to``."""

    to: str


class TimestampSection(Section):
    """A time-stamping authority (RFC 3161). ``certificates``: its root certificates, PEM, as you got them from it."""

    url: str = Field(pattern=r"^https?://[^\s/]+(/\S*)?$")
    certificates: Path


class WitnessSection(Section):
    """Where signed checkpoints of the log go, so that somebody else can tell whether it was changed (P19)."""

    drop: Path | None = None
    smtp: MailSection | None = None
    timestamp: TimestampSection | None = None
