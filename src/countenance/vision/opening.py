"""From cards to what finds faces and makes templates: each network in a session, asked in the way of its kind."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from countenance.vision import scrfd
from countenance.vision.backends import Choice
from countenance.vision.cards import ModelCard
from countenance.vision.detect import Detector, See, see
from countenance.vision.embed import Embedder


def open_detector(choice: Choice, card: ModelCard, cache: Path | None = None) -> Detector:
    """The detector of this card. Raises `ModelMissing` and `Tampered`."""
    return Detector(choice.open(card, cache), way_of(card))


def open_embedder(choice: Choice, card: ModelCard, cache: Path | None = None, *, flip: bool = False) -> Embedder:
    """The recogniser of this card; ``flip``: see `Embedder`. Raises `ModelMissing` and `Tampered`."""
    return Embedder(choice.open(card, cache), card, flip=flip)


def way_of(card: ModelCard) -> See:
    """How a detector of this card's style is asked, and its answer read."""
    return partial(scrfd.see, card=card) if card.style == "scrfd" else see
