"""A person at a real browser comes from the organisation's directory, and comes back to where they were."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import expect

from browser.signing import Served, serving
from browser.test_pages import violations
from clubs import ANNA, WORDS, Club
from countenance.policy.sessions import IDLE
from directories import CLIENT, SECRET, provider


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    club = Club(tmp_path_factory.mktemp("directory"))
    with pytest.MonkeyPatch.context() as patch, provider(club.clock) as known:
        patch.setenv("COUNTENANCE_OIDC_SECRET", SECRET)
        known.person = {"sub": "anna-4711", "email": ANNA, "email_verified": True}
        club.configure("[http.oidc]", f'issuer = "{known.issuer}"', f'client_id = "{CLIENT}"', "required = true")
        with serving(club) as running:
            yield running
    club.close()


def come_in(page: Any) -> None:
    """There, back from another site, and in with the password."""
    expect(page.get_by_label("Password")).to_have_count(0)
    assert violations(page) == []
    page.get_by_role("link", name="Go to 127.0.0.1").click()
    expect(page.get_by_role("status").first).to_contain_text(ANNA)
    assert violations(page) == []
    page.get_by_label("Your address").fill(ANNA)
    page.get_by_label("Password").fill(WORDS[ANNA])
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(lambda url: "/sign-in" not in url)


def test_from_the_directory_and_after_half_an_hour_back_to_the_same_page(served: Served, chromium: Any) -> None:
    page = chromium.new_context().new_page()
    page.set_default_timeout(60_000)
    page.goto(served.url)
    come_in(page)
    page.goto(f"{served.url}/account")
    expect(page.get_by_role("heading", name="The organisation’s directory")).to_be_visible()
    expect(page.locator("main")).to_contain_text("Your key has signed who you are")
    assert violations(page) == []
    page.goto(f"{served.url}/people?q=ada")
    served.club.clock.forward(seconds=IDLE + 1)
    page.get_by_role("button", name="Find").click()
    expect(page.get_by_role("status").first).to_contain_text("You are signed out")
    come_in(page)
    assert page.url == f"{served.url}/people?q=ada"
    page.context.close()
