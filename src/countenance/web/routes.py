"""Every route with its action, in one table. A test walks the application and is red for one that is not in it."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from countenance.demo.club import MEMBERS
from countenance.errors import InputError, NotFound, NotSignedIn
from countenance.reports.page import CAUTION, NOBODY, drawn
from countenance.samples import cast
from countenance.service.leaving import REASONS
from countenance.service.reviewing import PROBE_DAYS
from countenance.service.showing import shown_appearance, shown_finding, shown_probe
from countenance.web import public, signing
from countenance.web.forms import Form
from countenance.web.guard import OPEN
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
    "look": "shows what is held of one person; logged",
    "search": "compares a probe with the gallery; decided by the desk and logged",
    "withdraw": "withdraws a person's bases; decided by the desk and logged",
    "erase": "erases a person; decided by the desk and logged",
    "request": "records a person's request; anybody may, and the answer tells nobody who is here; logged",
    "publish": "tells what is public about this gallery; names nobody",
    "confirm": "takes a person's own yes or no to their consent, by a one-time link; logged",
}
"""What a route may do. From look on, all but publish pass the policy desk or are written to the log."""

NEWEST = 8
SAMPLE_SIDE = 176


@dataclass(frozen=True, slots=True)
class Route:
    """A way in: method, path, the action it carries out, and who answers."""

    method: str
    path: str
    action: str
    handler: Callable[[Site, Request], Response]


# --- getting in ------------------------------------------------------------------------------------------------------


def sign_in(site: Site, request: Request) -> Response:
    """Give the session's cookie to whoever shows its key."""
    from starlette.responses import RedirectResponse

    if site.doors is not None or not site.session.is_secret(request.query_params.get("key", "")):
        refused = NotSignedIn("This is not the address that the terminal shows.", hint="Copy it whole.")
        return site.fault(refused, signed_in=False)
    answer = RedirectResponse("/", status_code=303)
    answer.set_cookie(site.session.cookie, site.session.secret, httponly=True, samesite="strict", path="/")
    return answer


def style(site: Site, _: Request) -> Response:
    """The one style sheet."""
    sheet = site.page("style.css")
    sheet.headers["content-type"] = "text/css; charset=utf-8"
    sheet.headers["cache-control"] = "private, max-age=600"
    return sheet


# --- searching -------------------------------------------------------------------------------------------------------


def home(site: Site, _: Request) -> Response:
    """The search form, the people, the newest of the log."""
    status = site.club.status()
    size = status["log"]["size"]
    return site.page(
        "home.html",
        counts=status["counts"],
        search=status["search"],
        purposes=_purposes(site),
        reviewed=site.club.agreements.reviewed(),
        days=PROBE_DAYS,
        usual=site.club.context.settings.gallery.purpose,
        samples=_samples() if site.demo else (),
        people=site.club.subjects.list(),
        entries=site.club.log_entries(max(size - NEWEST, 0))[::-1],
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
    probe, face = _probe(site, form), _number(form.text("face"))
    purpose, case = form.text("purpose"), form.text("case")
    found = site.club.search(probe, purpose=purpose, case=case, face=face, on_behalf_of=form.text("on_behalf_of"))
    return site.page(
        "found.html",
        finding=shown_finding(site.club.pictures, found, probe, face=face),
        subjects=[(hit.name, hit.subject) for hit in found],
        facts=(
            ("Purpose", purpose),
            ("Case", case),
            ("Faces in the probe", str(found.probe.faces_in_photo)),
            ("Log entry", str(found.answer.log.index)),
        ),
        caution=CAUTION,
        nobody=NOBODY,
    )


# --- one person ------------------------------------------------------------------------------------------------------


def person(site: Site, request: Request) -> Response:
    """What is held of one person. That somebody looked is logged."""
    held = site.club.look(request.path_params["handle"])
    pictures, photos = site.club.pictures, []
    for appearance in held.appearances[:12]:
        try:
            photos.append(shown_appearance(pictures, appearance, held.subject.name))
        except InputError:  # the operator moved or removed the file; the record is still told
            continue
    return site.page("person.html", held=held, photos=photos, reasons=REASONS)


def withdraw(site: Site, request: Request) -> Response:
    """Withdraw all bases of a person, once the box is ticked."""
    from starlette.responses import RedirectResponse

    handle = request.path_params["handle"]
    _must_be_sure(request.scope["form"])
    site.club.withdraw(handle)
    return RedirectResponse(f"/people/{handle}", status_code=303)


def erase(site: Site, request: Request) -> Response:
    """Erase a person, once the box is ticked, and show the certificate. It names nobody; this page does not either."""
    form: Form = request.scope["form"]
    _must_be_sure(form)
    certified = site.club.erase(request.path_params["handle"], reason=form.text("reason") or "")
    text = json.dumps(certified.certificate, indent=2)
    return site.page(
        "erased.html",
        certified=certified,
        body=certified.certificate["body"],
        text=text,
        download="data:application/json;base64," + base64.b64encode(text.encode()).decode(),
    )


# --- the log ---------------------------------------------------------------------------------------------------------


def log(site: Site, _: Request) -> Response:
    """The newest entries, and whether the whole log checks."""
    checked = site.club.check_log()
    return site.page(
        "log.html",
        checked=checked,
        witness=site.club.logbook.witness(),
        entries=site.club.log_entries(max(checked.size - 60, 0))[::-1],
    )


ROUTES = (
    Route("GET", OPEN, "sign-in", sign_in),
    Route("GET", "/style.css", "show", style),
    Route("GET", "/sample/{name}", "show", sample),
    Route("GET", "/", "overview", home),
    Route("GET", "/log", "read-log", log),
    Route("GET", "/people/{handle}", "look", person),
    Route("GET", "/rights", "show", public.ask),
    Route("POST", "/rights", "request", public.request),
    Route("GET", "/public", "publish", public.report),
    Route("GET", "/public.json", "publish", public.report_as_data),
    Route("GET", "/confirm/{token}", "show", public.asked_to_confirm),
    Route("POST", "/confirm/{token}", "confirm", public.confirm),
    Route("POST", "/search", "search", search),
    Route("POST", "/people/{handle}/withdraw", "withdraw", withdraw),
    Route("POST", "/people/{handle}/erase", "erase", erase),
    *(Route(*each) for each in signing.ROUTES),
)


# --- inside ----------------------------------------------------------------------------------------------------------


def _purposes(site: Site) -> list[str]:
    """What the agreements in force cover."""
    covered = [purpose for each in site.club.agreements.list() if not each.ended for purpose in each.purposes]
    return list(dict.fromkeys(covered))


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


def _number(text: str | None) -> int | None:
    if text is None:
        return None
    if not text.isdecimal() or len(text) > 4:
        raise InputError(f"{text[:20]!r} is no number of a face.", hint="1 is the largest face in the photo.")
    return int(text)


def _must_be_sure(form: Form) -> None:
    if form.text("sure") != "yes":
        raise InputError("This was not confirmed; nothing was changed.", hint="Go back and tick the box first.")
