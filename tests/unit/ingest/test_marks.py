import io
import zlib
from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from countenance.ingest.marks import Marks, read_marks, scraper_trace
from countenance.ingest.metadata import MOST_BYTES, find_blocks
from countenance.samples import made

PLAIN = PurePosixPath("IMG_0001.jpg")
FACEBOOK = "Facebook's FBMD mark in IPTC Special Instructions"
VOCABULARY = "http://ns.useplus.org/ldf/vocab/"
XMP = b"http://ns.adobe.com/xap/1.0/\0"


def picture(kind: str = "JPEG", **how) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (16, 16), "grey").save(out, kind, **how)
    return out.getvalue()


def packet(value: str = "DMI-PROHIBITED") -> bytes:
    text = f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><p plus:DataMining="{VOCABULARY}{value}"/></x:xmpmeta>'
    return text.encode()


def exif(time: str = "2026:01:31 12:30:45", offset: str | None = "+01:00") -> bytes:
    tags = Image.Exif()
    inside = {0x9003: time} | ({0x9011: offset} if offset else {})
    tags.get_ifd(0x8769).update(inside)
    return tags.tobytes()


def store(word: bytes = b"notAllowed", label: bytes = b"c2pa.training-mining") -> bytes:
    """A C2PA assertion: a JUMBF superbox with its description and a CBOR map."""
    cbor = b"\xa1gentries\xa1ic2pa.data\xa1cuse" + bytes((0x60 + len(word),)) + word
    about = b"cbor" + bytes(12) + b"\x03" + label + b"\0"
    boxes = box(b"jumd", about) + box(b"cbor", cbor)
    return box(b"jumb", boxes)


def box(kind: bytes, body: bytes) -> bytes:
    return (8 + len(body)).to_bytes(4) + kind + body


# --- prohibitions ----------------------------------------------------------------------------------------------------


def test_an_ordinary_photo_says_nothing():
    for kind in ("JPEG", "PNG", "WEBP", "TIFF"):
        assert read_marks(picture(kind), PLAIN) == Marks()


def test_p26_data_mining_prohibited_is_read():
    marks = read_marks(made.with_data_mining_prohibited(picture()), PLAIN)
    assert marks.prohibited == "IPTC/PLUS data mining: prohibited"


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("DMI-PROHIBITED-AIMLTRAINING", "prohibited for AI and machine learning"),
        ("DMI-PROHIBITED-GENAIMLTRAINING", "prohibited for generative AI"),
        ("DMI-PROHIBITED-EXCEPTSEARCHENGINEINDEXING", "prohibited except for search engines"),
        ("DMI-PROHIBITED-SEECONSTRAINT", "prohibited, see the photo's other constraints"),
        ("DMI-PROHIBITED-SOMETHINGNEW", "prohibited"),
    ],
)
def test_p26_every_form_of_prohibition_counts(value, words):
    photo = made.with_segment(picture(), 0xE1, XMP + packet(value))
    assert read_marks(photo, PLAIN).prohibited == f"IPTC/PLUS data mining: {words}"


@pytest.mark.parametrize("value", ["DMI-ALLOWED", "DMI-UNSPECIFIED"])
def test_what_is_no_prohibition_is_not_taken_for_one(value):
    assert read_marks(made.with_segment(picture(), 0xE1, XMP + packet(value)), PLAIN).prohibited is None


@pytest.mark.parametrize(
    "disguised",
    [
        packet().decode().encode("utf-16"),
        packet().replace(b"DMI-", b"&#68;&#x4D;&#x0049;-"),
    ],
)
def test_p26_a_prohibition_is_read_however_it_is_written(disguised):
    assert read_marks(made.with_segment(picture(), 0xE1, XMP + disguised), PLAIN).prohibited


def test_a_prohibition_in_extended_xmp_is_read_across_its_parts():
    whole, header = packet(), b"http://ns.adobe.com/xmp/extension/\0" + b"0" * 32 + (999).to_bytes(4)
    cut = whole.index(b"PROHI")
    parts = [header + at.to_bytes(4) + part for at, part in ((0, whole[:cut]), (cut, whole[cut:]))]
    photo = picture()
    for part in parts:  # each goes in before the last: the order in the file is reversed
        photo = made.with_segment(photo, 0xE1, part)
    assert read_marks(photo, PLAIN).prohibited


def test_png_webp_and_tiff_carry_the_prohibition_too():
    info, packed = PngInfo(), PngInfo()
    info.add_itxt("XML:com.adobe.xmp", packet().decode())
    packed.add_itxt("XML:com.adobe.xmp", packet().decode(), zip=True)
    photos = [
        picture("PNG", pnginfo=info),
        picture("PNG", pnginfo=packed),
        picture("WEBP", xmp=packet()),
        picture("TIFF", tiffinfo={700: packet()}),
        b"\0\0\0\x18ftypheic" + bytes(40) + packet() + bytes(40),
    ]
    for photo in photos:
        assert read_marks(photo, PLAIN).prohibited == "IPTC/PLUS data mining: prohibited"


@pytest.mark.parametrize("label", [b"c2pa.training-mining", b"cawg.training-mining"])
def test_p26_a_c2pa_assertion_that_forbids_mining_is_read(label):
    head = b"JP\0\1" + (1).to_bytes(4)
    png = picture("PNG")
    chunk = store(label=label)
    in_png = png[:33] + len(chunk).to_bytes(4) + b"caBX" + chunk + zlib.crc32(b"caBX" + chunk).to_bytes(4) + png[33:]
    for photo in (made.with_segment(picture(), 0xEB, head + store(label=label)), in_png):
        assert read_marks(photo, PLAIN).prohibited == "C2PA training and data mining: not allowed"


def test_a_c2pa_store_over_two_segments_is_put_together():
    whole = store()
    cut = whole.index(b"Allowed")
    photo = made.with_segment(picture(), 0xEB, b"JP\0\1" + (2).to_bytes(4) + whole[:8] + whole[cut:])
    photo = made.with_segment(photo, 0xEB, b"JP\0\1" + (1).to_bytes(4) + whole[:cut])
    assert read_marks(photo, PLAIN).prohibited


def test_a_c2pa_assertion_that_allows_is_no_prohibition():
    photo = made.with_segment(picture(), 0xEB, b"JP\0\1" + (1).to_bytes(4) + store(b"allowed"))
    assert read_marks(photo, PLAIN).prohibited is None


# --- marks of scraping -----------------------------------------------------------------------------------------------


def test_p26_facebooks_mark_is_read():
    assert read_marks(made.with_facebook_mark(picture()), PLAIN).scraped == FACEBOOK


def test_facebooks_mark_survives_a_conversion_to_png():
    raw = b"\x1c\x02\x28" + len(made.FACEBOOK_MARK).to_bytes(2) + made.FACEBOOK_MARK
    info = PngInfo()
    info.add_text("Raw profile type iptc", f"\niptc\n{len(raw):8}\n{raw.hex()}\n", zip=True)
    assert read_marks(picture("PNG", pnginfo=info), PLAIN).scraped == FACEBOOK


def test_facebooks_mark_is_read_behind_other_data_sets():
    other = b"\x1c\x02\x78" + (5).to_bytes(2) + b"FBMD?"  # a caption is no instruction
    mark = b"\x1c\x02\x28" + len(made.FACEBOOK_MARK).to_bytes(2) + made.FACEBOOK_MARK

    def photo(record: bytes) -> bytes:
        resource = b"8BIM\x04\x04\0\0" + len(record).to_bytes(4) + record
        return made.with_segment(picture(), 0xED, b"Photoshop 3.0\0" + resource)

    assert read_marks(photo(other + mark), PLAIN).scraped == FACEBOOK
    assert read_marks(photo(other), PLAIN).scraped is None


@pytest.mark.parametrize(
    ("name", "marked"),
    [
        ("2020-01-31_12-00-00_UTC.jpg", True),
        ("2020-01-31_12-00-00_UTC_3.jpg", True),
        ("2020-01-31_12-00-00_UTC_profile_pic.jpg", True),
        ("2020-01-31 12.00.00.jpg", False),
        ("IMG_20200131_120000.jpg", False),
        ("summer 2020-01-31_12-00-00_UTC.jpg", False),
    ],
)
def test_p26_instaloaders_file_names_are_known(name, marked):
    assert (read_marks(picture(), PurePosixPath("club") / name).scraped is not None) == marked


@pytest.mark.parametrize(
    ("photo", "sidecar", "tool"),
    [
        ("2020-01-31_12-00-00_UTC.jpg", "2020-01-31_12-00-00_UTC.json.xz", "instaloader"),
        ("2020-01-31_12-00-00_UTC_2.jpg", "2020-01-31_12-00-00_UTC.txt", "instaloader"),
        ("cat.jpg", "cat.jpg.json", "gallery-dl"),
        ("cat.jpg", "cat.txt", None),
        ("cat.jpg", "dog.jpg.json", None),
    ],
)
def test_p26_sidecars_of_scrapers_are_known(photo, sidecar, tool):
    for folder in (b"", b"a/b/"):
        said = scraper_trace(folder + photo.encode(), {folder + photo.encode(), folder + sidecar.encode()})
        if tool is None:
            assert said is None
        else:
            assert tool in said
            assert "sidecar" in said


def test_a_sidecar_in_another_folder_is_none():
    assert scraper_trace(b"a/cat.jpg", {b"cat.jpg.json", b"b/cat.jpg.json"}) is None
    assert scraper_trace(b"\xff\0cat.jpg", {b"cat.jpg.json"}) is None


# --- the time --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_the_time_is_read_with_its_offset(kind):
    assert read_marks(picture(kind, exif=exif()), PLAIN).taken_at == "2026-01-31T12:30:45+01:00"


def test_a_time_without_an_offset_stays_without():
    assert read_marks(picture(exif=exif(offset=None)), PLAIN).taken_at == "2026-01-31T12:30:45"


XMP_TIMES = [
    ('<x exif:DateTimeOriginal="2026-01-31T12:30:45.12+05:30"/>', "2026-01-31T12:30:45+05:30"),
    ("<exif:DateTimeOriginal> 2026-01-31T12:30:45Z</exif:DateTimeOriginal>", "2026-01-31T12:30:45+00:00"),
    ("<photoshop:DateCreated>2026-01-31</photoshop:DateCreated>", "2026-01-31"),
    ('<x xmp:CreateDate="2026-01-31T12:30:45Z"/>', None),  # when it was scanned, it may be
    ('<x exif:DateTimeOriginal="2026-02-31T12:30:45Z"/>', None),
]


@pytest.mark.parametrize(("words", "expected"), XMP_TIMES)
def test_the_time_is_read_from_xmp_where_exif_has_none(words, expected):
    packet = f"<x:xmpmeta>{words}</x:xmpmeta>".encode()
    assert read_marks(picture(xmp=packet), PLAIN).taken_at == expected


def test_the_zone_comes_from_xmp_where_it_tells_the_same_time():
    same = b'<x:xmpmeta exif:DateTimeOriginal="2026-01-31T12:30:45-08:00"/>'
    other = b'<x:xmpmeta exif:DateTimeOriginal="2026-01-31T20:30:45Z"/>'
    assert read_marks(picture(xmp=same, exif=exif(offset=None)), PLAIN).taken_at == "2026-01-31T12:30:45-08:00"
    assert read_marks(picture(xmp=other, exif=exif(offset=None)), PLAIN).taken_at == "2026-01-31T12:30:45"


def test_the_time_is_read_from_iptc_where_nothing_else_has_one():
    record = b"\x1c\x02\x37\0\x0820260131" + b"\x1c\x02\x3c\0\x0b123045+0100"
    resource = b"8BIM\x04\x04\0\0" + len(record).to_bytes(4) + record + b"\0" * (len(record) % 2)
    photo = made.with_segment(picture(), 0xED, b"Photoshop 3.0\0" + resource)
    assert read_marks(photo, PLAIN).taken_at == "2026-01-31T12:30:45+01:00"
    photo = made.with_segment(picture(), 0xED, b"Photoshop 3.0\0" + resource.replace(b"123045+0100", b"no time    "))
    assert read_marks(photo, PLAIN).taken_at == "2026-01-31"


def raw_file(kind: str, tiff: bytes, jpeg: bytes) -> bytes:
    """As much of a camera's raw file as its marks are read from."""
    if kind == "Canon CR3":
        return b"\0\0\0\x18ftypcrx \0\0\0\1crx isom" + box(b"moov", box(b"uuid", bytes(16) + box(b"CMT2", tiff)))
    if kind == "Fuji RAF":
        start = b"FUJIFILMCCD-RAW 0201".ljust(84, b"\0")
        return start + (100).to_bytes(4) + len(jpeg).to_bytes(4) + bytes(8) + jpeg
    return tiff.replace(b"II*\0", kind.encode().ljust(4, b"\0"), 1)


@pytest.mark.parametrize("kind", ["Canon CR3", "Fuji RAF", "IIRO", "IIU"])
def test_p26_the_time_and_the_marks_of_raw_files_are_read(kind):
    tiff = exif().removeprefix(b"Exif\0\0")
    jpeg = made.with_data_mining_prohibited(picture(exif=exif()))
    marks = read_marks(raw_file(kind, tiff, jpeg), PLAIN)
    assert marks.taken_at == "2026-01-31T12:30:45+01:00"
    assert bool(marks.prohibited) == (kind == "Fuji RAF")


def test_p26_a_prohibition_in_a_raw_file_is_read():
    tiff = picture("TIFF", tiffinfo={700: packet()})
    assert read_marks(tiff.replace(b"II*\0", b"IIRO", 1), PLAIN).prohibited


def test_an_offset_that_cannot_be_is_left_out():
    assert read_marks(picture(exif=exif(offset="+99:00")), PLAIN).taken_at == "2026-01-31T12:30:45"


@pytest.mark.parametrize("time", ["0000:00:00 00:00:00", "2026:02:31 10:00:00", "    :  :     :  :  ", "yesterday"])
def test_a_time_that_cannot_be_is_not_reported(time):
    assert read_marks(picture(exif=exif(time)), PLAIN).taken_at is None


# --- hostile bytes ---------------------------------------------------------------------------------------------------

BEGINNINGS = [b"", b"\xff\xd8", b"\x89PNG\r\n\x1a\n", b"RIFF\0\0\0\0WEBP", b"II*\0\x08\0\0\0", b"MM\0*\0\0\0\x08"]
MARKED = [
    made.with_facebook_mark(made.with_data_mining_prohibited(picture(exif=exif()))),
    made.with_segment(picture(), 0xEB, b"JP\0\1" + (1).to_bytes(4) + store()),
    picture("WEBP", xmp=packet(), exif=exif()),
    picture("PNG", exif=exif()),
    picture("TIFF", tiffinfo={700: packet()}),
]


@given(st.sampled_from(BEGINNINGS), st.binary(max_size=400))
def test_no_bytes_raise(beginning, rest):
    assert isinstance(read_marks(beginning + rest, PLAIN), Marks)


@given(st.sampled_from(MARKED), st.data())
def test_no_damage_raises(photo, data):
    at = data.draw(st.integers(0, len(photo)))
    end = data.draw(st.integers(at, min(at + 12, len(photo))))
    damaged = photo[:at] + data.draw(st.binary(max_size=12)) + photo[end:]
    assert isinstance(read_marks(damaged, PLAIN), Marks)
    assert isinstance(read_marks(damaged[: data.draw(st.integers(0, len(damaged)))], PLAIN), Marks)


def test_what_inflates_without_end_is_cut_off():
    bomb = b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(bytes(64 << 20))
    chunk = len(bomb).to_bytes(4) + b"iTXt" + bomb + bytes(4)
    blocks = find_blocks(b"\x89PNG\r\n\x1a\n" + chunk * 20)
    assert sum(map(len, blocks.xmp)) == MOST_BYTES
