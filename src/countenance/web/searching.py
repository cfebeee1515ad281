"""Searching: the form, the samples of the demo, the choice among several faces, the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from countenance.demo.club import MEMBERS
from countenance.errors import InputError, ManyFaces, NotFound
from countenance.reports.page import drawn
from countenance.samples import cast
from countenance.service.reviewing import PROBE_DAYS
from countenance.service.showing import shown_choice, shown_finding, shown_probe
from countenance.web.forms import Form
from countenance.web.languages import say
from countenance.web.route import ANYBODY, Route, number
from countenance.web.site import Site

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

SAMPLE_SIDE = 176
PLACES = 6
"""Photos of a candidate that are named with a link to their own pages."""
CASES = 50
"""Cases that are offered while one is typed, the newest first."""
MOST_FACES = 40
"""Faces of a crowd that are offered to choose from, the largest first."""


def home(site: Site, _: Request) -> Response:
    """The search form. Whoever may not search is led to what they may."""
    from starlette.responses import RedirectResponse

    menu = site.menu
    if menu and menu[0][0] != "/":
        return RedirectResponse(menu[0][0], status_code=303)
    status = site.club.status()
    return site.page(
        "home.html",
        counts=status.get("counts"),
        purposes=_purposes(site),
        reviewed=site.club.agreements.reviewed(),
        days=PROBE_DAYS,
        usual=site.club.context.settings.gallery.purpose,
        samples=_samples() if site.demo else (),
        cases=_cases(site),
    )


def sample(site: Site, request: Request) -> Response:
    """A sample probe: the face of somebody who does not exist."""
    from starlette.responses import Response

    name = request.path_params["name"]
    if name not in _samples() or not site.demo:
        raise NotFound("There is no such sample.")
    if name not in site.samples:
        site.samples[name] = drawn(shown_probe(site.club.pictures, cast().photos(name)[1]), SAMPLE_SIDE)
    return Response(site.samples[name], media_type="image/jpeg", headers={"cache-control": "private, max-age=600"})


def search(site: Site, request: Request) -> Response:
    """One search. The probe is in memory only, and gone with the answer."""
    form: Form = request.scope["form"]
    probe = _probe(site, form)
    face = number(form.text("face"), usual=0, what="number of a face") or None
    purpose, case, person = form.text("purpose"), form.text("case"), form.text("on_behalf_of")
    try:
        found = site.club.search(probe, face=face, purpose=purpose, case=case, on_behalf_of=person)
    except ManyFaces:
        asked = {"purpose": purpose, "case": case, "on_behalf_of": person}
        whole, faces = shown_choice(site.club.pictures, probe)
        return site.page("choose.html", status=422, whole=whole, faces=faces[:MOST_FACES], asked_for=asked)
    roles = site.roles
    return site.page(
        "found.html",
        finding=shown_finding(site.club.pictures, found, probe, face=face),
        subjects=[hit.subject for hit in found],
        facts=(
            (say("Purpose"), purpose),
            (say("Case"), case),
            (say("Faces in the probe"), str(found.probe.faces_in_photo)),
            (say("Log entry"), str(found.answer.log.index)),
        ),
        pending=found.pending,
        review=found.review,
        seen=[hit.appearances[:PLACES] for hit in found],
        may_look=site.own and "officer" in roles,
        may_review="reviewer" in roles,
    )


ROUTES = (
    Route("GET", "/", "overview", home, ANYBODY, party=True),
    Route("GET", "/sample/{name}", "show", sample, ANYBODY, party=True),
    Route("POST", "/search", "search", search, ("operator", "officer"), party=True),
)


# --- inside ----------------------------------------------------------------------------------------------------------


def _purposes(site: Site) -> list[str]:
    """What the agreements in force cover."""
    covered = [purpose for each in site.club.agreements.list() if not each.ended for purpose in each.purposes]
    return list(dict.fromkeys(covered))


def _cases(site: Site) -> list[str]:
    """The asking organisation's own open cases, the newest first."""
    open_ones = [each.reference for each in reversed(site.club.cases.list()) if not each.closed]
    return list(dict.fromkeys(open_ones))[:CASES]


def _samples() -> tuple[str, ...]:
    """Who stands on the page: members, the one whose consent waits, and people who never joined."""
    names = cast().identities
    return names[:12] + names[17:18] + names[MEMBERS : MEMBERS + 7]


def _probe(site: Site, form: Form) -> bytes:
    chosen = form.text("sample")
    if chosen is not None and site.demo and chosen in _samples():
        return cast().photos(chosen)[1].read_bytes()
    if "photo" not in form.files:
        raise InputError("No photo was given.", hint="Choose a file with one face in it, then search.")
    return form.files["photo"]
