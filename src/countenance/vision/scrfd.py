"""Finds faces with a network of the SCRFD family: its pre- and post-processing in numpy.

Source: Guo, Deng, Lattas, Zafeiriou, "Sample and Computation Redistribution for Efficient Face Detection", ICLR 2022.
Three grids (a cell every 8, 16 and 32 pixels), two anchors a cell. For each anchor the network tells a score, how far
the box reaches to its left, top, right and bottom, and five landmarks from its middle, both in units of the stride.
"""

from __future__ import annotations

import numpy as np

from countenance.types import Pixels
from countenance.vision.backends import Floats, Session
from countenance.vision.cards import ModelCard, prepared
from countenance.vision.detect import STRIDES, padded

ANCHORS = 2
OUTPUTS = 9
"""Scores, boxes and landmarks, in this order, each for the three strides."""


def see(session: Session, view: Pixels, threshold: float, card: ModelCard) -> Floats:
    """Rows of 15 for the faces in ``view``, in its pixels; as `countenance.vision.detect.decode_grids`."""
    batch = canvas(view, card)
    return decode_anchors(session.run(batch), batch.shape[2:], threshold)


def canvas(view: Pixels, card: ModelCard) -> Floats:
    """The network's input: black below and to the right up to a multiple of 32, then made as its card says."""
    height, width = view.shape[:2]
    batch = np.zeros((1, 3, padded(height), padded(width)), np.float32)
    batch[0, :, :height, :width] = view.transpose(2, 0, 1)
    return prepared(batch, card)


def decode_anchors(outputs: list[Floats], size: tuple[int, ...], threshold: float) -> Floats:
    """The nine outputs as rows of 15: box (x, y, w, h), five landmarks (x, y), score; in input pixels.

    ``size`` is the padded input's height and width. Raises ValueError where the outputs do not fit it.
    """
    if len(outputs) != OUTPUTS:
        raise ValueError(f"{len(outputs)} outputs, not {OUTPUTS}")
    found = []
    for level, stride in enumerate(STRIDES):
        across, count = size[1] // stride, (size[0] // stride) * (size[1] // stride) * ANCHORS
        score, box, point = (outputs[level + part].reshape(count, wide) for part, wide in ((0, 1), (3, 4), (6, 10)))
        kept = np.flatnonzero(score[:, 0] >= threshold)
        cell = kept // ANCHORS
        middle = np.stack([cell % across, cell // across], axis=1).astype(np.float32) * stride
        low, high = middle - box[kept, :2] * stride, middle + box[kept, 2:] * stride
        marks = point[kept].reshape(-1, 5, 2) * stride + middle[:, None]
        found.append(np.concatenate([low, high - low, marks.reshape(-1, 10), score[kept]], axis=1))
    return np.concatenate(found).astype(np.float32)
