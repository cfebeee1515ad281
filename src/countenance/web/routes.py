"""Every route with its action, in one table. A test walks the application and is red for one that is not in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from countenance.errors import NotSignedIn
from countenance.web import (
    approvals,
    directory,
    events,
    exporting,
    guests,
    jobs,
    logs,
    look,
    officer,
    orders,
    people,
    public,
    requests,
    reviewing,
    searching,
    signing,
    sources,
    visits,
)
from countenance.web.guard import OPEN
from countenance.web.route import Route
from countenance.web.site import Site

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

ACTIONS = {
    "sign-in": "lets a browser in: the one that the terminal opened, or whoever signs in; logged",
    "account": "shows and changes how the account that is signed in signs in; logged",
    "show": "shows nothing about anybody real",
    "overview": "names who is enrolled and counts what is here, to the account that is signed in",
    "read-log": "reads the log, to the account that is signed in",
    "read-report": "reports from live state, to the account that is signed in; names nobody",
    "look": "shows what is held of one person, or who may be named in one photo; logged",
    "search": "compares a probe with the gallery; decided by the desk and logged",
    "visit": "expects, lets in and lets go of a visitor of the day; decided by the desk or signed, and logged",
    "export": "hands out names that two reviewers confirmed; decided by the desk and logged",
    "review-look": "shows the reviews of the account's own organisation; a look at faces is logged",
    "review": "signs what a reviewer says of a candidate, with their own key; logged",
    "source": "records a source below [photos] root; logged",
    "ingest": "goes through a source's photos, as a job, or stops it; decided by the desk and logged",
    "withdraw": "withdraws a person's bases; decided by the desk and logged",
    "erase": "erases a person; decided by the desk and logged",
    "approve": "signs what two people must agree to, with the account's own key; logged",
    "order": "records, executes, stays or certifies an authority's order; decided by the desk and logged",
    "answer": "answers a person's request, or says whose it is; carried out, signed and logged",
    "request": "records a person's request; anybody may, and the answer tells nobody who is here; logged",
    "publish": "tells what is public about this gallery; names nobody",
    "host": "makes an event, invitations, or decides about a guest; logged",
    "guest": "takes a guest's consent and stills, shows them their own pictures, erases them; by their secret; logged",
    "confirm": "takes a person's own yes or no to their consent, by a one-time link; logged",
}
"""What a route may do. From look on, all but publish pass the policy desk or are written to the log."""


# --- getting in ------------------------------------------------------------------------------------------------------


def sign_in(site: Site, request: Request) -> Response:
    """Give the session's cookie to whoever shows its key."""
    from starlette.responses import RedirectResponse

    if site.doors is not None or not site.session.is_secret(request.query_params.get("key", "")):
        refused = NotSignedIn("This is not the address that the terminal shows.", hint="Copy it whole.")
        return site.fault(refused, signed_in=False)
    answer = RedirectResponse("/", status_code=303)
    answer.set_cookie(
        site.session.cookie, site.session.secret, httponly=True, samesite="strict", path="/", secure=site.session.secure
    )
    return answer


ROUTES = (
    Route("GET", OPEN, "sign-in", sign_in, party=True),
    *signing.ROUTES,
    *directory.ROUTES,
    *look.ROUTES,
    *searching.ROUTES,
    *reviewing.ROUTES,
    *people.ROUTES,
    *sources.ROUTES,
    *jobs.ROUTES,
    *visits.ROUTES,
    *officer.ROUTES,
    *requests.ROUTES,
    *orders.ROUTES,
    *approvals.ROUTES,
    *logs.ROUTES,
    *exporting.ROUTES,
    *public.ROUTES,
    *events.ROUTES,
    *guests.ROUTES,
)
