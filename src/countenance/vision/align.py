"""Turns a face upright and to a fixed size, so that the recogniser sees eyes and mouth where it learned them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from countenance.types import Pixels

SIZE = 112
TEMPLATE = np.array(
    [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]]
)
"""Where eyes, nose and mouth corners lie in a 112 × 112 crop (Deng et al., "ArcFace", CVPR 2019)."""

_COMPLEX = np.array([1, 1j])
Matrix = NDArray[np.float64]


def similarity(source: Matrix, target: Matrix) -> Matrix:
    """The 2 × 3 matrix of rotation, one scale and shift that best carries ``source`` onto ``target`` (n × 2 each).

    The least squares of Umeyama, "Least-squares estimation of transformation parameters between two point patterns",
    IEEE TPAMI 13(4), 1991, for two dimensions: points as complex numbers, so that one of them turns and scales. Never
    mirrors. If all source points are one, the scale is 0.
    """
    middle_s, middle_t = source.mean(axis=0), target.mean(axis=0)
    s, t = (source - middle_s) @ _COMPLEX, (target - middle_t) @ _COMPLEX
    spread = float(np.vdot(s, s).real)
    turn = complex(np.vdot(s, t)) / spread if spread > 0 else 0j
    matrix = np.array([[turn.real, -turn.imag], [turn.imag, turn.real]])
    return np.hstack([matrix, (middle_t - matrix @ middle_s)[:, None]])


def align(pixels: Pixels, landmarks: Sequence[tuple[float, float]]) -> Pixels:
    """The face as 112 × 112 RGB, its five ``landmarks`` (pixels of the photo) carried onto the ArcFace template.

    Bilinear; what lies outside the photo is black. A face much larger than the crop is scaled down first, taking in
    every pixel, so that it does not alias.
    """
    from PIL import Image

    forward = similarity(np.asarray(landmarks, dtype=np.float64), TEMPLATE)
    back = _inverse(forward)
    region, left, top = _region(pixels, back)
    back[:, 2] -= (left, top)
    image = Image.fromarray(region)
    shrink = np.hypot(back[0, 0], back[1, 0])
    if shrink > 2 and min(image.size) > 2:
        smaller = tuple(max(1, round(size * 1.5 / shrink)) for size in image.size)
        back *= np.divide(smaller, image.size)[:, None]
        # Pixel centres lie at whole numbers here, as in the network's training, hence the shift by half a pixel.
        back[:, 2] += 0.5 * (np.divide(smaller, region.shape[1::-1]) - 1)
        image = image.resize((smaller[0], smaller[1]), Image.Resampling.BILINEAR)
    a, b, c, d, e, f = back.ravel()
    # Pillow puts the centre of the first pixel at 0.5.
    shifted = (a, b, c + 0.5 - 0.5 * (a + b), d, e, f + 0.5 - 0.5 * (d + e))
    made = image.transform((SIZE, SIZE), Image.Transform.AFFINE, shifted, Image.Resampling.BILINEAR)
    return np.asarray(made)


def magnified(landmarks: Matrix) -> float:
    """How many pixels of the crop each pixel of the photo becomes: over 1, `align` has to make some up."""
    forward = similarity(np.asarray(landmarks, dtype=np.float64), TEMPLATE)
    return float(np.hypot(forward[0, 0], forward[1, 0]))


def _inverse(forward: Matrix) -> Matrix:
    """From crop to photo. Landmarks that fall on one point have no inverse; the crop is then all one pixel."""
    turn = forward[:, :2]
    if abs(np.linalg.det(turn)) < 1e-12:
        return np.zeros((2, 3))
    inverse = np.linalg.inv(turn)
    return np.hstack([inverse, (-inverse @ forward[:, 2])[:, None]])


def _region(pixels: Pixels, back: Matrix) -> tuple[Pixels, int, int]:
    """The part of the photo that the crop reads, with a margin, and where it begins."""
    corners = np.array([[0, 0, 1], [SIZE, 0, 1], [0, SIZE, 1], [SIZE, SIZE, 1]], dtype=np.float64) @ back.T
    margin = 4 + int(np.hypot(back[0, 0], back[1, 0]) * 2)
    low, high = corners.min(axis=0) - margin, corners.max(axis=0) + margin
    height, width = pixels.shape[:2]
    left, top = (int(np.clip(value, 0, size - 1)) for value, size in zip(low, (width, height), strict=True))
    right, bottom = (int(np.clip(value, 0, size)) for value, size in zip(high, (width, height), strict=True))
    return pixels[top : max(bottom, top + 1), left : max(right, left + 1)], left, top
