"""The library's own errors, raised again from what the service answered (RFC 9457), with their hints."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from countenance import errors
from countenance.errors import CountenanceError, QualityTooLow, Refused, TooMany, Unavailable

_ODD = "Is this address that of `countenance serve`? What stands between may have answered."


def error_of(status: int, told: Any, after: int | None = None) -> CountenanceError:
    """The error that an answer tells of; `Unavailable` or the base class for what is no problem of ours."""
    if not isinstance(told, dict) or not isinstance(told.get("code"), str):
        kind = Unavailable if status >= 500 else CountenanceError
        return kind(f"The answer has the status {status} and says nothing of Countenance.", hint=_ODD)
    message, hint = str(told.get("detail", "")), str(told.get("hint", ""))
    requirement = str(told.get("requirement") or "")
    kind = _KINDS.get(told["code"], CountenanceError)
    if issubclass(kind, TooMany):
        return kind(message, hint=hint, requirement=requirement, after=after)
    if issubclass(kind, Refused):
        return kind(message, hint=hint, requirement=requirement, log_index=told.get("log_index"))
    if issubclass(kind, QualityTooLow):
        return kind(message, reasons=tuple(map(str, told.get("reasons", ()))), hint=hint)
    return kind(message, hint=hint, requirement=requirement)


def unreachable(url: str) -> Unavailable:
    """Nobody answers there."""
    return Unavailable(f"{url} cannot be reached.", hint="Is `countenance serve` running there?")


def too_slow(url: str) -> Unavailable:
    """Nothing came in time."""
    return Unavailable(f"{url} did not answer in time.", hint="Give more time with timeout=…, or ask again later.")


def _all(kind: type[CountenanceError]) -> Iterator[type[CountenanceError]]:
    yield kind
    for each in kind.__subclasses__():
        yield from _all(each)


_KINDS = {each.code: each for each in _all(CountenanceError) if each.__module__ == errors.__name__}
