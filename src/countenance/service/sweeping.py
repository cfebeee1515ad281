"""The sweep: people who came since are looked for in photos that were ingested before, in one pass for all of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from countenance.errors import Busy, InputError, Refused, RoleRefused
from countenance.ingest.report import Progress, Report, Swept, Told
from countenance.ingest.sweep import Sweeping, due
from countenance.service.engines import at_hand

if TYPE_CHECKING:
    from countenance.service.context import Context
    from countenance.service.sources import Source

__all__ = ["Progress", "Swept", "sweep", "swept_json"]


def sweep(
    context: Context,
    sources: list[Source],
    *,
    alone: bool = False,
    dry_run: bool = False,
    engine: str | None = None,
    progress: Callable[[Progress], None] | None = None,
    ends: Callable[[], bool] = lambda: False,
) -> Swept:
    """Look for the people who came since in photos that were ingested before. It adds appearances and takes none.

    Run it again after an interruption and it goes on where it stopped.

    Args:
        context: The gallery.
        sources: Where to look.
        alone: One source was named: what keeps it from being swept is an error, and not a line of the report.
        dry_run: Only count the photos that would be looked at.
        engine: See `engines`.
        progress: Told after every batch.
        ends: Asked after every batch: whether to leave the rest for the next time.
    """
    context.own()
    now, contract = context.clock(), context.desk.contract
    counts = {source.name: len(due(context.registry, source.id, contract, now)) for source in sources}
    waiting = [source for source in sources if counts[source.name]]
    total = sum(counts.values())
    named = {source.name: counts[source.name] for source in waiting}
    if dry_run:
        return Swept(total, named, dry_run=True)
    told, report, people, left = Told(progress), Report(), set[int](), dict[str, str]()
    told.begin(total, total, report)
    for source in waiting:
        try:
            people |= _one(context, source, engine, told, report, ends)
        except (Refused, Busy, InputError) as error:
            if alone or isinstance(error, RoleRefused):
                raise
            left[source.name] = error.message
        if ends():
            break
    context.book.publish()
    return _swept(named, report, len(people), left, told.seconds)


def _one(
    context: Context, source: Source, engine: str | None, told: Told, report: Report, ends: Callable[[], bool]
) -> set[int]:
    """Sweep one source; returns whose faces are kept now."""
    with at_hand(context, source, engine) as parts:
        sweeping = Sweeping(parts, told=told, report=report)
        sweeping.run(source.id, ends=ends)
    return sweeping.people


def _swept(sources: dict[str, int], report: Report, people: int, left: dict[str, str], seconds: float) -> Swept:
    return Swept(
        report.new,
        sources,
        people,
        report.faces_kept,
        report.compared,
        round(report.false_matches, 6),
        report.skipped,
        report.skipped_by,
        left,
        seconds=round(seconds, 3),
    )


def swept_json(swept: Swept) -> dict[str, Any]:
    """The machine-readable answer (``countenance sweep --json``)."""
    return asdict(swept)
