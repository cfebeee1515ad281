"""Bytes → pixels: every format, every way to hold a camera, and every kind of bad file."""

import gc
import io
import os
import signal
import struct
import threading
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from countenance.errors import CountenanceError, InputError, TooLarge, Unreadable
from countenance.vision.decode import Decoder, Limits


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    sink = io.BytesIO()
    image.save(sink, kind, **options)
    return sink.getvalue()


def workers() -> list[int]:
    """The decode workers that this process has, by number."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes()
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
        except (OSError, ValueError, IndexError):
            continue
        if b"countenance.vision.decode_worker" in command and parent == os.getpid():
            found.append(int(folder.name))
    return found


@pytest.fixture(scope="module")
def shared() -> Iterator[Decoder]:
    one = Decoder(workers=1)
    yield one
    one.close()


@pytest.fixture(scope="module")
def corners() -> Image.Image:
    """60 × 40: red top left, green top right, blue bottom left, white bottom right."""
    made = Image.new("RGB", (60, 40), "white")
    made.paste("red", (0, 0, 30, 20))
    made.paste("green", (30, 0, 60, 20))
    made.paste("blue", (0, 20, 30, 40))
    return made


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF", "TIFF", "BMP", "GIF"])
def test_reads_each_format_close_to_the_original(shared: Decoder, image: Image.Image, kind: str) -> None:
    picture = shared.decode(encoded(image, kind))
    assert (picture.format, picture.width, picture.height) == (kind, 640, 800)
    assert picture.pixels.shape == (800, 640, 3)
    assert picture.pixels.dtype == np.uint8
    assert np.abs(picture.pixels.astype(int) - np.asarray(image)).mean() < 4


@pytest.mark.parametrize("name", ["portrait.heic", "sideways.heic"])
def test_reads_heic_upright(shared: Decoder, image: Image.Image, name: str) -> None:
    # pi_heif only reads, so the two files were written beforehand, from the synthetic portrait; one lies on its side.
    picture = shared.decode((Path(__file__).parent / name).read_bytes())
    assert (picture.format, picture.width, picture.height) == ("HEIC", 160, 200)
    assert np.abs(picture.pixels.astype(int) - np.asarray(image.resize((160, 200)))).mean() < 6


def held(upright: Image.Image, orientation: int) -> Image.Image:
    """The picture as the sensor saw it when the camera wrote this EXIF orientation."""
    turn = Image.Transpose
    undo = {
        1: None,
        2: turn.FLIP_LEFT_RIGHT,
        3: turn.ROTATE_180,
        4: turn.FLIP_TOP_BOTTOM,
        5: turn.TRANSPOSE,
        6: turn.ROTATE_90,
        7: turn.TRANSVERSE,
        8: turn.ROTATE_270,
    }[orientation]
    return upright if undo is None else upright.transpose(undo)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_turns_the_photo_upright(shared: Decoder, corners: Image.Image, kind: str, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    picture = shared.decode(encoded(held(corners, orientation), kind, exif=exif))
    assert (picture.width, picture.height) == (60, 40)
    assert np.abs(picture.pixels[5, 5].astype(int) - (255, 0, 0)).max() < 30
    assert np.abs(picture.pixels[5, 55].astype(int) - (0, 128, 0)).max() < 30
    assert np.abs(picture.pixels[35, 5].astype(int) - (0, 0, 255)).max() < 30


def test_an_avif_made_sideways_is_turned_upright(shared: Decoder, corners: Image.Image) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    picture = shared.decode(encoded(held(corners, 6), "AVIF", exif=exif))
    assert (picture.width, picture.height) == (60, 40)
    assert picture.pixels[5, 5, 0] > 200 > picture.pixels[5, 5, 2]


def test_16_bit_grey_is_scaled_not_cut(shared: Decoder) -> None:
    ramp = np.linspace(0, 65535, 256, dtype=np.uint16)[None].repeat(8, 0)
    for kind in ("PNG", "TIFF"):
        got = shared.decode(encoded(Image.fromarray(ramp), kind)).pixels[0, :, 0].astype(int)
        assert np.abs(got - np.arange(256)).max() <= 1


def test_float_tiff_is_scaled_by_its_range(shared: Decoder) -> None:
    ramp = np.linspace(0, 1, 256, dtype=np.float32)[None].repeat(8, 0)
    got = shared.decode(encoded(Image.fromarray(ramp), "TIFF")).pixels[0, :, 0].astype(int)
    assert np.abs(got - np.arange(256)).max() <= 1


@pytest.mark.parametrize(("mode", "kind"), [("CMYK", "JPEG"), ("L", "JPEG"), ("L", "PNG"), ("P", "PNG"), ("1", "PNG")])
def test_other_colour_modes_become_rgb(shared: Decoder, image: Image.Image, mode: str, kind: str) -> None:
    picture = shared.decode(encoded(image.convert(mode), kind))
    assert picture.pixels.shape == (800, 640, 3)
    means = np.abs(picture.pixels.mean(axis=(0, 1)) - np.asarray(image).mean(axis=(0, 1)))
    assert means.max() < (12 if mode != "L" else 40)


def test_what_is_transparent_lies_on_white(shared: Decoder) -> None:
    clear = Image.new("RGBA", (8, 8), (0, 0, 0, 0))
    assert (shared.decode(encoded(clear, "PNG")).pixels == 255).all()
    palette = Image.new("P", (8, 8), 0)
    assert (shared.decode(encoded(palette, "PNG", transparency=0)).pixels == 255).all()


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_an_animation_gives_its_first_frame(shared: Decoder, kind: str) -> None:
    first, second = Image.new("RGB", (16, 16), "red"), Image.new("RGB", (16, 16), "blue")
    data = encoded(first, kind, save_all=True, append_images=[second], duration=100)
    assert shared.decode(data).pixels[8, 8, 0] > 240


def png_bomb(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(bytes(1 << 20))) + chunk(b"IEND", b"")


def test_a_png_bomb_is_refused_by_its_header(shared: Decoder) -> None:
    with pytest.raises(TooLarge, match="30,000 × 30,000 pixels"):
        shared.decode(png_bomb(30_000, 30_000))


def test_limits_are_the_callers(image: Image.Image) -> None:
    small = Decoder(Limits(max_bytes=50_000, max_pixels=100_000))
    with pytest.raises(TooLarge, match="MiB"):
        small.decode(bytes(50_001))
    with pytest.raises(TooLarge, match="640 × 800"):
        small.decode(encoded(image, "JPEG", quality=30))
    small.close()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF", "TIFF", "GIF", "BMP"])
@pytest.mark.parametrize("left", [0.02, 0.5, 0.9])
def test_a_file_cut_short_is_refused(shared: Decoder, image: Image.Image, kind: str, left: float) -> None:
    data = encoded(image, kind)
    with pytest.raises(Unreadable):
        shared.decode(data[: int(len(data) * left)])


def test_a_jpeg_without_its_last_pixels_is_refused(shared: Decoder, portrait: bytes) -> None:
    with pytest.raises(Unreadable, match="damaged or cut short"):
        shared.decode(portrait[:-10])


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b"Dear Anna, here is the photo you asked for.", "no picture"),
        (b"%PDF-1.7 ...", "no picture"),
        (b"<svg width='9' height='9'/>", "no picture"),
        (b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isommp42" + bytes(64), "video"),
        (b"\x00\x00\x00\x14ftypqt  \x00\x00\x02\x00qt  " + bytes(64), "video"),
        (b"\x1a\x45\xdf\xa3" + bytes(64), "video"),
        (b"RIFF\x10\x00\x00\x00AVI LIST" + bytes(64), "video"),
        (b"\xff\xd8\xff\xe0" + bytes(64), "damaged"),
        (b"\x89PNG\r\n\x1a\n" + bytes(64), "none that can be read"),
    ],
)
def test_what_is_no_picture_is_refused_in_words(shared: Decoder, data: bytes, words: str) -> None:
    with pytest.raises(Unreadable, match=words) as caught:
        shared.decode(data)
    assert caught.value.hint
    assert "\n" not in caught.value.message


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_damaged_bytes_give_a_picture_or_a_typed_error(
    shared: Decoder, corners: Image.Image, data: st.DataObject
) -> None:
    whole = bytearray(encoded(corners, data.draw(st.sampled_from(["JPEG", "PNG", "WEBP", "AVIF", "GIF", "TIFF"]))))
    for _ in range(data.draw(st.integers(1, 6))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    try:
        picture = shared.decode(bytes(whole))
    except InputError:
        return
    assert picture.pixels.shape == (picture.height, picture.width, 3)


def test_a_hanging_decoder_is_ended_and_the_next_picture_works(portrait: bytes) -> None:
    decoder = Decoder(Limits(seconds=1), workers=1)
    decoder.decode(portrait)
    (stuck,) = workers_of(decoder)
    os.kill(stuck, signal.SIGSTOP)
    with pytest.raises(Unreadable, match="within 1 seconds"):
        decoder.decode(portrait)
    assert not Path(f"/proc/{stuck}").exists()
    assert decoder.decode(portrait).width == 640
    decoder.close()


def test_a_killed_decoder_is_replaced(portrait: bytes) -> None:
    decoder = Decoder(workers=1)
    decoder.decode(portrait)
    (old,) = workers_of(decoder)
    os.kill(old, signal.SIGKILL)
    while Path(f"/proc/{old}/stat").read_text().rpartition(")")[2].split()[0] != "Z":
        time.sleep(0.01)
    assert decoder.decode(portrait).width == 640
    assert workers_of(decoder) != [old]
    decoder.close()


def test_a_decoder_that_dies_over_a_picture_is_a_typed_error(portrait: bytes) -> None:
    decoder = Decoder(workers=1)
    decoder.decode(portrait)
    (pid,) = workers_of(decoder)
    os.kill(pid, signal.SIGSTOP)
    killer = threading.Timer(0.3, os.kill, (pid, signal.SIGKILL))
    killer.start()
    with pytest.raises(Unreadable, match="stopped its decoder"):
        decoder.decode(portrait)
    killer.join()
    assert decoder.decode(portrait).width == 640
    decoder.close()


def test_the_worker_is_confined(portrait: bytes) -> None:
    decoder = Decoder(workers=1)
    decoder.decode(portrait)
    (pid,) = workers_of(decoder)
    told = Path(f"/proc/{pid}/limits").read_text()
    soft = {line[:25].strip(): line[25:].split()[0] for line in told.splitlines()[1:]}
    assert soft["Max core file size"] == soft["Max file size"] == "0"
    assert int(soft["Max open files"]) <= 16
    assert int(soft["Max address space"]) < 8 << 30
    assert int(soft["Max cpu time"]) < 600
    decoder.close()


def test_close_ends_every_worker_and_decode_starts_again(portrait: bytes) -> None:
    decoder = Decoder(workers=2)
    before = set(workers())
    failures: list[CountenanceError] = []

    def work() -> None:
        for _ in range(5):
            try:
                assert decoder.decode(portrait).pixels.shape == (800, 640, 3)
            except CountenanceError as error:
                failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(6)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert not failures
    assert 1 <= len(set(workers()) - before) <= 2
    decoder.close()
    assert set(workers()) == before
    assert decoder.decode(portrait).width == 640
    decoder.close()
    assert set(workers()) == before


def test_a_decoder_that_is_let_go_of_leaves_no_process(portrait: bytes) -> None:
    before = set(workers())
    decoder = Decoder()
    decoder.decode(portrait)
    assert set(workers()) != before
    del decoder
    gc.collect()
    assert set(workers()) == before


def workers_of(decoder: Decoder) -> list[int]:
    return [one._process.pid for one in list(decoder._free.queue) if one is not None]
