"""Every page: no axe-core violation, light and dark, nothing wider than a phone, and none of them heavy."""

from __future__ import annotations

import re

import pytest
from axe_playwright_python.sync_playwright import Axe

from countenance.samples import cast

PAGES = (
    "/", "/visits", "/reviews", "/people", "/people?q=nobody", "/people/ada", "/photos/P1", "/sources", "/sources/1",
    "/log", "/reports", "/reports/names", "/reports/accountability", "/reports/register", "/reports/orphans",
    "/sources/new", "/jobs", "/rights", "/public", "/nothing",
)  # fmt: skip
LIGHT = {"color_scheme": "light"}
DARK = {"color_scheme": "dark", "viewport": {"width": 390, "height": 844}}
MOST = 200 * 1024


def violations(page, **options) -> list[str]:
    found = Axe().run(page, options={"resultTypes": ["violations"], **options}).response["violations"]
    return [f"{each['id']}: {node['html'][:160]}" for each in found for node in each["nodes"][:3]]


@pytest.fixture
def answers(club):
    """Pages that an address alone does not lead to: an answer with a candidate, and the review of it."""
    anna, clara = club
    found = anna.club.search(cast().photos("Ada")[1], purpose="photo-library", case="axe")
    return clara, f"/reviews/{found.review}"


def found_page(page):
    page.locator("button[value=Ada]").click()
    page.wait_for_selector("article.card")


def choice(page):
    group = next(each for each in cast().party() if len(each.people) > 2)
    page.locator("#photo").set_input_files(str(group.path))
    page.locator("form.search button.main:has-text('Search')").last.click()
    page.wait_for_selector(".choosing")


def test_axe_finds_nothing_in_the_light_and_no_page_is_heavy(opened, club, answers):
    page = opened(club[0], **LIGHT)
    told = {}
    for path in PAGES:
        answer = page.goto(club[0].here + path)
        assert len(re.sub(rb'"data:[^"]*"', b"", answer.body())) < MOST, path
        told[path] = violations(page)
    for reach in (found_page, choice):
        page.goto(club[0].here)
        reach(page)
        told[reach.__name__] = violations(page)
    told["review"] = violations(opened(*answers, **LIGHT))
    assert {path: each for path, each in told.items() if each} == {}


def test_in_the_dark_the_contrast_suffices_and_on_a_phone_nothing_is_wider_than_it(opened, club, answers):
    page = opened(club[0], **DARK)
    contrast = {"runOnly": ["color-contrast"]}
    wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
    told, wider = {}, []
    for path in PAGES:
        page.goto(club[0].here + path)
        told[path] = violations(page, **contrast)
        wider += [path] if page.evaluate(wide) else []
    for reach in (found_page, choice):
        page.goto(club[0].here)
        reach(page)
        told[reach.__name__] = violations(page, **contrast)
        wider += [reach.__name__] if page.evaluate(wide) else []
    review = opened(*answers, **DARK)
    told["review"] = violations(review, **contrast)
    wider += ["review"] if review.evaluate(wide) else []
    assert ({path: each for path, each in told.items() if each}, wider) == ({}, [])
