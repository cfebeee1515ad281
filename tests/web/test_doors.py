"""Which account gets to which page: the menu and the doors say the same."""

from __future__ import annotations

import warnings
from contextlib import contextmanager

import pytest

from clubs import Club
from countenance.web.app import create_app
from countenance.web.guard import Session
from countenance.web.routes import ROUTES
from countenance.web.site import MENU, Site
from county import county

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    warnings.simplefilter("ignore", UserWarning)
    from starlette.testclient import TestClient

PORT = 8420


@contextmanager
def entered(session):
    """A browser that was let in as this account."""
    site = Site(session, Session(PORT))
    with TestClient(create_app(site), base_url=f"http://127.0.0.1:{PORT}", follow_redirects=False) as browser:
        browser.get("/open", params={"key": site.session.secret})
        yield browser


def test_p21_a_role_opens_the_pages_of_its_menu_and_no_others(club: Club) -> None:
    club.anna.accounts.add("rex@club.example", roles=["reviewer"], passphrase="rex's words")
    with entered(club.open("rex@club.example")) as browser:
        assert browser.get("/").headers["location"] == "/reviews"
        assert browser.get("/reviews").text.count('class="menu"') == 1
        for at, _, roles, _ in MENU[1:]:
            answer = browser.get(at)
            assert answer.status_code == (200 if "reviewer" in roles else 403), at
            assert (f'href="{at}"' in browser.get("/reviews").text) is ("reviewer" in roles)
        for path in ("/people/ada", "/photos/P1", "/sources/1", "/log/0/proof.json", "/reports/register"):
            assert browser.get(path).status_code == 403, path


def test_p3_to_another_organisation_the_owners_pages_are_absent(club: Club) -> None:
    other = county(club)
    other.agree()
    club.person("Ada", 1)
    with entered(other.dan) as browser:
        assert browser.get("/").status_code == 200
        assert browser.get("/reviews").status_code == 200
        for path in ("/people", "/people/ada", "/photos/P1", "/sources", "/log", "/reports", "/log/grown.json?from=1"):
            answer = browser.get(path)
            assert (answer.status_code, "There is no such page." in answer.text) == (404, True), path
            assert "Ada" not in answer.text


def test_every_door_that_needs_a_role_names_it() -> None:
    free = {route.path for route in ROUTES if not route.roles}
    assert free == {
        "/open", "/sign-in", "/style.css", "/static/{name}", "/language/{code}",
        "/rights", "/public", "/public.json", "/confirm/{token}", "/sign-in/directory", "/sign-in/back",
        "/guest/{secret}", "/mine/{key}", "/mine/{key}/ask", "/mine/{key}/stills", "/mine/{key}/leave",
        "/mine/{key}/photos.zip", "/mine/{key}/photos/{photo}", "/mine/{key}/photos/{photo}/small",
    }  # fmt: skip


@pytest.mark.parametrize("path", ["/static/../guard.py", "/static/%2e%2e%2fguard.py", "/static/x.js", "/static/"])
def test_only_our_own_scripts_are_served(club: Club, path: str) -> None:
    with entered(club.anna) as browser:
        assert browser.get(path).status_code == 404
        script = browser.get("/static/theme.js")
        assert (script.status_code, script.headers["content-type"]) == (200, "text/javascript; charset=utf-8")
