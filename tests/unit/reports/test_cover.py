import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from countenance.reports.cover import BAND_COLOURS, FILL, cover, crop_around, frame, strangers, thumbnail
from countenance.samples import cast
from countenance.types import Box


def noise(width: int = 120, height: int = 90) -> np.ndarray:
    """A picture in which no pixel happens to have the fill's colour."""
    pixels = np.random.default_rng(7).integers(0, 256, (height, width, 3), np.uint8)
    pixels[..., 0] |= 1
    pixels[(pixels == FILL).all(axis=2)] = 0
    return pixels


def box_within(pixels: np.ndarray, box: Box) -> np.ndarray:
    left, top = max(int(np.floor(box.x)), 0), max(int(np.floor(box.y)), 0)
    return pixels[top : max(int(np.ceil(box.y + box.h)), 0), left : max(int(np.ceil(box.x + box.w)), 0)]


positions = st.floats(-50, 150, allow_nan=False)
sizes = st.floats(1, 120, allow_nan=False)
boxes = st.builds(Box, positions, positions, sizes, sizes)


@given(st.lists(boxes, max_size=4), st.sampled_from([0.0, 0.1, 0.25, 0.35, 1.0]))
def test_every_pixel_of_every_stranger_is_the_fill(strangers, grow):
    covered = cover(noise(), strangers, grow=grow)
    for box in strangers:
        assert (box_within(covered, box) == FILL).all()


@given(boxes)
def test_what_is_far_from_the_stranger_is_untouched(stranger):
    pixels = noise()
    changed = (cover(pixels, [stranger]) != pixels).any(axis=2)
    rows, columns = np.nonzero(changed)
    assert (columns >= stranger.x - 0.25 * stranger.w - 1).all()
    assert (columns <= stranger.x + 1.25 * stranger.w + 1).all()
    assert (rows >= stranger.y - 0.25 * stranger.h - 1).all()
    assert (rows <= stranger.y + 1.25 * stranger.h + 1).all()


def test_the_fill_reaches_beyond_the_box():
    covered = cover(noise(), [Box(40, 30, 20, 20)])
    assert (covered[40, 36] == FILL).all()
    assert (covered[26, 50] == FILL).all()


def test_covering_leaves_the_callers_picture_alone():
    pixels = noise()
    before = pixels.copy()
    cover(pixels, [Box(10, 10, 30, 30)])
    frame(pixels, Box(10, 10, 30, 30), "1", "high")
    assert (pixels == before).all()


def test_two_faces_under_the_same_fill_cannot_be_told_apart():
    one, other = noise(), noise()
    other[30:50, 40:60] = 255 - other[30:50, 40:60]
    stranger = [Box(40, 30, 20, 20)]
    assert (cover(one, stranger) == cover(other, stranger)).all()


def test_whoever_is_not_shown_is_a_stranger():
    ada, moved, beside, far = Box(40, 30, 20, 20), Box(42, 31, 19, 21), Box(55, 30, 20, 20), Box(90, 5, 10, 10)
    assert strangers([beside, moved, far], [ada]) == (beside, far)
    assert strangers([beside, far], [ada]) == (beside, far)
    assert strangers([ada, far], []) == (ada, far)


def test_a_shown_face_excuses_one_detection_only():
    ada = Box(40, 30, 20, 20)
    assert strangers([ada, Box(41, 30, 20, 20)], [ada]) == (Box(41, 30, 20, 20),)


@pytest.mark.parametrize("band", ["high", "low"])
def test_the_frame_has_its_bands_colour_and_leaves_the_face_visible(band):
    pixels = noise(300, 240)
    face = Box(100, 60, 60, 80)
    framed = frame(pixels, face, "1", band)
    assert (framed == BAND_COLOURS[band]).all(axis=2).any()
    assert (box_within(framed, Box(108, 68, 44, 60)) == box_within(pixels, Box(108, 68, 44, 60))).all()


@pytest.mark.parametrize("face", [Box(-20, -20, 60, 60), Box(280, 220, 60, 60), Box(0, 0, 300, 240)])
def test_a_frame_at_the_edge_is_drawn_as_far_as_there_is_picture(face):
    pixels = noise(300, 240)
    framed = frame(pixels, face, "a label that is rather long", "low")
    assert framed.shape == pixels.shape
    assert (framed != pixels).any()


def test_a_crop_is_square_holds_the_face_and_stays_inside():
    pixels = noise(300, 200)
    assert crop_around(pixels, Box(100, 60, 40, 50), room=0.5).shape == (100, 100, 3)
    at_edge = crop_around(pixels, Box(0, 0, 40, 50), room=0.5)
    assert (at_edge == pixels[:100, :100]).all()
    assert crop_around(pixels, Box(10, 10, 280, 190)).shape == (200, 200, 3)


def test_a_thumbnail_is_small_and_carries_nothing_but_pixels():
    data = thumbnail(np.asarray(Image.open(cast().portrait("Ada"))), 200)
    picture = Image.open(io.BytesIO(data))
    assert picture.format == "JPEG"
    assert max(picture.size) == 200
    assert not picture.getexif()
    assert set(picture.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density", "progressive", "progression"}


def test_a_thumbnail_is_never_enlarged():
    assert Image.open(io.BytesIO(thumbnail(noise(), 500))).size == (120, 90)
