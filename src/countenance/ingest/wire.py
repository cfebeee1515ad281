"""What was seen in a photo, as bytes and back, without pickle.

What comes is checked like anything from outside: whoever wrote it has had a stranger's bytes in its hands.
"""

from __future__ import annotations

import json
import struct
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import numpy as np

from countenance.errors import CountenanceError, InputError, Unavailable
from countenance.ingest.marks import Marks
from countenance.types import Template
from countenance.vision.cards import SFACE
from countenance.vision.contract import contract_of
from countenance.vision.looking import Look
from countenance.vision.telling import number, plain_error, plain_face, read_error, read_face

HEAD = struct.Struct("<II")
"""Before an answer: so many bytes of JSON, and so many bytes of templates (float32, little-endian)."""


class Made(NamedTuple):
    """How the templates that come back must have been made: under which contract, and of how many numbers."""

    contract: str = contract_of()
    dimension: int = SFACE.dimension


_USUAL = Made()


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
        told |= plain_error(answer.fault)
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
    return json.dumps(plain_error(error)).encode()


def unpack_error(packed: bytes | bytearray) -> CountenanceError:
    """The opposite of `pack_error`; `Unavailable` for what is none that is expected."""
    try:
        return read_error(json.loads(packed))
    except (ValueError, AttributeError):
        return Unavailable("A process that looks at photos answered nonsense.")


# --- to plain values -------------------------------------------------------------------------------------------------


def _plain(look: Look) -> dict[str, Any]:
    return {
        "size": [look.width, look.height],
        "format": look.format,
        "hash": look.perceptual_hash,
        "turned": look.turned,
        "seconds": look.seconds,
        "faces": [plain_face(face) for face in look.faces],
    }


# --- and back --------------------------------------------------------------------------------------------------------


def _answer(told: dict[str, Any], templates: bytes | bytearray, made: Made) -> Answer:
    """Raises all sorts on an answer that is none."""
    marks = Marks(**{name: _text(value) for name, value in told["marks"].items()})
    if "error" in told:
        fault = read_error(told)
        if not isinstance(fault, InputError):
            raise ValueError(told["error"])
        return Answer(marks, fault=fault)
    return Answer(marks, _look(told["look"], templates, made) if "look" in told else None)


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
        tuple(read_face(face) for face in told["faces"]),
        tuple(Template(vector, made.contract) for vector in vectors),
        int(told["turned"]) % 360,
        {str(name): number(seconds) for name, seconds in told["seconds"].items()},
    )


def _text(value: object) -> str | None:
    if not isinstance(value, (str, type(None))):
        raise TypeError("no text")
    return value
