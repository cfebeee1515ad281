"""The Python client, on the real application: every route, both ways of waiting, the library's own errors."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

import countenance
from callers import PURPOSE, URL, Api, serving
from clubs import Club
from countenance import AsyncClient, Client, errors
from countenance.client import asking, results
from countenance.client.asking import Ask, Asks, Came, Lost, Send, Wait, exchange, photo_of
from countenance.client.faults import error_of, unreachable
from countenance.client.surface import EVENTS, Surface
from countenance.errors import Busy, InputError, NoCase, NotFound, NotSignedIn, Refused, RoleRefused, Unavailable
from countenance.http.table import ROUTES
from countenance.samples import cast
from countenance.types import Appearance


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    club = Club(tmp_path_factory.mktemp("client"))
    with serving(club) as browser:
        yield Api(club, browser)
        browser.app.state.service.runner.stop(30)
    club.close()


@pytest.fixture(scope="module")
def client(api: Api) -> Client:
    return Client(URL, key=api.key("controller operator officer").token, http=api.browser)


def methods() -> list[tuple[str, str]]:
    parts = [Surface, *(type(part) for part in vars(Surface(lambda _: None)).values() if hasattr(part, "perform"))]
    found = [each for kind in parts for each in vars(kind).values() if isinstance(each, Asks)]
    return [(each.method, each.route) for each in found]


def test_every_route_has_a_method() -> None:
    assert sorted([*methods(), ("GET", EVENTS)]) == sorted((route.method, route.path) for route in ROUTES)
    for kind in (Client, AsyncClient):
        assert callable(kind.follow)


def test_the_whole_way_of_one_person(api: Api, client: Client, tmp_path: Path) -> None:
    people = cast()
    name = people.identities[0]
    ada = client.subjects.add("Ada", territory="GB")
    assert (str(ada), client.subjects.get(ada)) == ("ada", ada)
    basis = client.bases.record(
        ada,
        ground="consent",
        condition="explicit-consent",
        purposes={PURPOSE},
        evidence=b"a form",
        notice="notice-2027",
    )
    enrolled = client.enrol(ada, people.portrait(name), basis=basis)
    assert (enrolled.subject, enrolled.searchable) == ("ada", False)
    assert [lack.requirement for lack in client.bases.list(ada)[0].waits_for] == ["P1"]
    api.club.ben.bases.countersign(str(basis))
    folder = tmp_path / "party"
    folder.mkdir()
    (folder / "one.jpg").write_bytes(people.photos(name)[2].read_bytes())
    api.club.anna.sources.add("party", folder, statement="ours", purposes=[PURPOSE])
    assert [each.name for each in client.sources.list()] == ["party"]
    last = list(client.ingest("party"))[-1]
    assert (last.event, last.ends, last.told["faces_kept"]) == ("done", True, 1)
    assert [each.event for each in client.sweep("party")][-1] == "done"
    found = client.search(people.photos(name)[1], purpose=PURPOSE, case="press 13", limit=3)
    assert [hit.subject for hit in found] == ["ada"]
    assert found[0].best is not None
    assert isinstance(found[0].appearances[0], Appearance)
    assert found[0].appearances[0].photo.path == "one.jpg"
    assert {"press 13"} <= {each.reference for each in client.cases.list()}
    (review,) = client.reviews.list()
    assert [(each.subject, each.demanded) for each in review.candidates] == [("ada", 1)]
    assert client.verify(people.photos(name)[1], people.portrait(name)).band in {"high", "low", "below"}
    assert len(client.detect(people.portrait(name)).faces) == 1
    assert client.withdraw(ada, [basis]) > 0
    certified = client.erase(ada, reason="request")
    certified.save(tmp_path / "certificate.json")
    assert '"signature"' in (tmp_path / "certificate.json").read_text()
    assert client.log.prove(found.log["index"])["signature"]
    assert len(client.log.entries()) == api.size
    assert client.log.checkpoint()["size"] == api.size
    assert [each.state for each in client.jobs.list()] == ["done", "done"]
    assert [each.id for each in client.reviews.list()] == [review.id]


def test_both_ways_of_waiting_say_the_same(api: Api, client: Client) -> None:
    async def said() -> list[Any]:
        transport = httpx.ASGITransport(api.browser.app)
        async with (
            httpx.AsyncClient(transport=transport) as http,
            AsyncClient(URL, key=api.key("controller operator officer").token, http=http) as later,
        ):
            with pytest.raises(NotFound):
                await later.subjects.get("nobody")
            bea = await later.subjects.add("Bea", territory="GB")
            return [await later.whoami(), await later.subjects.list(), bea]

    whoami, people, bea = asyncio.run(said())
    assert whoami == client.whoami()
    assert people == client.subjects.list()
    assert bea in people


def test_errors_are_the_library_s_own(api: Api, client: Client) -> None:
    with pytest.raises(NotFound) as absent:
        client.subjects.get("../../etc")
    assert absent.value.hint
    with pytest.raises(RoleRefused) as refused:
        Client(URL, key=api.key("officer").token, http=api.browser).detect(b"x")
    assert refused.value.requirement == "P21"
    assert isinstance(refused.value, Refused)
    assert refused.value.log_index == api.size - 1
    bare = api.club.anna.api_keys.create("bare", roles=["operator"], purposes=[PURPOSE]).token
    with pytest.raises(NoCase):
        Client(URL, key=bare, http=api.browser).search(b"x", purpose=PURPOSE)
    with pytest.raises(NotSignedIn):
        Client(URL, key="cnt_K1_x", http=api.browser).status()
    with pytest.raises(errors.Unreadable):
        client.search("/nowhere/at/all.jpg")
    with pytest.raises(NotFound):
        next(client.follow("J99"))
    many = error_of(429, {"code": "too-many", "detail": "x"}, 7)
    assert isinstance(many, errors.TooMany)
    assert many.after == 7
    poor = error_of(422, {"code": "quality-too-low", "detail": "x", "reasons": ["blurred"]})
    assert isinstance(poor, errors.QualityTooLow)
    assert poor.reasons == ("blurred",)
    assert isinstance(error_of(502, "<html>"), Unavailable)


def test_what_a_job_failed_by_is_raised(api: Api, client: Client, tmp_path: Path) -> None:
    (tmp_path / "stopped").mkdir()
    api.club.anna.sources.add("stopped", tmp_path / "stopped", statement="ours", purposes=[PURPOSE])
    api.club.anna.sources.stop("stopped", reason="an order")
    with pytest.raises(errors.SourceRefused):
        list(client.ingest("stopped"))


class Losing:
    """A connection that loses an answer after the service has given it."""

    def __init__(self, through: httpx.Client, loses: int = 1) -> None:
        self._through, self.loses, self.asked = through, loses, 0

    def request(self, **given: Any) -> httpx.Response:
        self.asked += 1
        answer = self._through.request(**given)
        if self.asked <= self.loses:
            raise httpx.ReadError("gone")
        return answer


def test_a_write_whose_answer_was_lost_is_sent_again_and_done_once(api: Api) -> None:
    losing = Losing(api.browser)
    sure = Client(URL, key=api.key("controller operator officer").token, http=losing)  # type: ignore[arg-type]
    assert str(sure.subjects.add("Cleo", territory="GB")) == "cleo"
    assert losing.asked == 2
    assert [each.handle for each in api.club.anna.subjects.list()].count("cleo") == 1


def test_p3_a_search_whose_answer_was_lost_is_not_made_twice(api: Api) -> None:
    losing = Losing(api.browser)
    sure = Client(URL, key=api.key("controller operator officer").token, http=losing)  # type: ignore[arg-type]
    with pytest.raises(Unavailable):
        sure.search(b"x", purpose=PURPOSE, case="press 13")
    assert losing.asked == 1


def driven(ask: Ask[Any], *answers: Came | Lost) -> tuple[Any, list[Any]]:
    """What an exchange gives or raises, and what it did."""
    steps, did, came, waiting = exchange(ask), [], None, list(answers)
    try:
        while True:
            did.append(steps.send(came))
            came = waiting.pop(0) if isinstance(did[-1], Send) else None
    except StopIteration as ended:
        return ended.value, did
    except errors.CountenanceError as error:
        return error, did


BUSY = Came(503, {"code": "unavailable", "detail": "x"}, 5)
GET = Ask(dict, method="GET", route="/v1/status")
ONCE = Ask(dict, fields={}, method="POST", route="/v1/subjects", repeats=True)
SEARCH = Ask(dict, method="POST", route="/v1/search")


@pytest.mark.parametrize(
    ("ask", "answers", "sent", "waited"),
    [
        (GET, [BUSY, Came(200, {})], 2, [5.0]),
        (GET, [Lost(True, unreachable(URL)), Came(200, {})], 2, [0.25]),
        (GET, [BUSY] * 9, 4, [5.0, 5.0, 5.0]),
        (GET, [Came(429, {"code": "too-many", "detail": "x"}, 86_000)], 1, []),
        (GET, [Came(404, {"code": "not-found", "detail": "x"})], 1, []),
        (
            ONCE,
            [Lost(True, unreachable(URL)), Came(409, {"code": "busy", "detail": "x"}), Came(201, {})],
            3,
            [0.25, 0.5],
        ),
        (ONCE, [Came(409, {"code": "busy", "detail": "x"})], 1, []),
        (SEARCH, [BUSY], 1, []),
        (SEARCH, [Lost(True, unreachable(URL))], 1, []),
        (SEARCH, [Lost(False, unreachable(URL)), Came(200, {})], 2, [0.25]),
    ],
)
def test_what_is_sent_again_and_when(ask: Ask[Any], answers: list[Any], sent: int, waited: list[float]) -> None:
    came, did = driven(ask, *answers)
    assert len([each for each in did if isinstance(each, Send)]) == sent
    assert [each.seconds for each in did if isinstance(each, Wait)] == waited
    assert came == {} or isinstance(came, Unavailable | errors.TooMany | NotFound | Busy)
    keys = {each.headers.get("idempotency-key") for each in did if isinstance(each, Send)}
    assert len(keys) == 1
    assert (keys == {None}) == (not ask.repeats)


def test_a_list_is_read_page_by_page() -> None:
    ask = Ask(list, method="GET", route="/v1/subjects", paged=True)
    pages = [Came(200, {"items": [1, 2], "next": "x"}), Came(200, {"items": [3], "next": None})]
    came, did = driven(ask, *pages)
    assert came == [1, 2, 3]
    assert [each.query for each in did] == [{"limit": "200"}, {"limit": "200", "cursor": "x"}]


@pytest.mark.parametrize(
    "url", ["ftp://127.0.0.1", "127.0.0.1:8420", "http://", "http://a:b@127.0.0.1", "http://127.0.0.1/v1"]
)
def test_what_is_no_address_is_told(url: str) -> None:
    with pytest.raises(InputError):
        Client(url, key="cnt_K1_x")


def test_p21_a_key_goes_in_clear_to_this_machine_alone() -> None:
    for kind in (Client, AsyncClient):
        with pytest.raises(InputError, match="in clear"):
            kind("http://club.example:8420", key="cnt_K1_x")
        with pytest.raises(InputError, match="no API key"):
            kind(URL, key="cnt\r\nx: y")
    Client("https://club.example", key="cnt_K1_x").close()


def test_nobody_there_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "TRIES", 2)
    with Client("http://127.0.0.1:9", key="cnt_K1_x") as nobody, pytest.raises(Unavailable, match="be reached"):
        nobody.status()


def test_without_its_library_the_client_says_what_to_install() -> None:
    code = "import sys; sys.modules['httpx'] = None; import countenance; print('here'); countenance.Client"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ran.stdout == "here\n"
    assert "The client needs a library that is not installed." in ran.stderr
    with pytest.raises(AttributeError):
        countenance.nothing  # noqa: B018


def test_results_pass_over_what_they_do_not_know() -> None:
    told = {"handle": "a", "name": "A", "territory": "GB", "state": "active", "newer": 1}
    assert results.made(results.Subject, told).name == "A"
    assert photo_of(b"x") == b"x"
