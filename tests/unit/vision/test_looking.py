"""One look at a photo: the same faces at any scale and any way up, in pixels of the whole photo."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from countenance.errors import TooLarge, Unreadable
from countenance.types import Box
from countenance.vision.decode_worker import decode
from countenance.vision.likeness import perceptual_hash
from countenance.vision.looking import Look, Looker, open_looker


@pytest.fixture(scope="module")
def looker(cache: Path) -> Looker:
    return open_looker("onnxruntime", max_pixels=30_000_000, cache=cache)


def jpeg(image: Image.Image, **options: object) -> bytes:
    sink = io.BytesIO()
    image.save(sink, "JPEG", quality=92, **options)
    return sink.getvalue()


def framed(image: Image.Image, width: int, place: tuple[int, int], frame: tuple[int, int] = (4000, 3000)) -> bytes:
    """A photo of this size with the picture in it, so many pixels wide."""
    whole = Image.new("RGB", frame, (120, 125, 130))
    whole.paste(image.resize((width, width * image.height // image.width)), place)
    return jpeg(whole)


def near(one: Box, other: Box, by: float) -> bool:
    return bool(np.abs(np.subtract((one.x, one.y, one.w, one.h), (other.x, other.y, other.w, other.h))).max() < by)


def cosine(one: Look, other: Look) -> float:
    return float(one.templates[0].vector @ other.templates[0].vector)


@pytest.mark.parametrize(
    ("longest", "side", "expected"),
    [(4000, None, 4000), (4000, 2001, 4000), (4000, 2000, 2000), (4001, 1000, 1001), (4000, 1, 500), (900, 1000, 900)],
)
def test_a_jpeg_is_decoded_no_smaller_than_wanted(longest: int, side: int | None, expected: int) -> None:
    for size in ((longest, 60), (60, longest)):
        done = decode(jpeg(Image.new("RGB", size)), 10**9, side=side)
        assert done.size == size
        assert max(done.pixels.shape) == expected == -(-longest // done.scale)


def test_a_tagged_photo_is_upright_at_every_scale() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    whole = Image.new("RGB", (800, 400), "red")
    whole.paste("blue", (0, 0, 400, 400))
    done = decode(jpeg(whole, exif=exif), 10**9, side=200)
    assert (done.size, done.scale, done.tagged) == ((400, 800), 4, True)
    assert done.pixels.shape == (200, 100, 3)
    assert done.pixels[10, 50].argmax() == 2
    assert not decode(jpeg(whole), 10**9).tagged


@pytest.mark.parametrize("width", [500, 1200, 2200])
def test_a_face_in_a_large_photo_is_told_in_its_pixels(looker: Looker, image: Image.Image, width: int) -> None:
    alone = looker.look(jpeg(image))
    look = looker.look(framed(image, width, (700, 150)))
    assert (look.width, look.height, look.format, look.turned) == (4000, 3000, "JPEG", 0)
    (face,), (small,) = look.faces, alone.faces
    by = width / image.width
    expected = Box(700 + small.box.x * by, 150 + small.box.y * by, small.box.w * by, small.box.h * by)
    assert near(face.box, expected, 0.08 * expected.w)
    assert face.quality.width == face.box.w
    assert face.quality.reasons == ()
    assert cosine(look, alone) > 0.7
    assert {"decode", "detect", "embed"} == look.seconds.keys()


def test_a_small_face_is_decoded_again_at_a_larger_scale(looker: Looker, image: Image.Image) -> None:
    scales: list[int] = []

    class Watched(Looker):
        def _decode(self, data: bytes, side: int):  # type: ignore[no-untyped-def]
            done = super()._decode(data, side)
            scales.append(done.scale)
            return done

    watched = Watched(looker._detector, looker._embedder, "", max_pixels=10**9)
    for width in (2000, 300):
        assert len(watched.look(framed(image, width, (700, 150))).faces) == 1
    assert scales == [2, 2, 1]


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_a_photo_whose_tag_was_lost_is_turned(looker: Looker, image: Image.Image, turn: int) -> None:
    with Image.open(io.BytesIO(framed(image, 900, (300, 200), (2400, 1500)))) as whole:
        upright, lying = looker.look(jpeg(whole)), looker.look(jpeg(whole.rotate(turn, expand=True)))
    assert (lying.width, lying.height) == ((2400, 1500) if turn == 180 else (1500, 2400))
    assert lying.turned == turn
    assert cosine(upright, lying) > 0.9
    (face,), (there,) = upright.faces, lying.faces
    corners = [turned_point(turn, *point) for point in ((face.box.x, face.box.y), corner(face.box))]
    (left, right), (top, bottom) = (sorted(axis) for axis in zip(*corners, strict=True))
    assert near(there.box, Box(left, top, right - left, bottom - top), 25)
    for point, expected in zip(there.landmarks, face.landmarks, strict=True):
        assert np.hypot(*np.subtract(point, turned_point(turn, *expected))) < 25


def corner(box: Box) -> tuple[float, float]:
    return box.x + box.w, box.y + box.h


def turned_point(turn: int, x: float, y: float) -> tuple[float, float]:
    """Where a point of the 2,400 × 1,500 photo lies after it was turned anti-clockwise."""
    return {90: (y, 2400 - x), 180: (2400 - x, 1500 - y), 270: (1500 - y, x)}[turn]


def test_a_photo_that_says_which_way_is_up_is_believed(looker: Looker, image: Image.Image) -> None:
    exif = Image.Exif()
    exif[0x0112] = 1
    assert looker.look(jpeg(image.rotate(90, expand=True), exif=exif)).turned == 0


def test_nothing_is_turned_that_is_upright_or_empty(looker: Looker, cast: Path) -> None:
    party = sorted((cast / "party").iterdir())[:3]
    for file in [*party, *sorted((cast / "no-face").iterdir())]:
        look = looker.look(file.read_bytes())
        assert look.turned == 0
        assert bool(look.faces) == bool(look.templates) == (file in party)


def test_the_hash_is_that_of_the_whole_picture(looker: Looker, cast: Path) -> None:
    for file in sorted((cast / "party").iterdir())[:4]:
        with Image.open(file) as whole:
            large = whole.convert("RGB").resize((4000, 4000 * whole.height // whole.width))
        told = int(looker.look(jpeg(large)).perceptual_hash, 16)
        assert (told ^ int(perceptual_hash(np.asarray(large)), 16)).bit_count() <= 3


def test_what_cannot_be_read_is_a_typed_error(looker: Looker) -> None:
    with pytest.raises(Unreadable, match="no picture"):
        looker.look(b"Dear Anna,")
    with pytest.raises(TooLarge, match="at most 30,000,000"):
        looker.look(jpeg(Image.new("L", (8000, 8000))))
