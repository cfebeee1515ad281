"""Confirmed names leave for an archive: only those, only by a decision, with what says so (P15, P18, P28)."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import shutil
from pathlib import Path
from xml.etree import ElementTree as ET

import jsonschema
import pytest

from archives import BOX, CATALOGUE, EXPORTER, REVIEWERS, Archive, archive
from clubs import Club
from countenance.errors import AlreadyExists, InputError, NotFound, PurposeRefused, Refused, RoleRefused
from countenance.reports.names import SCHEMA, _cell
from countenance.reports.sidecars import area, is_ours
from countenance.service.folders import write_all
from countenance.types import Box
from county import county

NS = {
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "tiff": "http://ns.adobe.com/tiff/1.0/",
    "iptc": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/",
    "mwg": "http://www.metadataworkinggroup.com/schemas/regions/",
    "dim": "http://ns.adobe.com/xap/1.0/sType/Dimensions#",
    "area": "http://ns.adobe.com/xmp/sType/Area#",
    "names": "urn:countenance:names:1",
}


@pytest.fixture
def kept(club: Club) -> Archive:
    """Two scans: Ada in both, Bo in one of them. Ada was confirmed by two, Bo by one."""
    made = archive(club)
    made.scan("1938/one.jpg", {1: BOX, 2: Box(10, 40, 20, 40), 9: Box(40, 120, 20, 40)})
    made.scan("two.jpg", {1: BOX}, orientation=6)
    made.confirm(1, "ada")
    made.review(made.search(2), "bo", both=False)
    return made


def names(handed) -> list[tuple[str, str]]:
    told = json.loads(handed.files[b"names.json"])
    return sorted((each["name"], each["photo"]["path"]) for each in told["names"])


def attribute(element: ET.Element, prefix: str, name: str) -> str | None:
    return element.get(f"{{{NS[prefix]}}}{name}")


def test_p18_only_what_two_reviewers_confirmed_leaves(kept: Archive) -> None:
    handed = kept.export()
    assert names(handed) == [("Ada", "1938/one.jpg"), ("Ada", "two.jpg")]
    assert (handed.names, handed.photos, handed.people, handed.waiting) == (2, 2, 1, 1)
    kept.dora.reviewing.show("R2")
    kept.dora.reviewing.confirm("R2", "bo")
    assert ("Bo", "1938/one.jpg") in names(kept.export())


def test_p18_one_reviewer_is_not_enough_even_where_the_purpose_asks_for_one(kept: Archive) -> None:
    kept.club.person("Cy", 3)
    kept.club.source("party")
    answer = kept.club.search(3)
    kept.cleo.reviewing.show(f"R{answer.search}")
    kept.cleo.reviewing.confirm(f"R{answer.search}", "cy")
    handed = kept.export(purpose="photo-library")
    assert (handed.names, handed.waiting) == (0, 1)


def test_p18_a_review_that_was_written_by_hand_exports_nobody(kept: Archive) -> None:
    with kept.club.sql() as connection:
        connection.exec_driver_sql(
            "INSERT INTO reviews (organisation, search, subject, account, decision, signature, created) "
            "SELECT organisation, 2, 2, (SELECT id FROM accounts WHERE email = 'dora@club.example'), decision, "
            "signature, created FROM reviews WHERE search = 2"
        )
    assert "Bo" not in dict(names(kept.export()))


def test_p18_a_photo_that_came_after_the_search_was_confirmed_by_nobody(kept: Archive) -> None:
    kept.club.clock.forward(days=1)
    kept.scan("later.jpg", {1: BOX})
    assert "later.jpg" not in [path for _, path in names(kept.export())]


def test_a_face_of_the_low_band_is_left_out_and_counted(kept: Archive) -> None:
    with kept.club.sql() as connection:
        connection.exec_driver_sql("UPDATE appearances SET band = 'low' WHERE photo = 2")
    handed = kept.export()
    assert (names(handed), handed.low) == ([("Ada", "1938/one.jpg")], 1)


@pytest.mark.parametrize("way", ["withdrawn", "expired", "erased", "objected"])
def test_p5_who_has_left_is_not_named(kept: Archive, way: str) -> None:
    if way == "withdrawn":
        kept.anna.withdraw("ada")
    elif way == "expired":
        kept.club.clock.forward(days=5000)
        kept.anna.agreements.add([CATALOGUE])
    elif way == "objected":
        kept.anna.requests.open("objection", subject="ada")
    else:
        kept.anna.erase("ada", reason="withdrawn")
    assert kept.export().names == 0


def test_a_source_or_a_case_alone(kept: Archive) -> None:
    assert kept.export(source="scans").names == 2
    assert kept.export(case="box 7").names == 2
    kept.search(1, case="box 8")
    assert kept.export(case="box 8").names == 0
    for wrong in ({"source": "attic"}, {"case": "box 99"}):
        with pytest.raises(NotFound):
            kept.export(**wrong)


# --- who may, and what is written ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "error", "requirement"),
    [
        ({"purpose": None}, PurposeRefused, "P3"),
        ({"purpose": "visitor-check-in"}, PurposeRefused, "P18"),
        ({"purpose": "family-tracing"}, PurposeRefused, "P24"),
        ({"recipient": ""}, Refused, "P15"),
    ],
)
def test_p18_an_export_is_decided(kept: Archive, asked: dict, error: type[Refused], requirement: str) -> None:
    with pytest.raises(error) as refused:
        kept.export(**asked)
    assert refused.value.requirement == requirement
    assert refused.value.log_index is not None
    entry = kept.anna.log_entries(refused.value.log_index, 1)[0]
    assert (entry["act"], entry["outcome"]) == ("export", "refused")


def test_p21_a_reviewer_alone_hands_nothing_out(kept: Archive) -> None:
    with kept.club.sql() as connection:
        connection.exec_driver_sql("UPDATE accounts SET roles = 'operator reviewer' WHERE email = 'dora@club.example'")
    with pytest.raises(RoleRefused):
        kept.export(by=kept.dora)


def test_p3_another_organisation_exports_nothing(kept: Archive) -> None:
    with pytest.raises(NotFound):
        kept.export(by=county(kept.club).dan)


def test_p15_to_whom_a_name_went_is_told_to_the_person(kept: Archive) -> None:
    handed = kept.export()
    kept.anna.requests.open("access", subject="ada")
    kept.anna.requests.answer("R1", out=kept.club.root / "out")
    told = json.loads((kept.club.root / "out" / "access-R1.json").read_text())["held"]["exports"]
    assert [(each["recipient"], each["account"], each["purpose"]) for each in told] == [
        ("City archive", EXPORTER, CATALOGUE)
    ]
    assert "handed to <b>City archive</b>" in (kept.club.root / "out" / "access-R1.html").read_text()
    entry = kept.anna.log_entries(told[0]["log_entry"], 1)[0]
    assert entry["facts"]["decision"] == handed.log_index
    assert "City archive" not in json.dumps({key: value for key, value in entry.items() if key != "opened"})
    kept.anna.requests.open("access", subject="bo")
    kept.anna.requests.answer("R2", out=kept.club.root / "out")
    assert json.loads((kept.club.root / "out" / "access-R2.json").read_text())["held"]["exports"] == []


def test_p15_a_second_access_answer_tells_of_names_and_not_of_the_first_answer(kept: Archive) -> None:
    kept.export()
    for number in ("R1", "R2"):
        kept.anna.requests.open("access", subject="ada")
        kept.anna.requests.answer(number)
        told = json.loads(kept.anna.requests.letter(number).json)["held"]["exports"]
        assert [each["recipient"] for each in told] == ["City archive"]


def test_p28_exports_are_counted_and_nobody_is_named(kept: Archive) -> None:
    kept.export()
    told = kept.anna.reports.accountability()
    assert told["use"]["exports"] == [{"month": "2027-01", "purpose": CATALOGUE, "exports": 1, "names": 2}]


# --- the formats -----------------------------------------------------------------------------------------------------


def test_the_document_fits_its_schema_and_says_what_makes_each_name_stand(kept: Archive) -> None:
    handed = kept.export()
    told = json.loads(handed.files[b"names.json"])
    jsonschema.validate(told, json.loads(SCHEMA.read_text()), format_checker=jsonschema.FormatChecker())
    assert (told["recipient"], told["purpose"], told["log_index"]) == ("City archive", CATALOGUE, handed.log_index)
    one = told["names"][0]
    scan = (kept.folder / "1938/one.jpg").read_bytes()
    assert one["photo"]["sha256"] == hashlib.sha256(scan).hexdigest()
    assert (one["box"], one["subject"], one["basis"]["id"]) == ([60, 40, 20, 30], "ada", "B1")
    assert [each["account"] for each in one["confirmed"]] == list(REVIEWERS)
    assert kept.anna.log_entries(one["log_index"], 1)[0]["act"] == "search"


def test_no_cell_of_the_table_is_a_formula(kept: Archive) -> None:
    evil = '=HYPERLINK("x") <b>&amp;'
    kept.club.person(evil, 4, purposes=[CATALOGUE], handle="evil")
    kept.scan("-cmd.jpg", {4: BOX})
    kept.confirm(4, "evil")
    rows = list(csv.DictReader(io.StringIO(kept.export("csv").files[b"names.csv"].decode())))
    assert len(rows) == 3
    row = next(each for each in rows if each["subject"] == "evil")
    assert (row["name"], row["path"]) == (f"'{evil}", "'-cmd.jpg")
    assert (row["x"], row["y"], row["w"], row["h"]) == ("60", "40", "20", "30")
    assert row["confirmed_by"] == "; ".join(REVIEWERS)
    assert not [cell for each in rows for cell in each.values() if cell.startswith(("=", "+", "-", "@", "\t"))]
    sidecar = kept.export("xmp").files[b"source-1/-cmd.jpg.xmp"]
    (person,) = ET.fromstring(sidecar).iterfind(".//iptc:PersonInImage/rdf:Bag/rdf:li", NS)  # noqa: S314 - ours
    assert person.text == evil


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        ("Ann;=1+1", "Ann;'=1+1"),
        ("Ann; @SUM(A1)", "Ann; '@SUM(A1)"),
        ("Ann\t-1", "Ann\t'-1"),
        ('Ann;"=1', "Ann;\"'=1"),
        ("Ann, -1", "Ann, -1"),
        ("\u00a0=1", "'\u00a0=1"),
        ("\uff1d1+1", "'\uff1d1+1"),
        ("Anna-Lena (+1); Bo", "Anna-Lena (+1); Bo"),
    ],
)
def test_no_part_of_a_cell_is_a_formula_where_another_sign_separates_cells(told: str, shown: str) -> None:
    """A spreadsheet in German, French or Spanish takes a semicolon for the end of a cell."""
    assert _cell(told) == shown


def test_a_sidecar_says_by_values_where_who_is(kept: Archive) -> None:
    kept.dora.reviewing.show("R2")
    kept.dora.reviewing.confirm("R2", "bo")
    handed = kept.export("xmp", source="scans")
    assert sorted(handed.files) == [b"1938/one.jpg.xmp", b"two.jpg.xmp"]
    top = ET.fromstring(handed.files[b"1938/one.jpg.xmp"]).find("rdf:RDF/rdf:Description", NS)  # noqa: S314 - ours
    assert attribute(top, "tiff", "Orientation") == "1"
    assert [each.text for each in top.iterfind("iptc:PersonInImage/rdf:Bag/rdf:li", NS)] == ["Bo", "Ada"]
    dimensions = top.find("mwg:Regions/mwg:AppliedToDimensions", NS)
    assert [attribute(dimensions, "dim", each) for each in ("w", "h", "unit")] == ["100", "200", "pixel"]
    regions = top.findall("mwg:Regions/mwg:RegionList/rdf:Bag/rdf:li/rdf:Description", NS)
    assert [(attribute(each, "mwg", "Name"), attribute(each, "mwg", "Type")) for each in regions] == [
        ("Bo", "Face"), ("Ada", "Face"),
    ]  # fmt: skip
    where = regions[1].find("mwg:Area", NS)
    assert [float(attribute(where, "area", each) or "") for each in "xywh"] == [0.7, 0.275, 0.2, 0.15]
    assert attribute(where, "area", "unit") == "normalized"
    confirmed = regions[1].findall("mwg:Extensions/names:confirmed/rdf:Seq/rdf:li", NS)
    assert [attribute(each, "names", "account") for each in confirmed] == list(REVIEWERS)
    assert regions[1].findtext("mwg:Extensions/names:basis", namespaces=NS) == "B1"
    assert attribute(top, "names", "exportLogIndex") == str(handed.log_index)


def test_a_region_lies_in_the_picture_as_it_is_stored(kept: Archive) -> None:
    top = ET.fromstring(kept.export("xmp", source="scans").files[b"two.jpg.xmp"])  # noqa: S314 - ours
    description = top.find("rdf:RDF/rdf:Description", NS)
    assert attribute(description, "tiff", "Orientation") == "6"
    dimensions = top.find(".//mwg:AppliedToDimensions", NS)
    assert [attribute(dimensions, "dim", each) for each in ("w", "h")] == ["200", "100"]
    where = top.find(".//mwg:Area", NS)
    # Held turned: how far down it is in the upright picture, so far from the left it is in the stored one.
    assert [float(attribute(where, "area", each) or "") for each in "xywh"] == [0.275, 0.3, 0.15, 0.2]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_each_orientation_is_turned_back_as_pictures_are_turned_upright(orientation: int) -> None:
    import numpy as np

    from countenance.vision.decode_worker import _turn

    stored = np.zeros((40, 80, 3) if orientation > 4 else (80, 40, 3), np.uint8)
    height, width = stored.shape[:2]
    stored[10:20, 4:12] = 255
    upright = _turn(stored, orientation)
    rows, columns = (np.flatnonzero(upright[:, :, 0].any(axis=each)) for each in (1, 0))
    box = Box(columns[0], rows[0], len(columns), len(rows))
    found = area(box, upright.shape[1], upright.shape[0], orientation)
    assert (found.x, found.y, found.w, found.h) == pytest.approx((8 / width, 15 / height, 8 / width, 10 / height))


# --- writing ---------------------------------------------------------------------------------------------------------


def test_sidecars_lie_beside_the_photos_paths_and_no_photo_is_touched(kept: Archive, tmp_path: Path) -> None:
    before = {file: file.read_bytes() for file in kept.folder.rglob("*.jpg")}
    kept.export("xmp", source="scans", to=kept.folder)
    assert is_ours((kept.folder / "1938" / "one.jpg.xmp").read_bytes())
    assert {file: file.read_bytes() for file in kept.folder.rglob("*.jpg")} == before
    kept.export("xmp", to=tmp_path / "new" / "out")
    assert (tmp_path / "new" / "out" / "source-1" / "two.jpg.xmp").is_file()


def test_what_is_not_ours_is_never_replaced_and_nothing_is_half_written(kept: Archive, tmp_path: Path) -> None:
    kept.export("xmp", source="scans", to=tmp_path)
    kept.export("xmp", source="scans", to=tmp_path)  # our own, unchanged, may be
    sidecar = tmp_path / "two.jpg.xmp"
    changed = sidecar.read_bytes().replace(b'Name="Ada"', b'Name="Adele"')
    sidecar.write_bytes(changed)
    (tmp_path / "1938" / "one.jpg.xmp").unlink()
    with pytest.raises(AlreadyExists, match=r"two\.jpg\.xmp"):
        kept.export("xmp", source="scans", to=tmp_path)
    assert sidecar.read_bytes() == changed
    assert not (tmp_path / "1938" / "one.jpg.xmp").exists()
    kept.export("csv", to=tmp_path)
    with pytest.raises(AlreadyExists, match=r"names\.csv"):
        kept.export("csv", to=tmp_path)


def test_no_path_leads_out_of_the_folder(kept: Archive, tmp_path: Path) -> None:
    outside, inside = tmp_path / "outside", tmp_path / "inside"
    outside.mkdir()
    inside.mkdir()
    (inside / "1938").symlink_to(outside)
    with pytest.raises(InputError, match="stands in its way"):
        kept.export("xmp", source="scans", to=inside)
    for path in (b"../up.xmp", b"/root.xmp", b"a/../../b.xmp", b"a//b.xmp", b"nul\0.xmp"):
        with pytest.raises(InputError, match="leads out"):
            write_all(inside, {path: b"x"})
    assert list(outside.iterdir()) == []
    assert [each.name for each in inside.iterdir()] == ["1938"]
    with pytest.raises(InputError, match="own files"):
        kept.export(to=kept.club.folder / "data" / "out")


def test_a_photo_that_is_not_what_was_ingested_has_no_sidecar_and_that_is_said(kept: Archive) -> None:
    shutil.copyfile(kept.folder / "two.jpg", kept.folder / "1938" / "one.jpg")
    handed = kept.export("xmp", source="scans")
    assert list(handed.files) == [b"two.jpg.xmp"]
    assert [photo for photo, _ in handed.left_out] == ["1938/one.jpg"]


def test_a_format_that_is_none(kept: Archive) -> None:
    with pytest.raises(InputError, match="format"):
        kept.export("exif")
