"""The real boto3 against a running server: every operation, on our terms, in the shapes that its own model says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from amazon import CASE, MODEL, PURPOSE, Aws, fits, listening, now_club, raw, standing
from clubs import Club
from countenance.http.rekognition.door import OPERATIONS
from countenance.http.rekognition.shapes import reasons
from countenance.samples import cast
from countenance.types import Box, Face, Quality
from countenance.vision import quality
from county import county

ADA, BELA, PARTY = cast().identities[0], cast().identities[1], cast().party()[0]


def photo(name: str, shot: int = 0) -> dict[str, bytes]:
    return {"Bytes": cast().photos(name)[shot].read_bytes()}


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aws]:
    """One club and one server for all; each test keeps to collections of its own."""
    with standing(tmp_path_factory.mktemp("rekognition")) as made:
        yield made


@pytest.fixture(scope="module")
def staff(aws: Aws) -> dict[str, str]:
    """A collection of two people who are confirmed, and the ids of their faces."""
    client = aws.client()
    client.create_collection(CollectionId="staff")
    found = {}
    for name in (ADA, BELA):
        done = client.index_faces(CollectionId="staff", Image=photo(name), ExternalImageId=name)
        found[name] = done["FaceRecords"][0]["Face"]["FaceId"]
    aws.confirm()
    return found


def refused(kind: str, call: Any, **given: Any) -> dict[str, Any]:
    """The answer of a call that fails as this."""
    with pytest.raises(ClientError) as error:
        call(**given)
    told: dict[str, Any] = error.value.response
    assert told["Error"]["Code"] == kind, told
    return told


def names(answer: dict[str, Any]) -> list[str]:
    return [each["Face"]["ExternalImageId"] for each in answer["FaceMatches"]]


def test_a_script_from_create_to_delete_works_as_it_is(aws: Aws) -> None:
    client, told = aws.client(), []
    client.meta.events.register("before-parse.rekognition", lambda **more: told.append(more))
    assert client.create_collection(CollectionId="club")["StatusCode"] == 200
    ids = {}
    for name in (ADA, BELA):
        for shot in (0, 1):
            done = client.index_faces(CollectionId="club", Image=photo(name, shot), ExternalImageId=name)
            ids.setdefault(name, []).append(done["FaceRecords"][0]["Face"]["FaceId"])
    again = client.index_faces(CollectionId="club", Image=photo(ADA), ExternalImageId=ADA)
    assert again["FaceRecords"][0]["Face"]["FaceId"] == ids[ADA][0]
    described = client.describe_collection(CollectionId="club")
    assert described["FaceCount"] == 4
    assert client.search_faces_by_image(CollectionId="club", Image=photo(ADA, 2))["FaceMatches"] == []  # pending
    aws.confirm()
    found = client.search_faces_by_image(CollectionId="club", Image=photo(ADA, 2), MaxFaces=5, FaceMatchThreshold=70)
    assert names(found)[0] == ADA
    assert 80 <= found["FaceMatches"][0]["Similarity"] <= 100
    by_face = client.search_faces(CollectionId="club", FaceId=ids[ADA][0])
    assert by_face["FaceMatches"][0]["Face"]["FaceId"] == ids[ADA][1]  # never itself
    client.create_user(CollectionId="club", UserId="ada-1")
    tied = client.associate_faces(
        CollectionId="club", UserId="ada-1", FaceIds=[*ids[ADA], "0" * 8 + "-0000" * 3 + "-" + "0" * 12]
    )
    assert [each["FaceId"] for each in tied["AssociatedFaces"]] == ids[ADA]
    assert tied["UnsuccessfulFaceAssociations"][0]["Reasons"] == ["FACE_NOT_FOUND"]
    assert client.list_users(CollectionId="club")["Users"] == [{"UserId": "ada-1", "UserStatus": "ACTIVE"}]
    users = client.search_users_by_image(CollectionId="club", Image=photo(ADA, 2))["UserMatches"]
    assert [each["User"]["UserId"] for each in users] == ["ada-1"]
    assert client.search_users(CollectionId="club", UserId="ada-1")["SearchedUser"] == {"UserId": "ada-1"}
    page = client.list_faces(CollectionId="club", MaxResults=3)
    rest = client.list_faces(CollectionId="club", MaxResults=3, NextToken=page["NextToken"])
    assert [each["FaceId"] for each in (*page["Faces"], *rest["Faces"])] == [*ids[ADA], *ids[BELA]]
    assert {each.get("UserId") for each in page["Faces"]} == {"ada-1", None}
    client.disassociate_faces(CollectionId="club", UserId="ada-1", FaceIds=ids[ADA][:1])
    client.delete_user(CollectionId="club", UserId="ada-1")
    assert client.delete_faces(CollectionId="club", FaceIds=ids[ADA][:1])["DeletedFaces"] == ids[ADA][:1]
    assert client.describe_collection(CollectionId="club")["FaceCount"] == 3
    client.delete_collection(CollectionId="club")
    assert "club" not in client.list_collections()["CollectionIds"]
    told = [each for each in told if each["response_dict"]["status_code"] == 200]  # it may have been told to ask again
    for each in told:  # what was sent, before the client dropped what it does not know
        name = each["operation_model"].name
        assert fits(name, json.loads(each["response_dict"]["body"])) == []
    assert {each["operation_model"].name for each in told} >= {each.name for each in OPERATIONS} - {
        "DetectFaces", "CompareFaces",
    }  # fmt: skip


def test_p6_deleting_faces_and_collections_erases_with_certificates(aws: Aws) -> None:
    client, club = aws.client(), aws.club
    client.create_collection(CollectionId="leaving")
    ids = [
        client.index_faces(CollectionId="leaving", Image=photo(ADA, shot), ExternalImageId="ada")["FaceRecords"][0]
        for shot in (0, 1)
    ]
    (person,) = [each for each in club.anna.subjects.list() if each.handle == "leaving.ada"]
    first = client.delete_faces(CollectionId="leaving", FaceIds=[ids[0]["Face"]["FaceId"]])
    assert first["ResponseMetadata"]["HTTPHeaders"]["x-countenance-certificates"].startswith("E")
    assert club.anna.look("leaving.ada").references == 1  # she stays, with her other photo
    client.delete_collection(CollectionId="leaving")
    assert person.handle not in [each.handle for each in club.anna.subjects.list()]
    assert not club.anna.context.keys.vault.exists(f"subject:{person.id}")
    assert [each["act"] for each in club.anna.log_entries()[-3:]] == ["erase", "erase", "collection-deleted"]


def test_p8_a_hold_keeps_a_collection(aws: Aws) -> None:
    client = aws.client()
    client.create_collection(CollectionId="held")
    client.index_faces(CollectionId="held", Image=photo(ADA), ExternalImageId="ada")
    order = aws.club.order("hold", subject=aws.club.anna.subjects.get("held.ada").id)
    refused("ResourceInUseException", client.delete_collection, CollectionId="held")
    assert client.describe_collection(CollectionId="held")["FaceCount"] == 1
    aws.club.set_order(order, "complied")


def test_faces_are_detected_and_nothing_is_inferred_of_a_person(aws: Aws) -> None:
    found = aws.client().detect_faces(Image={"Bytes": PARTY.path.read_bytes()}, Attributes=["ALL"])
    assert len(found["FaceDetails"]) == len(PARTY.people)
    told = found["FaceDetails"][0]
    assert set(told) == {"BoundingBox", "Confidence", "Landmarks", "Pose", "Quality"}
    left, right = (next(each for each in told["Landmarks"] if each["Type"] == name) for name in ("eyeLeft", "eyeRight"))
    assert left["X"] < right["X"]
    assert raw(aws, "DetectFaces", {"Image": photo(ADA)}) == []


def test_two_photos_are_compared_face_by_face(aws: Aws) -> None:
    client = aws.client()
    who = PARTY.people[0]
    found = client.compare_faces(SourceImage=photo(who), TargetImage={"Bytes": PARTY.path.read_bytes()})
    assert (len(found["FaceMatches"]), len(found["UnmatchedFaces"])) == (1, len(PARTY.people) - 1)
    assert found["FaceMatches"][0]["Similarity"] > 80
    nobody = client.compare_faces(SourceImage=photo(ADA), TargetImage=photo(BELA), SimilarityThreshold=0)
    assert nobody["FaceMatches"] == []  # the gallery's own rate is the least
    assert raw(aws, "CompareFaces", {"SourceImage": photo(ADA), "TargetImage": photo(ADA, 1)}) == []


def test_p3_each_face_that_is_compared_counts_as_a_verification(aws: Aws) -> None:
    key = aws.key("counted", case="counted")
    client = aws.client(key)
    club = aws.club
    before = verified(club)
    client.compare_faces(SourceImage=photo(ADA), TargetImage={"Bytes": PARTY.path.read_bytes()})
    assert verified(club) - before == len(PARTY.people)


def verified(club: Club) -> int:
    return sum(each["act"] == "verify" and each["outcome"] == "granted" for each in club.anna.log_entries())


def test_only_the_largest_face_is_taken_in_and_only_with_a_name(aws: Aws) -> None:
    client = aws.client()
    client.create_collection(CollectionId="groups")
    group = {"Bytes": PARTY.path.read_bytes()}
    unnamed = client.index_faces(CollectionId="groups", Image=group)
    assert unnamed["FaceRecords"] == []
    assert [each["Reasons"] for each in unnamed["UnindexedFaces"]] == [["EXCEEDS_MAX_FACES"]] * len(PARTY.people)
    assert not [each for each in aws.club.anna.subjects.list() if each.handle.startswith("groups")]
    named = client.index_faces(CollectionId="groups", Image=group, ExternalImageId="somebody", MaxFaces=10)
    assert (len(named["FaceRecords"]), len(named["UnindexedFaces"])) == (1, len(PARTY.people) - 1)
    empty = client.index_faces(
        CollectionId="groups", Image={"Bytes": cast().no_face()[0].read_bytes()}, ExternalImageId="x"
    )
    assert (empty["FaceRecords"], empty["UnindexedFaces"]) == ([], [])


def test_every_reason_of_the_quality_gate_has_a_word() -> None:
    poor = Quality(10, 1, 0.01, 80, 80, clipped=0.9, nose=0.1, apart=45, cut_off=True)
    face = Face(Box(0, 0, 100, 100), ((0, 0), (90, 0), (50, 50), (10, 80), (90, 80)), 0.1, poor)
    words = reasons(quality.reasons(face, "strict"))
    assert set(words) == {
        "SMALL_BOUNDING_BOX", "LOW_SHARPNESS", "LOW_BRIGHTNESS", "EXTREME_POSE", "LOW_CONFIDENCE", "LOW_FACE_QUALITY",
    }  # fmt: skip
    enum = MODEL.shape_for("Reason").enum
    assert set(words) | {"EXCEEDS_MAX_FACES"} <= set(enum)


# --- what keeps people apart -----------------------------------------------------------------------------------------


def test_p4_two_collections_are_searched_apart(aws: Aws, staff: dict[str, str]) -> None:
    client = aws.client()
    client.create_collection(CollectionId="apart")
    client.index_faces(CollectionId="apart", Image=photo(BELA), ExternalImageId=BELA)
    aws.confirm()
    assert names(client.search_faces_by_image(CollectionId="apart", Image=photo(ADA, 1))) == []
    assert names(client.search_faces_by_image(CollectionId="staff", Image=photo(ADA, 1)))[0] == ADA
    refused("ResourceNotFoundException", client.search_faces, CollectionId="apart", FaceId=staff[ADA])
    assert client.delete_faces(CollectionId="apart", FaceIds=[staff[ADA]])["DeletedFaces"] == []
    assert client.list_faces(CollectionId="apart", FaceIds=[staff[ADA]])["Faces"] == []


def test_p3_to_another_organisation_collections_are_absent(tmp_path_factory: pytest.TempPathFactory) -> None:
    club = now_club(tmp_path_factory.mktemp("county"))
    dan = county(club).dan
    given = {"purposes": [PURPOSE], "purpose": PURPOSE, "case": CASE, "door": "rekognition"}
    made = dan.api_keys.create("county", roles=["controller", "operator"], **given)
    with listening(club.anna) as url:
        ours, theirs = Aws(club, url), Aws(club, url)
        ours.client().create_collection(CollectionId="staff")
        client = theirs.client(made)
        for operation in OPERATIONS:
            if not operation.party:
                status, code = sent(theirs, made, operation.name)
                assert (status, code) == (400, "ResourceNotFoundException"), operation.name
        assert client.detect_faces(Image=photo(ADA))["FaceDetails"]
    club.close()


def sent(aws: Aws, made: Any, operation: str) -> tuple[int, str]:
    """What a request with nothing in it is answered."""
    answer = aws.send(operation, {}, made)
    return answer.status_code, answer.json()["__type"] if answer.status_code != 200 else ""


@pytest.mark.parametrize("role", ["controller", "operator", "officer"])
def test_p21_each_role_reaches_its_operations_and_no_others(aws: Aws, role: str) -> None:
    key = aws.key(role, roles=(role,), form=False)
    for operation in OPERATIONS:
        status, code = sent(aws, key, operation.name)
        if role in operation.roles:
            assert code not in {"AccessDeniedException", "InvalidSignatureException", "InternalServerError"}
        else:
            assert (status, code) == (400, "AccessDeniedException"), operation.name


def test_the_table_is_what_is_offered(aws: Aws) -> None:
    assert len(OPERATIONS) == len({each.name for each in OPERATIONS}) == 18
    assert {each.name for each in OPERATIONS} <= set(MODEL.operation_names)
    answer = aws.send("GetFaceLivenessSessionResults", {})
    assert answer.json()["__type"] == "UnknownOperationException"


# --- what is refused -------------------------------------------------------------------------------------------------


def test_p1_a_key_without_a_form_searches_and_records_nobody(aws: Aws, staff: dict[str, str]) -> None:
    client, people = aws.client(aws.key("reader", form=False)), len(aws.club.anna.subjects.list())
    assert names(client.search_faces_by_image(CollectionId="staff", Image=photo(ADA, 1)))[0] == ADA
    told = refused(
        "AccessDeniedException", client.index_faces, CollectionId="staff", Image=photo(ADA), ExternalImageId="x"
    )
    assert "basis form" in told["Error"]["Message"]
    assert len(aws.club.anna.subjects.list()) == people


def test_p3_without_purpose_and_case_nothing_is_compared(aws: Aws, staff: dict[str, str]) -> None:
    key = aws.key("bare", purpose=None, case=None)
    client = aws.client(key)
    for call, given in (
        (client.search_faces_by_image, {"CollectionId": "staff", "Image": photo(ADA)}),
        (client.search_faces, {"CollectionId": "staff", "FaceId": staff[ADA]}),
        (client.compare_faces, {"SourceImage": photo(ADA), "TargetImage": photo(ADA)}),
    ):
        told = refused("AccessDeniedException", call, **given)
        assert "X-Countenance-Purpose" in told["Error"]["Message"]
        assert told["ResponseMetadata"]["HTTPHeaders"]["x-countenance-requirement"] == "P3"

    def why(request: Any, **_: Any) -> None:
        request.headers["X-Countenance-Purpose"] = PURPOSE
        request.headers["X-Countenance-Case"] = "headers 1"

    client.meta.events.register("before-sign.rekognition", why)
    assert names(client.search_faces_by_image(CollectionId="staff", Image=photo(ADA, 1)))[0] == ADA


def test_p1_a_face_that_waits_is_searched_with_by_nobody(aws: Aws) -> None:
    client = aws.client()
    client.create_collection(CollectionId="waiting")
    done = client.index_faces(CollectionId="waiting", Image=photo(ADA), ExternalImageId="ada")
    face = done["FaceRecords"][0]["Face"]["FaceId"]
    told = refused("AccessDeniedException", client.search_faces, CollectionId="waiting", FaceId=face)
    assert "confirm" in told["Error"]["Message"]


def test_p3_a_key_compares_no_more_than_its_quota(aws: Aws, staff: dict[str, str]) -> None:
    client = aws.client(aws.key("few", quota=1), retries=0)
    assert client.search_faces_by_image(CollectionId="staff", Image=photo(ADA, 1))["FaceMatches"]
    told = refused("ThrottlingException", client.search_faces_by_image, CollectionId="staff", Image=photo(ADA, 2))
    assert "sent before" not in told["Error"]["Message"]
    assert client.list_faces(CollectionId="staff")["Faces"], "what compares nobody goes on"


def test_a_client_as_it_comes_may_ask_the_same_twice_in_a_second(aws: Aws, staff: dict[str, str]) -> None:
    """Equal requests have equal signatures within a second; the client is told to wait, signs anew, and is answered."""
    client = aws.client()
    assert all("staff" in client.list_collections()["CollectionIds"] for _ in range(3))


def test_p25_no_address_is_fetched(aws: Aws) -> None:
    client, elsewhere = aws.client(), {"S3Object": {"Bucket": "photos", "Name": "ada.jpg"}}
    told = refused("InvalidS3ObjectException", client.detect_faces, Image=elsewhere)
    assert "bytes" in told["Error"]["Message"]
    refused("InvalidS3ObjectException", client.index_faces, CollectionId="staff", Image=elsewhere, ExternalImageId="x")


def test_bad_input_is_refused_in_rekognition_s_words(aws: Aws, staff: dict[str, str]) -> None:
    client = aws.client()
    nobody = {"Bytes": cast().no_face()[0].read_bytes()}
    large = aws.club.anna.context.settings.http.max_bytes
    client.create_user(CollectionId="staff", UserId="u")
    asked: list[tuple[str, Any, dict[str, Any]]] = [
        ("InvalidImageFormatException", client.detect_faces, {"Image": {"Bytes": b"no picture"}}),
        ("ResourceNotFoundException", client.describe_collection, {"CollectionId": "nowhere"}),
        ("ResourceAlreadyExistsException", client.create_collection, {"CollectionId": "staff"}),
        ("ResourceNotFoundException", client.list_faces, {"CollectionId": "staff", "UserId": "nobody"}),
        ("InvalidPaginationTokenException", client.list_faces, {"CollectionId": "staff", "NextToken": "x" * 9}),
        ("InvalidParameterException", client.search_faces_by_image, {"CollectionId": "staff", "Image": nobody}),
        ("ConflictException", client.create_user, {"CollectionId": "staff", "UserId": "u"}),
        ("InvalidParameterException", client.search_users, {"CollectionId": "staff", "UserId": "u"}),
        ("ImageTooLargeException", client.detect_faces, {"Image": {"Bytes": b"0" * (large + 9)}}),
    ]
    for kind, call, given in asked:
        assert refused(kind, call, **given)["Error"]["Message"], kind


@pytest.mark.parametrize(
    "body",
    [b"[]", b"{", b'{"CollectionId": 7}', b'{"CollectionId": "a/b"}', b'{"CollectionId": "a", "Sql": 1}', b"[" * 50_000,
     b'{"CollectionId": "\\u0000"}', b"\xff\xfe", b'{"CollectionId": "' + b"a" * 256 + b'"}'],
    ids=str,
)  # fmt: skip
def test_what_is_no_request_is_refused(aws: Aws, body: bytes) -> None:
    answer = aws.send("DescribeCollection", body)
    assert (answer.status_code, answer.json()["__type"]) == (400, "InvalidParameterException")
