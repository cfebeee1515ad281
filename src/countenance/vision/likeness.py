"""A hash by which copies of a photo are known again: of the whole picture, never of a face (DESIGN §5)."""

from __future__ import annotations

import numpy as np

from countenance.types import Pixels


def perceptual_hash(pixels: Pixels) -> str:
    """The difference hash of an upright picture: 64 bits as 16 hexadecimal signs.

    The picture is shrunk to 9 × 8 grey pixels; each bit says whether one is brighter than its left neighbour. Copies
    that were resized or encoded anew differ in few bits. Source: N. Krawetz, "Kind of Like That" (2013), dHash.
    """
    from PIL import Image

    # In colour first: the fewer pixels are turned grey, the quicker, and the order makes no difference to speak of.
    small = Image.fromarray(pixels).resize((9, 8), Image.Resampling.BOX, reducing_gap=2.0).convert("L")
    grey = np.asarray(small, np.int16)
    return np.packbits(grey[:, 1:] > grey[:, :-1]).tobytes().hex()
