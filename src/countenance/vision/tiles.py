"""A large photo in overlapping pieces, each seen with every pixel that there is, and what was seen put together again.

Whatever is no larger than the overlap lies whole in one piece at least. So a face that is cut off by a piece's edge is
left out there: the neighbour sees all of it, or it is so large that the look at the whole photo does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from countenance.vision.backends import Floats
from countenance.vision.rows import OVERLAP, overlaps, suppress_overlaps

SIDE, SHARED = 512, 128
"""Pixels of a piece's side, and how many of them it has in common with its neighbour."""
_EDGE = 1.0
"""Pixels from a piece's edge at which a box counts as cut off."""


@dataclass(frozen=True, slots=True)
class Tile:
    """A piece of a photo, in its pixels."""

    left: int
    top: int
    right: int
    bottom: int


def tiles(width: int, height: int, *, side: int = SIDE, shared: int = SHARED) -> list[Tile]:
    """Pieces of at most ``side`` × ``side`` pixels that cover a photo, neighbours sharing ``shared`` pixels or more."""
    return [
        Tile(left, top, min(left + side, width), min(top + side, height))
        for top in _starts(height, side, shared)
        for left in _starts(width, side, shared)
    ]


def _starts(length: int, side: int, shared: int) -> list[int]:
    """Evenly spread, so that the last piece is as large as the others."""
    if length <= side:
        return [0]
    count = -(-(length - shared) // (side - shared))
    return [round(number * (length - side) / (count - 1)) for number in range(count)]


def whole_ones(rows: Floats, tile: Tile, width: int, height: int) -> Floats:
    """Those of the rows (in the photo's pixels) that the piece does not cut off; the photo's own edge cuts nothing."""
    left, top = rows[:, 0], rows[:, 1]
    right, bottom = left + rows[:, 2], top + rows[:, 3]
    inside = np.ones(len(rows), bool)
    if tile.left > 0:
        inside &= left > tile.left + _EDGE
    if tile.top > 0:
        inside &= top > tile.top + _EDGE
    if tile.right < width:
        inside &= right < tile.right - _EDGE
    if tile.bottom < height:
        inside &= bottom < tile.bottom - _EDGE
    return rows[inside]


def joined(found: Sequence[tuple[Tile, Floats]], width: int, height: int) -> Floats:
    """What was seen in all pieces, each face once: cut ones left out, of those seen twice the better."""
    kept = [whole_ones(rows, tile, width, height) for tile, rows in found]
    return suppress_overlaps(np.concatenate([np.empty((0, 15), np.float32), *kept]).astype(np.float32), OVERLAP)


def beside(small: Floats, large: Floats, *, most: float) -> Floats:
    """What the pieces saw and what the look at the whole photo saw, each face once.

    A face of more than ``most`` pixels is seen whole in no piece: it counts as the look at the whole photo saw it, and
    whatever the pieces saw inside it is a part of it. Of a smaller one the pieces have the finer landmarks.
    """
    small = small[small[:, 2:4].max(axis=1, initial=0) <= most]
    for one in large:
        if one[2:4].max() > most:
            middles = small[:, :2] + small[:, 2:4] / 2 - one[:2]
            small = small[~((middles >= 0) & (middles <= one[2:4])).all(axis=1)]
    seen = [one for one in large if not (overlaps(one, small) > OVERLAP).any()]
    return np.concatenate([small, np.array(seen, np.float32).reshape(-1, 15)])
