"""An ingest begun, followed and stopped in Debian's Chromium, with JavaScript and without."""

from __future__ import annotations

import shutil
import threading

import pytest
from playwright.sync_api import expect

from browser.served import HOSTILE
from browser.test_pages import DARK, violations
from countenance.samples import cast
from countenance.service import runner


@pytest.fixture
def slow(monkeypatch):
    """The work waits after its first photo, until it is let go on."""
    go, real = threading.Event(), runner.Runner._teller

    def waits(self, job):
        tell = real(self, job)

        def telling(now):
            tell(now)
            if now.done:
                go.wait(60)

        return telling

    monkeypatch.setattr(runner.Runner, "_teller", waits)
    monkeypatch.setattr(runner, "OFTEN", 0)
    yield go
    go.set()


@pytest.fixture
def source(club, request, tmp_path):
    """A source of its own: a photo, a film, a broken file with a hostile name."""
    anna = club[0].club
    name = request.node.name[:80]
    shutil.copyfile(cast().party()[0].path, tmp_path / "one.jpg")
    (tmp_path / "film.mp4").write_bytes(b"moving")
    (tmp_path / f"{HOSTILE.replace('/', '')}.jpg").write_bytes(b"no picture")
    return anna.sources.add(name, tmp_path, statement="our own photographer", purposes=["photo-library"])


def test_an_ingest_is_followed_without_reloading_and_read_aloud_at_its_end(opened, club, source, slow):
    page = opened(club[0], f"/sources/{source.id}")
    page.get_by_role("button", name="Begin the ingest").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Ingest of {source.name}")
    expect(page.locator(".job .state")).to_have_text("Under way")
    expect(page.get_by_role("progressbar")).to_be_visible()
    expect(page.locator(".facts")).to_contain_text("1 / 3")  # nobody has reloaded: it began with nothing
    assert violations(page) == []
    page.evaluate("window.here = true")
    slow.set()
    expect(page.locator(".job .state")).to_have_text("Done")
    expect(page.get_by_role("status")).to_have_text(f"Ingest of {source.name}: Done.")
    expect(page.get_by_role("button", name="Stop")).to_have_count(0)
    for said in ("Cannot be read", "Videos"):
        expect(page.locator(".skips")).to_contain_text(said)
    assert page.evaluate("window.here"), "the page is the same one"
    assert violations(page) == []
    page.get_by_role("link", name="To the source").click()
    page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
    expect(page.locator(".originals")).to_contain_text("onerror=")
    assert page.locator("img[src=x]").count() == 0


def test_an_ingest_is_stopped_with_the_keyboard_and_the_history_says_so(opened, club, source, slow):
    page = opened(club[0], f"/sources/{source.id}", **DARK)
    page.get_by_role("button", name="Begin the ingest").press("Enter")
    stop = page.get_by_role("button", name="Stop")
    stop.focus()
    expect(page.locator(".facts")).to_contain_text("1 / 3")
    expect(stop).to_be_focused()  # what is told anew takes nobody's place
    stop.press("Enter")
    expect(page.locator(".job .state")).to_contain_text("It stops after the photos in hand.")
    slow.set()
    expect(page.locator(".job .state")).to_have_text("Stopped")
    page.get_by_role("link", name="Jobs").click()
    expect(page.get_by_role("row", name=source.name)).to_contain_text("Stopped")
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert violations(page) == []


def test_without_javascript_it_is_followed_by_reloading(opened, club, source, slow):
    page = opened(club[0], f"/sources/{source.id}", java_script_enabled=False)
    page.get_by_role("button", name="Begin the ingest").click()
    expect(page.locator(".job .state")).to_have_text("Under way")
    slow.set()
    for _ in range(100):
        page.get_by_role("link", name="Reload").click()
        if page.locator(".job .state").inner_text() != "Under way":
            break
        page.wait_for_timeout(100)
    expect(page.locator(".job .state")).to_have_text("Done")
