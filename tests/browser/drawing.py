"""How the pictures of the pages are drawn: each on a desktop and a phone, in the light and in the dark."""

from __future__ import annotations

import io
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

OUT = Path(__file__).parents[2] / "docs" / "images" / "web"
SIZES = {"desktop": (1200, 820), "phone": (390, 844)}
SCHEMES = ("light", "dark")
TALLEST = 1500
"""Pixels: what a page has below is cut off."""
Reach = Callable[[Page], object]


@contextmanager
def drawing() -> Iterator[Browser]:
    """Debian's Chromium, until the block ends."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        yield browser
        browser.close()


def draw(browser: Browser, name: str, *reach: Reach) -> None:
    """Reach a page, in each look by a browser that knows nothing, and write what it shows."""
    for size, (width, height) in SIZES.items():
        for scheme in SCHEMES:
            context = browser.new_context(
                viewport={"width": width, "height": height}, color_scheme=scheme, locale="en-GB",
                reduced_motion="reduce",
            )  # fmt: skip
            page = context.new_page()
            page.set_default_timeout(120_000)
            for step in reach:
                step(page)
            _save(page, OUT / f"{name}-{size}-{scheme}.png")
            context.close()


def _save(page: Page, file: Path) -> None:
    for image in page.locator("img[loading=lazy]").all():
        image.scroll_into_view_if_needed()
    page.wait_for_load_state("networkidle")
    page.evaluate("() => { document.activeElement.blur(); scrollTo(0, 0); }")
    shot = Image.open(io.BytesIO(page.screenshot(full_page=True)))
    shot = shot.crop((0, 0, shot.width, min(shot.height, TALLEST)))
    shot.convert("RGB").quantize(256, dither=Image.Dither.FLOYDSTEINBERG).save(file, optimize=True)


def at(address: str) -> Reach:
    """Go there."""
    return lambda page: page.goto(address)


def pressed(name: str, until: str) -> Reach:
    """Press the button of this name, and wait for what comes of it."""

    def press(page: Page) -> None:
        page.get_by_role("button", name=name, exact=True).first.click()
        page.locator(until).first.wait_for()

    return press
