"""Errors over HTTP: problem+json (RFC 9457), from the same taxonomy as everywhere, with what to do about them."""

from __future__ import annotations

import inspect
import json
from typing import TYPE_CHECKING, Any

from countenance.errors import CountenanceError, NotSignedIn, TooMany, Unavailable

if TYPE_CHECKING:
    from starlette.responses import Response

MEDIA = "application/problem+json"
FAULT = "countenance_fault"
"""Where a request's scope says why it is turned away before any door is reached."""
SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "code", "hint", "request_id"],
    "properties": {
        "type": {"type": "string", "description": "Names the kind of error; `code` is its last part."},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What is wrong, in one line."},
        "hint": {"type": "string", "description": "What to do about it."},
        "code": {"type": "string"},
        "request_id": {"type": "string"},
        "requirement": {"type": "string", "description": "The requirement that refuses, P1 to P30."},
        "log_index": {"type": ["integer", "null"], "description": "The log entry of the refusal."},
        "reasons": {"type": "array", "items": {"type": "string"}},
    },
}


class Turned(Exception):
    """A request that no handler is reached by: no such path, a wrong method or type, too slow."""

    def __init__(self, status: int, code: str, message: str, hint: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.hint = hint
        self.headers = headers or {}


def of_error(error: CountenanceError, request_id: str) -> Response:
    """An error of ours. What it says of a person was theirs to read who asked."""
    told = error.diagnostics()
    message, title = told.pop("message"), (inspect.getdoc(type(error)) or "").split(".")[0]
    headers = {}
    if isinstance(error, NotSignedIn):
        headers["www-authenticate"] = 'Bearer realm="countenance"'
    if isinstance(error, TooMany) and error.after is not None:
        headers["retry-after"] = str(error.after)
    if isinstance(error, Unavailable):
        headers["retry-after"] = "5"
    body = {"title": title, "status": error.status, "detail": message, **told}
    return _answer(error.status, error.code, body, request_id, headers)


def of_turned(turned: Turned, request_id: str) -> Response:
    """A request that no handler is reached by."""
    body = {"title": turned.message.rstrip("."), "status": turned.status, "detail": turned.message}
    return _answer(
        turned.status, turned.code, body | {"code": turned.code, "hint": turned.hint}, request_id, turned.headers
    )


def _answer(status: int, code: str, body: dict[str, Any], request_id: str, headers: dict[str, str]) -> Response:
    from starlette.responses import Response

    told = {"type": f"urn:countenance:error:{code}", **body, "request_id": request_id}
    return Response(json.dumps(told), status_code=status, media_type=MEDIA, headers=headers)
