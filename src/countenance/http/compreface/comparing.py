"""Recognise, detect, verify: each comparison decided by the desk for a purpose, in a case, and logged."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from countenance.errors import NoFace, QualityTooLow, Refused
from countenance.http.compreface.asked import Looking, Recognising
from countenance.http.compreface.telling import face, framed, reference_of, resemblance, sent
from countenance.http.route import Answer, Call

if TYPE_CHECKING:
    from countenance.service.finding import Found

MOST_FACES = 16
"""Faces of one photo that are searched for; each is a search of its own, in the log and in the quota."""
PURPOSE, CASE = "x-countenance-purpose", "x-countenance-case"
DEFAULTS = (
    "A CompreFace client names neither: make its key with a default purpose and case "
    "(`countenance keys api create --for compreface --purpose P --case C`), "
    "or send X-Countenance-Purpose and X-Countenance-Case."
)


def recognize(call: Call) -> Answer:
    """Who resembles the faces in a photo. Nobody above the threshold is an empty list, not the nearest stranger."""
    asked: Recognising = call.query
    photo, wanted = sent(call), [1]
    if asked.det_prob_threshold is not None:
        every = call.club.detect(photo).faces
        wanted = [number for number, each in enumerate(every, 1) if each.score >= asked.det_prob_threshold]
    if not wanted:
        raise NoFace("No face is found in the given image.")
    first, count = _recognised(call, photo, wanted[0])
    if asked.det_prob_threshold is None:
        wanted = list(range(1, count + 1))
    told = [first]
    for number in wanted[1 : min(asked.limit or MOST_FACES, MOST_FACES)]:
        call.draw()
        told.append(_recognised(call, photo, number)[0])
    return Answer({"result": told} | framed(call, asked))


def detect(call: Call) -> Answer:
    """Where the faces are. Nobody is compared, nothing is kept."""
    asked: Looking = call.query
    every = [each for each in call.club.detect(sent(call)).faces if each.score >= (asked.det_prob_threshold or 0)]
    if not every:
        raise NoFace("No face is found in the given image.")
    return Answer({"result": [face(each, asked) for each in every[: asked.limit or None]]} | framed(call, asked))


def verify(call: Call) -> Answer:
    """The one face of the source beside the largest of the target. Capped, so that it does not become a search."""
    asked: Looking = call.query
    source, target = sent(call, "source_image"), sent(call, "target_image")
    with _why(call) as why:
        seen = call.club.verify(source, target, **why, face=1)
    one, other = (face(each, asked) for each in seen.faces)
    told = {"source_image_face": one, "face_matches": [other | resemblance(seen, seen)]}
    return Answer({"result": [told | framed(call, asked)]})


def verify_example(call: Call) -> Answer:
    """The largest face of a photo beside one example, where a search for the purpose could show it. Capped too."""
    asked: Looking = call.query
    reference = reference_of(call.params["image_id"])
    with _why(call) as why:
        seen = call.club.verify_enrolled(sent(call), reference, **why, face=1)
    (found,) = seen.faces
    return Answer({"result": [face(found, asked) | resemblance(seen, seen)]} | framed(call, asked))


def _recognised(call: Call, photo: bytes, number: int) -> tuple[dict[str, Any], int]:
    """One face, with whom it resembles; how many faces the photo has. One too poor to rely on resembles nobody."""
    asked: Recognising = call.query
    try:
        with _why(call) as why:
            found: Found = call.club.search(photo, **why, face=number, limit=asked.prediction_count)
    except QualityTooLow as poor:
        every = call.club.detect(photo).faces
        told = face(every[number - 1], asked) | {"subjects": [], "not_compared": list(poor.reasons)}
        return told, len(every)
    alike = [{"subject": each.name} | resemblance(each, found) | {"review": each.review} for each in found]
    return face(found.probe.face, asked) | {"subjects": alike}, found.probe.faces_in_photo


@contextmanager
def _why(call: Call) -> Iterator[dict[str, str | None]]:
    """The purpose and the case, of the headers or of the key. Where either lacks, the refusal says where to put it."""
    purpose = call.headers.get(PURPOSE) or call.entered.purpose
    usual = call.entered.case if purpose == call.entered.purpose else None
    case = call.headers.get(CASE) or usual
    try:
        yield {"purpose": purpose, "case": case}
    except Refused as error:
        if not purpose or not case:
            error.hint = DEFAULTS
        raise
