"""What it takes to go through a source, whether to ingest it or to sweep it."""

from __future__ import annotations

import time
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

_LONGEST = 5.0
"""Seconds after which what was looked at is written, however little it is: an order to stop waits no longer."""
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
        batch: How many photos are written at once, at most.
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

    def full(self, waiting: int, began: float) -> bool:
        """Whether it is time to decide on the photos that wait. ``began``: when they began to (`time.monotonic`)."""
        return waiting >= self.batch or (waiting > 0 and time.monotonic() - began >= _LONGEST)

    def lock(self, source: SourceId) -> OnlyOne:
        """Only one process at a time goes through a source."""
        return OnlyOne(self.locks / f"source-{source}.lock", "Another process is ingesting this source.")
