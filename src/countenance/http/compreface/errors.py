"""Errors as CompreFace sends them: ``{"message": …, "code": …}``, with its codes where it has one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from countenance.errors import (
    AlreadyExists,
    CountenanceError,
    InputError,
    ManyFaces,
    NoFace,
    NotFound,
    NotSignedIn,
    QualityTooLow,
    Refused,
    TooLarge,
    TooMany,
    Unavailable,
    Unreadable,
)
from countenance.http.problem import Turned

if TYPE_CHECKING:
    from starlette.responses import Response

OTHER = 0
"""CompreFace's code for all that it has no code for."""
PARAMETER_MISSING, PART_MISSING = 33, 34
SUBJECT_MISSING, EXAMPLE_MISSING = 42, 44
CODES: tuple[tuple[type[CountenanceError], int, int], ...] = (
    (NoFace, 400, 28),
    (QualityTooLow, 400, 28),
    (ManyFaces, 400, 31),
    (Unreadable, 400, 21),
    (TooLarge, 413, 26),
    (InputError, 400, 26),
    (AlreadyExists, 400, 43),
    (NotSignedIn, 401, 10),
    (Refused, 403, 1),
)
"""The first that fits: the error, its HTTP status and CompreFace's code."""


def missing(message: str, number: int) -> Turned:
    """Something that has to be sent was not. ``number`` is CompreFace's code for it."""
    return Turned(400, f"{number}", message, "Send it as CompreFace's documentation says.")


def of_error(error: CountenanceError, path: str) -> Response:
    """An error of ours; ``path`` is the pattern of the path that was asked."""
    status, code = next(((s, c) for kind, s, c in CODES if isinstance(error, kind)), (error.status, OTHER))
    if isinstance(error, NotFound):
        code = EXAMPLE_MISSING if "{image_id}" in path else SUBJECT_MISSING
    headers = {}
    if isinstance(error, TooMany) and error.after is not None:
        headers["retry-after"] = str(error.after)
    if isinstance(error, Unavailable):
        headers["retry-after"] = "5"
    return _answer(status, code, f"{error.message} {error.hint}".strip(), headers)


def of_turned(turned: Turned) -> Response:
    """A request that no handler is reached by."""
    code = int(turned.code) if turned.code.isdecimal() else OTHER
    return _answer(turned.status, code, f"{turned.message} {turned.hint}".strip(), turned.headers)


def _answer(status: int, code: int, message: str, headers: dict[str, str]) -> Response:
    from starlette.responses import Response

    return Response(json.dumps({"message": message, "code": code}), status, headers, "application/json")
