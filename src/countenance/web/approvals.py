"""What waits for one's own signature, on one page; each is signed with one's own key at that moment (P18)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from countenance.web.route import Route
from countenance.web.site import Site

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

ROLES = ("controller", "officer")


def approvals(site: Site, _: Request) -> Response:
    """All that this account may sign."""
    return site.page("approvals.html", waiting=site.club.approvals.waiting())


def sign(site: Site, request: Request) -> Response:
    """Sign one of them."""
    from starlette.responses import RedirectResponse

    site.club.approvals.sign(request.path_params["thing"])
    return RedirectResponse("/approvals", status_code=303)


ROUTES = (
    Route("GET", "/approvals", "overview", approvals, ROLES, party=True),
    Route("POST", "/approvals/{thing}", "approve", sign, ROLES, party=True),
)
