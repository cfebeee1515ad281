"""What a browser is handed and brings back: sealed under the organisation's key, so that nothing is kept for it."""

from __future__ import annotations

import base64
import json
import secrets
from typing import TYPE_CHECKING, Any

from countenance.errors import Tampered

if TYPE_CHECKING:
    from countenance.service.context import Context

PATIENCE = 300
"""Seconds in which what was asked of a passkey has to be answered."""


def sealed(context: Context, what: str, content: dict[str, Any], *, patience: int = PATIENCE) -> str:
    """The content, for a form, with a number of its own; it opens for ``patience`` seconds, for this purpose alone."""
    content = content | {"until": context.clock() + patience, "once": secrets.token_hex(32)}
    return encoded(context.keys.seal(context.own_key, json.dumps(content).encode(), f"handed out: {what}"))


def unsealed(context: Context, what: str, text: str) -> dict[str, Any] | None:
    """What came back; None for what was not handed out here for this, or too long ago."""
    try:
        opened = context.keys.unseal(context.own_key, decoded(text), f"handed out: {what}")
    except (Tampered, ValueError):
        return None
    content: dict[str, Any] = json.loads(opened)
    return content if context.clock() < content["until"] else None


def encoded(data: bytes) -> str:
    """Base64url without padding, as browsers' scripts have it."""
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def decoded(text: str) -> bytes:
    """The bytes. Raises `ValueError` for what is none."""
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
