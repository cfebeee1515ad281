"""Sources: where photos come from, how far each has come, and what was skipped and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from countenance.errors import AlreadyExists, BadConfiguration, Busy, InputError, NotFound, SourceRefused
from countenance.reports.skipped import reason
from countenance.service.runner import at_work
from countenance.web.people import LOOKERS
from countenance.web.route import Route, number
from countenance.web.site import Site

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from countenance.errors import CountenanceError
    from countenance.service.sources import Source
    from countenance.web.forms import Form

PACES = ("quick", "standard", "thorough")
"""How closely an ingest looks, as `[vision] detect` names it."""
SHOWN = 5
"""Jobs that a source's page lists; the page of jobs has them all."""
TYPED = ("place", "name", "statement", "territory", "retention_days", "origin")
RETENTION = 1095
"""Days that what is kept from a source lasts, unless another number is given."""


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
    jobs = [job for job in reversed(site.club.jobs.list()) if job.source in (found.name, None)]
    return site.page(
        "source.html",
        source=found,
        standing=standing,
        skipped=skipped,
        jobs=jobs[:SHOWN],
        may="operator" in site.roles,
        paces=PACES,
    )


def new(site: Site, _: Request) -> Response:
    """The form for a source below ``[photos] root``: the page can name no other place (decision 0028)."""
    return _new(site, {}, None)


def add(site: Site, request: Request) -> Response:
    """Record a source. What was typed comes back with what is wrong about it."""
    from starlette.responses import RedirectResponse

    form: Form = request.scope["form"]
    days = number(form.text("retention_days"), usual=RETENTION, what="number of days")
    purposes = [name for name in site.club.sources.purposes() if form.text(f"purpose-{name}")]
    try:
        made = site.club.sources.add_below(
            form.text("name") or "", form.text("place") or "", statement=form.text("statement") or "",
            purposes=purposes, territory=form.text("territory") or "unknown", origin=form.text("origin"),
            retention_days=days,
        )  # fmt: skip
    except (InputError, AlreadyExists, SourceRefused, BadConfiguration) as error:
        return _new(site, form.fields, error)
    return RedirectResponse(f"/sources/{made.id}", status_code=303)


def begin(site: Site, request: Request) -> Response:
    """Have the server go through the source, or look in it for people who came since; the job's page tells how far."""
    from starlette.responses import RedirectResponse

    form: Form = request.scope["form"]
    found, kind = _asked(site, request), request.url.path.rpartition("/")[2]
    club = at_work(site.opened, site.club)
    try:
        if kind == "sweep":
            job = site.runner.sweep(club, found.name)
        else:
            again, detect = form.text("again") == "yes", form.text("detect")
            job = site.runner.ingest(club, found.name, again=again, detect=detect if detect in PACES else None)
    except Busy:
        same = (each for each in site.club.jobs.list() if (each.kind, each.source) == (kind, found.name))
        running = [each for each in same if each.state == "running"]
        if not running:
            raise
        (job,) = running
    return RedirectResponse(f"/jobs/{job.id}", status_code=303)


def standing(site: Site, request: Request) -> Response:
    """The counts alone, which the page asks for again while an ingest runs."""
    from starlette.responses import JSONResponse

    return JSONResponse(site.club.photographs.standing(_asked(site, request).name).as_json())


ROUTES = (
    Route("GET", "/sources", "overview", sources, LOOKERS),
    Route("GET", "/sources/new", "source", new, ("controller",)),
    Route("POST", "/sources", "source", add, ("controller",)),
    Route("GET", "/sources/{source}", "overview", source, LOOKERS),
    Route("POST", "/sources/{source}/ingest", "ingest", begin, ("operator",)),
    Route("POST", "/sources/{source}/sweep", "ingest", begin, ("operator",)),
    Route("GET", "/sources/{source}/standing.json", "overview", standing, LOOKERS),
)


# --- inside ----------------------------------------------------------------------------------------------------------


def _new(site: Site, typed: dict[str, str], fault: CountenanceError | None) -> Response:
    return site.page(
        "source-new.html",
        status=fault.status if fault else 200,
        fault=fault,
        typed=dict.fromkeys(TYPED, "") | typed,
        places=site.club.sources.places(),
        purposes=site.club.sources.purposes(),
        retention=RETENTION,
    )


def _asked(site: Site, request: Request) -> Source:
    """By number: a source's name may hold any sign, and an address may not."""
    wanted = number(request.path_params["source"], usual=0, what="source")
    for each in site.club.sources.list():
        if each.id == wanted:
            return each
    raise NotFound("There is no such source.", hint="The list of sources shows them all.")
