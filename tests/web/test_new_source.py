"""A source that is recorded in a browser: below ``[photos] root``, and nowhere else (P25)."""

from __future__ import annotations

from pathlib import Path

import pytest

from clubs import ANNA, Club
from web.visitors import Visitor, site_of

STATED = {"name": "party", "statement": "our own photographer", "purpose-photo-library": "yes"}


@pytest.fixture
def root(club: Club) -> Path:
    """Where photographs lie: two folders, one that is hidden, and a link that leads elsewhere."""
    root, elsewhere = club.root / "photos", club.root / "elsewhere"
    for folder in (root / "party", root / "2026" / "summer", root / ".hidden", elsewhere / "secret"):
        folder.mkdir(parents=True)
    (root / "out").symlink_to(elsewhere)
    (root / "note.txt").write_text("no archive")
    club.configure("[photos]", f'root = "{root}"')
    return root


@pytest.fixture
def visitor(club: Club, root: Path) -> Visitor:
    visitor = Visitor(site_of(club))
    visitor.sign_in(ANNA)
    return visitor


def test_a_source_is_recorded_below_the_photos_root(visitor: Visitor, club: Club, root: Path) -> None:
    form = visitor.browser.get("/sources/new").text
    assert '<option value="2026"></option><option value="party"></option></datalist>' in form
    answer = visitor.act("/sources", place="2026/summer", territory="GB", retention_days="30", **STATED)
    assert (answer.status_code, answer.headers["location"]) == (303, "/sources/1")
    (made,) = club.anna.sources.list()
    assert (made.root, made.territory, made.purposes) == (root / "2026" / "summer", "GB", ("photo-library",))
    assert [each["outcome"] for each in club.anna.log_entries() if each["act"] == "source"] == ["done"]
    assert "party" in visitor.browser.get("/sources/1").text
    visitor.act("/sources", place="party", **STATED | {"name": "second"})
    assert 'value="party"></option>' not in visitor.browser.get("/sources/new").text, "it is one already"


@pytest.mark.parametrize(
    "place",
    [
        "", "/", "..", "../elsewhere", "party/../../elsewhere", "party/../..", ".hidden", "out", "out/secret",
        "nothing", "/etc", "//etc", "https://example.org/a", "http:/127.0.0.1", "s3://bucket/x", "photos://party", "file:///etc",
        "party\x00", "note.txt", "a" * 600, "~/x", "%2e%2e/elsewhere", "party\\..\\..", "<script>alert(1)</script>",
    ],
)  # fmt: skip
def test_p25_no_name_from_a_browser_leads_out_of_it(visitor: Visitor, club: Club, place: str) -> None:
    answer = visitor.act("/sources", place=place, **STATED)
    assert answer.status_code in (403, 422), place
    assert club.anna.sources.list() == []
    assert "our own photographer" in answer.text, "what was typed is there still"
    assert "<script>alert(1)" not in answer.text


def test_p26_a_source_without_a_statement_or_a_purpose_is_refused(visitor: Visitor, club: Club) -> None:
    for lacks in STATED:
        answer = visitor.act("/sources", place="party", **{key: value for key, value in STATED.items() if key != lacks})
        assert answer.status_code in (403, 422)
    assert visitor.act("/sources", place="party", **STATED | {"retention_days": "-1"}).status_code == 422
    assert visitor.act("/sources", place="party", manifest="/etc/passwd", **STATED).status_code == 303
    assert club.anna.sources.get("party").manifest_sha256 is None, "no page names a file"


def test_without_a_root_the_page_says_what_to_do(club: Club) -> None:
    visitor = Visitor(site_of(club))
    visitor.sign_in(ANNA)
    assert 'root = "/srv/photos"' in visitor.browser.get("/sources/new").text
    answer = visitor.act("/sources", place="party", **STATED)
    assert "names no place where photographs lie" in answer.text
    assert club.anna.sources.list() == []
