"""What an account of another organisation may reach of a gallery: a closed list. All else is not there for it.

Another organisation searches under an agreement, in its own cases, and reviews what its searches have shown. It reads
no record, no log and no picture but its candidates'. Whatever is added to the surface later is closed to it as well,
until it is listed here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NoReturn

from countenance.errors import NotFound

if TYPE_CHECKING:
    from countenance.service.countenance import Countenance

OPEN = {
    "search": "under its agreement, in its own case; the desk decides",
    "verify": "under its agreement, in its own case; the desk decides",
    "status": "version, models and the log's checkpoint; no counts of the owner's",
    "sign_in": "opens its own key",
    "close": "gives back files",
}
"""Methods of the surface, and why each may be called."""
OPEN_PARTS: dict[str, dict[str, str]] = {
    "cases": {
        "open": "its own cases, sealed under its own key",
        "close": "its own cases",
        "list": "its own cases",
        "find": "its own cases",
        "for_search": "its own cases; an agreement in force must cover the purpose",
    },
    "agreements": {
        "list": "those that it is the party of",
        "sign": "for its own side, with its own key",
        "end": "those that it is the party of",
        "searches": "made under an agreement that it is the party of",
    },
    "reviewing": {
        "list": "of its own searches",
        "show": "of its own searches, logged",
        "probe": "of its own searches, logged",
        "confirm": "of its own searches, with its own key",
        "reject": "of its own searches, with its own key",
        "decide": "of its own searches, with its own key",
    },
    "pictures": {
        "of": "of candidates that its own searches have shown",
        "probe": "a photo that it has brought itself",
    },
}
"""Parts of the surface, their methods, and why each may be called."""


class Narrowed:
    """A part of the surface of which only some methods are there."""

    def __init__(self, part: object, names: frozenset[str]) -> None:
        self._part = part
        self._names = names

    def __getattr__(self, name: str) -> object:
        if name not in self._names:
            _not_there()
        return getattr(self._part, name)


def narrow(surface: Countenance) -> None:
    """Take everything away that is not on the list. For an account of the gallery's owner nothing changes."""
    context = surface.context
    if context.party == context.organisation:
        return
    for name, part in list(vars(surface).items()):
        if not name.startswith("_") and name != "context":
            vars(surface)[name] = Narrowed(part, frozenset(OPEN_PARTS.get(name, {})))
    for name in dir(type(surface)):
        if not name.startswith("_") and name not in OPEN:
            vars(surface)[name] = _closed(name)


def _closed(name: str) -> Callable[..., NoReturn]:
    def closed(*_: object, **__: object) -> NoReturn:
        _not_there()

    closed.__name__ = name
    return closed


def _not_there() -> NoReturn:
    raise NotFound(
        "There is no such record.",
        hint="Another organisation's account searches, reviews, and reads its own cases and agreements.",
    )
