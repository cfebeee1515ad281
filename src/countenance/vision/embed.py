"""Turns an aligned face into a vector, with SFace or another network of ArcFace's kind.

Source: Zhong, Deng, Hu, Zhao, Li, Wen, "SFace: Sigmoid-Constrained Hypersphere Loss for Robust Face Recognition", IEEE
Transactions on Image Processing 30 (2021).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from countenance.errors import ContractMismatch, QualityTooLow
from countenance.types import Pixels
from countenance.vision.backends import Floats, Session
from countenance.vision.cards import SFACE, ModelCard, prepared

BATCH = 32


class Embedder:
    """The recogniser of this card, in a session of any backend.

    With ``flip`` a template is the mean of the face's and its mirror image's, scaled to length 1: twice the work.
    """

    def __init__(self, session: Session, card: ModelCard = SFACE, *, flip: bool = False) -> None:
        self._session = session
        self._card = card
        self._flip = flip

    def embed(self, crops: Sequence[Pixels]) -> Floats:
        """One L2-normalised row for each aligned crop (112 × 112 RGB, 0–255; what the card says is done to it).

        Raises:
            QualityTooLow: The model gave something that is no direction: not finite, or all zero.
            ContractMismatch: It gave as many numbers as its card does not say.
        """
        if self._flip and len(crops):
            mirrored = [np.ascontiguousarray(crop[:, ::-1]) for crop in crops]
            return _unit(self._each(crops) + self._each(mirrored))
        return self._each(crops)

    def _each(self, crops: Sequence[Pixels]) -> Floats:
        batch = 1 if self._card.single else BATCH
        parts = [self._batch(crops[start : start + batch]) for start in range(0, len(crops), batch)]
        return np.concatenate(parts) if parts else np.empty((0, self._card.dimension), np.float32)

    def _batch(self, crops: Sequence[Pixels]) -> Floats:
        batch = prepared(np.stack(crops).transpose(0, 3, 1, 2).astype(np.float32), self._card)
        raw = self._session.run(batch)[self._card.output]
        if raw.shape != (len(crops), self._card.dimension):
            raise ContractMismatch(f"{self._card.name} does not give {self._card.dimension} numbers a face.")
        return _unit(raw)


def _unit(raw: Floats) -> Floats:
    length = np.linalg.norm(raw, axis=1, keepdims=True)
    if not np.isfinite(raw).all() or not (length > 1e-6).all():
        raise QualityTooLow("The model could make nothing of this face.", reasons=("the face gives no template",))
    return np.asarray(raw / length, dtype=np.float32)
