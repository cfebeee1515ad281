"""Where a photo was taken, with which camera and by whom stays in the photo: no record and no page has any of it."""

from __future__ import annotations

import base64
import io
import re

import pytest
import sqlalchemy as sa
from PIL import Image

from clubs import Club
from countenance.registry import schema as t
from countenance.reports.page import ContactSheet, render_contact_sheet
from countenance.service.showing import shown_finding
from countenance.service.sources import Source
from robust import photos

SECRETS = (b"Serial-4711-0815", b"Maker of cameras", b"Photographer Person", b"Lens-24-70", b"51.5007", b"WGS-84")


def with_camera_data(name: str) -> bytes:
    """The portrait as a camera would write it: owner, serial number, lens, place."""
    exif = Image.Exif()
    exif[0x010F], exif[0x013B] = "Maker of cameras", "Photographer Person"
    exif.get_ifd(0x8769).update(
        {0x9003: "2026:01:31 12:30:45", 0x9011: "+02:00", 0xA431: "Serial-4711-0815", 0xA434: "Lens-24-70"}
    )
    exif.get_ifd(0x8825).update({1: "N", 2: (51.0, 30.0, 2.52), 3: "W", 4: (0.0, 7.0, 28.0), 18: "WGS-84"})
    xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><p exif:GPSLatitude="51.5007N"/></x:xmpmeta>'
    out = io.BytesIO()
    with Image.open(io.BytesIO(photos.portrait(name))) as whole:
        whole.save(out, "JPEG", quality=90, exif=exif, xmp=xmp)
    return out.getvalue()


@pytest.fixture
def ingested(members: Club, source: Source) -> Club:
    data = with_camera_data("Ada")
    assert all(secret in data for secret in SECRETS)
    (source.root / "ada.jpg").write_bytes(data)
    assert members.anna.ingest(source).faces_kept == 1
    return members


def test_the_time_is_recorded_with_its_zone(ingested: Club) -> None:
    with ingested.anna.context.registry.read() as connection:
        assert connection.scalar(sa.select(t.photos.c.taken_at)) == "2026-01-31T12:30:45+02:00"


def test_nothing_else_of_the_camera_gets_into_our_files(ingested: Club) -> None:
    found = ingested.anna.search(photos.portrait(), purpose="photo-library", case="press 12")
    assert found[0].appearances
    ingested.close()
    for file in (each for place in ingested.places for each in place.rglob("*") if each.is_file()):
        assert [secret for secret in SECRETS if secret in file.read_bytes()] == [], file.name


def test_nothing_of_the_camera_gets_into_a_page(ingested: Club) -> None:
    probe = ingested.root / "probe.jpg"
    probe.write_bytes(with_camera_data("Ada"))
    found = ingested.anna.search(probe, purpose="photo-library", case="press 12")
    page = render_contact_sheet(ContactSheet("Who?", shown_finding(ingested.anna.pictures, found, probe)))
    pictures = [base64.b64decode(each) for each in re.findall(r"data:image/jpeg;base64,([A-Za-z0-9+/=]+)", page)]
    assert len(pictures) >= 2
    for each in (page.encode(), *pictures):
        assert [secret for secret in SECRETS if secret in each] == []
    for each in pictures:
        with Image.open(io.BytesIO(each)) as opened:
            assert dict(opened.getexif()) == {}
            assert "xmp" not in opened.info
