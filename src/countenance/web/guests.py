"""A guest's pages, which need no account: the invitation, the stills, the pictures, leaving (DESIGN §10, P1, P14).

Whoever holds a secret holds what it opens: an invitation, once, or one guest's own page. All that serves no more is
answered like what never was.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from countenance.errors import InputError
from countenance.reports.receipt import render_receipt
from countenance.service.coming import absent
from countenance.service.guest_archive import archive
from countenance.web.look import as_link
from countenance.web.route import Route

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from countenance.web.forms import Form
    from countenance.web.site import Site

MINE = "/mine/"
STILLS = 3


def invited(site: Site, request: Request) -> Response:
    """The notice, and what the guest would agree to. Opening it uses nothing up: mail programs open links too."""
    return site.public_page("guest.html", asked=site.club.coming.look(request.path_params["secret"]))


def agree(site: Site, request: Request) -> Response:
    """The guest's own yes: it uses the invitation up, and shows the address of their page and their receipt, once."""
    form: Form = request.scope["form"]
    welcomed = site.club.coming.agree(
        request.path_params["secret"],
        agrees=form.text("agree") == "yes",
        adult=form.text("adult") == "yes",
        name=form.text("name"),
        contact=form.text("contact"),
        territory=(form.text("territory") or "").upper() or None,
    )
    return site.public_page(
        "welcomed.html",
        page=f"{MINE}{welcomed.key}",
        receipt=as_link("application/json", json.dumps(welcomed.receipt, indent=2)),
        words=as_link("text/html", render_receipt(welcomed.receipt)),
    )


def mine(site: Site, request: Request) -> Response:
    """Where the guest stands, and the pictures that were found."""
    key = request.path_params["key"]
    return site.public_page("mine.html", here=site.club.guests.standing(key), page=f"{MINE}{key}")


def ask(site: Site, request: Request) -> Response:
    """Ask for stills: the poses, in an order that nobody knows before."""
    key = request.path_params["key"]
    challenge = site.club.guests.ask(key)
    return site.public_page("stills.html", challenge=challenge, page=f"{MINE}{key}")


def answer(site: Site, request: Request) -> Response:
    """Take the stills."""
    from starlette.responses import RedirectResponse

    form: Form = request.scope["form"]
    key = request.path_params["key"]
    stills = [form.files[f"still{number}"] for number in range(STILLS) if f"still{number}" in form.files]
    site.club.guests.answer(key, form.text("asking") or "", stills)
    return RedirectResponse(f"{MINE}{key}", status_code=303)


def small(site: Site, request: Request) -> Response:
    """A small picture, for the page."""
    return _picture(site, request, small=True)


def picture(site: Site, request: Request) -> Response:
    """One picture, to keep."""
    return _picture(site, request, small=False)


def together(site: Site, request: Request) -> Response:
    """All of the guest's pictures in one archive, made while it is sent."""
    from starlette.responses import StreamingResponse

    key, guests = request.path_params["key"], site.club.guests
    photos = guests.standing(key).photos
    if not photos:
        absent()
    return StreamingResponse(
        archive(guests, key, photos),
        media_type="application/zip",
        headers={"content-disposition": 'attachment; filename="photos.zip"'},
    )


def leave(site: Site, request: Request) -> Response:
    """Withdraw and be erased, now, and get the certificate."""
    form: Form = request.scope["form"]
    if form.text("sure") != "yes":
        raise InputError("This was not confirmed; nothing was changed.", hint="Go back and tick the box first.")
    certified = site.club.guests.leave(request.path_params["key"])
    text = json.dumps(certified.certificate, indent=2)
    return site.public_page(
        "left.html", number=certified.certificate["body"]["number"], download=as_link("application/json", text)
    )


ROUTES = (
    Route("GET", "/guest/{secret}", "guest", invited, party=True),
    Route("POST", "/guest/{secret}", "guest", agree, party=True),
    Route("GET", "/mine/{key}", "guest", mine, party=True),
    Route("POST", "/mine/{key}/ask", "guest", ask, party=True),
    Route("POST", "/mine/{key}/stills", "guest", answer, party=True),
    Route("GET", "/mine/{key}/photos.zip", "guest", together, party=True),
    Route("GET", "/mine/{key}/photos/{photo}", "guest", picture, party=True),
    Route("GET", "/mine/{key}/photos/{photo}/small", "guest", small, party=True),
    Route("POST", "/mine/{key}/leave", "guest", leave, party=True),
)


# --- inside ----------------------------------------------------------------------------------------------------------


def _picture(site: Site, request: Request, *, small: bool) -> Response:
    from starlette.responses import Response

    photo = request.path_params["photo"]
    data, kind = site.club.guests.picture(request.path_params["key"], photo, small=small)
    kept = {} if small else {"content-disposition": f'attachment; filename="{photo}.jpg"'}
    return Response(data, media_type=kind, headers={"cache-control": "private, no-store", **kept})
