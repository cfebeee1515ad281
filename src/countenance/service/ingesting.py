"""Ingest of a source, and what its report says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from countenance.ingest.report import Progress, Report, Skipped
from countenance.ingest.run import Ingestion
from countenance.registry import schema as t
from countenance.service.engines import at_hand

if TYPE_CHECKING:
    from countenance.service.context import Context
    from countenance.service.sources import Source

__all__ = ["Progress", "Report", "Skipped", "ingest", "report_json"]


def ingest(
    context: Context,
    source: Source,
    *,
    again: bool = False,
    engine: str | None = None,
    detect: str | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Report:
    """Go through a source's photos: keep the faces of people who agreed, forget all others.

    Run it again after an interruption and it goes on where it stopped; files that have not changed are not opened.
    ``again`` looks at every photo anew; for people who were enrolled since, a sweep is enough.
    ``engine``: see `engines`. ``detect``: how closely; as configured when None. A photo that was looked at less closely
    than this before is looked at again.
    """
    with at_hand(context, source, engine, detect or context.settings.vision.detect) as parts:
        report = Ingestion(parts, source=source.id).run(again=again, progress=progress)
    with context.registry.write() as connection:
        mine = t.sources.c.id == source.id
        connection.execute(sa.update(t.sources).where(mine).values(ingested=context.clock()))
    context.book.publish()
    return report


def report_json(report: Report) -> dict[str, Any]:
    """The machine-readable report (``countenance ingest --json``)."""
    return asdict(report)
