"""Turns an aligned face into a vector with SFace.

Source: Zhong, Deng, Hu, Zhao, Li, Wen, "SFace: Sigmoid-Constrained Hypersphere Loss for Robust Face Recognition", IEEE
Transactions on Image Processing 30 (2021).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from countenance.errors import QualityTooLow
from countenance.types import Pixels
from countenance.vision.backends import Floats, Session

BATCH = 32


class Embedder:
    """SFace in a session of any backend."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def embed(self, crops: Sequence[Pixels]) -> Floats:
        """One L2-normalised row of 128 for each aligned crop (112 × 112 RGB, 0–255; nothing else is done to it).

        Raises:
            QualityTooLow: The model gave something that is no direction: not finite, or all zero.
        """
        parts = [self._batch(crops[start : start + BATCH]) for start in range(0, len(crops), BATCH)]
        return np.concatenate(parts) if parts else np.empty((0, 128), np.float32)

    def _batch(self, crops: Sequence[Pixels]) -> Floats:
        batch = np.stack(crops).transpose(0, 3, 1, 2).astype(np.float32)
        raw = self._session.run(np.ascontiguousarray(batch))[0]
        length = np.linalg.norm(raw, axis=1, keepdims=True)
        if not np.isfinite(raw).all() or not (length > 1e-6).all():
            raise QualityTooLow("The model could make nothing of this face.", reasons=("the face gives no template",))
        return np.asarray(raw / length, dtype=np.float32)
