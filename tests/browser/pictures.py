"""Draws the pictures of the web application that the documentation shows: ``python tests/browser/pictures.py``.

On the demo club (``.demo``, founded when it is not there), whose people do not exist. The main pages on a desktop and
a phone, in the light and in the dark.
"""

from __future__ import annotations

import io
import os
import shutil
import sys
from contextlib import ExitStack
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

sys.path.insert(0, str(Path(__file__).parents[1]))

from browser.desk import expected
from browser.served import Served, serving
from countenance.demo import club as demo
from countenance.samples import cast

OUT = Path(__file__).parents[2] / "docs" / "images" / "web"
SIZES = {"desktop": (1200, 820), "phone": (390, 844)}
TALLEST = 1500
"""Pixels: what a page has below is cut off."""


def main() -> None:
    """Open the demo club, walk through its pages, write the pictures."""
    OUT.mkdir(parents=True, exist_ok=True)
    places = demo.ready()
    os.environ["COUNTENANCE_PHOTOS__ROOT"] = str(places.photos)
    with ExitStack() as closing:
        anna, clara = (
            closing.enter_context(serving(closing.enter_context(places.open(account))))
            for account in (demo.ANNA, demo.CLARA)
        )
        playwright = closing.enter_context(sync_playwright())
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        _walk(browser, anna, clara)
        browser.close()


def _walk(browser: Browser, anna: Served, clara: Served) -> None:
    found = anna.club.search(cast().photos("Goran")[1], purpose="photo-library", case="press office 12")
    main_ones = {
        "search": (anna, "/", None),
        "found": (anna, "/", _found),
        "review": (clara, f"/reviews/{found.review}", None),
        "job": (anna, "/sources/1", _ingest),
        "source-new": (anna, "/sources/new", None),
    }
    for name, (served, path, reach) in main_ones.items():
        for size in SIZES:
            for scheme in ("light", "dark"):
                _draw(browser, served, path, f"{name}-{size}-{scheme}", size, scheme, reach)
    for size in SIZES:
        for scheme in ("light", "dark"):
            _draw(browser, anna, "/reports/names", f"names-{size}-{scheme}", size, scheme, None)
    expect_visitors(anna)
    for name, reach in (("desk", None), ("desk-found", _at_the_desk)):
        for size in SIZES:
            for scheme in ("light", "dark"):
                _draw(browser, anna, "/visits", f"{name}-{size}-{scheme}", size, scheme, reach)
    others = {
        "choose": (anna, "/", _choice), "reviews": (clara, "/reviews", None), "people": (anna, "/people", None),
        "person": (anna, "/people/goran", None), "photo": (anna, "/photos/P16", None),
        "sources": (anna, "/sources", None), "source": (anna, "/sources/1", _open_all), "jobs": (anna, "/jobs", None),
        "log": (anna, "/log", _check),
        "reports": (anna, "/reports", None),
        "accountability": (anna, "/reports/accountability", None), "public": (anna, "/public", None),
        "rights": (anna, "/rights", None), "refused": (anna, "/people/nobody", None),
    }  # fmt: skip
    for number, (name, (served, path, reach)) in enumerate(others.items()):
        # Each once, and every combination among them.
        size, scheme = list(SIZES)[number % 2], ("light", "dark")[number // 2 % 2]
        _draw(browser, served, path, f"{name}-{size}-{scheme}", size, scheme, reach)


def _draw(browser: Browser, served: Served, path: str, name: str, size: str, scheme: str, reach: object) -> None:
    width, height = SIZES[size]
    context = browser.new_context(
        viewport={"width": width, "height": height}, color_scheme=scheme, locale="en-GB", reduced_motion="reduce"
    )
    page = context.new_page()
    page.set_default_timeout(120_000)
    page.goto(served.address)
    if path != "/":
        page.goto(served.here + path)
    if callable(reach):
        reach(page)
    page.evaluate("document.activeElement.blur()")
    shot = Image.open(io.BytesIO(page.screenshot(full_page=True)))
    shot = shot.crop((0, 0, shot.width, min(shot.height, TALLEST)))
    shot.convert("RGB").quantize(256, dither=Image.Dither.FLOYDSTEINBERG).save(OUT / f"{name}.png", optimize=True)
    context.close()


def expect_visitors(anna: Served) -> None:
    """Three visitors: expected, inside, and one whose consent waits."""
    expected(anna, "Robin Lind", "Goran")
    anna.club.visits.arrive(expected(anna, "Omar Said", "Vera").id, way="badge")
    expected(anna, "Lee Park", cast().identities[-1], confirmed=False)


def _at_the_desk(page: Page) -> None:
    page.locator("#photo").set_input_files(str(cast().photos("Goran")[1]))
    page.get_by_role("button", name="Compare with today’s visitors").click()
    page.wait_for_selector("article.card .score")


def _found(page: Page) -> None:
    page.locator("button[value=Goran]").click()
    page.wait_for_selector("article.card")


def _ingest(page: Page) -> None:
    page.get_by_label("Look at every photo anew").check()
    page.get_by_role("button", name="Begin the ingest").click()
    page.wait_for_selector("[data-state=done]")


def _choice(page: Page) -> None:
    page.locator("#photo").set_input_files(str(next(each for each in cast().party() if len(each.people) > 2).path))
    page.locator("form.search button.main:has-text('Search')").last.click()
    page.wait_for_selector(".choosing")


def _open_all(page: Page) -> None:
    page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")


def _check(page: Page) -> None:
    page.get_by_role("button", name="Paste the one of now").click()
    page.locator(".check-log").get_by_role("button", name="Check", exact=True).click()
    page.wait_for_selector(".verdict.good")


if __name__ == "__main__":
    main()
