"""What was seen, as plain values and back, for processes that tell each other.

What comes is checked like anything from outside: whoever wrote it has had a stranger's bytes in its hands.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, fields
from typing import Any

from countenance import errors
from countenance.errors import CountenanceError, Unavailable
from countenance.types import Box, Face, Quality

_MEASURES = {each.name for each in fields(Quality)} - {"reasons", "cut_off"}
KINDS: dict[str, type[CountenanceError]] = {
    kind.code: kind
    for kind in (
        errors.InputError,
        errors.Unreadable,
        errors.TooLarge,
        errors.QualityTooLow,
        errors.BadConfiguration,
        errors.ModelMissing,
        errors.Tampered,
        errors.ModelRefused,
        errors.ContractMismatch,
    )
}


def plain_error(error: CountenanceError) -> dict[str, Any]:
    """An error of ours by its code, with its two lines."""
    return {"error": error.code, "message": error.message, "hint": error.hint}


def read_error(told: dict[str, Any]) -> CountenanceError:
    """The opposite of `plain_error`; `Unavailable` for a kind that is not expected."""
    kind = KINDS.get(str(told.get("error")), Unavailable)
    return kind(str(told.get("message")), hint=str(told.get("hint") or ""))


def plain_face(face: Face) -> list[Any]:
    """Box, landmarks, score and quality."""
    return [plain_box(face.box), face.landmarks, face.score, asdict(face.quality)]


def read_face(told: Sequence[Any]) -> Face:
    """The opposite of `plain_face`. Raises all sorts where it is no face."""
    box, landmarks, score, quality = told
    marks = tuple((number(x), number(y)) for x, y in landmarks)
    if len(marks) != 5:
        raise ValueError("no face")
    return Face(read_box(box), marks, number(score), _quality(**quality))


def plain_box(box: Box) -> list[float]:
    """Left, top, width, height."""
    return [box.x, box.y, box.w, box.h]


def read_box(told: Sequence[Any]) -> Box:
    """The opposite of `plain_box`."""
    return Box(*(number(value) for value in told))


def number(value: object) -> float:
    """A number that is one. Raises `ValueError`."""
    if not isinstance(value, (int, float)) or not math.isfinite(value):
        raise ValueError("no number")
    return float(value)


def _quality(*, reasons: Sequence[object], cut_off: object, **measures: object) -> Quality:
    """Every measure by its name; one that is missing or unknown is an error, whatever has a default."""
    if measures.keys() != _MEASURES:
        raise ValueError("no quality")
    numbers = {name: number(value) for name, value in measures.items()}
    return Quality(**numbers, reasons=tuple(str(reason) for reason in reasons), cut_off=bool(cut_off))
