"""Sources: where photos come from, how far each has come, and what was skipped and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from countenance.errors import NotFound
from countenance.reports.skipped import reason
from countenance.web.people import LOOKERS
from countenance.web.route import Route, number
from countenance.web.site import Site

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from countenance.service.sources import Source


def sources(site: Site, _: Request) -> Response:
    """Every source, with its counts."""
    club = site.club
    every = [(each, club.photographs.standing(each.name)) for each in club.sources.list()]
    return site.page("sources.html", sources=every)


def source(site: Site, request: Request) -> Response:
    """One source, and the files that were skipped, by reason."""
    found, told = _asked(site, request), site.club.photographs
    standing = told.standing(found.name)
    skipped = [(code, count, reason(code), told.skipped(found.name, code)) for code, count in standing.skipped.items()]
    return site.page("source.html", source=found, standing=standing, skipped=skipped)


def standing(site: Site, request: Request) -> Response:
    """The counts alone, which the page asks for again while an ingest runs."""
    from starlette.responses import JSONResponse

    return JSONResponse(site.club.photographs.standing(_asked(site, request).name).as_json())


ROUTES = (
    Route("GET", "/sources", "overview", sources, LOOKERS),
    Route("GET", "/sources/{source}", "overview", source, LOOKERS),
    Route("GET", "/sources/{source}/standing.json", "overview", standing, LOOKERS),
)


# --- inside ----------------------------------------------------------------------------------------------------------


def _asked(site: Site, request: Request) -> Source:
    """By number: a source's name may hold any sign, and an address may not."""
    wanted = number(request.path_params["source"], usual=0, what="source")
    for each in site.club.sources.list():
        if each.id == wanted:
            return each
    raise NotFound("There is no such source.", hint="The list of sources shows them all.")
