"""Authorities' orders: from the document over counts and approvals to the certificate (P8, P9, P12)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from countenance.errors import InputError, NotFound
from countenance.service import drafting, underway
from countenance.service.drafting import Said
from countenance.service.orders import KINDS
from countenance.web.doors import VISIT
from countenance.web.forms import Form
from countenance.web.route import Route
from countenance.web.site import Site

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

HERE = "/officer/orders"
ROLES = ("controller", "officer")


def orders(site: Site, _: Request) -> Response:
    """All of them, the newest first."""
    return site.page("orders.html", orders=site.club.orders.list()[::-1])


def new(site: Site, _: Request) -> Response:
    """The form: the document, and what it says."""
    sources = site.club.sources.list()
    suppliers = sorted({each.supplier for each in sources if each.supplier})
    return site.page("order-new.html", kinds=KINDS, sources=sources, suppliers=suppliers)


def draft(site: Site, request: Request) -> Response:
    """What the order would bear on, in numbers. Nothing is recorded."""
    form: Form = request.scope["form"]
    names = ("reference", "subject", "source", "territory", "supplier", "deadline")
    said = Said(form.text("kind") or "", form.text("authority") or "", **{name: form.text(name) for name in names})
    club = site.club
    made = drafting.draft(club.context, club.orders, _document(form), said)
    return site.page("order-draft.html", draft=made, means=KINDS[made.said.kind])


def propose(site: Site, request: Request) -> Response:
    """Record what was counted."""
    form: Form = request.scope["form"]
    club = site.club
    return _to(drafting.propose(club.context, club.orders, form.text("draft") or "").id)


def order(site: Site, request: Request) -> Response:
    """One order: its counts, its signatures, how far it is, and what comes next."""
    club = site.club
    found = club.orders.get(request.path_params["order"])
    numbers = [each["body"]["number"] for each in club.orders.erasures(found)]
    return site.page(
        "order.html",
        order=found,
        means=KINDS[found.kind],
        reach=club.orders.dry_run(found),
        standing=club.orders.standing(found),
        mine=[each.kind for each in club.approvals.waiting() if each.thing == found.id],
        erasures=numbers,
        visiting=VISIT.get() is not None,
    )


def approve(site: Site, request: Request) -> Response:
    """Sign it with one's own key."""
    return _to(site.club.orders.approve(request.path_params["order"]).id)


def execute(site: Site, request: Request) -> Response:
    """Begin to erase everything in its scope, once the box is ticked; the page then shows how far it is."""
    form: Form = request.scope["form"]
    if form.text("sure") != "yes":
        raise InputError("This was not confirmed; nothing was erased.", hint="Go back and tick the box first.")
    found = site.club.orders.get(request.path_params["order"])
    underway.execute(site.club, found)
    return _to(found.id)


def turn(site: Site, request: Request) -> Response:
    """Stay or revive it, by the document that does."""
    form: Form = request.scope["form"]
    act = {"stay": site.club.orders.stay, "revive": site.club.orders.revive}.get(form.text("act") or "")
    if act is None:
        raise InputError("Nothing was decided.", hint="Go back, and say what the document does.")
    return _to(act(request.path_params["order"], evidence=_document(form)).id)


def join(site: Site, request: Request) -> Response:
    """Another authority joins it."""
    form: Form = request.scope["form"]
    authority, reference = form.text("authority") or "", form.text("reference")
    joined = site.club.orders.join(
        request.path_params["order"], authority=authority, evidence=_document(form), reference=reference
    )
    return _to(joined.id)


def certificate(site: Site, request: Request) -> Response:
    """The signed certificate, as a file: the final one, or how the order stands today."""
    found = site.club.orders.get(request.path_params["order"])
    return _file(site.club.orders.certificate(found), found.id)


def erasure(site: Site, request: Request) -> Response:
    """The certificate of one erasure under it."""
    wanted = request.path_params["erasure"]
    for each in site.club.orders.erasures(request.path_params["order"]):
        if each["body"]["number"] == wanted:
            return _file(each, wanted)
    raise NotFound(
        "There is no such certificate under this order.", hint="The order's page names those that there are."
    )


ROUTES = (
    Route("GET", HERE, "overview", orders, ROLES),
    Route("GET", f"{HERE}/new", "overview", new, ROLES),
    Route("POST", f"{HERE}/draft", "overview", draft, ROLES),
    Route("POST", HERE, "order", propose, ROLES),
    Route("GET", f"{HERE}/{{order}}", "overview", order, ROLES),
    Route("POST", f"{HERE}/{{order}}/approve", "approve", approve, ROLES),
    Route("POST", f"{HERE}/{{order}}/execute", "order", execute, ROLES),
    Route("POST", f"{HERE}/{{order}}/turn", "order", turn, ROLES),
    Route("POST", f"{HERE}/{{order}}/join", "order", join, ROLES),
    Route("GET", f"{HERE}/{{order}}/certificate.json", "order", certificate, ROLES),
    Route("GET", f"{HERE}/{{order}}/erasures/{{erasure}}.json", "order", erasure, ROLES),
)


# --- inside ----------------------------------------------------------------------------------------------------------


def _document(form: Form) -> bytes:
    return form.files.get("document", b"")  # an empty one is refused by whoever reads it


def _file(content: dict[str, Any], name: str) -> Response:
    from starlette.responses import Response

    headers = {"content-disposition": f'attachment; filename="{name}.json"'}
    return Response(json.dumps(content, indent=2) + "\n", media_type="application/json", headers=headers)


def _to(wanted: str) -> Response:
    from starlette.responses import RedirectResponse

    return RedirectResponse(f"{HERE}/{wanted}", status_code=303)
