"""The pages that anybody may open: a right exercised, a one-time link answered, the public report (P1, P14, P28, P29).

What a page answers says nothing about who is here: a request by a contact that nobody has gets the same page.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from countenance.errors import InputError
from countenance.reports.governing import paper_of
from countenance.reports.receipt import render_receipt
from countenance.service.requests import RIGHTS
from countenance.web.look import as_link
from countenance.web.route import Route

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from countenance.web.forms import Form
    from countenance.web.site import Site


def report(site: Site, _: Request) -> Response:
    """Who searches here, for what, how often, and which orders were obeyed (P28)."""
    return site.public_page("public.html", page=paper_of(site.club.reports.public()))


def report_as_data(site: Site, _: Request) -> Response:
    """The same as JSON."""
    from starlette.responses import JSONResponse

    return JSONResponse(site.club.reports.public())


def ask(site: Site, _: Request) -> Response:
    """The form."""
    return site.public_page("rights.html", kinds=RIGHTS)


def request(site: Site, request: Request) -> Response:
    """Record what was asked. The same page comes back whatever is held."""
    form: Form = request.scope["form"]
    thanks = site.club.requests.receive(
        form.text("kind") or "",
        receipt=form.files.get("receipt"),
        contact=form.text("contact"),
        details=form.text("details"),
    )
    return site.public_page("thanks.html", thanks=thanks)


def asked_to_confirm(site: Site, request: Request) -> Response:
    """What a one-time link asks. It names nobody, and opening it uses nothing up: mail programs open links too."""
    return site.public_page("confirm.html", asked=site.club.bases.link_notice(request.path_params["token"]))


def confirm(site: Site, request: Request) -> Response:
    """The person's own yes or no. A yes gives them their receipt, once."""
    form: Form = request.scope["form"]
    token, said = request.path_params["token"], form.text("answer")
    if said == "no":
        site.club.bases.decline_by_link(token)
        return site.public_page("confirmed.html", receipt=None, download="")
    if said != "yes" or form.text("sure") != "yes":
        raise InputError("Nothing was decided.", hint="Go back and say yes, with the box ticked, or no.")
    answered = site.club.bases.confirm_by_link(token)
    receipt = answered.receipt or {}
    return site.public_page(
        "confirmed.html",
        receipt=receipt,
        download=as_link("application/json", json.dumps(receipt, indent=2)),
        words=as_link("text/html", render_receipt(receipt)),
    )


ROUTES = (
    Route("GET", "/rights", "show", ask, party=True),
    Route("POST", "/rights", "request", request, party=True),
    Route("GET", "/public", "publish", report, party=True),
    Route("GET", "/public.json", "publish", report_as_data, party=True),
    Route("GET", "/confirm/{token}", "show", asked_to_confirm, party=True),
    Route("POST", "/confirm/{token}", "confirm", confirm, party=True),
)
