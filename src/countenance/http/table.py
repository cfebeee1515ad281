"""Every route of the API, in one table: the application serves these and no others, and tests walk them."""

from __future__ import annotations

from countenance.http import jobs, looking, records, searching
from countenance.http.route import Route

ACTIONS = {
    "overview": "tells how the gallery and the key stand; names nobody",
    "detect": "finds faces in a photo that was sent; nobody is compared; logged",
    "search": "compares a probe with the gallery; decided by the desk and logged",
    "verify": "compares two faces; decided by the desk and logged",
    "read-records": "reads who is recorded and why, and the sources",
    "read-cases": "reads the asking organisation's own cases and reviews",
    "record": "records a person, or why their face may be held; logged",
    "ingest": "goes through a source's photos, or cancels that; decided by the desk, batch by batch, and logged",
    "enrol": "stores a template; decided by the desk and logged",
    "withdraw": "withdraws a person's bases; decided by the desk and logged",
    "erase": "erases a person; decided by the desk and logged",
    "read-log": "reads the log",
}
"""What a route may do."""

ROUTES: tuple[Route, ...] = (*searching.ROUTES, *records.ROUTES, *jobs.ROUTES, *looking.ROUTES)
OPEN = {
    "/healthz": "says that the process runs",
    "/readyz": "says that the registry answers",
    "/metrics": "counts requests by route and status; names nobody",
    "/v1/openapi.json": "describes the API",
}
"""Answered without a key, and why."""
