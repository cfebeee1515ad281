"""A page that has stood idle: its session has ended, which is said, and signing in leads back to it."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from clubs import ANNA, Club
from countenance.policy.sessions import IDLE
from web.visitors import COOKIE, HOST, Visitor, site_of

SAID = "You are signed out"


@pytest.fixture
def idle(club: Club) -> Visitor:
    """Anna's browser, half an hour later."""
    visitor = Visitor(site_of(club))
    visitor.sign_in(ANNA)
    club.clock.forward(seconds=IDLE + 1)
    return visitor


def test_an_idle_page_says_so_and_signing_in_leads_back_to_it(idle: Visitor) -> None:
    answer = idle.browser.get("/people?q=ada&from=0")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
    page = idle.browser.get("/sign-in").text
    assert SAID in page
    assert "leads back to where you were" in page
    assert "Rowing Club" not in page
    assert idle.sign_in(ANNA).headers["location"] == "/people?q=ada&from=0"
    assert idle.browser.cookies.get(f"{COOKIE}-there") is None, "once"


def test_what_an_idle_page_sends_does_nothing_and_leads_back_to_its_form(idle: Visitor, club: Club) -> None:
    club.subject("Ada")
    answer = idle.browser.post(
        "/people/ada/withdraw", data={"sure": "yes"}, headers={"referer": f"{HOST}/people/ada?x=1", "origin": HOST}
    )
    assert answer.status_code == 401
    assert SAID in answer.text
    assert "Nothing was done" in answer.text
    assert 'href="/sign-in"' in answer.text
    assert idle.sign_in(ANNA).headers["location"] == "/people/ada?x=1"


@pytest.mark.parametrize(
    "there",
    ["//evil.example", "https://evil.example/people", "/\\evil.example", "/nothing", "people", "", "/people\r\nx: y",
     "/search", "javascript:alert(1)", "/" + "a" * 5000],
)  # fmt: skip
def test_p3_a_planted_place_leads_nowhere_else(idle: Visitor, there: str) -> None:
    idle.browser.cookies.set(f"{COOKIE}-there", quote(there, safe=""))
    assert "leads back" not in idle.browser.get("/sign-in").text
    assert idle.sign_in(ANNA).headers["location"] == "/"


def test_of_who_was_never_here_nothing_is_noted_nor_of_what_a_page_asks_by_itself(idle: Visitor) -> None:
    stranger = Visitor(idle.site)
    assert "-there" not in stranger.browser.get("/people/ada").headers.get("set-cookie", "")
    assert SAID not in stranger.browser.get("/sign-in").text
    assert "-there" not in idle.browser.get("/sources/1/standing.json").headers.get("set-cookie", "")
