"""Who may take which way in: by what it does, for every account alike. What is not listed here is nobody's.

The desk decides about each act as well; this is the first look, and what keeps another organisation's people out.
"""

from __future__ import annotations

from dataclasses import dataclass

from countenance.errors import NotFound
from countenance.service.countenance import Countenance
from countenance.service.programs import require

ANYBODY = ("controller", "operator", "reviewer", "officer")


@dataclass(frozen=True, slots=True)
class May:
    """The roles of which one is needed, none where ``open`` to everybody; ``party``: another organisation may too."""

    roles: tuple[str, ...] = ()
    open: bool = False
    party: bool = False


MAY = {
    "sign-in": May(open=True),
    "request": May(open=True),
    "publish": May(open=True),
    "confirm": May(open=True),
    "show": May(open=True),
    "account": May(ANYBODY, party=True),
    "overview": May(ANYBODY),
    "read-log": May(ANYBODY),
    "look": May(("officer",)),
    "search": May(("operator", "officer"), party=True),
    "withdraw": May(("officer",)),
    "erase": May(("officer",)),
}
"""By the action that a route names (`countenance.web.routes.ACTIONS`)."""


def allow(club: Countenance, action: str) -> None:
    """Raise `NotFound` for what is not there for another organisation, `RoleRefused` for a role that lacks."""
    may = MAY.get(action)
    if may is not None and may.open:
        return
    if may is None or (not may.party and club.context.party != club.context.organisation):
        raise NotFound("There is no such page.", hint="Go back to the start.")
    require(club, *may.roles)
