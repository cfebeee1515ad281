"""Every route of the page for every role, of the own organisation and of another: made from the table of routes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest

from clubs import WORDS, Club
from countenance.errors import NotFound
from countenance.service import signing_in
from countenance.web.app import _let
from countenance.web.doors import token_of
from countenance.web.route import ANYBODY, OPEN_TO_ALL, Route
from countenance.web.routes import ACTIONS, ROUTES
from county import DAN, county
from web.visitors import COOKIE, Visitor, people, site_of

INSIDE = [route for route in ROUTES if route.roles]
EVERY = pytest.mark.parametrize("route", INSIDE, ids=[f"{each.method} {each.path}" for each in INSIDE])
LASTING = pytest.mark.parametrize("route", [each for each in INSIDE if not each.path.endswith("sign-out")])
"""Without the one that ends the session that the others use; test_signing.py has it."""
FILLED = {"handle": "x9", "name": "Nobody", "token": "x9", "passkey": "W9", "browser": "N9"}


@dataclass
class Everybody:
    visitor: Visitor
    cookies: dict[str, str]

    def ask(self, route: Route, who: str | None):
        """One request with the cookie and the form's token of a person, or of nobody."""
        browser, cookie = self.visitor.browser, self.cookies[who] if who else None
        browser.cookies.clear()
        data = None
        if cookie:
            browser.cookies.set(COOKIE, cookie)
        if route.method == "POST":
            data = {"token": token_of(cookie or "x"), "sure": "yes", "reason": "withdrawn", "purpose": "photo-library"}
        return browser.request(route.method, route.path.format_map(_Filled()), data=data)


class _Filled(dict):
    def __missing__(self, name: str) -> str:
        return FILLED.get(name, "x9")


@pytest.fixture(scope="module")
def everybody(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Everybody]:
    """One club for all routes, another organisation beside it: none of these requests changes a record."""
    club = Club(tmp_path_factory.mktemp("matrix"))
    cookies = people(club, *ANYBODY)
    county(club)
    cookies["elsewhere"] = signing_in.by_password(club.anna, DAN, WORDS[DAN])
    yield Everybody(Visitor(site_of(club)), cookies)
    club.close()


@EVERY
def test_p3_no_route_answers_without_signing_in(everybody: Everybody, route: Route) -> None:
    answer = everybody.ask(route, None)
    assert (answer.status_code, answer.headers.get("location")) in {(303, "/sign-in"), (401, None)}


@LASTING
@pytest.mark.parametrize("role", ANYBODY)
def test_p21_each_role_reaches_its_routes_and_no_others(everybody: Everybody, route: Route, role: str) -> None:
    answer = everybody.ask(route, role)
    if role in route.roles:
        assert answer.status_code not in (401, 500)
        assert "An account with the role" not in answer.text
    else:
        assert answer.status_code == 403
        assert "P21" in answer.text


@LASTING
def test_p3_to_another_organisation_all_but_a_closed_list_is_absent(everybody: Everybody, route: Route) -> None:
    answer = everybody.ask(route, "elsewhere")
    if route.party:
        assert answer.status_code in (200, 303, 404, 422, 403)
        assert "There is no such page" not in answer.text
    else:
        assert answer.status_code == 404
        assert "There is no such page." in answer.text


def test_every_route_names_its_roles_unless_it_is_open_to_all() -> None:
    for route in ROUTES:
        assert route.action in ACTIONS
        assert route.roles or route.action in OPEN_TO_ALL, route.path
        assert set(route.roles) <= set(ANYBODY)
    assert {"sign-in", "request", "publish", "confirm", "guest", "show"} == OPEN_TO_ALL


def test_a_route_that_names_no_role_is_nobody_s(everybody: Everybody) -> None:
    (home,) = [route for route in ROUTES if route.path == "/"]
    with pytest.raises(NotFound):
        _let(everybody.visitor.site, replace(home, roles=()))
