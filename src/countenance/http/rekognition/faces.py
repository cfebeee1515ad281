"""Faces: detected, compared, taken into a collection, listed, searched with, erased."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from countenance.errors import InputError, NotFound
from countenance.http.rekognition.collections import Named, Page, after, model
from countenance.http.rekognition.operation import (
    Call,
    FaceText,
    Filter,
    Operation,
    Percent,
    Photo,
    UserText,
    Wanted,
    gate_of,
)
from countenance.http.rekognition.shapes import box, detail, percent, reasons, record
from countenance.http.route import Fields, cursor_at
from countenance.service.finding import CAUTION, LIMIT
from countenance.service.similarity import above, similarity
from countenance.types import reference_number

if TYPE_CHECKING:
    from countenance.service.collected import Answer, CollectedFace

ExternalText = Annotated[str, Field(min_length=1, max_length=255, pattern=r"^[a-zA-Z0-9_.\-:]+$")]
FaceTexts = Annotated[list[FaceText], Field(min_length=1, max_length=4096)]
_USUAL = 80
"""Answer, where a client says nothing."""


class Detect(Fields):
    """A photo. ``Attributes`` that are not told here are not inferred: age, gender, emotion, beard and the like."""

    Image: Photo
    Attributes: Wanted | None = None


class Compare(Fields):
    """Two photos."""

    SourceImage: Photo
    TargetImage: Photo
    SimilarityThreshold: Percent | None = None
    QualityFilter: Filter | None = None


class Index(Named):
    """A photo of somebody whom ``ExternalImageId`` names."""

    Image: Photo
    ExternalImageId: ExternalText | None = None
    DetectionAttributes: Wanted | None = None
    MaxFaces: Annotated[int, Field(ge=1)] | None = None
    QualityFilter: Filter | None = None


class Listed(Named, Page):
    """A part of a collection's faces."""

    UserId: UserText | None = None
    FaceIds: FaceTexts | None = None


class Gone(Named):
    """Faces to erase."""

    FaceIds: FaceTexts


class ByImage(Named):
    """A search with a photo, for people."""

    Image: Photo
    MaxFaces: Annotated[int, Field(ge=1, le=4096)] = _USUAL
    FaceMatchThreshold: Percent | None = None
    QualityFilter: Filter | None = None


class ByFace(Named):
    """A search with a face of the collection."""

    FaceId: FaceText
    MaxFaces: Annotated[int, Field(ge=1, le=4096)] = _USUAL
    FaceMatchThreshold: Percent | None = None


class UsersByImage(Named):
    """A search with a photo, for users."""

    Image: Photo
    MaxUsers: Annotated[int, Field(ge=1, le=500)] = _USUAL
    UserMatchThreshold: Percent | None = None
    QualityFilter: Filter | None = None


class UsersBy(Named):
    """A search with a face of the collection or with a user, for users."""

    FaceId: FaceText | None = None
    UserId: UserText | None = None
    MaxUsers: Annotated[int, Field(ge=1, le=500)] = _USUAL
    UserMatchThreshold: Percent | None = None


# --- photos alone ----------------------------------------------------------------------------------------------------


def detect(call: Call) -> dict[str, Any]:
    """Where the faces are. Nobody is compared, nothing is kept."""
    seen = call.club.detect(call.photo())
    return {"FaceDetails": [detail(face, (seen.width, seen.height)) for face in seen.faces]}


def compare(call: Call) -> dict[str, Any]:
    """One face beside each face of another photo; each counts as a verification (P3)."""
    asked = call.fields
    found = call.club.comparing.faces(
        call.photo("SourceImage"), call.photo("TargetImage"), **call.why, gate=gate_of(asked.QualityFilter)
    )
    _caution(call)
    matches = [each for each in found.others if each.matches(asked.SimilarityThreshold)]
    others = [each for each in found.others if each not in matches]
    return {
        "SourceImageFace": {
            "BoundingBox": box(found.face.box.as_list(), found.size), "Confidence": percent(found.face.score),
        },
        "FaceMatches": [
            {"Similarity": each.similarity, "Face": detail(each.face, found.other_size)}
            for each in sorted(matches, key=lambda each: -each.similarity)
        ],
        "UnmatchedFaces": [detail(each.face, found.other_size) for each in others],
    }  # fmt: skip


# --- a collection's faces --------------------------------------------------------------------------------------------


def index(call: Call) -> dict[str, Any]:
    """Take the largest face in, under a pending basis; say of each other one why not."""
    asked = call.fields
    done = call.club.collected.index(
        asked.CollectionId, call.photo(), called=asked.ExternalImageId, gate=gate_of(asked.QualityFilter)
    )
    size = (done.seen.width, done.seen.height)
    taken = []
    if done.face is not None:
        face = record(done.face) | {"BoundingBox": box(done.seen.faces[0].box.as_list(), size)}
        taken.append({"Face": face, "FaceDetail": detail(done.seen.faces[0], size)})
    if done.basis is not None:
        call.headers["x-countenance-waits-for"] = f"countenance basis countersign {done.basis}"
    left = [{"Reasons": reasons(why), "FaceDetail": detail(face, size)} for face, why in done.left]
    return {"FaceRecords": taken, "UnindexedFaces": left, "FaceModelVersion": model(call)}


def list_(call: Call) -> dict[str, Any]:
    """The faces of a collection."""
    asked, most = call.fields, call.fields.MaxResults or 1000
    found = call.club.collected.faces(
        asked.CollectionId, after=after(asked.NextToken), limit=most + 1, ids=asked.FaceIds or (), user=asked.UserId
    )
    told: dict[str, Any] = {"Faces": [record(face) for face in found[:most]], "FaceModelVersion": model(call)}
    return told | ({"NextToken": cursor_at(found[most - 1].number)} if len(found) > most else {})


def delete(call: Call) -> dict[str, Any]:
    """Erase faces, with certificates; whoever has none left is erased with all that is held of them."""
    asked = call.fields
    gone = call.club.collected.delete(asked.CollectionId, asked.FaceIds, reason=call.reason)
    numbers = [each.certificate["body"]["number"] for each in gone.certificates]
    if numbers:
        call.headers["x-countenance-certificates"] = ", ".join(numbers)
    missing = [each for each in dict.fromkeys(asked.FaceIds) if each not in gone.ids]
    return {
        "DeletedFaces": list(gone.ids),
        "UnsuccessfulFaceDeletions": [{"FaceId": each, "Reasons": ["FACE_NOT_FOUND"]} for each in missing],
    }


# --- searches --------------------------------------------------------------------------------------------------------


def search(call: Call) -> dict[str, Any]:
    """People of a collection who resemble the largest face of a photo."""
    asked = call.fields
    found = _by_image(call, asked.MaxFaces, asked.FaceMatchThreshold)
    return {
        "SearchedFaceBoundingBox": box(found.probe.face.box.as_list(), found.picture),
        "SearchedFaceConfidence": percent(found.probe.face.score),
        "FaceMatches": _faces(call, found.answer), "FaceModelVersion": model(call),
    }  # fmt: skip


def search_by_face(call: Call) -> dict[str, Any]:
    """People of a collection who resemble a face that is in it."""
    asked = call.fields
    (face,) = _named(call, asked.FaceId)
    answer = _enrolled(call, [face], asked.MaxFaces, asked.FaceMatchThreshold)
    return {"SearchedFaceId": face.id, "FaceMatches": _faces(call, answer), "FaceModelVersion": model(call)}


def users_by_image(call: Call) -> dict[str, Any]:
    """Users of a collection who resemble the largest face of a photo."""
    asked = call.fields
    found = _by_image(call, LIMIT, asked.UserMatchThreshold)
    searched = {"FaceDetail": detail(found.probe.face, found.picture)}
    return {
        "UserMatches": _users(call, found.answer, asked.MaxUsers), "SearchedFace": searched, "UnsearchedFaces": [],
        "FaceModelVersion": model(call),
    }  # fmt: skip


def users_by(call: Call) -> dict[str, Any]:
    """Users of a collection who resemble a face that is in it, or another user."""
    asked, told = call.fields, {}
    if (asked.FaceId is None) == (asked.UserId is None):
        raise InputError("Give a FaceId or a UserId.", hint="One of them.")
    if asked.FaceId is not None:
        faces, told = _named(call, asked.FaceId), {"SearchedFace": {"FaceId": asked.FaceId}}
    else:
        faces, told = _of_user(call, asked.UserId), {"SearchedUser": {"UserId": asked.UserId}}
    answer = _enrolled(call, faces, LIMIT, asked.UserMatchThreshold)
    return {"UserMatches": _users(call, answer, asked.MaxUsers), "FaceModelVersion": model(call), **told}


def _by_image(call: Call, most: int, wanted: float | None) -> Any:
    asked = call.fields
    return call.club.collected.search(
        asked.CollectionId, call.photo(), **call.why, limit=min(most, LIMIT), threshold=above(wanted),
        gate=gate_of(asked.QualityFilter),
    )  # fmt: skip


def _enrolled(call: Call, faces: Sequence[CollectedFace], most: int, wanted: float | None) -> Answer:
    return call.club.collected.search_enrolled(
        call.fields.CollectionId, faces, **call.why, limit=min(most, LIMIT), threshold=above(wanted)
    )


def _named(call: Call, face: str) -> list[CollectedFace]:
    found = call.club.collected.faces(call.fields.CollectionId, ids=[face])
    if not found:
        raise NotFound("There is no such face in this collection.", hint="`list_faces` shows them.")
    return found


def _of_user(call: Call, user: str) -> list[CollectedFace]:
    found = call.club.collected.faces(call.fields.CollectionId, user=user)
    if not found:
        raise InputError("This user has no face.", hint="`associate_faces` says which are theirs.")
    return found


def _faces(call: Call, answer: Answer) -> list[dict[str, Any]]:
    return [
        {"Similarity": similarity(score, answer.scale), "Face": record(face)} for face, score in _shown(call, answer)
    ]


def _users(call: Call, answer: Answer, most: int) -> list[dict[str, Any]]:
    """Each user once, by the best of their faces; people without a user are none."""
    best: dict[str, float] = {}
    for face, score in _shown(call, answer):
        if face.user is not None:
            best[face.user] = max(best.get(face.user, 0.0), similarity(score, answer.scale))
    return [
        {"Similarity": found, "User": {"UserId": user, "UserStatus": "ACTIVE"}} for user, found in best.items()
    ][:most]  # fmt: skip


def _shown(call: Call, answer: Answer) -> list[tuple[CollectedFace, float]]:
    """The face of each candidate that resembles the probe most. What Rekognition has no field for is in headers."""
    _caution(call)
    call.headers["x-countenance-log"] = str(answer.log.index)
    if any(each.review for each in answer.candidates):
        call.headers["x-countenance-review"] = reference_number("R", answer.search)
    faces = call.club.collected.of(call.fields.CollectionId, [each.reference for each in answer.candidates])
    return [(faces[each.reference], each.score) for each in answer.candidates if each.reference in faces]


def _caution(call: Call) -> None:
    call.headers["x-countenance-caution"] = CAUTION


_READ = ("controller", "operator", "officer")
OPERATIONS = (
    Operation("DetectFaces", ("operator",), detect, Detect, party=True, compares=True, photos=1),
    Operation("CompareFaces", ("operator",), compare, Compare, party=True, compares=True, photos=2),
    Operation("IndexFaces", ("operator",), index, Index, photos=1),
    Operation("ListFaces", _READ, list_, Listed),
    Operation("DeleteFaces", ("officer",), delete, Gone),
    Operation("SearchFacesByImage", ("operator",), search, ByImage, compares=True, photos=1),
    Operation("SearchFaces", ("operator",), search_by_face, ByFace, compares=True),
    Operation("SearchUsersByImage", ("operator",), users_by_image, UsersByImage, compares=True, photos=1),
    Operation("SearchUsers", ("operator",), users_by, UsersBy, compares=True),
)
