"""Draws the pictures of the officer's pages: ``python tests/browser/pictures_officer.py``. Nobody in them exists.

On a club that is made for it, without photographs; light and dark, on a desktop and a phone.
"""

from __future__ import annotations

import io
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import sync_playwright

sys.path.insert(0, str(Path(__file__).parents[1]))

from browser.pictures import OUT, SIZES, TALLEST
from browser.signing import serving
from clubs import BEN, WORDS, Club

ADA, BO = "ada@example.org", "bo@example.org"


def main() -> None:
    """Make the club, sign in as its officer, walk through the pages."""
    folder = Path(tempfile.mkdtemp(prefix="countenance-pictures-"))
    club = Club(folder)
    pages = _prepared(club)
    with serving(club) as served, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        for size, (width, height) in SIZES.items():
            for scheme in ("light", "dark"):
                context = browser.new_context(
                    viewport={"width": width, "height": height}, color_scheme=scheme, locale="en-GB",
                    reduced_motion="reduce",
                )  # fmt: skip
                page = _signed_in(context.new_page(), served.url)
                for name, path in pages.items():
                    page.goto(served.url + path)
                    _save(page, f"{name}-{size}-{scheme}")
                context.close()
        browser.close()
    club.close()
    shutil.rmtree(folder)


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
    club.obey("quarantine", territory="FR", authority="CNIL", reference="SAN-2027-004")
    club.anna.orders.propose("erase", territory="GB", authority="ICO", reference="ENF-1", evidence=club.document())
    return {
        "officer": "/officer", "requests": "/officer/requests", "request": "/officer/requests/R3",
        "orders": "/officer/orders", "order-new": "/officer/orders/new", "order": "/officer/orders/O2",
        "approvals": "/approvals", "consents": "/officer/consents?days=60", "accuracy": "/reports/accuracy",
    }  # fmt: skip


def _signed_in(page: Any, url: str) -> Any:
    page.set_default_timeout(120_000)
    page.goto(f"{url}/sign-in")
    page.get_by_label("Your address").fill(BEN)
    page.get_by_label("Password").fill(WORDS[BEN])
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(lambda at: "/sign-in" not in at)
    return page


def _save(page: Any, name: str) -> None:
    page.evaluate("document.activeElement.blur()")
    shot = Image.open(io.BytesIO(page.screenshot(full_page=True)))
    shot = shot.crop((0, 0, shot.width, min(shot.height, TALLEST)))
    shot.convert("RGB").quantize(256, dither=Image.Dither.FLOYDSTEINBERG).save(OUT / f"{name}.png", optimize=True)


if __name__ == "__main__":
    main()
