"""The visitor desk as people use it: in Debian's Chromium, on synthetic people."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from browser.desk import expected
from browser.test_pages import DARK, LIGHT, violations
from countenance.samples import cast


@pytest.fixture
def visit(club):
    """Eva, whom the camera sees, is expected. She leaves at the end, if she has not."""
    made = expected(club[0], "Eva Lind", "Bela")
    yield made
    if [each for each in club[0].club.visits.list() if each.id == made.id and each.state != "left"]:
        club[0].club.visits.leave(made.id)


def test_a_still_of_the_camera_proposes_the_desk_lets_in_and_lets_go(opened, club, visit):
    page = opened(club[0], "/visits")
    expect(page.get_by_role("region", name="Another way in").get_by_role("button")).to_have_count(3)
    page.get_by_role("button", name="Take a photo").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.locator("video")).not_to_have_js_property("videoWidth", 0)
    dialog.get_by_role("button", name="Take the still").click()
    expect(page.locator(".status")).to_have_text("Ready to search with: still.jpg")
    page.get_by_role("button", name="Compare with today’s visitors").click()
    card = page.locator("article.card")
    expect(card.get_by_role("heading", level=2)).to_have_text("Eva Lind")
    for said in ("band", "A candidate is not an identification.", "you decide"):
        expect(card).to_contain_text(said)
    expect(page.get_by_role("region", name="Another way in")).to_be_visible()
    assert page.url.endswith("/visits")
    card.get_by_role("button", name="I have looked: let in Eva Lind").click()
    inside = page.locator("article.card", has_text="Eva Lind").first
    expect(inside).to_contain_text("by face")
    inside.get_by_role("button", name="Has left Eva Lind").click()
    expect(page.get_by_role("heading", name="Expected: 0")).to_be_visible()
    assert next(each for each in club[0].club.visits.list() if each.id == visit.id).state == "left"


def test_it_works_without_javascript_and_without_a_face(opened, club, visit):
    page = opened(club[0], "/visits", java_script_enabled=False)
    page.locator("#photo").set_input_files(str(cast().photos("Vera")[1]))
    page.get_by_role("button", name="Compare with today’s visitors").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Nobody found")
    page.get_by_role("link", name="Back to the desk").click()
    card = page.locator("article.card", has_text=visit.id)
    card.get_by_role("button", name="Call the host").click()
    expect(page.locator("article.card", has_text=visit.id)).to_contain_text("the host was called")


@pytest.mark.parametrize("scheme", [LIGHT, DARK], ids=["light", "dark"])
def test_axe_finds_nothing_at_the_desk(opened, club, visit, scheme):
    page = opened(club[0], "/visits", **scheme)
    told = violations(page)
    page.locator("#photo").set_input_files(str(cast().photos("Bela")[1]))
    page.get_by_role("button", name="Compare with today’s visitors").click()
    page.wait_for_selector("article.card .score")
    told += violations(page)
    assert told == []
    assert not page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
