"""How far a face may be relied on: measures, and a gate that says in words what is wrong with a face.

The limits were set by measurement: all enrolment portraits and near-frontal shots of the cast pass ``standard``, and so
do more than 95 % of Labeled Faces in the Wild; faces under 40 pixels, and faces blurred by a Gaussian of 3 % of their
width or more, do not. Nothing here says who or what a person is.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from countenance.types import Box, Face, Pixels, Quality
from countenance.vision.align import align
from countenance.vision.backends import Floats
from countenance.vision.detect import Detection

_YAW_GAIN = 1.87
"""Sine of the yaw over the nose's sideways shift in units of the eye-to-mouth distance; least squares on the 150 posed
pictures of the cast (correlation 0.95, mean error 5 degrees)."""
_EYES = 0.30
"""The least distance between the eyes over the box's width. YuNet finds faces that lie on their side, but puts upright
landmarks on them, too close together (measured: at most 0.30 at 90 degrees, from 0.30 up on posed upright faces)."""
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)
"""ITU-R BT.601."""


@dataclass(frozen=True, slots=True)
class Gate:
    """A level's limits. Width in pixels, brightness 0 to 1, angles in degrees, sharpness as `sharpness` tells it."""

    width: int
    sharpness: float
    darkest: float
    brightest: float
    yaw: float
    roll: float


GATES: dict[str, Gate | None] = {
    "off": None,
    "standard": Gate(width=50, sharpness=20, darkest=0.12, brightest=0.90, yaw=50, roll=40),
    "strict": Gate(width=80, sharpness=40, darkest=0.20, brightest=0.80, yaw=30, roll=20),
}


def measured(pixels: Pixels, found: Detection, *, level: str = "standard") -> Face:
    """The detection as a face with its quality; ``reasons`` names each limit of ``level`` that it misses."""
    return judged(align(pixels, found.landmarks), found, pixels.shape[1::-1], level=level)


def judged(crop: Pixels, found: Detection, size: tuple[int, ...], *, level: str, scale: float = 1) -> Face:
    """As `measured`, by the face's aligned ``crop``, out of a picture of this ``size`` (width, height).

    One of the picture's pixels is as wide as ``scale`` of the photo's, in which the face and its quality are told.
    """
    grey = crop.astype(np.float32) @ _LUMA
    middle = grey[28:108, 20:92]  # brows to chin, cheek to cheek: no hair, no background
    plain = Quality(
        width=found.box.w * scale,
        sharpness=sharpness(middle),
        brightness=float(middle.mean()) / 255,
        yaw=yaw(found.landmarks),
        roll=roll(found.landmarks),
    )
    reasons = _reasons(plain, GATES[level], cut_off=_cut_off(size, found), lying=_lying(found))
    box = Box(found.box.x * scale, found.box.y * scale, found.box.w * scale, found.box.h * scale)
    landmarks = tuple((x * scale, y * scale) for x, y in found.landmarks)
    return Face(box, landmarks, found.score, replace(plain, reasons=reasons))


def sharpness(grey: Floats) -> float:
    """Variance of the Laplacian over the variance of the grey levels, times 1,000: about 20 is blurred, 300 is sharp.

    The Laplacian as in Pech-Pacheco et al., "Diatom autofocusing in brightfield microscopy", ICPR 2000; the division
    keeps a dim or low-contrast face from looking blurred.
    """
    inner = grey[1:-1, 1:-1]
    laplacian = grey[:-2, 1:-1] + grey[2:, 1:-1] + grey[1:-1, :-2] + grey[1:-1, 2:] - 4 * inner
    return float(1000 * laplacian.var() / max(float(inner.var()), 1.0))


def yaw(landmarks: tuple[tuple[float, float], ...]) -> float:
    """Degrees that the head is turned to the side, estimated from the landmarks; positive towards the image's right."""
    points = np.asarray(landmarks)
    eyes, mouth = points[:2].mean(axis=0), points[3:].mean(axis=0)
    down = mouth - eyes
    length = float(np.hypot(*down))
    if length < 1e-6:
        return 90.0
    shift = float(np.dot(points[2] - eyes, (down[1], -down[0]))) / length**2
    return float(np.degrees(np.arcsin(np.clip(_YAW_GAIN * shift, -1, 1))))


def roll(landmarks: tuple[tuple[float, float], ...]) -> float:
    """Degrees that the line through the eyes is tilted; positive clockwise in the picture."""
    (x1, y1), (x2, y2) = landmarks[:2]
    return float(np.degrees(np.arctan2(y2 - y1, x2 - x1)))


def _cut_off(size: tuple[int, ...], found: Detection) -> bool:
    width, height = size
    return any(not (0 <= x < width and 0 <= y < height) for x, y in found.landmarks)


def _lying(found: Detection) -> bool:
    (x1, y1), (x2, y2) = found.landmarks[:2]
    return float(np.hypot(x2 - x1, y2 - y1)) < _EYES * found.box.w


def _reasons(quality: Quality, gate: Gate | None, *, cut_off: bool, lying: bool) -> tuple[str, ...]:
    """What a person can do something about, in plain words."""
    if gate is None:
        return ()
    width, brightness = round(quality.width), quality.brightness
    checks = (
        (width < gate.width, f"the face is {width} pixels wide; {gate.width} are needed"),
        (cut_off, "part of the face lies outside the photo"),
        (quality.sharpness < gate.sharpness, "the face is blurred"),
        (brightness < gate.darkest, "the face is too dark"),
        (brightness > gate.brightest, "the face is too bright"),
        (abs(quality.yaw) > gate.yaw, "the face is turned too far to the side"),
        (lying or abs(quality.roll) > gate.roll, "the face is tilted too far or lies on its side"),
    )
    return tuple(reason for fails, reason in checks if fails)
