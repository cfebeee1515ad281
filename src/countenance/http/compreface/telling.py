"""What is told: a face, a similarity, an example's number as CompreFace's clients expect it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from countenance.errors import NotFound
from countenance.http.compreface.asked import NOT_OFFERED, Looking
from countenance.http.compreface.errors import PART_MISSING, missing
from countenance.service.finding import CAUTION
from countenance.service.similarity import similarity
from countenance.types import Candidate, Face, ReferenceId

if TYPE_CHECKING:
    from countenance.http.route import Call
    from countenance.service.finding import Found, Verified

_MADE_HERE = 0x8000_8000_0000_0000_0000
"""A UUID of version 8 (RFC 9562), whose last 62 bits are the reference's number."""
_NUMBERS = 2**62


def image_id(reference: int) -> str:
    """An example's ``image_id``: a UUID that says no more than the record's number."""
    return str(UUID(int=_MADE_HERE | reference))


def reference_of(text: str) -> ReferenceId:
    """The number in an ``image_id``. Raises `NotFound` for what is none of ours, as for one that is absent."""
    try:
        number = UUID(text).int ^ _MADE_HERE
    except ValueError:
        number = 0
    if not 0 < number < _NUMBERS:
        raise NotFound("There is no such enrolled face.")
    return ReferenceId(number)


def face(found: Face, asked: Looking) -> dict[str, Any]:
    """Where a face is, and how sure the detector is."""
    x, y, w, h = found.box.as_list()
    box = {"probability": round(found.score, 5), "x_max": x + w, "y_max": y + h, "x_min": x, "y_min": y}
    told: dict[str, Any] = {"box": box}
    if "landmarks" in asked.plugins:
        told["landmarks"] = [[round(each) for each in point] for point in found.landmarks]
    return told


def resemblance(seen: Verified | Candidate, among: Verified | Found) -> dict[str, Any]:
    """A score on CompreFace's scale of 0 to 1, and beside it our own with its scale and band (P17)."""
    told = {"similarity": round(similarity(seen.score, among.scale) / 100, 5), "score": round(seen.score, 4)}
    return told | {"scale": "cosine", "band": seen.band}


def sent(call: Call, name: str = "file") -> bytes:
    """A file that has to be there. Raises `Turned`."""
    if name not in call.files:
        raise missing(f"Required part of request '{name}' is not present.", PART_MISSING)
    return call.files[name]


def framed(call: Call, asked: Looking) -> dict[str, Any]:
    """What stands beside the result: what was asked for and is not offered, and with ``status`` the models."""
    told: dict[str, Any] = {"caution": CAUTION}
    refused = sorted(asked.plugins & set(NOT_OFFERED))
    if refused:
        told["plugins_not_offered"] = refused
    if asked.status:
        names = {each["role"]: each["name"] for each in call.club.status()["models"]}
        told["plugins_versions"] = {"detector": names["detector"], "calculator": names["recogniser"]}
    return told
