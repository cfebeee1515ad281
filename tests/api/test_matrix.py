"""Every route for every role, of the own organisation and of another: made from the table of routes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from callers import Api, serving
from clubs import Club
from countenance.errors import NotFound
from countenance.http.app import create_api, undeclared
from countenance.http.route import Route
from countenance.http.table import ACTIONS, OPEN, ROUTES
from county import county

EVERY = pytest.mark.parametrize("route", ROUTES, ids=[f"{each.method} {each.path}" for each in ROUTES])
WHO = ("controller", "operator", "officer")


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """One club for all routes: none of these requests changes anything."""
    club = Club(tmp_path_factory.mktemp("matrix"))
    with serving(club) as browser:
        yield Api(club, browser)
    club.close()


def asked(api: Api, route: Route, token: str | None):
    path = route.path.replace("{index}", "0").format_map(
        dict.fromkeys(("handle", "basis", "name", "job", "review"), "x9")
    )
    headers = {} if token is None else {"authorization": f"Bearer {token}"}
    return api.browser.request(route.method, path, headers=headers)


@EVERY
def test_p3_no_route_answers_without_a_key(shared: Api, route: Route) -> None:
    size = shared.size
    answer = asked(shared, route, None)
    assert (answer.status_code, answer.json()["code"]) == (401, "not-signed-in")
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert shared.size == size


@EVERY
@pytest.mark.parametrize("role", WHO)
def test_p21_each_role_reaches_its_routes_and_no_others(shared: Api, route: Route, role: str) -> None:
    answer = asked(shared, route, shared.key(role).token)
    if not route.roles or role in route.roles:
        assert answer.json().get("code") not in {"role", "not-signed-in", "not-served"}
        assert answer.status_code < 500
    else:
        assert (answer.status_code, answer.json()["code"]) == (403, "role")
        assert answer.json()["requirement"] == "P21"


def test_every_route_says_what_it_does_and_who_may() -> None:
    assert {route.action for route in ROUTES} == set(ACTIONS)
    for route in ROUTES:
        assert route.roles or route.action == "overview", f"{route.path} is open to any key"
        assert set(route.roles) <= set(WHO)
        assert len(route.summary) > 10
        assert route.example
    assert len({(route.method, route.path) for route in ROUTES}) == len(ROUTES)
    assert len(OPEN) == 4


def test_the_application_serves_the_table_and_nothing_else(shared: Api) -> None:
    app = create_api(shared.club.anna)
    assert undeclared(app) == []
    assert undeclared(app, ROUTES[1:]) == ["POST /v1/detect"]


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Api, str]]:
    """A club that another organisation searches, and a key of one of that organisation's accounts."""
    club = Club(tmp_path_factory.mktemp("county"))
    dan = county(club).dan
    made = dan.api_keys.create("county", roles=["controller", "operator"], purposes=["photo-library"])
    with serving(club) as browser:
        yield Api(club, browser), made.token
    club.close()


@EVERY
def test_p3_to_another_organisation_all_but_a_closed_list_is_absent(elsewhere: tuple[Api, str], route: Route) -> None:
    api, token = elsewhere
    answer = asked(api, route, token)
    if route.party:
        assert answer.json().get("code") not in {"not-found", "not-signed-in"}
    else:
        assert answer.status_code == 404
        assert answer.json()["detail"] == NotFound("There is no such record.").message
