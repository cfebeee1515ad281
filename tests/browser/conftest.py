"""A browser, a club and its two pages, once for all tests here. Skipped, and said so, where there is no Chromium."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from browser.served import Served, club_served
from countenance.samples import cast

MEMBERS = 3
PATIENCE = 60_000
"""Milliseconds: so long may a busy machine take."""
CHROMIUM = shutil.which("chromium")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if item.path.parent == here:
            item.add_marker(pytest.mark.browser)
            if CHROMIUM is None:
                item.add_marker(pytest.mark.skip(reason="no Chromium: apt-get install chromium"))


@pytest.fixture(scope="package")
def club() -> Iterator[tuple[Served, Served]]:
    memory = Path("/dev/shm")  # noqa: S108
    root = Path(tempfile.mkdtemp(prefix="countenance-browser-", dir=memory if memory.is_dir() else None))
    try:
        with club_served(root, MEMBERS, hostile=True) as pages:
            yield pages
    finally:
        shutil.rmtree(root)


@pytest.fixture(scope="package")
def camera(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the browser's camera sees: a member whom nobody has photographed like this before."""
    file = tmp_path_factory.mktemp("camera") / "member.mjpeg"
    shutil.copyfile(cast().photos("Bela")[1], file)
    return file


@pytest.fixture(scope="module")
def chromium(camera: Path) -> Iterator[Browser]:
    """One browser a file, and no longer: until Playwright stops, its event loop runs in this thread, and whatever asks
    for a loop of its own in the next file is refused one."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=[
                "--no-sandbox",
                "--disable-dev-shm-usage",
                "--use-fake-ui-for-media-stream",
                "--use-fake-device-for-media-stream",
                f"--use-file-for-fake-video-capture={camera}",
            ],
        )
        expect.set_options(timeout=PATIENCE)
        yield browser
        browser.close()


@pytest.fixture
def opened(chromium: Browser) -> Iterator[Callable[..., Page]]:
    """Opens a page of a served club in a browser that was let in. Whatever its console complains of fails the test."""
    contexts, said = [], []

    def open_page(served: Served, path: str = "/", **options) -> Page:
        context = chromium.new_context(**({"viewport": {"width": 1200, "height": 900}, "locale": "en-GB"} | options))
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        page.on("console", lambda each: said.append(each.text) if each.type == "error" else None)
        page.on("pageerror", lambda each: said.append(str(each)))
        page.on("request", lambda each: said.append(each.url) if not _ours(each.url, served) else None)
        page.goto(served.address)
        if path != "/":
            page.goto(served.here + path)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert [each for each in said if "status of 4" not in each] == []


def _ours(url: str, served: Served) -> bool:
    return url.startswith((served.here, "data:", "blob:"))
