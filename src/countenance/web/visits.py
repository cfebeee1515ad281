"""The visitor desk: today's visitors, a still compared with theirs alone, and the other ways in beside it, always."""

from __future__ import annotations

from typing import TYPE_CHECKING

from countenance.errors import InputError, ManyFaces
from countenance.service.showing import shown_choice, shown_probe
from countenance.web.forms import Form
from countenance.web.route import Route, number
from countenance.web.searching import MOST_FACES
from countenance.web.site import Site

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

DESK = ("operator",)
ENROLLING = frozenset({"controller", "operator"})
NAMES = (("host", "Call the host"), ("paper", "Paper list"), ("badge", "Visitor badge"))
"""The other ways in, and what a desk calls them."""
STATES = ("expected", "arrived", "left")
AT = "/visits"


def desk(site: Site, _: Request) -> Response:
    """The desk."""
    every = site.club.visits.list()
    return site.page(
        "visits.html",
        visits=[(state, [each for each in every if each.state == state]) for state in STATES],
        ways=NAMES,
        may_add=site.roles >= ENROLLING,
        notices=[each.name for each in site.club.notices.list()],
    )


def search(site: Site, request: Request) -> Response:
    """Who of today's visitors resembles the face in a still, which is gone with the answer."""
    form: Form = request.scope["form"]
    still = form.files.get("photo")
    if still is None:
        raise InputError("No photo was given.", hint="Take a still, or let them in by another way.")
    face = number(form.text("face"), usual=0, what="number of a face") or None
    try:
        seen = site.club.visits.search(still, face=face)
    except ManyFaces:
        whole, faces = shown_choice(site.club.pictures, still)
        return site.page(
            "choose.html", status=422, whole=whole, faces=faces[:MOST_FACES], asked_for={}, action=f"{AT}/search",
            at=AT,
        )  # fmt: skip
    candidates = {each.subject: each for each in seen.found}
    return site.page(
        "visit-found.html",
        probe=shown_probe(site.club.pictures, still, face),
        visitors=[(each, candidates[each.subject]) for each in seen.visits],
        meaning=seen.found.meaning,
        threshold=seen.found.threshold or 0.0,
        search=seen.search,
        entry=seen.found.answer.log.index,
        ways=NAMES,
    )


def add(site: Site, request: Request) -> Response:
    """Expect a visitor who agreed."""
    form: Form = request.scope["form"]
    if "photo" not in form.files or "evidence" not in form.files:
        raise InputError("A photo and the signed consent are needed.", hint="Choose both files, then send again.")
    site.club.visits.add(
        form.text("name") or "", form.files["photo"], evidence=form.files["evidence"],
        notice=form.text("notice") or "", territory=form.text("territory") or "unknown", host=form.text("host"),
        contact=form.text("contact"),
    )  # fmt: skip
    return _back()


def arrive(site: Site, request: Request) -> Response:
    """Let a visitor in, by any way."""
    form: Form = request.scope["form"]
    visit, search = request.path_params["visit"], form.text("search")
    site.club.visits.arrive(visit, way=form.text("way") or "", search=search)
    return _back()


def other(site: Site, request: Request) -> Response:
    """Somebody who is not enrolled comes in: nothing of them is kept."""
    form: Form = request.scope["form"]
    site.club.visits.arrive_unnamed(form.text("way") or "")
    return _back()


def leave(site: Site, request: Request) -> Response:
    """End a visit, and with it the enrolment."""
    site.club.visits.leave(request.path_params["visit"])
    return _back()


ROUTES = (
    Route("GET", AT, "overview", desk, DESK),
    Route("POST", f"{AT}/search", "search", search, DESK),
    Route("POST", f"{AT}/add", "visit", add, DESK),
    Route("POST", f"{AT}/other", "visit", other, DESK),
    Route("POST", f"{AT}/{{visit}}/arrive", "visit", arrive, DESK),
    Route("POST", f"{AT}/{{visit}}/leave", "visit", leave, DESK),
)


# --- inside ----------------------------------------------------------------------------------------------------------


def _back() -> Response:
    from starlette.responses import RedirectResponse

    return RedirectResponse(AT, status_code=303)
