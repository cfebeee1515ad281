"""What is sent over HTTP, well and badly: typed answers, and no state changed by what is refused."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest

from callers import PURPOSE, Api, serving
from clubs import Club
from countenance.errors import CountenanceError
from countenance.http.app import HEADERS
from countenance.http.openapi import document
from countenance.http.table import ROUTES
from countenance.samples import cast
from robust import photos


@pytest.fixture(scope="session")
def face() -> bytes:
    people = cast()
    return people.photos(people.identities[0])[1].read_bytes()


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """One service for all that it refuses: nothing is changed by it."""
    club = Club(tmp_path_factory.mktemp("calm"))
    with serving(club) as browser:
        service = browser.app.state.service
        service.settings = service.settings.model_copy(update={"max_bytes": 2**20})
        yield Api(club, browser)
    club.close()


def test_detect_search_and_verify_answer_as_the_library_does(api: Api, face: bytes) -> None:
    seen = api.post("/v1/detect", files={"photo": face}).json()
    assert [each["face"] for each in seen["faces"]] == [1]
    found = api.post("/v1/search", files={"photo": face}, data={"case": "press 13", "limit": "5"})
    assert found.status_code == 200
    assert found.json()["candidates"] == []
    assert found.json()["caution"]
    entry = api.club.anna.log_entries(found.json()["log"]["index"])[0]
    assert entry["act"] == "search"
    assert {"press 12", "press 13"} >= {each.reference for each in api.club.anna.cases.list()}
    alike = api.post("/v1/verify", files={"first": face, "second": face}).json()
    assert alike["score"] > 0.99


def test_p3_a_search_without_a_case_is_refused_and_logged(api: Api, face: bytes) -> None:
    api.key("operator", purpose=None, case=None)
    answer = api.post("/v1/search", roles="operator", files={"photo": face}, data={"purpose": PURPOSE})
    told = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.status_code, told["code"], told["requirement"]) == (403, "no-case", "P3")
    assert told["type"] == "urn:countenance:error:no-case"
    assert told["hint"]
    assert api.club.anna.log_entries(told["log_index"])[0]["outcome"] == "refused"
    bare = api.post("/v1/search", roles="operator", files={"photo": face}, data={"case": "x"}).json()
    assert bare["code"] == "purpose"


def test_every_answer_has_a_number_and_keeps_out_of_caches_and_frames(api: Api) -> None:
    for path, roles in (("/healthz", None), ("/v1/nowhere", None), ("/v1/status", "operator"), ("/v1/status", None)):
        answer = api.get(path, roles=roles, headers={"x-request-id": "trace-7"})
        assert {name: answer.headers[name] for name in HEADERS} == HEADERS
        assert answer.headers["x-request-id"] == "trace-7"
    forged = api.get("/healthz", headers={"x-request-id": "a b\tc"})
    assert len(forged.headers["x-request-id"]) == 24


BAD = {
    "no body": ({}, 415),
    "another type": ({"json": {"purpose": PURPOSE}}, 415),
    "a form without a file": ({"files": {"x": (None, "y")}}, 422),
    "an unknown field": ({"files": {"photo": b"x"}, "data": {"pupose": PURPOSE}}, 422),
    "an unknown file": ({"files": {"photo": b"x", "shoe": b"y"}}, 422),
    "no picture": ({"files": {"photo": b"not a picture"}}, 422),
    "a limit that is none": ({"files": {"photo": b"x"}, "data": {"limit": "many"}}, 422),
    "a threshold that is none": ({"files": {"photo": b"x"}, "data": {"threshold": "nan"}}, 422),
    "a broken form": (
        {"content": b"--a\r\nbroken", "headers": {"content-type": "multipart/form-data; boundary=a"}},
        422,
    ),
    "a form without a boundary": ({"content": b"x", "headers": {"content-type": "multipart/form-data"}}, 422),
    "a length that is none": ({"content": b"x", "headers": {"content-length": "+1"}}, 413),
    "a picture that unpacks to a gigabyte": ({"files": {"photo": photos.png_bomb(30_000)}}, 413),
    "a name that is a path": ({"files": {"../../etc/passwd": ("../../etc/passwd", b"x")}}, 422),
    "too much": ({"files": {"photo": b"x" * 2**20}}, 413),
    "a very long field": ({"files": {"photo": b"x"}, "data": {"case": "c" * 5000}}, 422),
    "half a sign": ({"files": {"photo": b"x"}, "data": {"case": "\x00\ud7ff"}}, 422),
    "many parts": ({"files": [("photo", b"x")] * 40}, 422),
}


@pytest.mark.parametrize("what", BAD)
def test_what_cannot_be_used_is_told_and_finds_nobody(calm: Api, what: str) -> None:
    more, status = BAD[what]
    answer = calm.post("/v1/search", **more)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert not [each for each in calm.club.anna.log_entries() if each["act"] == "search" and each["outcome"] == "done"]


def test_a_body_of_unknown_length_is_not_taken(api: Api) -> None:
    answer = api.post("/v1/search", content=iter([b"x"]), headers={"content-type": "multipart/form-data; boundary=a"})
    assert answer.status_code == 411


def test_what_waits_is_bounded(api: Api, face: bytes) -> None:
    api.browser.app.state.service.settings = api.browser.app.state.service.settings.model_copy(update={"waiting": 1024})
    answer = api.post("/v1/detect", files={"photo": face})
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert answer.headers["retry-after"]
    assert api.browser.app.state.service._waiting == 0


def test_p3_an_account_s_rate_is_kept_by_all_processes_together(api: Api) -> None:
    token = api.key("operator").token
    ask = {"headers": {"authorization": f"Bearer {token}"}}
    with serving(api.club) as second:
        for browser in (api.browser, second):
            service = browser.app.state.service
            service.settings = service.settings.model_copy(update={"requests": 12})
        got = [browser.get("/v1/whoami", **ask).status_code for browser in (api.browser, second) for _ in range(10)]
        assert got.count(200) == 12
        late = second.get("/v1/whoami", **ask)
    assert (late.status_code, late.json()["code"], late.headers["retry-after"]) == (429, "too-many", "60")
    api.club.clock.forward(seconds=60)
    assert api.browser.get("/v1/whoami", **ask).status_code == 200


def test_p3_a_key_compares_no_more_than_its_quota_a_day(api: Api, face: bytes) -> None:
    api.key("operator", quota=1)
    assert api.post("/v1/detect", roles="operator", files={"photo": face}).status_code == 200
    size = api.size
    answer = api.post("/v1/search", roles="operator", files={"photo": face})
    assert (answer.status_code, answer.json()["code"]) == (429, "too-many")
    assert api.size == size
    api.club.clock.forward(days=1)
    assert api.post("/v1/detect", roles="operator", files={"photo": face}).status_code == 200


@pytest.mark.parametrize("header", ["", "Basic YTpi", "Bearer", "Bearer x y", "Bearer cnt_K1_" + "A" * 43])
def test_what_is_no_key_is_not_let_in(calm: Api, header: str) -> None:
    calm.key("operator")
    answer = calm.get("/v1/status", roles=None, headers={"authorization": header})
    assert answer.status_code == 401
    assert answer.json()["code"] == "not-signed-in"


@pytest.mark.parametrize("path", ["/v1/log/entries?cursor=xx", "/v1/log/entries?cursor=" + "A" * 9000,
                                  "/v1/log/entries?limit=0", "/v1/log/entries?limt=3"])  # fmt: skip
def test_a_cursor_or_a_limit_that_is_none_is_told(calm: Api, path: str) -> None:
    assert calm.get(path).status_code == 422


def test_the_log_is_read_page_by_page(api: Api) -> None:
    api.key("controller")
    cursor, seen = "", []
    while True:
        page = api.get(f"/v1/log/entries?limit=3{cursor}", roles="controller").json()
        seen += [each["index"] for each in page["items"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert seen == list(range(api.size))


@pytest.mark.parametrize(("method", "path", "status"), [
    ("GET", "/v1/search", 405), ("TRACE", "/v1/status", 405), ("GET", "/v1/log/entries/9999999999999999999/proof", 404),
    ("GET", "/v1/../etc/passwd", 404), ("GET", "/v1/%2e%2e/%00", 404), ("DELETE", "/healthz", 405),
])  # fmt: skip
def test_what_is_not_there_or_not_asked_so_is_a_problem_too(calm: Api, method: str, path: str, status: int) -> None:
    answer = calm.ask(method, path)
    assert answer.status_code == status
    assert answer.json()["status"] == status


def test_the_counts_and_the_lines_name_nobody(api: Api, face: bytes, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "countenance.http"):
        api.post("/v1/search", files={"photo": face}, data={"case": "the Ada affair", "on_behalf_of": "ada"})
        api.get("/v1/log/entries?cursor=ada")
    lines = [json.loads(each.getMessage()) for each in caplog.records if each.name == "countenance.http"]
    assert [each["route"] for each in lines] == ["/v1/search", "/v1/log/entries"]
    assert lines[0]["key"] == "K1"
    counted = api.get("/metrics", roles=None).text
    assert 'countenance_requests_total{method="POST",route="/v1/search",status="404"} 1' in counted
    assert "ada" not in (counted + caplog.text).lower()


def test_a_fault_of_ours_tells_nothing_of_itself(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    from countenance.service.countenance import Countenance

    def broken(_: Countenance) -> None:
        raise ZeroDivisionError("ada's face")

    monkeypatch.setattr(Countenance, "status", broken)
    answer = api.get("/v1/status")
    assert (answer.status_code, answer.json()["code"]) == (500, CountenanceError.code)
    assert "ada" not in answer.text


def test_the_description_shows_every_route_with_an_example(api: Api) -> None:
    told = api.get("/v1/openapi.json", roles=None).json()
    assert told == document(ROUTES)
    assert told["openapi"] == "3.1.0"
    for route in ROUTES:
        operation = told["paths"][route.path][route.method.lower()]
        (content,) = operation["responses"][str(route.status)]["content"].values()
        assert content["example"]
        if route.takes != "nothing":
            (sent,) = operation["requestBody"]["content"].values()
            assert sent["schema"]["properties"]
    names = [each["operationId"] for path in told["paths"].values() for each in path.values()]
    assert len(names) == len(set(names))


def test_it_is_ready_while_the_registry_answers_and_until_it_stops(api: Api) -> None:
    assert api.get("/readyz", roles=None).json() == {"status": "ready"}
    api.browser.app.state.service.stopping.set()
    assert api.get("/readyz", roles=None).status_code == 503
    assert api.get("/healthz", roles=None).status_code == 200
