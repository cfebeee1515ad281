"""What others reach, and what goes out: the HTTP API, and where checkpoints are sent."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from countenance.config.section import Section


class HttpSection(Section):
    """The HTTP API. ``requests``: of one account in a minute, in all processes together. ``max_bytes``: of a request.

    ``waiting``: bytes of all requests that are being received or answered at one time.
    """

    requests: int = Field(default=600, ge=1, le=1_000_000)
    max_bytes: int = Field(default=32 * 2**20, ge=1024)
    waiting: int = Field(default=256 * 2**20, ge=1024)


class MailSection(Section):
    """A mail server that takes checkpoints. The password, if any, is read from COUNTENANCE_SMTP_PASSWORD."""

    host: str
    port: int = Field(default=587, ge=1, le=65535)
    starttls: bool = True
    sender: str
    to: str
    user: str | None = None


class TimestampSection(Section):
    """A time-stamping authority (RFC 3161). ``certificates``: its root certificates, PEM, as you got them from it."""

    url: str = Field(pattern=r"^https?://[^\s/]+(/\S*)?$")
    certificates: Path


class WitnessSection(Section):
    """Where signed checkpoints of the log go, so that somebody else can tell whether it was changed (P19)."""

    drop: Path | None = None
    smtp: MailSection | None = None
    timestamp: TimestampSection | None = None
