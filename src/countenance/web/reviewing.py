"""Reviewing: what waits, one review pair by pair, a signature, and what was decided before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from countenance.errors import InputError, NotFound
from countenance.service.reviewing import PROBE_DAYS
from countenance.service.showing import shown_review
from countenance.web.forms import Form
from countenance.web.route import Route
from countenance.web.site import Site

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from countenance.service.reviewed import Review, Reviewed

REVIEWER = ("reviewer",)


def reviews(site: Site, _: Request) -> Response:
    """What waits, and the history. No picture, so nobody was looked at."""
    every = site.club.reviewing.list()
    return site.page(
        "reviews.html",
        waiting=[each for each in every if each.open],
        done=[each for each in every if not each.open],
        account=site.account,
    )


def following(site: Site, _: Request) -> Response:
    """To the candidate that has waited longest for this account; whether it may decide, the service says."""
    from starlette.responses import RedirectResponse

    for each in reversed(site.club.reviewing.list(open_only=True)):
        mine = _waiting(each, site.account)
        if mine and (each.solo or each.searched_by != site.account):
            return RedirectResponse(f"/reviews/{each.id}#{mine[0].subject}", status_code=303)
    return RedirectResponse("/reviews", status_code=303)


def review(site: Site, request: Request) -> Response:
    """One review, pair by pair. That somebody looked is logged."""
    club = site.club
    found = club.reviewing.show(request.path_params["review"])
    try:
        probe = club.reviewing.probe(found.id) if found.probe and found.open else None
    except NotFound:  # it was let go of this very moment
        probe = None
    finding = None if probe is None else shown_review(club.context, club.pictures, found, probe)
    return site.page("review.html", review=found, finding=finding, days=PROBE_DAYS, account=site.account)


def decide(site: Site, request: Request) -> Response:
    """Sign yes or no with this account's own key, and go on to the next."""
    from starlette.responses import RedirectResponse

    form: Form = request.scope["form"]
    number, said = request.path_params["review"], form.text("decision")
    if said not in {"confirm", "reject"}:
        raise InputError("Nothing was decided.", hint="Go back, and say whether it is this person.")
    left = site.club.reviewing.decide(number, form.text("subject") or "", said)
    mine = _waiting(left, site.account)
    return RedirectResponse(f"/reviews/{left.id}#{mine[0].subject}" if mine else "/reviews/next", status_code=303)


ROUTES = (
    Route("GET", "/reviews", "review-look", reviews, REVIEWER, party=True),
    Route("GET", "/reviews/next", "review-look", following, REVIEWER, party=True),
    Route("GET", "/reviews/{review}", "review-look", review, REVIEWER, party=True),
    Route("POST", "/reviews/{review}", "review", decide, REVIEWER, party=True),
)


# --- inside ----------------------------------------------------------------------------------------------------------


def _waiting(review: Review, account: str) -> list[Reviewed]:
    """The candidates of a review that are open and not signed by this account."""
    return [
        each
        for each in review.candidates
        if each.state == "open" and account not in [who for who, _, _ in each.reviews]
    ]
