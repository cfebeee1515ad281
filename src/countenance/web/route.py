"""What a route is: a way in, what it does, and who may."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from countenance.errors import InputError

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from countenance.web.site import Site

MOST_DIGITS = 9
ANYBODY = ("controller", "operator", "reviewer", "officer")
"""Every role: whoever is signed in."""
OPEN_TO_ALL = frozenset({"sign-in", "request", "publish", "confirm", "guest", "show"})
"""What needs no role, among the actions; a route of any other names the roles of which one is needed."""


@dataclass(frozen=True, slots=True)
class Route:
    """A way in.

    Attributes:
        method, path: As the browser asks.
        action: What it carries out, one of ``ACTIONS``.
        handler: Who answers.
        roles: Of which the account must have one; none only for what is open to all.
        party: Another organisation's account may ask too; to it, all other routes are absent.
    """

    method: str
    path: str
    action: str
    handler: Callable[[Site, Request], Response]
    roles: tuple[str, ...] = ()
    party: bool = False


def number(text: str | None, *, usual: int, what: str) -> int:
    """A whole number from an address or a form. Raises `InputError`."""
    if not text:
        return usual
    if not (text.isascii() and text.isdecimal() and len(text) <= MOST_DIGITS):
        raise InputError(f"{text[:20]!r} is no {what}.", hint="Give a whole number.")
    return int(text)
