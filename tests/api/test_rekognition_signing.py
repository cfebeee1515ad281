"""Requests of Rekognition's clients: signed with the key's own secret, over all of it, just now, and once."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
import sqlalchemy as sa
from botocore.exceptions import ClientError

from amazon import PURPOSE, Aws, standing
from countenance.registry import schema as t
from countenance.service.doors import access_id, key_number
from countenance.service.programs import enter

LIST, BODY = "ListCollections", b"{}"


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aws]:
    with standing(tmp_path_factory.mktemp("signing")) as made:
        yield made


def code(answer: httpx.Response) -> str:
    assert answer.headers["x-amzn-errortype"] == answer.json()["__type"]
    assert answer.status_code == 400
    return str(answer.json()["__type"])


def test_what_the_key_has_signed_is_answered(aws: Aws) -> None:
    answer = aws.send(LIST, {})
    assert (answer.status_code, answer.json()["CollectionIds"]) == (200, [])
    assert answer.headers["x-amzn-requestid"]
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_another_secret_or_id_opens_nothing_and_both_are_told_in_the_same_words(aws: Aws) -> None:
    other = aws.key("other", form=False)
    told = set()
    for access, secret in (
        (None, other.token),
        ("CNTK000000000999", None),
        ("AKIAIOSFODNN7EXAMPLE", None),
        (other.access, None),
    ):
        client = aws.client(access=access, secret=secret or aws.key().token)
        with pytest.raises(ClientError) as error:
            client.list_collections()
        told.add(error.value.response["Error"]["Code"])
    assert told == {"InvalidSignatureException"}


def test_p3_a_revoked_or_expired_key_opens_nothing(aws: Aws) -> None:
    revoked, short = aws.key("revoked", form=False), aws.key("short", form=False, days=1)
    aws.club.anna.api_keys.revoke(revoked.key)
    assert code(aws.send(LIST, {}, revoked)) == "InvalidSignatureException"
    with aws.club.sql() as connection:
        mine = sa.update(t.api_keys).where(t.api_keys.c.id == int(short.key.id[1:]))
        connection.execute(mine.values(expires=1))
    assert code(aws.send(LIST, {}, short)) == "InvalidSignatureException"


def test_p3_an_old_or_early_request_is_refused(aws: Aws) -> None:
    for seconds in (310, -620):
        aws.club.clock.forward(seconds=seconds)
        answer = aws.send(LIST, {})
        assert code(answer) == "InvalidSignatureException"
        assert "clock" in answer.json()["message"]
    aws.club.clock.forward(seconds=310)
    assert aws.send(LIST, {}).status_code == 200


def test_p3_a_request_that_was_answered_is_not_answered_again(aws: Aws) -> None:
    headers = aws.signed(LIST, BODY)
    assert aws.post(headers, BODY).status_code == 200
    again = aws.post(headers, BODY)
    assert code(again) == "ThrottlingException"  # so that an honest client signs anew, and sends it later
    assert "sent before" in again.json()["message"]


def test_what_was_seen_is_forgotten_when_it_could_not_be_sent_again(aws: Aws) -> None:
    with aws.club.sql() as connection:
        connection.execute(sa.update(t.presented).values(created=aws.club.clock() - 601))
    aws.send(LIST, {})
    with aws.club.sql() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(t.presented)) == 1


def test_p3_a_body_or_a_header_that_was_changed_on_the_way_is_refused(aws: Aws) -> None:
    assert code(aws.post(aws.signed(LIST, BODY), b'{"MaxResults": 1}')) == "InvalidSignatureException"
    headers = aws.signed(LIST, BODY)
    headers["X-Amz-Target"] = "RekognitionService.DeleteCollection"
    assert code(aws.post(headers, BODY)) == "InvalidSignatureException"
    signed = aws.signed(LIST, BODY, **{"X-Amz-Content-Sha256": "0" * 64})
    assert code(aws.post(signed, BODY)) == "InvalidSignatureException"


@pytest.mark.parametrize("name", ["X-Countenance-Purpose", "X-Countenance-Case", "X-Countenance-Reason", "X-Amz-Other"])
def test_p3_a_header_that_was_put_in_is_not_listened_to(aws: Aws, name: str) -> None:
    answer = aws.post({**aws.signed(LIST, BODY), name: PURPOSE}, BODY)
    assert code(answer) == "InvalidSignatureException"
    assert "signed" in answer.json()["message"]
    assert aws.post(aws.signed(LIST, BODY, **{name: PURPOSE}), BODY).status_code == 200


def test_a_header_that_comes_twice_is_refused(aws: Aws) -> None:
    headers = [*aws.signed(LIST, BODY).items(), ("x-amz-target", "RekognitionService.DeleteCollection")]
    answer = aws.post(headers, BODY)
    assert code(answer) == "InvalidSignatureException"
    assert "was sent twice" in answer.json()["message"]


@pytest.mark.parametrize("left_out", ["host", "x-amz-date", "x-amz-target"])
def test_host_time_and_target_have_to_be_signed(aws: Aws, left_out: str) -> None:
    headers = aws.signed(LIST, BODY)
    said = headers["Authorization"]
    listed = said.partition("SignedHeaders=")[2].partition(",")[0]
    headers["Authorization"] = said.replace(listed, ";".join(each for each in listed.split(";") if each != left_out))
    answer = aws.post(headers, BODY)
    assert code(answer) == "InvalidSignatureException"
    assert "have to be signed" in answer.json()["message"]


@pytest.mark.parametrize(
    ("authorization", "kind"),
    [
        (None, "MissingAuthenticationTokenException"),
        ("Bearer cnt_K1_" + "A" * 43, "IncompleteSignatureException"),
        ("AWS4-HMAC-SHA256 Credential=, SignedHeaders=, Signature=", "IncompleteSignatureException"),
        ("AWS4-HMAC-SHA256 " + "a=" * 4000, "IncompleteSignatureException"),
    ],
)
def test_what_is_no_signature_is_refused(aws: Aws, authorization: str | None, kind: str) -> None:
    headers = {**aws.signed(LIST, BODY)}
    headers.pop("Authorization")
    assert code(aws.post(headers | ({"Authorization": authorization} if authorization else {}), BODY)) == kind


def test_another_service_s_signature_opens_nothing(aws: Aws) -> None:
    headers = aws.signed(LIST, BODY)
    headers["Authorization"] = headers["Authorization"].replace("/rekognition/", "/s3/")
    assert code(aws.post(headers, BODY)) == "IncompleteSignatureException"
    yesterday = aws.signed(LIST, BODY)
    day = yesterday["X-Amz-Date"][:8]
    yesterday["Authorization"] = yesterday["Authorization"].replace(f"/{day}/", "/20010101/")
    assert code(aws.post(yesterday, BODY)) == "InvalidSignatureException"


def test_the_secret_is_kept_nowhere_and_comes_from_the_vault(aws: Aws) -> None:
    made = aws.key()
    secret = made.token.encode()
    files = [file for place in aws.club.places for file in place.rglob("*") if file.is_file()]
    assert files
    assert not [file for file in files if secret in file.read_bytes()]
    assert aws.club.anna.api_keys.list()[0].door == "rekognition"
    assert secret.decode() not in str(aws.club.anna.api_keys.list())
    assert enter(aws.club.anna, f"cnt_{made.key.id}_{made.token}", "rekognition").email


def test_turning_the_key_encryption_key_leaves_the_secrets(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    aws.club.anna.keys.rotate()
    assert aws.send(LIST, {}).status_code == 200


@pytest.mark.parametrize("number", [1, 999_999_999_999, 10**17])
def test_an_access_key_s_id_is_the_key_s_number(number: int) -> None:
    assert key_number(access_id(number)) == number
    assert key_number("CNTK" + "0" * 18) == 0
    assert key_number(access_id(number) + "0") != number
