"""The log, what a browser needs to check it by itself, and the reports."""

from __future__ import annotations

from typing import TYPE_CHECKING

from countenance.reports.evaluated import render_evaluated
from countenance.reports.governing import paper_of
from countenance.reports.words import share
from countenance.web.forms import Form
from countenance.web.route import Route, number
from countenance.web.site import Site

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

PAGE = 60
READERS = ("controller", "officer")
REPORTS = (
    ("accountability", "Accountability", "What the law asks an agency to publish: abilities, uses, errors, rights."),
    ("register", "Register of processing", "The record that GDPR Article 30 asks for."),
    ("orphans", "Orphans", "Everything that is held without a reason. It must be empty."),
)
"""Name, title, and what it is."""


def log(site: Site, request: Request) -> Response:
    """A page of entries, the newest first, and whether the whole log checks."""
    checked = site.club.check_log()
    end = number(request.query_params.get("before"), usual=checked.size, what="entry of the log")
    end = min(max(end, 0), checked.size)
    start = max(end - PAGE, 0)
    return site.page(
        "log.html",
        checked=checked,
        witness=site.club.logbook.witness(),
        entries=site.club.log_entries(start, end - start)[::-1] if end > start else [],
        older=start if start > 0 else None,
        newer=min(end + PAGE, checked.size) if end < checked.size else None,
        point=site.club.logbook.grown_from(checked.size),
    )


def grown(site: Site, request: Request) -> Response:
    """The proof that the log of today continues an earlier one."""
    from starlette.responses import JSONResponse

    size = number(request.query_params.get("from"), usual=0, what="number of entries")
    return JSONResponse(site.club.logbook.grown_from(size))


def proof(site: Site, request: Request) -> Response:
    """One entry with the proof that it is in the log; it holds commitments, and nobody's name."""
    from starlette.responses import JSONResponse

    index = number(request.path_params["index"], usual=0, what="entry of the log")
    return JSONResponse(site.club.logbook.prove(index))


def reports(site: Site, _: Request) -> Response:
    """What can be reported, and how often the models are said to be wrong."""
    told = site.club.reports.accountability()
    return site.page("reports.html", reports=REPORTS, testing=told["testing"])


def accuracy(site: Site, _: Request) -> Response:
    """Every evaluation that was made here, as the log has it, and a form that makes the page of one."""
    told = site.club.reports.accountability()
    return site.page("accuracy.html", evaluations=site.club.reports.accuracy(), testing=told["testing"], share=share)


def evaluated(site: Site, request: Request) -> Response:
    """The page of one evaluation, as a file, once its hash is found in the log."""
    from starlette.responses import Response

    form: Form = request.scope["form"]
    told = site.club.reports.evaluation(form.files.get("answer", b""))
    headers = {"content-disposition": 'attachment; filename="evaluation.html"'}
    return Response(render_evaluated(told), media_type="text/html; charset=utf-8", headers=headers)


def _report(name: str) -> Route:
    def answer(site: Site, _: Request) -> Response:
        """One report as a page."""
        return site.page("report.html", page=paper_of(getattr(site.club.reports, name)()), name=name)

    answer.__name__ = name
    return Route("GET", f"/reports/{name}", "read-report", answer, READERS)


def _data(name: str) -> Route:
    def answer(site: Site, _: Request) -> Response:
        """One report as JSON."""
        from starlette.responses import JSONResponse

        return JSONResponse(getattr(site.club.reports, name)())

    answer.__name__ = f"{name}_as_data"
    return Route("GET", f"/reports/{name}.json", "read-report", answer, READERS)


ROUTES = (
    Route("GET", "/log", "read-log", log, READERS),
    Route("GET", "/log/grown.json", "read-log", grown, READERS),
    Route("GET", "/log/{index}/proof.json", "read-log", proof, READERS),
    Route("GET", "/reports", "read-report", reports, READERS),
    Route("GET", "/reports/accuracy", "read-report", accuracy, READERS),
    Route("POST", "/reports/accuracy", "read-report", evaluated, READERS),
    *(make(name) for name, _, _ in REPORTS for make in (_report, _data)),
)
