"""Rights and orders: what waits for the officer and the controller, in numbers, and the way to each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from countenance.web.route import Route
from countenance.web.site import Site

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response


def office(site: Site, _: Request) -> Response:
    """How much waits, and where."""
    club = site.club
    orders = [each.state for each in club.orders.list()]
    waiting = len(club.approvals.waiting())
    return site.page("officer.html", requests=club.status()["requests"], orders=orders, waiting=waiting)


ROUTES = (Route("GET", "/officer", "overview", office, ("controller", "officer")),)
