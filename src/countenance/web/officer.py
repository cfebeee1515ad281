"""Rights and orders: what waits for the officer and the controller, in numbers, and the way to each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from countenance.service.reminding import SOON
from countenance.web.route import Route, number
from countenance.web.site import Site

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response


def office(site: Site, _: Request) -> Response:
    """How much waits, and where."""
    club = site.club
    orders = [each.state for each in club.orders.list()]
    waiting = len(club.approvals.waiting())
    ending = len(club.reminders.expiring(SOON))
    asked = club.status()["requests"]
    return site.page("officer.html", requests=asked, orders=orders, waiting=waiting, ending=ending, soon=SOON)


def consents(site: Site, request: Request) -> Response:
    """Whose consent ends soon, the first to end at the top."""
    days = number(request.query_params.get("days"), usual=SOON, what="number of days")
    return site.page(
        "consents.html",
        consents=site.club.reminders.expiring(days),
        days=days,
        mails=site.club.context.settings.mail is not None,
    )


ROLES = ("controller", "officer")
ROUTES = (
    Route("GET", "/officer", "overview", office, ROLES),
    Route("GET", "/officer/consents", "overview", consents, ROLES),
)
