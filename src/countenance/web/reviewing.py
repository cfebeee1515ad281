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
    """To the candidate that has waited longest for this account."""
    from starlette.responses import RedirectResponse

    found = site.club.reviewing.next()
    if found is None:
        return RedirectResponse("/reviews", status_code=303)
    return RedirectResponse(f"/reviews/{found.review.id}#{found.candidate.subject}", status_code=303)


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
    mine = [each for each in left.candidates if each.state == "open" and not _decided(each.reviews, site.account)]
    return RedirectResponse(f"/reviews/{left.id}#{mine[0].subject}" if mine else "/reviews/next", status_code=303)


ROUTES = (
    Route("GET", "/reviews", "review-look", reviews, REVIEWER, party=True),
    Route("GET", "/reviews/next", "review-look", following, REVIEWER, party=True),
    Route("GET", "/reviews/{review}", "review-look", review, REVIEWER, party=True),
    Route("POST", "/reviews/{review}", "review", decide, REVIEWER, party=True),
)


# --- inside ----------------------------------------------------------------------------------------------------------


def _decided(reviews: tuple[tuple[str, str, str], ...], account: str) -> bool:
    return any(who == account for who, _, _ in reviews)
