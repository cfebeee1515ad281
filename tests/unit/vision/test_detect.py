"""Where faces are: the arithmetic after the network, and the network on the cast."""

import json
from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from countenance.types import Pixels
from countenance.vision import Picture, Vision
from countenance.vision.detect import STRIDES, decode_grids, padded, prepare, reduced
from countenance.vision.rows import suppress_overlaps


def picture_of(image: Image.Image) -> Picture:
    return Picture(np.asarray(image.convert("RGB")), image.width, image.height, "PNG")


def test_one_hot_cell_becomes_one_box_in_the_right_place() -> None:
    cells = [(64 // stride) ** 2 for stride in STRIDES]
    outputs = [np.zeros((1, n, width), np.float32) for width in (1, 1, 4, 10) for n in cells]
    at = 3 * 4 + 2  # stride 16: row 3, column 2 of a 4 × 4 grid
    outputs[1][0, at] = outputs[4][0, at] = 0.81
    outputs[7][0, at] = (0.5, -0.5, np.log(2), np.log(3))
    outputs[10][0, at] = [0.25] * 10
    (row,) = decode_grids(outputs, 64, 0.6)
    np.testing.assert_allclose(row[:4], [2.5 * 16 - 16, 2.5 * 16 - 24, 32, 48], rtol=1e-5)
    np.testing.assert_allclose(row[4:14], [36, 52] * 5, rtol=1e-5)
    assert abs(row[14] - 0.81) < 1e-6
    assert len(decode_grids(outputs, 64, 0.82)) == 0


rows = st.lists(
    st.tuples(*[st.integers(0, 100)] * 2, *[st.integers(1, 60)] * 2, st.floats(0.125, 1, width=32)), max_size=25
)


@given(rows)
def test_of_overlapping_boxes_the_best_scoring_one_stays(boxes: list[tuple[float, ...]]) -> None:
    given_rows = np.array([[*one[:4], *[0] * 10, one[4]] for one in boxes], np.float32).reshape(-1, 15)
    kept = suppress_overlaps(given_rows, 0.3)

    def overlap(a: np.ndarray, b: np.ndarray) -> float:
        w = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
        h = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
        shared = max(w, 0) * max(h, 0)
        return float(shared / (a[2] * a[3] + b[2] * b[3] - shared))

    for i, one in enumerate(kept):
        assert all(overlap(one, other) <= 0.3 + 1e-6 for other in kept[i + 1 :])
    for one in given_rows:
        assert any(other[14] >= one[14] and (overlap(one, other) > 0.3 or (one == other).all()) for other in kept)


@given(st.integers(1, 5000))
def test_padding_goes_to_the_next_multiple_of_32(size: int) -> None:
    assert padded(size) % 32 == 0
    assert 0 <= padded(size) - size < 32


def test_the_network_sees_bgr_and_black_padding() -> None:
    pixels: Pixels = np.zeros((33, 40, 3), np.uint8)
    pixels[:, :] = (10, 20, 30)
    batch = prepare(pixels)
    assert batch.shape == (1, 3, 64, 64)
    assert batch[0, :, 0, 0].tolist() == [30, 20, 10]
    assert not batch[0, :, 33:].any()


def test_a_picture_is_reduced_by_a_whole_number_to_about_the_side() -> None:
    pixels: Pixels = np.zeros((33, 40, 3), np.uint8)
    assert reduced(pixels, 20).shape == (17, 20, 3)
    assert reduced(pixels, 14).shape == (11, 14, 3)
    assert reduced(pixels, 27) is reduced(pixels, 100) is pixels


@given(st.integers(2, 90), st.integers(2, 90))
def test_a_halved_picture_is_of_means_of_four(height: int, width: int) -> None:
    pixels = np.random.default_rng(height * 100 + width).integers(0, 256, (height, width, 3), np.uint8)
    made = reduced(pixels, -(-max(height, width) // 2))
    assert made.shape == (-(-height // 2), -(-width // 2), 3)
    whole = pixels[: height // 2 * 2, : width // 2 * 2].astype(float)
    fours = whole.reshape(height // 2, 2, width // 2, 2, 3).mean(axis=(1, 3))
    off = made[: height // 2, : width // 2] - fours
    assert np.abs(off).max() <= 0.5


def test_every_face_of_the_party_is_found_and_none_invented(vision: Vision, cast: Path) -> None:
    manifest = json.loads((cast / "manifest.json").read_text())
    groups = [one for one in manifest["photos"] if one["kind"] in ("group", "noface")]
    for photo in groups:
        picture = vision.decode((cast / photo["file"]).read_bytes())
        faces = vision.faces(picture)
        assert len(faces) == len(photo["people"]), photo["file"]
        areas = [one.box.w * one.box.h for one in faces]
        assert areas == sorted(areas, reverse=True)
        for one in faces:
            assert 0 <= one.box.x < one.box.x + one.box.w <= picture.width
            assert 0 <= one.box.y < one.box.y + one.box.h <= picture.height
            assert one.score >= 0.6
            right_eye, left_eye, nose, *_ = one.landmarks
            assert right_eye[0] < nose[0] < left_eye[0]


def test_boxes_scale_with_the_photo(vision: Vision, image: Image.Image) -> None:
    (small,) = vision.faces(picture_of(image))
    (large,) = vision.faces(picture_of(image.resize((2560, 3200))))
    got = np.array([large.box.x, large.box.y, large.box.w, large.box.h]) / 4
    np.testing.assert_allclose(got, [small.box.x, small.box.y, small.box.w, small.box.h], atol=10)


def test_a_face_that_fills_a_large_photo_is_found_once(vision: Vision, image: Image.Image) -> None:
    (face,) = vision.faces(picture_of(image))
    x, y, w, h = face.box.as_list()
    close = image.crop((x - 10, y - 10, x + w + 10, y + h + 10)).resize((1400, 1800))
    (found,) = vision.faces(picture_of(close))
    assert found.box.w > 1000


def test_somebody_small_beside_a_face_that_fills_a_large_photo_is_found_too(vision: Vision, image: Image.Image) -> None:
    (face,) = vision.faces(picture_of(image))
    x, y, w, h = face.box.as_list()
    close = image.crop((x - 10, y - 10, x + w + 10, y + h + 10)).resize((1400, 1800))
    (large,) = vision.faces(picture_of(close))
    other = image.crop((x - 60, y - 60, x + w + 60, y + h + 60)).resize((280, 340))
    close.paste(other, (round(large.box.x + large.box.w) - 290, round(large.box.y + large.box.h) - 350))
    found = vision.faces(picture_of(close), threshold=0.5)
    assert [one.box.w > 1000 for one in found] == [True, False]


def test_a_lower_threshold_never_finds_fewer(vision: Vision, cast: Path) -> None:
    picture = vision.decode((cast / "party" / "g05.jpg").read_bytes())
    assert len(vision.faces(picture, threshold=0.2)) >= len(vision.faces(picture, threshold=0.6))
    assert vision.faces(picture, threshold=0.99) == []


def test_a_picture_of_one_pixel_has_no_face(vision: Vision) -> None:
    assert vision.faces(picture_of(Image.new("RGB", (1, 1)))) == []
    assert vision.faces(picture_of(Image.new("RGB", (3000, 2)))) == []
