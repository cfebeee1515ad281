"""The catalogues: every text in every language, with the same places; and which language a request is answered in."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from countenance import web
from countenance.policy.cautions import CAUTIONS
from countenance.policy.purposes import PURPOSES
from countenance.rights.orders import KINDS as ORDERED
from countenance.service.requests import KINDS, RIGHTS
from countenance.web.exporting import OFFERED
from countenance.web.hints import PAGES
from countenance.web.languages import catalogues, places, preferred
from countenance.web.logs import REPORTS
from countenance.web.site import MENU
from countenance.web.visits import NAMES

FOLDER = Path(web.__file__).parent
SAID = re.compile(r'\bsay\(\s*"((?:[^"\\]|\\.)*)"')
OTHERS = [each for each in catalogues().values() if each.code != "en"]
STATES = {"open", "confirmed", "rejected", "active", "paused", "stopped"}


def texts() -> set[str]:
    """What the templates and handlers say, and what reaches them as data."""
    files = [*FOLDER.glob("templates/*.html"), *FOLDER.glob("*.py")]
    said = {ast.literal_eval(f'"{found}"') for file in files for found in SAID.findall(file.read_text("utf-8"))}
    said |= {text for kind, means in RIGHTS.items() for text in (kind.capitalize(), means)}
    said |= {text for _, _, text in PAGES} | {kind.capitalize() for kind in KINDS}
    said |= set(ORDERED.values())
    said |= {each.means for each in PURPOSES.values()} | set(CAUTIONS.values()) | STATES
    said |= {means for _, means in OFFERED} | {name for _, name in NAMES}
    return said | {name for _, name, *_ in MENU} | {text for _, *two in REPORTS for text in two}


def test_there_are_the_four_languages():
    assert {"en", "fr", "de", "es"} <= set(catalogues())


@pytest.mark.parametrize("language", OTHERS, ids=lambda each: each.code)
def test_every_text_is_there_with_the_same_places_and_none_that_nobody_says(language):
    assert set(language.texts) ^ texts() == set()
    assert [text for text, told in language.texts.items() if places(text) != places(told) or not told.strip()] == []
    assert language.name


@pytest.mark.parametrize(
    ("accept", "cookie", "language"),
    [
        ("", "", "en"),
        ("fr-CA,fr;q=0.9,en;q=0.8", "", "fr"),
        ("xx, de;q=0.5, es;q=0.7", "", "es"),
        ("de;q=0, fr;q=x, *", "", "en"),
        ("fr", "countenance-language=de", "de"),
        ("fr", "countenance-language=../../etc", "fr"),
        ("fr", "=;;", "fr"),
    ],
)
def test_a_request_is_answered_in_the_language_that_it_prefers_or_was_chosen(accept, cookie, language):
    assert preferred(accept, cookie) == language


def test_the_switch_goes_back_to_a_page_of_ours_and_nowhere_else(stranger):
    for came, back in (
        ("http://127.0.0.1:8420/rights", "/rights"),
        ("http://127.0.0.1:8420/people?q=a", "/people?q=a"),
        ("http://127.0.0.1:8420/search", "/"),
        ("http://127.0.0.1:8420//evil.example/rights", "/"),
        ("https://evil.example/rights", "/"),
        ("", "/"),
    ):
        answer = stranger.get("/language/fr", headers={"referer": came}, follow_redirects=False)
        assert (answer.status_code, answer.headers["location"]) == (303, back)
    told = stranger.get("/rights")
    assert 'lang="fr"' in told.text
    assert "Vos droits" in told.text
    assert stranger.get("/language/tlh", follow_redirects=False).status_code == 404


def test_errors_are_said_to_be_english(page):
    page.browser.cookies.set("countenance-language", "de")
    answer = page.browser.get("/people/nobody")
    assert "Das hat nicht geklappt" in answer.text
    assert '<p class="reason" lang="en">' in answer.text
    assert "Die Liste der Personen zeigt, wer hier ist." in answer.text
