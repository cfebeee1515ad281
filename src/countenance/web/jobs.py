"""Long work as the page shows it: how far an ingest or a sweep is, what came of it, and a button that stops it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from countenance.reports.skipped import reason
from countenance.web.people import LOOKERS
from countenance.web.route import Route
from countenance.web.site import Site

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from countenance.service.jobs import Job


def jobs(site: Site, _: Request) -> Response:
    """The jobs of the last 30 days, the newest first."""
    every = list(reversed(site.club.jobs.list()))
    return site.page("jobs.html", jobs=[(each, _told(site, each)) for each in every])


def job(site: Site, request: Request) -> Response:
    """One job."""
    return _page(site, request, "job.html")


def standing(site: Site, request: Request) -> Response:
    """How far it is, alone: what the page asks for again by itself."""
    return _page(site, request, "job-standing.html")


def stop(site: Site, request: Request) -> Response:
    """Have a job stop after the photos in hand; what was kept before stays, and the next one goes on from there."""
    from starlette.responses import RedirectResponse

    stopped = site.club.jobs.cancel(request.path_params["job"])
    return RedirectResponse(f"/jobs/{stopped.id}", status_code=303)


ROUTES = (
    Route("GET", "/jobs", "overview", jobs, LOOKERS),
    Route("GET", "/jobs/{job}", "overview", job, LOOKERS),
    Route("GET", "/jobs/{job}/standing", "overview", standing, LOOKERS),
    Route("POST", "/jobs/{job}/stop", "ingest", stop, ("operator",)),
)


# --- inside ----------------------------------------------------------------------------------------------------------


def _page(site: Site, request: Request, template: str) -> Response:
    found = site.club.jobs.get(request.path_params["job"])
    return site.page(template, job=found, told=_told(site, found), may="operator" in site.roles)


def _told(site: Site, job: Job) -> dict[str, Any]:
    """What a page shows of a job, from its last progress or its report."""
    now, end = job.progress or {}, job.report or {}
    total, done = now.get("total") or 0, now.get("done") or 0
    counts = now | end
    numbers = {each.name: each.id for each in site.club.sources.list()}
    return {
        "total": total,
        "done": total if job.state == "done" else done,  # the last event comes before the last photo
        "share": 100 if job.state == "done" else done * 100 // total if total else None,
        "counts": {name: counts[name] for name in _COUNTED if counts.get(name) is not None},
        "rate": now.get("photos_per_s") if job.state == "running" else None,
        "left": span(now.get("seconds_left")) if job.state == "running" else "",
        "took": "" if job.state == "running" else span(counts.get("seconds")),
        "skipped": [(reason(code), count) for code, count in sorted((counts.get("skipped_by") or {}).items())],
        "passed": end.get("left") or {},
        "source": numbers.get(job.source or ""),
    }


_COUNTED = ("photos", "new", "already_known", "faces_found", "faces_kept", "faces_forgotten", "people", "skipped")


def span(seconds: float | None) -> str:
    """A length of time, to be read at a glance; in signs that all four languages share."""
    if seconds is None:
        return ""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
