"""How closely a photo is looked at: what each way of looking sees, and what it costs."""

import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from countenance.types import Box, Face
from countenance.vision.backends import Floats
from countenance.vision.detect import sampled
from countenance.vision.looking import Looker, open_looker
from countenance.vision.pace import PACES, as_close, closest


@pytest.fixture(scope="module")
def lookers(cache: Path) -> dict[str, Looker]:
    one = open_looker("onnxruntime", max_pixels=30_000_000, cache=cache)
    return {name: Looker(one._detector, one._embedder, "", max_pixels=30_000_000, detect=name) for name in PACES}


@pytest.fixture(scope="module")
def crowd(image: Image.Image) -> tuple[bytes, list[tuple[int, int]]]:
    """1,800 × 1,200 pixels: a face of 180 pixels and four of 14, of which two lie where pieces of the photo meet."""
    whole = Image.new("RGB", (1800, 1200), (120, 125, 130))
    whole.paste(image, (1100, 350))
    small = image.resize((48, 60), Image.Resampling.LANCZOS)
    places = [(60, 40), (415, 300), (960, 900), (404, 408)]
    for place in places:
        whole.paste(small, place)
    sink = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 1
    whole.save(sink, "JPEG", quality=95, exif=exif)
    return sink.getvalue(), places


def near(face: Face, place: tuple[int, int]) -> bool:
    box: Box = face.box
    return place[0] - 5 < box.x < box.x + box.w < place[0] + 53 and place[1] - 5 < box.y < box.y + box.h < place[1] + 65


def test_thorough_finds_each_small_face_once_and_the_large_one_whole(
    lookers: dict[str, Looker], crowd: tuple[bytes, list[tuple[int, int]]]
) -> None:
    data, places = crowd
    faces = lookers["thorough"].look(data).faces
    assert [sum(near(face, place) for face in faces) for place in places] == [1] * len(places)
    assert len(faces) == len(places) + 1
    assert faces[0].box.w > 150
    (one,) = lookers["quick"].look(data).faces
    assert np.abs(np.subtract(one.box.as_list(), faces[0].box.as_list())).max() < 20


def test_what_the_pieces_are_shown_is_turned_as_the_photo_is(
    lookers: dict[str, Looker], crowd: tuple[bytes, list[tuple[int, int]]]
) -> None:
    with Image.open(io.BytesIO(crowd[0])) as whole:
        sink = io.BytesIO()
        whole.rotate(90, expand=True).save(sink, "JPEG", quality=95)
    look = lookers["thorough"].look(sink.getvalue())
    assert (look.turned, look.width, len(look.faces)) == (90, 1200, len(crowd[1]) + 1)


def test_quick_is_one_look_at_640_pixels(
    lookers: dict[str, Looker], crowd: tuple[bytes, list[tuple[int, int]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[tuple[int, ...]] = []
    session = lookers["quick"]._detector._see.args[0]
    real = session.run

    def run(batch: Floats) -> list[Floats]:
        shown.append(batch.shape)
        return real(batch)

    monkeypatch.setattr(session, "run", run)
    lookers["quick"].look(crowd[0])
    assert shown == [(1, 3, 448, 640)]
    shown.clear()
    lookers["standard"].look(crowd[0])
    assert [max(one) for one in shown] == [928, 320, 320]


@given(st.integers(2, 200), st.integers(2, 200), st.integers(1, 200))
def test_a_sampled_picture_has_the_side_and_the_colours(width: int, height: int, side: int) -> None:
    pixels = np.full((height, width, 3), (10, 100, 250), np.uint8)
    made = sampled(pixels, side)
    assert max(made.shape[:2]) == min(side, max(width, height))
    assert (made == (10, 100, 250)).all()


def test_each_pixel_of_a_sampled_picture_is_the_mean_of_the_four_at_its_middle() -> None:
    pixels = np.arange(8 * 8 * 3, dtype=np.uint8).reshape(8, 8, 3)
    made = sampled(pixels, 2)
    for y, x in np.ndindex(2, 2):
        four = pixels[1 + 4 * y : 3 + 4 * y, 1 + 4 * x : 3 + 4 * x].reshape(4, 3).astype(int)
        assert (made[y, x] == (four.sum(axis=0) + 2) // 4).all()


def test_the_ways_of_looking_are_in_order() -> None:
    assert closest("standard", "quick") == "standard"
    assert closest("quick", "thorough", "standard") == "thorough"
    assert as_close("standard", "standard")
    assert as_close("thorough", "quick")
    assert not as_close("quick", "standard")
