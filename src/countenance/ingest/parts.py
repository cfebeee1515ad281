"""What it takes to go through a source, whether to ingest it or to sweep it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from countenance.gallery.gallery import Gallery
from countenance.gallery.only_one import OnlyOne
from countenance.ingest.engine import Engine
from countenance.photos.store import Store
from countenance.policy.desk import Desk
from countenance.registry.database import Registry
from countenance.types import SourceId
from countenance.vision.pace import STANDARD

Engines = Callable[[int], Engine]
"""Makes an engine for so many photos."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What it takes to go through a source.

    Attributes:
        registry: The records.
        gallery: What keeps the faces.
        desk: What permits it.
        store: Where the photos lie.
        engines: Makes what looks at them.
        locks: The folder of the locks.
        batch: How many photos are written at once.
        detect: How closely they are looked at; see `vision.pace`.
    """

    registry: Registry
    gallery: Gallery
    desk: Desk
    store: Store
    engines: Engines
    locks: Path
    batch: int
    detect: str = STANDARD

    def lock(self, source: SourceId) -> OnlyOne:
        """Only one process at a time goes through a source."""
        return OnlyOne(self.locks / f"source-{source}.lock", "Another process is ingesting this source.")
