"""People over HTTP: recorded, enrolled, found, withdrawn, erased; a write that is sent twice is done once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from callers import PURPOSE, Api, serving
from clubs import Club
from countenance.registry import schema as t
from countenance.samples import cast

CONSENT = {"ground": "consent", "condition": "explicit-consent", "purposes": PURPOSE, "notice": "notice-2027"}
ADA = {"name": "Ada", "territory": "GB"}


@pytest.fixture(scope="session")
def faces() -> list[bytes]:
    people = cast()
    name = people.identities[0]
    return [people.portrait(name).read_bytes(), people.photos(name)[1].read_bytes()]


def once(key: str, **more: Any) -> dict[str, Any]:
    return {"headers": {"idempotency-key": key}} | more


def people(api: Api) -> list[str]:
    return [each.handle for each in api.club.anna.subjects.list()]


def test_the_whole_way_of_one_person(api: Api, faces: list[bytes]) -> None:
    made = api.post("/v1/subjects", json=ADA)
    assert (made.status_code, made.json()["handle"]) == (201, "ada")
    recorded = api.post("/v1/subjects/ada/bases", data=CONSENT, files={"evidence": b"a signed form"})
    assert recorded.status_code == 201, recorded.text
    basis = recorded.json()
    assert basis["state"] == "pending"
    enrolled = api.post("/v1/subjects/ada/references", data={"basis": basis["id"]}, files={"photo": faces[0]})
    assert (enrolled.status_code, enrolled.json()["searchable"]) == (201, False)
    assert api.post("/v1/search", files={"photo": faces[1]}).json()["candidates"] == []
    api.club.ben.bases.countersign(basis["id"])  # a person's own signature: no key of a program's does it
    found = api.post("/v1/search", files={"photo": faces[1]}).json()["candidates"]
    assert [each["subject"] for each in found] == ["ada"]
    assert api.get("/v1/subjects/ada/bases").json()["items"][0]["waits_for"] == []
    assert [each["reference"] for each in api.get("/v1/cases").json()["items"]] == ["press 12"]
    gone = api.post("/v1/subjects/ada/withdraw", json={})
    assert gone.status_code == 200
    assert api.post("/v1/search", files={"photo": faces[1]}).json()["candidates"] == []
    erased = api.post("/v1/subjects/ada/erase", json={"reason": "withdrawn"})
    assert erased.status_code == 200
    assert erased.json()["certificate"]["body"]["kind"]
    assert api.get("/v1/subjects/ada").status_code == 404


def test_p3_a_write_that_is_sent_again_is_done_once_also_after_a_restart(api: Api) -> None:
    first = api.post("/v1/subjects", **once("a-1", json=ADA))
    again = api.post("/v1/subjects", **once("a-1", json=ADA))
    assert (again.status_code, again.json()) == (201, first.json())
    assert again.headers["idempotency-replayed"] == "true"
    with serving(api.club) as second:
        api.browser = second
        assert api.post("/v1/subjects", **once("a-1", json=ADA)).json() == first.json()
    assert people(api) == ["ada"]


def test_an_idempotency_key_is_for_one_request(api: Api) -> None:
    api.post("/v1/subjects", **once("a-1", json=ADA))
    other = api.post("/v1/subjects", **once("a-1", json={"name": "Bea", "territory": "GB"}))
    assert (other.status_code, other.json()["code"]) == (422, "input")
    assert people(api) == ["ada"]
    # another program's key of the same person is another program's
    assert api.post(
        "/v1/subjects", roles="controller", **once("a-1", json={"name": "Bea", "territory": "GB"})
    ).is_success
    api.club.clock.forward(days=2)
    assert api.post("/v1/subjects", **once("a-1", json=ADA)).json()["code"] == "already-exists"


def test_what_was_refused_may_be_sent_again_with_the_same_key(api: Api) -> None:
    assert api.post("/v1/subjects", **once("a-1", json=ADA | {"territory": "XX"})).status_code == 422
    assert api.post("/v1/subjects", **once("a-1", json=ADA)).status_code == 201


def test_a_write_that_was_cut_short_is_not_done_again_unasked(api: Api) -> None:
    api.post("/v1/subjects", **once("a-1", json=ADA))
    with api.club.sql() as connection:
        connection.execute(sa.update(t.replies).values(state="begun"))
    answer = api.post("/v1/subjects", **once("a-1", json=ADA))
    assert (answer.status_code, answer.json()["code"]) == (409, "busy")


def test_p6_what_was_answered_about_a_person_goes_with_them(api: Api) -> None:
    api.post("/v1/subjects", **once("a-1", json=ADA))
    with api.club.sql() as connection:
        kept = connection.execute(sa.select(t.replies)).one()
    assert kept.subject is not None
    assert b"Ada" not in kept.answer_sealed
    api.post("/v1/subjects/ada/erase", **once("a-2", json={"reason": "request"}))
    with api.club.sql() as connection:
        assert connection.scalars(sa.select(t.replies.c.subject)).all() == [None]


def test_p15_what_was_answered_about_a_person_is_told_to_them(api: Api) -> None:
    from countenance.rights.access import everything
    from countenance.rights.reading import Reading

    api.post("/v1/subjects", **once("a-1", json=ADA))
    context = api.club.anna.context
    with context.registry.read() as connection:
        number = api.club.anna.subjects.get("ada").id
        told = everything(Reading(connection, context.keys, context.organisation, number))["replies"]
    assert [each["answer"]["name"] for each in told] == ["Ada"]


def test_lists_come_page_by_page_and_each_person_once(api: Api) -> None:
    for name in ("Zoe", "Ada", "Mia"):
        api.club.subject(name)
    first = api.get("/v1/subjects?limit=2").json()
    second = api.get(f"/v1/subjects?limit=2&cursor={first['next']}").json()
    assert [each["handle"] for each in first["items"] + second["items"]] == ["zoe", "ada", "mia"]
    assert second["next"] is None
    assert "zoe" not in first["next"]


DEEP = b'{"name":' + b"[" * 20_000 + b"]" * 20_000 + b"}"
BAD: dict[str, tuple[str, dict[str, Any], int]] = {
    "JSON that nests": ("/v1/subjects", {"content": DEEP}, 422),
    "no JSON": ("/v1/subjects", {"content": b"{"}, 422),
    "a list": ("/v1/subjects", {"content": b"[]"}, 422),
    "too much JSON": ("/v1/subjects", {"content": b" " * 70_000}, 413),
    "no territory": ("/v1/subjects", {"content": b'{"name":"Ada"}'}, 422),
    "a line break in a name": ("/v1/subjects", {"content": b'{"name":"A\\nda","territory":"GB"}'}, 422),
    "a handle that is a path": (
        "/v1/subjects", {"content": b'{"name":"Ada","territory":"GB","handle":"../../etc"}'}, 422
    ),
    "half a sign": ("/v1/subjects", {"content": b'{"name":"\\ud800","territory":"GB"}'}, 422),
    "a number that is none": ("/v1/subjects", {"content": b'{"name":"A","territory":"GB","birth_year":1e99}'}, 422),
    "nobody": ("/v1/subjects/nobody/withdraw", {"content": b"{}"}, 404),
    "a path": ("/v1/subjects/..%2f..%2fetc/erase", {"content": b'{"reason":"request"}'}, 404),
    "no reason": ("/v1/subjects/ada/erase", {"content": b'{"reason":"because"}'}, 422),
    "a basis of nobody's": ("/v1/subjects/ada/withdraw", {"content": b'{"bases":["B99"]}'}, 404),
}  # fmt: skip


@pytest.fixture(scope="module")
def stays(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    club = Club(tmp_path_factory.mktemp("stays"))
    club.subject("Ada")
    with serving(club) as browser:
        yield Api(club, browser)
    club.close()


@pytest.mark.parametrize("what", BAD)
def test_what_cannot_be_used_changes_nobody(stays: Api, what: str) -> None:
    path, sent, status = BAD[what]
    headers = {"content-type": "application/json", "idempotency-key": what.replace(" ", "-")}
    answer = stays.post(path, **sent, headers=headers)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert people(stays) == ["ada"]
    with stays.club.sql() as connection:
        assert not connection.execute(sa.select(t.replies)).all()


def test_p1_an_enrolment_photo_is_no_evidence_over_http_either(api: Api, faces: list[bytes]) -> None:
    api.post("/v1/subjects", json=ADA)
    basis = api.post("/v1/subjects/ada/bases", data=CONSENT, files={"evidence": faces[0]}).json()
    answer = api.post("/v1/subjects/ada/references", data={"basis": basis["id"]}, files={"photo": faces[0]})
    assert (answer.status_code, answer.json()["requirement"]) == (403, "P1")
