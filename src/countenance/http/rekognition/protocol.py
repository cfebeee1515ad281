"""How Rekognition's clients are answered (JSON 1.1), and what our errors are called there."""

from __future__ import annotations

import json
from typing import Any

from countenance import errors
from countenance.errors import CountenanceError
from countenance.http.problem import Turned

MEDIA = "application/x-amz-json-1.1"
_NAMES: tuple[tuple[type[CountenanceError], str], ...] = (
    (errors.TooLarge, "ImageTooLargeException"),
    (errors.Unreadable, "InvalidImageFormatException"),
    (errors.BadSignature, "InvalidSignatureException"),
    (errors.InputError, "InvalidParameterException"),
    (errors.NotSignedIn, "InvalidSignatureException"),
    (errors.TooMany, "ThrottlingException"),
    (errors.Busy, "ThrottlingException"),
    (errors.NotFound, "ResourceNotFoundException"),
    (errors.Refused, "AccessDeniedException"),
    (errors.Held, "ResourceInUseException"),
    (errors.OrderError, "ResourceInUseException"),
    (errors.AlreadyExists, "ResourceAlreadyExistsException"),
    (errors.ContractMismatch, "ResourceNotReadyException"),
)
"""The first that fits."""
_TURNED = {413: "ImageTooLargeException", 408: "RequestTimeoutException", 411: "InvalidParameterException"}
_WHY = "Set the key's default purpose and case, or send the headers X-Countenance-Purpose and X-Countenance-Case."


class Fault(Exception):
    """An error under the name that Rekognition's clients know."""

    def __init__(self, name: str, message: str, status: int = 400, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.name = name
        self.message = message
        self.status = status
        self.headers = headers or {}

    @property
    def body(self) -> bytes:
        """As it is sent."""
        return json.dumps({"__type": self.name, "Message": self.message, "message": self.message}).encode()


def fault_of(error: Exception) -> Fault:
    """What an error is called there: what is wrong and what to do, in one message."""
    if isinstance(error, Fault):
        return error
    if isinstance(error, Turned):
        return Fault(
            _TURNED.get(error.status, "InvalidParameterException"), f"{error.message} {error.hint}", error.status
        )
    if not isinstance(error, CountenanceError):
        return Fault("InternalServerError", "Something went wrong inside Countenance. Please report this.", 500)
    name = next((name for kind, name in _NAMES if isinstance(error, kind)), "InternalServerError")
    hint = _WHY if isinstance(error, errors.NoCase) or _lacks_purpose(error) else error.hint
    headers = {"x-countenance-code": error.code, "x-countenance-requirement": error.requirement}
    if isinstance(error, errors.Refused) and error.log_index is not None:
        headers["x-countenance-log"] = str(error.log_index)
    if isinstance(error, errors.TooMany) and error.after is not None:
        headers["retry-after"] = str(error.after)
    status = 500 if name == "InternalServerError" else 400
    if type(error) is errors.Unavailable:  # what passes: boto3 asks again by itself
        name, status, headers["retry-after"] = "ServiceUnavailableException", 503, "5"
    return Fault(
        name, f"{error.message} {hint}".strip(), status, {each: told for each, told in headers.items() if told}
    )


def _lacks_purpose(error: CountenanceError) -> bool:
    return isinstance(error, errors.PurposeRefused) and "none was given" in error.message


def plain(body: Any) -> bytes:
    """An answer."""
    return json.dumps(body).encode()
