"""How closely a photo is looked at for faces: ``[vision] detect``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Detect = Literal["quick", "standard", "thorough"]

STANDARD: Detect = "standard"


@dataclass(frozen=True, slots=True)
class Pace:
    """What is done to one photo.

    Attributes:
        side: The longest side, in pixels, of the photo as the detector sees it whole.
        exact: Whether it sees just so many, or as near to it as a whole number brings the photo: see `detect.reduced`.
        twice: Whether it sees the whole photo at 320 pixels too, and each small face once more, alone.
        tiles: Whether it sees the photo in pieces as well, with every pixel that there is.
        patience: How many times as long as a photo may take to decode it may take to be looked at.
    """

    side: int
    exact: bool = False
    twice: bool = True
    tiles: bool = False
    patience: int = 1


PACES: dict[str, Pace] = {
    "quick": Pace(640, exact=True, twice=False),
    "standard": Pace(1024),
    "thorough": Pace(1024, tiles=True, patience=12),
}
"""In order: the later, the closer."""
_ORDER = list(PACES)


def as_close(one: str, other: str) -> bool:
    """Whether a photo that was looked at like ``one`` need not be looked at again like ``other``."""
    return _ORDER.index(one) >= _ORDER.index(other)


def closest(*names: str) -> str:
    """The closest of these."""
    return max(names, key=_ORDER.index)
