"""People's requests: what waits, one of them, and its answer: carried out, refused, put off, sent (P14, P29)."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

from countenance.errors import InputError
from countenance.service.requests import EXTENSIONS, KINDS, REFUSALS
from countenance.web.forms import Form
from countenance.web.route import Route, number
from countenance.web.site import Site

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from countenance.service.answering import Answered
    from countenance.service.requests import Candidate

HERE = "/officer/requests"
OFFICER = ("officer",)
LETTERS = {"html": "text/html; charset=utf-8", "json": "application/json"}


def requests(site: Site, _: Request) -> Response:
    """Every request, what is due first at the top; and a form for one that came by post or at the counter."""
    every = site.club.requests.list()
    return site.page(
        "requests.html",
        waiting=[each for each in every if each.state == "open"],
        done=[each for each in every if each.state != "open"],
        kinds=KINDS,
    )


def record(site: Site, request: Request) -> Response:
    """Record a request that reached the officer. Whom a photo may show is told on this answer alone."""
    form: Form = request.scope["form"]
    made = site.club.requests.open(
        form.text("kind") or "",
        receipt=form.files.get("receipt"),
        contact=form.text("contact"),
        subject=form.text("subject"),
        details=form.text("words"),
        photo=form.files.get("photo"),
    )
    if "photo" not in form.files:
        return _to(made.id)
    return _one(site, made.id, candidates=made.candidates)


def one(site: Site, request: Request) -> Response:
    """One request, what an answer would come to, and the ways to answer. That somebody looked is logged."""
    return _one(site, request.path_params["request"])


def assign(site: Site, request: Request) -> Response:
    """Say whose request it is."""
    form: Form = request.scope["form"]
    return _to(site.club.requests.assign(request.path_params["request"], form.text("subject") or "").id)


def answer(site: Site, request: Request) -> Response:
    """Carry out what was asked, once the box is ticked, and show what to tell the person."""
    form: Form = request.scope["form"]
    if form.text("sure") != "yes":
        raise InputError("This was not confirmed; nothing was answered.", hint="Go back and tick the box first.")
    corrections = {name: form.text(name) for name in ("name", "contact", "territory")}
    born = number(form.text("birth_year"), usual=0, what="year of birth") or None
    done = site.club.requests.answer(
        request.path_params["request"], nobody=form.text("nobody") == "yes", birth_year=born, **corrections
    )
    return _told(site, done)


def refuse(site: Site, request: Request) -> Response:
    """Refuse it, for a reason from the closed list."""
    form: Form = request.scope["form"]
    return _told(site, site.club.requests.answer(request.path_params["request"], refuse=form.text("reason") or ""))


def extend(site: Site, request: Request) -> Response:
    """Take two further months, and show what to tell the person now."""
    form: Form = request.scope["form"]
    done = site.club.requests.extend(request.path_params["request"], form.text("reason") or "")
    return site.page("answered.html", done=done, originals=(), certificate="", put_off=True)


def letter(site: Site, request: Request) -> Response:
    """The kept access answer in clear, as a file to be sent. Logged."""
    from starlette.responses import Response

    form: Form = request.scope["form"]
    wanted, kind = request.path_params["request"], form.text("as") or ""
    if kind not in LETTERS:
        raise InputError("There is no such form of the answer.", hint="Save it as a page or as data.")
    found = getattr(site.club.requests.letter(wanted), kind)
    name = f'attachment; filename="access-{site.club.requests.get(wanted).id}.{kind}"'
    return Response(found, media_type=LETTERS[kind], headers={"content-disposition": name})


def sent(site: Site, request: Request) -> Response:
    """The answer is sent: what was kept of it is removed."""
    return _to(site.club.requests.done(request.path_params["request"]).id)


def lift(site: Site, request: Request) -> Response:
    """Let a restricted person be found again; they must have been told first."""
    asked = site.club.requests.get(request.path_params["request"])
    site.club.requests.lift(asked.subject or "")
    return _to(asked.id)


ROUTES = (
    Route("GET", HERE, "overview", requests, OFFICER),
    Route("POST", HERE, "request", record, OFFICER),
    Route("GET", f"{HERE}/{{request}}", "look", one, OFFICER),
    Route("POST", f"{HERE}/{{request}}/assign", "answer", assign, OFFICER),
    Route("POST", f"{HERE}/{{request}}/answer", "answer", answer, OFFICER),
    Route("POST", f"{HERE}/{{request}}/refuse", "answer", refuse, OFFICER),
    Route("POST", f"{HERE}/{{request}}/extend", "answer", extend, OFFICER),
    Route("POST", f"{HERE}/{{request}}/letter", "look", letter, OFFICER),
    Route("POST", f"{HERE}/{{request}}/sent", "answer", sent, OFFICER),
    Route("POST", f"{HERE}/{{request}}/lift", "answer", lift, OFFICER),
)


# --- inside ----------------------------------------------------------------------------------------------------------


def _one(site: Site, wanted: str, *, candidates: tuple[Candidate, ...] | None = None) -> Response:
    return site.page(
        "request.html",
        request=site.club.requests.show(wanted),
        kinds=KINDS,
        refusals=REFUSALS,
        extensions=EXTENSIONS,
        candidates=candidates,
    )


def _told(site: Site, done: Answered) -> Response:
    """What to tell the person, and to whom; an erasure's certificate is saved from this answer alone."""
    certificate = json.dumps(done.certified.certificate, indent=2) if done.certified else ""
    return site.page(
        "answered.html",
        done=done,
        originals=done.certified.originals if done.certified else (),
        certificate=base64.b64encode(certificate.encode()).decode(),
        put_off=False,
    )


def _to(wanted: str) -> Response:
    from starlette.responses import RedirectResponse

    return RedirectResponse(f"{HERE}/{wanted}", status_code=303)
