"""How far a face may be relied on: measures, and a gate that says in words what is wrong with a face.

The limits were set by measurement: all enrolment portraits and near-frontal shots of the cast pass ``standard``, and so
do more than 95 % of Labeled Faces in the Wild; faces under 40 pixels, and faces blurred by a Gaussian of 3 % of their
width or more, do not. Nothing here says who or what a person is.

What hides part of a face is hardly seen by a detector of five landmarks: of faces with one half covered about half are
caught by ``strict``, of those with a mask or dark glasses one in twelve (docs/reference/quality.md).
"""

from __future__ import annotations

import math
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
LEVEL = 0.57
"""How far down the nose is from the eyes to the mouth where a head is held level: the median of the cast's portraits,
and of Labeled Faces in the Wild (0.58 and 0.56)."""
_BLACK, _WHITE = 5, 250
"""Grey levels of 255 that have lost their detail."""
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)
"""ITU-R BT.601."""


@dataclass(frozen=True, slots=True)
class Gate:
    """A level's limits for one use.

    Width in pixels, brightness 0 to 1, angles in degrees, sharpness as `sharpness` tells it; ``seen``: the detector's
    score; ``clipped``: a share; ``nose``: how far from `LEVEL` it may be; ``apart``: degrees.
    """

    width: int
    sharpness: float
    darkest: float
    brightest: float
    yaw: float
    roll: float
    seen: float
    clipped: float
    nose: float
    apart: float


PROBE, ENROLMENT = USES = ("probe", "enrolment")
GATES: dict[str, dict[str, Gate] | None] = {
    "off": None,
    "standard": {
        PROBE: Gate(50, 20, 0.12, 0.90, 50, 40, seen=0.70, clipped=0.30, nose=0.24, apart=9),
        ENROLMENT: Gate(60, 25, 0.14, 0.88, 40, 30, seen=0.78, clipped=0.25, nose=0.20, apart=7),
    },
    "strict": {
        PROBE: Gate(80, 40, 0.20, 0.80, 30, 20, seen=0.82, clipped=0.15, nose=0.16, apart=5),
        ENROLMENT: Gate(90, 50, 0.20, 0.80, 20, 15, seen=0.85, clipped=0.10, nose=0.14, apart=4),
    },
}
"""An enrolment is looked for by every search to come, and another photo of somebody who stands there is easily had; a
probe is what there is. So more is asked of an enrolment."""


def measured(pixels: Pixels, found: Detection, *, level: str = "standard") -> Face:
    """The detection as a face with its quality; ``reasons`` names each limit of ``level`` that it misses."""
    return judged(align(pixels, found.landmarks), found, pixels.shape[1::-1], level=level)


def judged(crop: Pixels, found: Detection, size: tuple[int, ...], *, level: str, scale: float = 1) -> Face:
    """As `measured`, by the face's aligned ``crop``, out of a picture of this ``size`` (width, height).

    One of the picture's pixels is as wide as ``scale`` of the photo's, in which the face and its quality are told.
    """
    # Brows to chin, cheek to cheek: no hair, no background.
    middle = crop[28:108, 20:92].astype(np.float32) @ _LUMA
    plain = Quality(
        width=found.box.w * scale,
        sharpness=sharpness(middle),
        brightness=float(middle.mean()) / 255,
        yaw=yaw(found.landmarks),
        roll=roll(found.landmarks),
        clipped=float(((middle < _BLACK) | (middle > _WHITE)).mean()),
        nose=nose(found.landmarks),
        apart=apart(found.landmarks),
        cut_off=_cut_off(size, found),
    )
    box = Box(found.box.x * scale, found.box.y * scale, found.box.w * scale, found.box.h * scale)
    landmarks = tuple((x * scale, y * scale) for x, y in found.landmarks)
    face = Face(box, landmarks, found.score, plain)
    return replace(face, quality=replace(plain, reasons=reasons(face, level)))


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
    (x, y), (down_x, down_y) = _nose_and_down(landmarks)
    length = math.hypot(down_x, down_y)
    if length < 1e-6:
        return 90.0
    shift = (x * down_y - y * down_x) / length**2
    return math.degrees(math.asin(min(max(_YAW_GAIN * shift, -1.0), 1.0)))


def roll(landmarks: tuple[tuple[float, float], ...]) -> float:
    """Degrees that the line through the eyes is tilted; positive clockwise in the picture."""
    (x1, y1), (x2, y2) = landmarks[:2]
    return math.degrees(math.atan2(y2 - y1, x2 - x1))


def nose(landmarks: tuple[tuple[float, float], ...]) -> float:
    """How far down the nose is from the eyes to the mouth, as a share: less looks up, more looks down.

    An estimate of the pitch without a scale in degrees: nothing that it could be fitted to was at hand.
    """
    (x, y), (down_x, down_y) = _nose_and_down(landmarks)
    length = math.hypot(down_x, down_y)
    return 0.0 if length < 1e-6 else (x * down_x + y * down_y) / length**2


def _nose_and_down(landmarks: tuple[tuple[float, float], ...]) -> tuple[tuple[float, float], tuple[float, float]]:
    """From the middle of the eyes to the nose, and to the middle of the mouth."""
    (x1, y1), (x2, y2), (x3, y3), (x4, y4), (x5, y5) = landmarks
    x, y = (x1 + x2) / 2, (y1 + y2) / 2
    return (x3 - x, y3 - y), ((x4 + x5) / 2 - x, (y4 + y5) / 2 - y)


def apart(landmarks: tuple[tuple[float, float], ...]) -> float:
    """Degrees between the line through the eyes and that through the mouth's corners.

    They are parallel in every pose of a head, as seen from afar, so this is what five landmarks can tell of whether
    they lie on one face. They tell little: a detector puts them where a covered eye or mouth would be.
    """
    (x1, y1), (x2, y2), _, (x4, y4), (x5, y5) = landmarks
    eyes, mouth = (x2 - x1, y2 - y1), (x5 - x4, y5 - y4)
    turn, along = eyes[0] * mouth[1] - eyes[1] * mouth[0], eyes[0] * mouth[0] + eyes[1] * mouth[1]
    return math.degrees(abs(math.atan2(turn, along)))


def _cut_off(size: tuple[int, ...], found: Detection) -> bool:
    width, height = size
    return any(not (0 <= x < width and 0 <= y < height) for x, y in found.landmarks)


def _lying(face: Face) -> bool:
    (x1, y1), (x2, y2) = face.landmarks[:2]
    return math.hypot(x2 - x1, y2 - y1) < _EYES * face.box.w


def reasons(face: Face, level: str, use: str = PROBE) -> tuple[str, ...]:
    """Which limits of a level's gate the face misses: what was measured, what is needed, and what to do about it."""
    gates = GATES[level]
    if gates is None:
        return ()
    gate, quality = gates[use], face.quality
    light = f"{quality.brightness:.0%} of full brightness"
    checks = (
        (
            round(quality.width) < gate.width,
            f"the face is {round(quality.width)} pixels wide; {gate.width} are needed: give a larger picture",
        ),
        (
            quality.cut_off,
            "part of the face lies outside the photo; both eyes, the nose and the mouth are needed: show it all",
        ),
        (
            quality.sharpness < gate.sharpness,
            (
                f"the face is blurred (sharpness {quality.sharpness:.1f}; {gate.sharpness:g} is needed): "
                "hold the camera still and focus on the face"
            ),
        ),
        (
            quality.brightness < gate.darkest,
            f"the face is too dark ({light}; {gate.darkest:.0%} is needed): put light on it",
        ),
        (
            quality.brightness > gate.brightest,
            f"the face is too bright ({light}; {gate.brightest:.0%} is allowed): take light off it",
        ),
        (
            quality.clipped > gate.clipped,
            (
                f"{quality.clipped:.0%} of the face is black or white without detail; {gate.clipped:.0%} is allowed: "
                "avoid flash and hard light"
            ),
        ),
        *_posed(face, gate),
        *_whole(face, gate),
    )
    return tuple(reason for fails, reason in checks if fails)


def _posed(face: Face, gate: Gate) -> tuple[tuple[bool, str], ...]:
    quality, lying = face.quality, _lying(face)
    tilt = "the eyes are too close together" if lying else f"{abs(quality.roll):.1f} degrees"
    return (
        (
            abs(quality.yaw) > gate.yaw,
            (
                f"the face is turned too far to the side ({abs(quality.yaw):.1f} degrees; {gate.yaw:g} are allowed): "
                "let the person look at the camera"
            ),
        ),
        (
            lying or abs(quality.roll) > gate.roll,
            (
                f"the face is tilted too far or lies on its side ({tilt}; {gate.roll:g} degrees are allowed): "
                "turn the picture upright"
            ),
        ),
        (
            abs(quality.nose - LEVEL) > gate.nose,
            (
                f"the face looks too far up or down (the nose is {quality.nose:.0%} of the way from eyes to mouth; "
                f"{LEVEL - gate.nose:.0%} to {LEVEL + gate.nose:.0%} is allowed): face it"
            ),
        ),
    )


def _whole(face: Face, gate: Gate) -> tuple[tuple[bool, str], ...]:
    return (
        (
            face.score < gate.seen,
            (
                f"the face is hardly seen, something may hide part of it (the detector is sure by {face.score:.0%}; "
                f"{gate.seen:.0%} is needed): take away what covers it"
            ),
        ),
        (
            face.quality.apart > gate.apart,
            (
                f"eyes and mouth do not fit one face ({face.quality.apart:.1f} degrees apart; {gate.apart:g} are "
                "allowed): take away what covers it, or give another picture"
            ),
        ),
    )
