"""A folder stays bound by what binds a source of it: under another name it is the same photographs (P10, P26).

A stop binds the folder and not the record alone: no other source is recorded on the same folder, inside it or around
it. A copy of the folder somewhere else is another folder to the program.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from countenance.config import Settings
from countenance.errors import SourceRefused
from countenance.photos.opening import BELOW, place_of
from countenance.policy import bearing, rules
from countenance.registry import schema as t
from countenance.service.refusing import recording

if TYPE_CHECKING:
    from countenance.service.context import Context
    from countenance.types import OrganisationId, SourceId


def still_apart(context: Context, source: SourceId) -> None:
    """Asked at each ingest of a source below ``[photos] root``: that line may have been turned to another place."""
    with context.registry.read() as connection:
        root = connection.scalar(sa.select(t.sources.c.root).where(t.sources.c.id == source)) or ""
    if root.startswith(BELOW):
        with recording(context, "source") as connection:
            keep_from_bound(connection, context.organisation, root, context.settings, but=source)


def keep_from_bound(
    connection: sa.Connection,
    organisation: OrganisationId,
    root: str,
    settings: Settings,
    *,
    but: SourceId | None = None,
) -> None:
    """Raise where this place is, holds or lies in one that must not be collected from; ``but``: the source itself.

    Raises `TerritoryRefused` under an authority's order, also one that was complied with; `SourceRefused` where the
    source was stopped or is paused.
    """
    ordered = sa.exists().where(bearing.has_stopped_source()).correlate(t.sources)
    rows = connection.execute(
        sa.select(
            t.sources.c.id, t.sources.c.name, t.sources.c.root, t.sources.c.state, ordered.label("ordered")
        ).where(t.sources.c.organisation == organisation, sa.or_(t.sources.c.state != "active", ordered))
    )
    for row in rows:
        if row.id == but or not _overlap(place_of(root, settings), place_of(row.root, settings)):
            continue
        refusal = rules.stopped(int(row.ordered))
        raise refusal or SourceRefused(
            f"This place is, holds or lies in that of the source {row.name!r}, which is {row.state}.",
            requirement="P26", hint="What was stopped or paused is not collected under another name.",
        )  # fmt: skip


def _overlap(one: str, other: str) -> bool:
    """Whether one of two places is the other or lies in it; by what they are on disk, whatever leads there."""
    if "://" in one or "://" in other:
        first, second = one.rstrip("/") + "/", other.rstrip("/") + "/"
        return first.startswith(second) or second.startswith(first)
    first_path, second_path = Path(one).resolve(), Path(other).resolve()
    return _within(first_path, second_path) or _within(second_path, first_path)


def _within(inner: Path, outer: Path) -> bool:
    return inner.is_relative_to(outer) or any(_same(each, outer) for each in (inner, *inner.parents))


def _same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)  # a mount, or a file system without capitals
    except OSError:
        return False
