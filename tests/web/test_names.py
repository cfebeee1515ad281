"""Confirmed names as a download: for whom, signed in person, and what comes."""

from __future__ import annotations

import io
import zipfile

import pytest

from archives import BOX, CATALOGUE, Archive, archive
from clubs import ANNA, WORDS, Club
from web.visitors import Visitor, site_of

ASKED = {"purpose": CATALOGUE, "recipient": "City <b>archive</b>", "source": "scans"}
AT = "/reports/names"


@pytest.fixture
def kept(club: Club) -> Archive:
    made = archive(club)
    made.scan("1938/one.jpg", {1: BOX})
    made.confirm(1, "ada")
    return made


@pytest.fixture
def visitor(kept: Archive) -> Visitor:
    made = Visitor(site_of(kept.club))
    made.sign_in(ANNA)
    return made


def test_the_form_offers_what_is_reviewed_and_hides_no_consequence(visitor: Visitor) -> None:
    page = visitor.browser.get(AT).text
    assert '<option value="archive-cataloguing">' in page
    assert "visitor-check-in" not in page
    assert "cannot be taken back" in page
    assert AT in visitor.browser.get("/reports").text


def test_p18_a_download_is_signed_in_person_and_holds_the_names(visitor: Visitor) -> None:
    asked = visitor.act(AT, format="csv", **ASKED)
    assert asked.status_code == 401
    assert "sign_password" in asked.text
    assert "Ada" not in asked.text
    given = visitor.act(AT, format="csv", sign_password=WORDS[ANNA], **ASKED)
    assert given.headers["content-disposition"] == 'attachment; filename="names.csv"'
    assert given.headers["cache-control"] == "no-store"
    assert ",ada,Ada," in given.text


def test_the_sidecars_come_as_one_archive(visitor: Visitor) -> None:
    given = visitor.act(AT, format="xmp", sign_password=WORDS[ANNA], **ASKED)
    with zipfile.ZipFile(io.BytesIO(given.content)) as packed:
        assert packed.namelist() == ["1938/one.jpg.xmp"]
        assert b'mwg-rs:Name="Ada"' in packed.read("1938/one.jpg.xmp")
        assert b"City &lt;b&gt;archive&lt;/b&gt;" in packed.read("1938/one.jpg.xmp")


def test_no_name_in_the_archive_leads_out_of_where_it_is_unpacked(visitor: Visitor, kept: Archive) -> None:
    kept.scan("..\\..\\up.jpg", {1: BOX})
    kept.confirm(1, "ada")
    given = visitor.act(AT, format="xmp", sign_password=WORDS[ANNA], **ASKED)
    with zipfile.ZipFile(io.BytesIO(given.content)) as packed:
        assert set(packed.namelist()) == {"..%5C..%5Cup.jpg.xmp", "1938/one.jpg.xmp"}
    with kept.club.sql() as connection:
        connection.exec_driver_sql("UPDATE photos SET path = CAST('../up.jpg' AS BLOB) WHERE id = 2")
    (kept.folder.parent / "up.jpg").write_bytes((kept.folder / "..\\..\\up.jpg").read_bytes())
    answer = visitor.act(AT, format="xmp", sign_password=WORDS[ANNA], **ASKED)
    assert answer.headers["content-type"] != "application/zip" or b"../up.jpg" not in answer.content


@pytest.mark.parametrize("wrong", [{"format": "exif"}, {"recipient": " "}, {"case": "no such"}])
def test_what_cannot_be_handed_out_is_told_and_nothing_comes(visitor: Visitor, wrong: dict[str, str]) -> None:
    answer = visitor.act(AT, **({"format": "csv", "sign_password": WORDS[ANNA]} | ASKED | wrong))
    assert answer.status_code in (403, 404, 422)
    assert "Ada" not in answer.text
