"""Events, for their organiser: what guests are invited to, the sheet of invitations, who came, and whom to approve."""

from __future__ import annotations

from typing import TYPE_CHECKING

from countenance.errors import InputError
from countenance.reports.invited import code_of
from countenance.service.invitations import USUAL
from countenance.web.route import Route, number
from countenance.web.site import Site

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from countenance.web.forms import Form

HOSTS = ("controller", "operator")


def events(site: Site, _: Request) -> Response:
    """Every event, and the form for one more."""
    club = site.club
    return site.page("events.html", events=club.events.list(), sources=club.events.sources())


def add(site: Site, request: Request) -> Response:
    """Make an event."""
    form: Form = request.scope["form"]
    made = site.club.events.add(
        form.text("name") or "",
        source=form.text("source") or "",
        notice=(form.text("notice") or "").encode(),
        day=form.text("day") or "",
        receive=form.text("receive") or "blurred",
        statement=form.text("statement"),
        approve=form.text("approve") == "yes",
    )
    return _to(made.id)


def event(site: Site, request: Request) -> Response:
    """One event: its guests and its invitations."""
    club, wanted = site.club, request.path_params["event"]
    made = club.events.get(wanted)
    return site.page(
        "event.html", event=made, guests=club.hosting.guests(made), invitations=club.invitations.list(made)
    )


def invite(site: Site, request: Request) -> Response:
    """Make invitations, and show them this once: a sheet to print."""
    form: Form = request.scope["form"]
    club, wanted = site.club, request.path_params["event"]
    count = number(form.text("count"), usual=1, what="number of invitations")
    days = number(form.text("days"), usual=USUAL, what="number of days")
    made = club.invitations.make(wanted, count, days=days)
    base = site.session.public_url or f"{request.url.scheme}://{request.headers.get('host', '')}"
    cards = [(each.id, each.address(base), code_of(each.address(base))) for each in made]
    return site.page(
        "invitations.html", event=club.events.get(wanted), cards=cards, expires=made[0].expires,
        here=site.session.public_url is None,
    )  # fmt: skip


def void(site: Site, request: Request) -> Response:
    """Have an invitation serve no more."""
    form: Form = request.scope["form"]
    gone = site.club.invitations.void(form.text("invitation") or "")
    return _to(gone.event)


def close(site: Site, request: Request) -> Response:
    """Let nobody in any more."""
    form: Form = request.scope["form"]
    if form.text("sure") != "yes":
        raise InputError("This was not confirmed; nothing was changed.", hint="Go back and tick the box first.")
    return _to(site.club.events.close(request.path_params["event"]).id)


def decide(site: Site, request: Request) -> Response:
    """Approve a guest, or turn them away."""
    form: Form = request.scope["form"]
    hosting, guest = site.club.hosting, form.text("guest") or ""
    if form.text("decision") == "approve":
        hosting.approve(guest)
    elif form.text("decision") == "refuse":
        hosting.refuse(guest)
    else:
        raise InputError("Nothing was decided.", hint="Go back and choose one of the two.")
    return _to(site.club.events.get(request.path_params["event"]).id)


ROUTES = (
    Route("GET", "/events", "overview", events, HOSTS),
    Route("POST", "/events", "host", add, ("controller",)),
    Route("GET", "/events/{event}", "overview", event, HOSTS),
    Route("POST", "/events/{event}/invite", "host", invite, HOSTS),
    Route("POST", "/events/{event}/void", "host", void, HOSTS),
    Route("POST", "/events/{event}/close", "host", close, HOSTS),
    Route("POST", "/events/{event}/guests", "host", decide, HOSTS),
)


def _to(event: str) -> Response:
    from starlette.responses import RedirectResponse

    return RedirectResponse(f"/events/{event}", status_code=303)
