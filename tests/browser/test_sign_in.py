"""A person at a real browser: adds a passkey, signs in with it, and signs what needs their own signature.

The authenticator is Chromium's own virtual one (W3C Web Authentication, section 11); everything else is the real part.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from browser.signing import Served, serving, with_authenticator
from clubs import ANNA, BEN, WORDS, Club


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    club = Club(tmp_path_factory.mktemp("signing"))
    with serving(club) as running:
        yield running
    club.close()


def sign_in(page: Any, served: Served, email: str) -> None:
    page.goto(f"{served.url}/")
    assert page.url.endswith("/sign-in")
    page.get_by_label("Your address").fill(email)
    page.get_by_label("Password").fill(WORDS[email])
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(lambda url: "/sign-in" not in url)


def add_passkey(page: Any, served: Served, email: str) -> None:
    page.goto(f"{served.url}/account")
    page.get_by_label("Its name").fill("my laptop")
    page.get_by_label("Password").fill(WORDS[email])
    page.get_by_role("button", name="Add a passkey").click()
    page.get_by_role("cell", name="my laptop", exact=True).wait_for()


def sign_out(page: Any, served: Served) -> None:
    page.goto(f"{served.url}/account")
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url(f"{served.url}/sign-in")


def approve(page: Any, order: str) -> None:
    """Send the form of a page that has orders."""
    page.evaluate(
        """order => { const form = document.querySelector("form[action='/account/sign-out']");
        form.action = `/approve/${order}`; form.submit(); }""",
        order,
    )
    page.get_by_role("heading", name="Sign this").wait_for()


def test_p18_a_passkey_is_added_signs_in_and_signs_an_approval(served: Served, chromium: Any) -> None:
    club = served.club
    _ = club.cleo
    order = club.ben.orders.propose("hold", territory="GB", authority="ICO", evidence=club.document()).id
    page = with_authenticator(chromium)
    sign_in(page, served, ANNA)
    add_passkey(page, served, ANNA)
    sign_out(page, served)
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url(lambda url: "/sign-in" not in url)
    assert ANNA in page.inner_text("header")
    page.goto(f"{served.url}/account")
    approve(page, order)
    assert club.anna.orders.get(order).approvals == 0
    assert '"act": "approve"' in page.inner_text("pre")
    page.get_by_role("button", name="Sign with a passkey").click()
    page.get_by_text(f"{order}: 1 signed.").wait_for()
    assert club.anna.orders.get(order).approvals == 1
    assert "SignAgain" not in page.content()
    page.context.close()


def test_p18_somebody_else_s_browser_has_no_passkey_of_this_account(served: Served, chromium: Any) -> None:
    page = with_authenticator(chromium)
    page.goto(f"{served.url}/sign-in")
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.get_by_text("The browser gave no passkey.").wait_for()
    sign_in(page, served, BEN)
    assert page.context.cookies()[0]["httpOnly"]
    page.context.close()


def test_p3_by_number_the_page_says_where_passkeys_work(served: Served, chromium: Any) -> None:
    page = chromium.new_page()
    page.goto(served.url.replace("localhost", "127.0.0.1") + "/sign-in")
    assert "Passkeys do not work on this address" in page.inner_text("main")
    assert page.get_by_role("link", name=served.url).get_attribute("href") == f"{served.url}/sign-in"
    page.close()
