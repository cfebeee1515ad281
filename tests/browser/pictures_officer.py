"""Draws the officer's pages, and those of signing in and signing: ``python tests/browser/pictures_officer.py``.

On a club that is made for it, without photographs. Nobody in them exists.
"""

from __future__ import annotations

import itertools
import shutil
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page

sys.path.insert(0, str(Path(__file__).parents[1]))

from browser.drawing import Reach, at, draw, drawing
from browser.signing import serving
from clubs import BEN, WORDS, Club

ADA, BO = "ada@example.org", "bo@example.org"


def main() -> None:
    """Make the club, sign in as its officer, walk through the pages."""
    folder = Path(tempfile.mkdtemp(prefix="countenance-pictures-"))
    club = Club(folder)
    pages = _prepared(club)
    with serving(club) as served, drawing() as browser:
        _walk(browser, served.url, pages)
    club.close()
    shutil.rmtree(folder)


def _walk(browser: Browser, url: str, pages: dict[str, str]) -> None:
    draw(browser, "sign-in", at(f"{url}/sign-in"))
    inside = [at(f"{url}/sign-in"), _sign_in]
    for name, path in pages.items():
        draw(browser, name, *inside, at(url + path))
    leaving = [*inside, _next_of(f"{url}/people/gia-{{}}"), _erase]
    draw(browser, "sign", *leaving)
    draw(browser, "erased", *leaving, _sign)


def _prepared(club: Club) -> dict[str, str]:
    """What waits, and the pages that show it."""
    _ = club.cleo
    club.person("Ada Lindqvist", 1, contact=ADA, handle="ada")
    club.person("Bo Marchetti", 2, contact=BO, handle="bo", territory="FR")
    club.anna.receipts.issue("B1")
    club.anna.requests.receive("rectification", contact="eve@example.org")
    club.clock.forward(days=32)
    club.anna.requests.receive("erasure", contact=BO)
    club.clock.forward(days=6)
    club.anna.requests.receive("access", contact=ADA, details="I was at the regatta in May.")
    club.anna.requests.receive("objection", contact=BO)
    club.ben.requests.answer("R4")
    club.anna.bases.record(
        club.subject("Cara Okafor", handle="cara"), ground="consent", condition="explicit-consent",
        purposes=["photo-library"], notice="notice-2027", evidence=club.evidence("cara"),
    )  # fmt: skip
    for name, contact in (("Dee Arden", "dee@example.org"), ("Emil Brandt", None), ("Fay Costa", "+44 20 7946 0000")):
        club.basis(club.subject(name, contact=contact), until="2027-03-21")
    for number in range(8):
        club.subject("Gia Rossi", handle=f"gia-{number}", territory="IT")
    club.obey("quarantine", territory="FR", authority="CNIL", reference="SAN-2027-004")
    club.anna.orders.propose("erase", territory="GB", authority="ICO", reference="ENF-1", evidence=club.document())
    return {
        "account": "/account", "officer": "/officer", "requests": "/officer/requests",
        "request": "/officer/requests/R3", "orders": "/officer/orders", "order-new": "/officer/orders/new",
        "order": "/officer/orders/O2", "approvals": "/approvals", "consents": "/officer/consents?days=60",
        "accuracy": "/reports/accuracy",
    }  # fmt: skip


def _sign_in(page: Page) -> None:
    page.get_by_label("Your address").fill(BEN)
    page.get_by_label("Password").fill(WORDS[BEN])
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(lambda there: "/sign-in" not in there)


def _next_of(address: str, numbers: itertools.count = itertools.count()) -> Reach:  # noqa: B008 - one count for all
    return lambda page: page.goto(address.format(next(numbers)))


def _erase(page: Page) -> None:
    page.locator("summary", has_text="Erase").click()
    page.get_by_label("Erase Gia Rossi for good").check()
    page.locator("button.danger").click()
    page.get_by_role("heading", name="Sign this").wait_for()


def _sign(page: Page) -> None:
    page.get_by_label("Password").fill(WORDS[BEN])
    page.locator("form.panel button.main").first.click()
    page.get_by_role("heading", name="Erased, and certified").wait_for()


if __name__ == "__main__":
    main()
