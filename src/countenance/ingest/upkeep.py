"""Keeping the photos' own records in step with their files: moved, touched, gone, back. No face is touched by it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from countenance.gallery.batch import PhotoFile
from countenance.policy.desk import Desk
from countenance.registry import schema as t
from countenance.registry.database import Registry

PART = 500
"""Records that one transaction brings up to date."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A record's file lies here now, with this size and time."""

    record: int
    file: PhotoFile
    moved: bool = False


def place(registry: Registry, desk: Desk, placed: Sequence[Placed]) -> None:
    """Write where files lie now. Those that were gone are back."""
    change = (
        sa.update(t.photos)
        .where(t.photos.c.id == sa.bindparam("number"))
        .values(path=sa.bindparam("here"), bytes=sa.bindparam("size"), modified_ns=sa.bindparam("time"), missing=None)
    )
    for start in range(0, len(placed), PART):
        part = placed[start : start + PART]
        rows = [
            {"number": each.record, "here": each.file.path, "size": each.file.bytes, "time": each.file.modified_ns}
            for each in part
        ]
        with registry.write() as connection:
            connection.execute(change, rows)
            facts = {"step": "files", "placed": len(part), "moved": sum(each.moved for each in part)}
            desk.write(connection, "ingest", facts=facts)


def miss(registry: Registry, desk: Desk, gone: Sequence[int]) -> None:
    """Write that files are gone: what was kept from them is shown no more, and goes at the next purge (P13)."""
    now = desk.now()
    for start in range(0, len(gone), PART):
        part = gone[start : start + PART]
        with registry.write() as connection:
            connection.execute(sa.update(t.photos).where(t.photos.c.id.in_(part)).values(missing=now))
            desk.write(connection, "ingest", facts={"step": "files", "missing": len(part)})
