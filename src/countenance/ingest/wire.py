"""What was seen in a photo, as bytes and back, without pickle.

What comes is checked like anything from outside: whoever wrote it has had a stranger's bytes in its hands.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, NamedTuple

import numpy as np

from countenance import errors
from countenance.errors import CountenanceError, InputError, Unavailable
from countenance.ingest.marks import Marks
from countenance.types import Box, Face, Quality, Template
from countenance.vision.cards import SFACE
from countenance.vision.contract import contract_of
from countenance.vision.looking import Look

HEAD = struct.Struct("<II")
"""Before an answer: so many bytes of JSON, and so many bytes of templates (float32, little-endian)."""


class Made(NamedTuple):
    """How the templates that come back must have been made: under which contract, and of how many numbers."""

    contract: str = contract_of()
    dimension: int = SFACE.dimension


_USUAL = Made()
_MEASURES = {each.name for each in fields(Quality)} - {"reasons", "cut_off"}


@dataclass(frozen=True, slots=True)
class Answer:
    """What was seen in one photo: its marks, and the look, or why there is none."""

    marks: Marks
    look: Look | None = None
    fault: InputError | None = None


def pack(answer: Answer) -> bytes:
    """An answer with its `HEAD`."""
    told: dict[str, Any] = {"marks": asdict(answer.marks)}
    templates = b""
    if answer.fault is not None:
        told |= _plain_error(answer.fault)
    elif answer.look is not None:
        told["look"] = _plain(answer.look)
        templates = b"".join(each.to_bytes() for each in answer.look.templates)
    packed = json.dumps(told).encode()
    return HEAD.pack(len(packed), len(templates)) + packed + templates


def unpack(packed: bytes | bytearray, templates: bytes | bytearray, made: Made = _USUAL) -> Answer:
    """The opposite of `pack`, without the head. Raises `ValueError` where it is no answer."""
    try:
        return _answer(json.loads(packed), templates, made)
    except (AttributeError, KeyError, TypeError, IndexError, OverflowError) as error:
        raise ValueError("This is no answer.") from error


def unpack_whole(data: bytes, made: Made = _USUAL) -> Answer:
    """The opposite of `pack`. Raises `ValueError` where it is no answer."""
    if len(data) < HEAD.size:
        raise ValueError("This is no answer.")
    middle = HEAD.size + HEAD.unpack_from(data)[0]
    return unpack(data[HEAD.size : middle], data[middle:], made)


def pack_error(error: CountenanceError) -> bytes:
    """An error of ours by itself."""
    return json.dumps(_plain_error(error)).encode()


def unpack_error(packed: bytes | bytearray) -> CountenanceError:
    """The opposite of `pack_error`; `Unavailable` for what is none that is expected."""
    try:
        return _error(json.loads(packed))
    except (ValueError, AttributeError):
        return Unavailable("A process that looks at photos answered nonsense.")


# --- to plain values -------------------------------------------------------------------------------------------------


def _plain_error(error: CountenanceError) -> dict[str, Any]:
    return {"error": error.code, "message": error.message, "hint": error.hint}


def _plain(look: Look) -> dict[str, Any]:
    return {
        "size": [look.width, look.height],
        "format": look.format,
        "hash": look.perceptual_hash,
        "turned": look.turned,
        "seconds": look.seconds,
        "faces": [_plain_face(face) for face in look.faces],
    }


def _plain_face(face: Face) -> list[Any]:
    box = face.box
    return [[box.x, box.y, box.w, box.h], face.landmarks, face.score, asdict(face.quality)]


# --- and back --------------------------------------------------------------------------------------------------------


def _answer(told: dict[str, Any], templates: bytes | bytearray, made: Made) -> Answer:
    """Raises all sorts on an answer that is none."""
    marks = Marks(**{name: _text(value) for name, value in told["marks"].items()})
    if "error" in told:
        fault = _error(told)
        if not isinstance(fault, InputError):
            raise ValueError(told["error"])
        return Answer(marks, fault=fault)
    return Answer(marks, _look(told["look"], templates, made) if "look" in told else None)


_KINDS: dict[str, type[CountenanceError]] = {
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


def _error(told: dict[str, Any]) -> CountenanceError:
    kind = _KINDS.get(str(told.get("error")), Unavailable)
    return kind(str(told.get("message")), hint=str(told.get("hint") or ""))


def _look(told: dict[str, Any], templates: bytes | bytearray, made: Made) -> Look:
    vectors = np.frombuffer(templates, "<f4").astype(np.float32).reshape(len(told["faces"]), made.dimension)
    if not np.isfinite(vectors).all():
        raise ValueError("no direction")
    width, height = (int(size) for size in told["size"])
    return Look(
        width,
        height,
        str(told["format"]),
        f"{int(told['hash'], 16):016x}",
        tuple(_face(*face) for face in told["faces"]),
        tuple(Template(vector, made.contract) for vector in vectors),
        int(told["turned"]) % 360,
        {str(name): _number(seconds) for name, seconds in told["seconds"].items()},
    )


def _face(*told: Any) -> Face:
    box, landmarks, score, quality = told
    marks = tuple((_number(x), _number(y)) for x, y in landmarks)
    if len(marks) != 5:
        raise ValueError("no face")
    return Face(Box(*(_number(value) for value in box)), marks, _number(score), _quality(**quality))


def _quality(*, reasons: Sequence[object], cut_off: object, **measures: object) -> Quality:
    """Every measure by its name; one that is missing or unknown is an error, whatever has a default."""
    if measures.keys() != _MEASURES:
        raise ValueError("no quality")
    numbers = {name: _number(value) for name, value in measures.items()}
    return Quality(**numbers, reasons=tuple(str(reason) for reason in reasons), cut_off=bool(cut_off))


def _number(value: object) -> float:
    if not isinstance(value, (int, float)) or not math.isfinite(value):
        raise ValueError("no number")
    return float(value)


def _text(value: object) -> str | None:
    if not isinstance(value, (str, type(None))):
        raise TypeError("no text")
    return value
