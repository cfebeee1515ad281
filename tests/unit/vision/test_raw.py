"""Cameras' raw files by their preview, and files of several frames by their first."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image

from countenance.errors import TooLarge, Unreadable
from countenance.vision.decode import Decoder, Limits
from countenance.vision.raw import is_raw
from rawfiles import dng


@pytest.fixture(scope="module")
def decoder() -> Iterator[Decoder]:
    one = Decoder(workers=1)
    yield one
    one.close()


@pytest.fixture(scope="module")
def corners() -> Image.Image:
    """900 × 600: red top left, green top right, blue bottom left, white bottom right."""
    made = Image.new("RGB", (900, 600), "white")
    made.paste("red", (0, 0, 450, 300))
    made.paste("green", (450, 0, 900, 300))
    made.paste("blue", (0, 300, 450, 600))
    return made


def packed(image: Image.Image, kind: str = "JPEG", **how: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **how)
    return out.getvalue()


def test_a_raw_file_gives_its_preview(decoder: Decoder, corners: Image.Image) -> None:
    jpeg = packed(corners)
    seen = decoder.decode(dng(jpeg, 900, 600))
    assert (seen.format, seen.width, seen.height) == ("RAW", 900, 600)
    assert np.array_equal(seen.pixels, decoder.decode(jpeg).pixels)


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_a_raw_file_is_turned_upright(decoder: Decoder, corners: Image.Image, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    seen = decoder.decode(dng(packed(corners), 900, 600, orientation=orientation))
    assert np.array_equal(seen.pixels, decoder.decode(packed(corners, exif=exif)).pixels)


def test_a_preview_too_small_for_faces_is_refused_in_words(decoder: Decoder, corners: Image.Image) -> None:
    with pytest.raises(Unreadable, match="only 160 pixels") as caught:
        decoder.decode(dng(packed(corners.resize((160, 120))), 160, 120))
    assert "JPEG" in caught.value.hint


def test_a_raw_file_without_a_preview_is_refused_in_words(decoder: Decoder) -> None:
    with pytest.raises(Unreadable, match=r"preview|damaged"):
        decoder.decode(dng(b"", 900, 600))


def test_a_previews_size_is_bounded_as_any_pictures(corners: Image.Image) -> None:
    decoder = Decoder(Limits(max_pixels=100_000), workers=1)
    with pytest.raises(TooLarge):
        decoder.decode(dng(packed(corners), 900, 600))
    decoder.close()


def test_a_tiff_is_no_raw_file(decoder: Decoder, corners: Image.Image) -> None:
    assert not is_raw(packed(corners, "TIFF"))
    reduced = packed(corners, "TIFF", tiffinfo={254: 1})
    assert is_raw(reduced)
    seen = decoder.decode(reduced)  # it only says so
    assert (seen.format, seen.width) == ("TIFF", 900)
    assert np.array_equal(seen.pixels, np.asarray(corners))


@pytest.mark.parametrize(
    "start",
    [
        b"FUJIFILMCCD-RAW 0201" + bytes(100), b"IIRO\x08\0\0\0" + bytes(100), b"IIU\0\x18\0\0\0" + bytes(100),
        b"\0\0\0\x18ftypcrx \0\0\0\1crx isom" + bytes(100), b"II*\0\x10\0\0\0CR\2\0" + bytes(100),
    ],
)  # fmt: skip
def test_raw_files_of_other_makers_are_known_and_a_damaged_one_has_a_reason(decoder: Decoder, start: bytes) -> None:
    assert is_raw(start)
    with pytest.raises(Unreadable, match=r"damaged|none that can be read"):
        decoder.decode(start)


def test_no_bytes_raise_while_it_is_told_apart() -> None:
    for length in range(40):
        assert not is_raw((b"II*\0" + struct.pack("<IH", 8, 500) + b"\xfe" * 40)[:length])
        assert not is_raw((b"MM\0*" + b"\xff" * 40)[:length])


@pytest.mark.parametrize("kind", ["TIFF", "AVIF", "WEBP", "GIF", "PNG"])
def test_of_several_frames_the_first_is_read(decoder: Decoder, corners: Image.Image, kind: str) -> None:
    others = [Image.new("RGB", corners.size, colour) for colour in ("black", "yellow")]
    seen = decoder.decode(packed(corners, kind, save_all=True, append_images=others))
    wanted = np.asarray(corners).astype(int)
    assert np.abs(seen.pixels.astype(int) - wanted).mean() < 12
