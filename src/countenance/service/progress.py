"""How far an ingest or a sweep is, as plain data: the same for ``--events`` and for a job over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from countenance.ingest.report import Progress


def as_event(now: Progress, *, sweeping: bool = False) -> dict[str, Any]:
    """One event; docs/how-to/ingest-a-source.md says what each field is."""
    report = now.report
    return {
        "done": now.done,
        "total": now.total,
        "new": report.new,
        "already_known": report.already_known,
        "faces_found": report.faces_found,
        "faces_kept": report.faces_kept,
        "faces_forgotten": None if sweeping else report.faces_forgotten,
        "skipped": len(report.skipped),
        "skipped_by": dict(report.skipped_by),
        "looked": now.looked,
        "to_look": now.to_look,
        "photos_per_s": None if now.photos_per_s is None else round(now.photos_per_s, 2),
        "seconds": round(now.seconds, 3),
        "seconds_left": None if now.seconds_left is None else round(now.seconds_left, 1),
    }
