"""Faces, boxes and scores in Rekognition's shapes. What it infers of a person beyond these is never inferred here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from countenance.service.collected import NOT_LARGEST, UNNAMED, CollectedFace
from countenance.types import Face
from countenance.version import VERSION

_LANDMARKS = ("eyeLeft", "eyeRight", "nose", "mouthLeft", "mouthRight")
"""As they lie in the picture, which is how Rekognition calls them."""
_SHARP = 300.0
"""Our sharpness of a sharp face (`countenance.vision.quality.sharpness`): told as 100."""
_REASONS = (
    ("pixels wide", "SMALL_BOUNDING_BOX"),
    ("blurred", "LOW_SHARPNESS"),
    ("too dark", "LOW_BRIGHTNESS"),
    ("turned too far", "EXTREME_POSE"),
    ("tilted too far", "EXTREME_POSE"),
    ("looks too far", "EXTREME_POSE"),
    ("hardly seen", "LOW_CONFIDENCE"),
    (UNNAMED, "EXCEEDS_MAX_FACES"),
    (NOT_LARGEST, "EXCEEDS_MAX_FACES"),
)
Size = tuple[int, int]


def box(of: Sequence[float], size: Size) -> dict[str, float]:
    """x, y, width, height in pixels as shares of the picture."""
    x, y, wide, high = of
    return {"Left": x / size[0], "Top": y / size[1], "Width": wide / size[0], "Height": high / size[1]}


def detail(face: Face, size: Size) -> dict[str, Any]:
    """A detected face (``FaceDetail``, ``ComparedFace``): where it is, how it is turned, how good the picture is.

    No pitch: nothing here measures it in degrees.
    """
    quality = face.quality
    return {
        "BoundingBox": box(face.box.as_list(), size),
        "Confidence": percent(face.score),
        "Landmarks": [
            {"Type": name, "X": x / size[0], "Y": y / size[1]}
            for name, (x, y) in zip(_LANDMARKS, face.landmarks, strict=True)
        ],
        "Pose": {"Roll": round(quality.roll, 2), "Yaw": round(quality.yaw, 2)},
        "Quality": {
            "Brightness": round(100 * quality.brightness, 2),
            "Sharpness": round(min(100.0, 100 * quality.sharpness / _SHARP), 2),
        },
    }


def record(face: CollectedFace) -> dict[str, Any]:
    """A face of a collection (``Face``)."""
    told: dict[str, Any] = {
        "FaceId": face.id, "ImageId": face.photo_id, "ExternalImageId": face.called, "Confidence": percent(face.score),
        "IndexFacesModelVersion": ".".join(part for part in VERSION.split(".") if part.isdecimal()),
    }  # fmt: skip
    if face.size is not None:
        told["BoundingBox"] = box(face.box, face.size)
    if face.user is not None:
        told["UserId"] = face.user
    return told


def reasons(ours: Iterable[str]) -> list[str]:
    """Our reasons, which say what was measured and what to do, as Rekognition's words."""
    found = [
        next((name for words, name in _REASONS if words in reason), "LOW_FACE_QUALITY") for reason in ours
    ]  # fmt: skip
    return list(dict.fromkeys(found))


def percent(share: float) -> float:
    """A share of 1 as a percentage."""
    return round(min(max(100 * share, 0.0), 100.0), 4)
