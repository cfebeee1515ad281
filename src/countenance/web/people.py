"""People and their photos: who is here, what is held of one person, who may be named in one photo."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

from countenance.errors import InputError, NotFound
from countenance.service.leaving import REASONS
from countenance.service.showing import shown_appearance
from countenance.web.forms import Form
from countenance.web.route import Route, number
from countenance.web.site import Site

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from countenance.reports.page import Photo
    from countenance.service.photographs import Named

PAGE = 48
PICTURES = 12
"""Photos of a person that are drawn; the others are listed."""


def people(site: Site, request: Request) -> Response:
    """Everybody, or those whose name holds what was typed; a page at a time."""
    words = request.query_params.get("q", "")[:200]
    start = number(request.query_params.get("from"), usual=0, what="place in the list")
    found, total = site.club.subjects.find(words, start=start, limit=PAGE)
    before, after = max(start - PAGE, 0), start + PAGE
    return site.page(
        "people.html",
        people=found,
        words=words,
        total=total,
        start=start,
        before=before if start > 0 else None,
        after=after if after < total else None,
    )


def person(site: Site, request: Request) -> Response:
    """What is held of one person. That somebody looked is logged."""
    held = site.club.look(request.path_params["handle"])
    pictures, photos = site.club.pictures, []
    for appearance in held.appearances[:PICTURES]:
        try:
            photos.append((appearance.photo.id, shown_appearance(pictures, appearance, held.subject.name)))
        except (InputError, NotFound):  # the operator moved or removed the file; the record is still told
            continue
    return site.page("person.html", held=held, photos=photos, listed=held.appearances[PICTURES:], reasons=REASONS)


def photo(site: Site, request: Request) -> Response:
    """One photo's record, and who may be named in it, each in a picture in which all others are covered. Logged."""
    record = site.club.photographs.look(request.path_params["photo"])
    shown: list[tuple[Named, Photo | None]] = []
    for each in record.named[:PICTURES]:
        try:
            shown.append((each, shown_appearance(site.club.pictures, each.appearance, each.name)))
        except (InputError, NotFound):
            shown.append((each, None))
    return site.page("photo.html", photo=record, named=shown, more=max(len(record.named) - PICTURES, 0))


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


LOOKERS = ("controller", "operator", "officer")
ROUTES = (
    Route("GET", "/people", "overview", people, LOOKERS),
    Route("GET", "/people/{handle}", "look", person, ("officer",)),
    Route("POST", "/people/{handle}/withdraw", "withdraw", withdraw, ("officer",)),
    Route("POST", "/people/{handle}/erase", "erase", erase, ("officer",)),
    Route("GET", "/photos/{photo}", "look", photo, ("operator", "officer")),
)


# --- inside ----------------------------------------------------------------------------------------------------------


def _must_be_sure(form: Form) -> None:
    if form.text("sure") != "yes":
        raise InputError("This was not confirmed; nothing was changed.", hint="Go back and tick the box first.")
