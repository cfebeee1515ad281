"""Routes of long work: an ingest or a sweep is begun, followed and cancelled; the work itself outlives the request."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Literal

from countenance.http.route import Answer, Call, Fields, Paging, Route, paged
from countenance.types import parse_number

if TYPE_CHECKING:
    from countenance.service.jobs import Job


class NewIngest(Fields):
    """``again``: look at every photo anew; ``detect``: how closely, as configured when left out."""

    again: bool = False
    detect: Literal["quick", "standard", "thorough"] | None = None


class NewSweep(Fields):
    """One source, or all that are collected from."""

    source: str | None = None


def ingest(call: Call) -> Answer:
    """Begin an ingest: it goes on where an earlier one stopped."""
    asked: NewIngest = call.fields
    begun = call.service.runner.ingest(call.club, call.params["name"], again=asked.again, detect=asked.detect)
    return _begun(begun)


def sweep(call: Call) -> Answer:
    """Begin a sweep."""
    asked: NewSweep = call.fields
    return _begun(call.service.runner.sweep(call.club, asked.source))


def jobs(call: Call) -> Answer:
    """All jobs of the last days."""
    return paged(call.club.jobs.list(), lambda each: parse_number("J", each.id, "job"), call.query, _job)


def job(call: Call) -> Answer:
    """One job."""
    return Answer(_job(call.club.jobs.get(call.params["job"])))


def cancel(call: Call) -> Answer:
    """Have a job stop after the photos in hand."""
    return Answer(_job(call.club.jobs.cancel(call.params["job"])))


def events(call: Call) -> Answer:
    """The job's events, as they come: `progress`, and at the end `done` or what else became of it."""
    name, jobs = call.params["job"], call.club.jobs
    jobs.get(name)  # absent, or not yours: before the stream begins

    def follow() -> Iterator[dict[str, Any] | None]:
        said, state = -1, "running"
        while state == "running":
            now = jobs.get(name)  # asks again whether the key is live
            state = now.state
            if now.step != said and (now.progress is not None or state != "running"):
                said = now.step
                yield told(now)
            else:
                yield None

    return Answer(None, stream=follow())


def told(job: Job) -> dict[str, Any]:
    """One event of a job as plain data; while it runs, a line of ``countenance ingest --events``."""
    if job.state == "running":
        return {"event": "progress", **(job.progress or {})}
    return {"event": job.state, **(job.report or job.error or {})}


def _begun(job: Job) -> Answer:
    return Answer(_job(job), headers={"location": f"/v1/jobs/{job.id}"})


def _job(each: Job) -> dict[str, Any]:
    return each.as_json()


_ANYBODY = ("controller", "operator", "officer")
_PROGRESS = {
    "done": 64, "total": 240, "new": 60, "already_known": 0, "faces_found": 131, "faces_kept": 12,
    "faces_forgotten": 119, "skipped": 4, "skipped_by": {"video": 4}, "looked": 60, "to_look": 236,
    "photos_per_s": 21.5, "seconds": 2.8, "seconds_left": 8.2,
}  # fmt: skip
_JOB = {
    "id": "J1", "kind": "ingest", "source": "summer-party", "state": "running", "account": "anna@club.example",
    "again": False, "detect": None, "started": "2026-11-22T10:00:00Z", "ended": None, "cancelling": False, "step": 3,
    "progress": _PROGRESS, "report": None, "error": None,
}  # fmt: skip
ROUTES = (
    Route(
        "POST", "/v1/sources/{name}/ingest", "ingest", ("operator",), ingest,
        "Go through a source's photos, as a job; it goes on where an earlier one stopped.", _JOB,
        takes="json", fields=NewIngest, asked={"again": False}, status=202, repeats=True,
    ),
    Route(
        "POST", "/v1/sweeps", "ingest", ("operator",), sweep,
        "Find people who came since in photos ingested before, as a job.", _JOB | {"kind": "sweep", "source": None},
        takes="json", fields=NewSweep, asked={"source": "summer-party"}, status=202, repeats=True,
    ),
    Route(
        "GET", "/v1/jobs", "read-records", _ANYBODY, jobs, "List the jobs of the last 30 days.",
        {"items": [_JOB], "next": None}, query=Paging,
    ),
    Route("GET", "/v1/jobs/{job}", "read-records", _ANYBODY, job, "How far a job is, or what came of it.", _JOB),
    Route(
        "GET", "/v1/jobs/{job}/events", "read-records", _ANYBODY, events,
        "A job's progress as server-sent events, to its end.", {"event": "progress", **_PROGRESS}, streams=True,
    ),
    Route(
        "POST", "/v1/jobs/{job}/cancel", "ingest", ("operator",), cancel,
        "Have a job stop; what was kept before stays.", _JOB | {"cancelling": True},
    ),
)  # fmt: skip
