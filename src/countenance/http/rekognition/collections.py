"""Collections and the users in them."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from countenance.errors import AlreadyExists, InputError
from countenance.http.rekognition.operation import Call, CollectionText, FaceText, Operation, Percent, Token, UserText
from countenance.http.rekognition.protocol import Fault
from countenance.http.route import Fields, cursor_at, opened_cursor

_READ = ("controller", "operator", "officer")
_MOST_USERS = 500


class Named(Fields):
    """A collection."""

    CollectionId: CollectionText


class New(Named):
    """A new one."""

    Tags: dict[str, str] | None = None


class Page(Fields):
    """A part of a list."""

    MaxResults: Annotated[int, Field(ge=0, le=4096)] = 1000
    NextToken: Annotated[str, Field(max_length=255)] | None = None


class UserPage(Named):
    """A part of the users of a collection."""

    MaxResults: Annotated[int, Field(ge=1, le=_MOST_USERS)] = _MOST_USERS
    NextToken: Annotated[str, Field(max_length=255)] | None = None


class OneUser(Named):
    """A user of a collection."""

    UserId: UserText
    ClientRequestToken: Token | None = None


class TheirFaces(OneUser):
    """Faces that are a user's, or are not."""

    FaceIds: Annotated[list[FaceText], Field(min_length=1, max_length=100)]
    UserMatchThreshold: Percent | None = None


def after(token: str | None) -> int:
    """The number after which a page begins. Raises `Fault`."""
    try:
        return 0 if token is None else opened_cursor(token)
    except InputError:
        raise Fault("InvalidPaginationTokenException", "This is no token of a page before.") from None


def model(call: Call) -> str:
    """What faces are compared with: templates of two models never meet."""
    return f"countenance-{call.club.context.desk.contract[:12]}"


def create(call: Call) -> dict[str, Any]:
    """A new, empty collection."""
    if call.fields.Tags:
        raise InputError("Tags are not kept here.", hint="Leave them out.")
    found = call.club.collections.create(call.fields.CollectionId)
    return {"StatusCode": 200, "CollectionArn": _arn(call, found.name), "FaceModelVersion": model(call)}


def describe(call: Call) -> dict[str, Any]:
    """How much is in it."""
    found = call.club.collections.get(call.fields.CollectionId)
    return {
        "FaceCount": found.faces, "UserCount": found.users, "FaceModelVersion": model(call),
        "CollectionARN": _arn(call, found.name), "CreationTimestamp": float(found.created),
    }  # fmt: skip


def list_(call: Call) -> dict[str, Any]:
    """The organisation's own."""
    start, most = after(call.fields.NextToken), call.fields.MaxResults or 1000
    found = [each for each in call.club.collections.every() if each.number > start]
    page = found[:most]
    told: dict[str, Any] = {
        "CollectionIds": [each.name for each in page], "FaceModelVersions": [model(call)] * len(page),
    }  # fmt: skip
    return told | ({"NextToken": cursor_at(page[-1].number)} if len(found) > most else {})


def delete(call: Call) -> dict[str, Any]:
    """Erase everybody in it, with a certificate, and the collection."""
    certified = call.club.collections.delete(call.fields.CollectionId, reason=call.reason)
    if certified is not None:
        call.headers["x-countenance-certificates"] = certified.certificate["body"]["number"]
    return {"StatusCode": 200}


def create_user(call: Call) -> dict[str, Any]:
    """A name for people of a collection."""
    try:
        call.club.collections.create_user(call.fields.CollectionId, call.fields.UserId)
    except AlreadyExists as error:
        raise Fault("ConflictException", error.message) from None
    return {}


def delete_user(call: Call) -> dict[str, Any]:
    """Remove the name; the people and their faces stay."""
    call.club.collections.delete_user(call.fields.CollectionId, call.fields.UserId)
    return {}


def users(call: Call) -> dict[str, Any]:
    """The users of a collection."""
    start, most = after(call.fields.NextToken), call.fields.MaxResults
    found = call.club.collections.users(call.fields.CollectionId, start, most + 1)
    page = found[:most]
    told: dict[str, Any] = {"Users": [{"UserId": each.name, "UserStatus": _status(each.people)} for each in page]}
    return told | ({"NextToken": cursor_at(page[-1].number)} if len(found) > most else {})


def associate(call: Call) -> dict[str, Any]:
    """Give the people of these faces a user's name. Nobody is compared for it."""
    asked, collections = call.fields, call.club.collections
    user = collections.user(asked.CollectionId, asked.UserId)
    known = {face.id: face for face in call.club.collected.faces(asked.CollectionId, ids=asked.FaceIds)}
    failed = [_failed(each, "FACE_NOT_FOUND") for each in asked.FaceIds if each not in known]
    taken = [each for each in known.values() if each.user not in {None, asked.UserId}]
    failed += [_failed(each.id, "ASSOCIATED_TO_A_DIFFERENT_USER", each.user) for each in taken]
    mine = [each for each in known.values() if each not in taken]
    collections.name_people(user, [each.subject for each in mine])
    return {
        "AssociatedFaces": [{"FaceId": each.id} for each in mine], "UnsuccessfulFaceAssociations": failed,
        "UserStatus": _status(collections.user(asked.CollectionId, asked.UserId).people),
    }  # fmt: skip


def disassociate(call: Call) -> dict[str, Any]:
    """Take a user's name from the people of these faces."""
    asked, collections = call.fields, call.club.collections
    collections.user(asked.CollectionId, asked.UserId)
    known = {face.id: face for face in call.club.collected.faces(asked.CollectionId, ids=asked.FaceIds)}
    mine = [each for each in known.values() if each.user == asked.UserId]
    failed = [_failed(each, "FACE_NOT_FOUND") for each in asked.FaceIds if each not in known]
    others = [each for each in known.values() if each not in mine]
    failed += [_failed(each.id, "ASSOCIATED_TO_A_DIFFERENT_USER", each.user) for each in others]
    collections.unname_people([each.subject for each in mine])
    return {
        "DisassociatedFaces": [{"FaceId": each.id} for each in mine], "UnsuccessfulFaceDisassociations": failed,
        "UserStatus": _status(collections.user(asked.CollectionId, asked.UserId).people),
    }  # fmt: skip


def _failed(face: str, reason: str, user: str | None = None) -> dict[str, Any]:
    return {"FaceId": face, "Reasons": [reason]} | ({"UserId": user} if user else {})


def _status(people: int) -> str:
    return "ACTIVE" if people else "CREATED"


def _arn(call: Call, name: str) -> str:
    return f"countenance:rekognition:{call.club.context.settings.gallery.id}:collection/{name}"


OPERATIONS = (
    Operation("CreateCollection", ("controller",), create, New),
    Operation("DescribeCollection", _READ, describe, Named),
    Operation("ListCollections", _READ, list_, Page),
    Operation("DeleteCollection", ("officer",), delete, Named),
    Operation("CreateUser", ("controller",), create_user, OneUser),
    Operation("DeleteUser", ("officer",), delete_user, OneUser),
    Operation("ListUsers", _READ, users, UserPage),
    Operation("AssociateFaces", ("controller",), associate, TheirFaces),
    Operation("DisassociateFaces", ("controller",), disassociate, TheirFaces),
)
