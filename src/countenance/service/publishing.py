"""What anybody may see: who uses the gallery, how often and for what, and which orders it obeyed (P1, P26, P28)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from countenance.service import counting
from countenance.service.accountability import agreements, holder, log, purposes
from countenance.types import iso

if TYPE_CHECKING:
    from countenance.service.context import Context


def public(context: Context) -> dict[str, Any]:
    """The public page as plain data: counts and organisations, and nobody's name."""
    with context.registry.read() as connection:
        sources = counting.sources(connection, context)
        return {
            "report": "public",
            "made": iso(context.clock()),
            "holder": holder(connection, context),
            "organisations": [
                each for each in agreements(context) if each["state"] in ("in-force", "ended", "expired")
            ],
            "purposes": [each for each in purposes(connection, context) if each["on"]],
            "searches": counting.searches_by_month(connection, context),
            "orders": [each for each in counting.orders(connection, context) if each["state"] != "proposed"],
            "requests": counting.requests(connection, context),
            "erasures": counting.erasures(connection, context),
            "released_sources": [
                {key: each[key] for key in ("source", "released_for", "released_in_spite_of")}
                for each in sources
                if each["released_in_spite_of"]
            ],
            "closed_archives": [
                {key: each[key] for key in ("source", "right", "photos")}
                for each in sources
                if each["unknown_faces"] == "keep"
            ],
            "confirmations": counting.confirmations(connection, context),
            "log": log(connection, context),
        }
