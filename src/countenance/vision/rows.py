"""What a detector sees, as rows of numbers: which are one face, and which of those counts.

A row has 15: the box (left, top, width, height), five landmarks (x, y), the score.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from countenance.vision.backends import Floats

OVERLAP = 0.3
"""Two boxes whose intersection over union is larger are one face."""
_ALIKE = 0.6
"""The overlap with the best row that a row needs to vote with it."""
_PIECE = 1 / 3
"""What the fine look takes for a face inside a larger one is a piece of it from this share of its size on (measured on
close-ups of the cast: from 0.43 up). What is smaller is somebody in the background."""
_MOST = 5000


def suppress_overlaps(rows: Floats, overlap: float) -> Floats:
    """Greedy non-maximum suppression: the best-scoring row stays, those that overlap it more than ``overlap`` go."""
    rows = rows[np.argsort(-rows[:, 14], kind="stable")][:_MOST]
    kept = []
    while len(rows):
        kept.append(rows[0])
        rows = rows[1:][overlaps(rows[0], rows[1:]) <= overlap]
    return np.stack(kept) if kept else rows


def merge(fine: Floats, coarse: Floats, too_large: float) -> Floats:
    """What both looks saw. Where both see a face, the finer landmarks are better, unless it is ``too_large`` for them.

    Of a face that is too large the fine look sees at best pieces. They go: what lies with its middle inside the large
    face and is no small face of its own.
    """
    for one in coarse:
        size = max(one[2], one[3])
        if size >= too_large:
            middles = fine[:, :2] + fine[:, 2:4] / 2 - one[:2]
            inside = ((middles >= 0) & (middles <= one[2:4])).all(axis=1)
            fine = fine[~(inside & (fine[:, 2:4].max(axis=1) >= _PIECE * size))]
            fine = np.concatenate([fine, one[None]])
        elif not (overlaps(one, fine) > OVERLAP).any():
            fine = np.concatenate([fine, one[None]])
    return fine


def vote(rows: Floats, score: float) -> Floats:
    """One row out of all that see the same face as the best of ``rows``: their mean, weighted by the score's power 4.

    Neighbouring cells see a face nearly equally well; taking only the best would let rounding in a backend decide
    which, and move the landmarks. Source: box voting, Gidaris and Komodakis, ICCV 2015.
    """
    alike = rows[overlaps(rows[rows[:, 14].argmax()], rows) > _ALIKE]
    weight = alike[:, 14:] ** 4
    mean: Floats = ((alike * weight).sum(axis=0) / weight.sum()).astype(np.float32)
    mean[14] = score
    return mean


def overlaps(one: Floats, others: Floats) -> NDArray[np.float32]:
    """Intersection over union of one box with each of the others."""
    low = np.maximum(one[:2], others[:, :2])
    high = np.minimum(one[:2] + one[2:4], others[:, :2] + others[:, 2:4])
    shared = np.prod(np.clip(high - low, 0, None), axis=1)
    union = one[2] * one[3] + others[:, 2] * others[:, 3] - shared
    return np.asarray(shared / np.maximum(union, 1e-6), dtype=np.float32)
