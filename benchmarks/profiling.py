"""Where a profiled stretch of work spent its time, per photo."""

from __future__ import annotations

import cProfile
import pstats
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Spot:
    """A function that time goes into: milliseconds a photo in itself, and with all that it calls."""

    where: str
    calls: int
    own_ms: float
    all_ms: float = field(compare=False)


def busiest(profiler: cProfile.Profile, photos: int, most: int = 25) -> list[dict[str, Any]]:
    """The functions that most time goes into by themselves, per photo."""
    profiler.create_stats()
    rows = []
    for (file, _, name), (_, calls, own, everything, _) in pstats.Stats(profiler).stats.items():  # type: ignore[attr-defined]
        where = f"{_short(file)} {name}".strip()
        rows.append(Spot(where, calls, 1000 * own / photos, 1000 * everything / photos))
    rows.sort(key=lambda spot: -spot.own_ms)
    return [
        {"where": spot.where, "calls": spot.calls, "own_ms": round(spot.own_ms, 3), "all_ms": round(spot.all_ms, 3)}
        for spot in rows[:most]
    ]


def _short(file: str) -> str:
    """A file as its package names it; built-in functions have none."""
    for mark in ("site-packages/", "/src/", "/lib/"):
        if mark in file:
            return file.rpartition(mark)[2]
    return "" if file.startswith("~") else Path(file).name
