"""Where a source's photos come from: the supplier's manifest, and what pauses the source (P26)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Container, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import sqlalchemy as sa

from countenance.errors import InputError, SourceRefused
from countenance.gallery.batch import Looked
from countenance.ingest.manifest import Line, read_manifest
from countenance.ingest.marks import scraper_trace
from countenance.policy.desk import Desk
from countenance.registry import schema as t
from countenance.registry.database import Registry
from countenance.types import SourceId

SCRAPED, MANIFEST = "scraped", "manifest"
"""Causes to pause a source; two accounts can accept each for one source, naming its rights holder."""

Cause = tuple[str, str, int]
"""Why a source is paused, in a word and in words, and for how many photos."""


@dataclass(frozen=True, slots=True)
class Provenance:
    """What is recorded of one source. ``accepted``: the causes that no longer pause it."""

    supplier: str | None = None
    accepted: frozenset[str] = frozenset()
    given: bool = False
    lines: dict[bytes, Line] = field(default_factory=dict, repr=False)

    def line(self, path: bytes) -> Line | None:
        """What the supplier states of a photo."""
        return self.lines.get(path)

    def cause_by_name(self, paths: Collection[bytes], names: Container[bytes]) -> Cause | None:
        """What the names of photos to be looked at say, and those of all files in the source, before one is opened."""
        traces = () if SCRAPED in self.accepted else (scraper_trace(path, names) for path in paths)
        return self._cause(Counter(trace for trace in traces if trace), paths)

    def cause(self, batch: Sequence[Looked]) -> Cause | None:
        """Why this batch pauses its source; None to go on."""
        marked = Counter(photo.reason or "" for photo in batch if photo.code == SCRAPED)
        return self._cause(marked, [photo.file.path for photo in batch])

    def _cause(self, marked: Counter[str], paths: Collection[bytes]) -> Cause | None:
        if marked:
            return SCRAPED, f"carry {marked.most_common(1)[0][0]}", marked.total()
        if self.supplier is None or MANIFEST in self.accepted:
            return None
        lacking = sum(path not in self.lines for path in paths)
        words = "have no line in the supplier's manifest" if self.given else "come from a supplier without a manifest"
        return (MANIFEST, words, lacking) if lacking else None


def provenance(registry: Registry, source: SourceId) -> Provenance:
    """Read what is recorded. Raises `InputError` when the manifest is gone or is not the one that was recorded."""
    with registry.read() as connection:
        row = connection.execute(sa.select(t.sources).where(t.sources.c.id == source)).one()
    accepted = frozenset((row.accepted or "").split())
    if row.manifest is None:
        return Provenance(row.supplier, accepted)
    found = read_manifest(Path(row.manifest))
    if found.sha256 != row.manifest_sha256:
        raise InputError(
            f"The manifest {row.manifest} was changed since it was recorded.",
            hint="Put it back, or add the source anew under another name with the new manifest.",
        )
    return Provenance(row.supplier, accepted, given=True, lines=found.lines)


def pause(registry: Registry, desk: Desk, source: SourceId, cause: Cause, looked_at: int) -> None:
    """Pause the source and refuse. Nothing of the batch that shows the cause is kept."""
    word, words, count = cause
    reason = f"{count} of the first {looked_at} photos {words}"
    with registry.write() as connection:
        values = {"state": "paused", "reason": reason, "paused_for": word}
        connection.execute(sa.update(t.sources).where(t.sources.c.id == source).values(**values))
        facts = {"cause": word, "marked": count, "looked_at": looked_at}
        written = desk.record(connection, "source-paused", "operator", facts=facts)
    raise SourceRefused(
        f"This source is paused: {reason}.",
        requirement="P26", log_index=written.index,
        hint="Take these photos out, or have two accounts release it: "
        "`countenance source release NAME --rights-holder WHO`.",
    )  # fmt: skip
