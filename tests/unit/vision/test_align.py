"""The five-point alignment."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from countenance.vision.align import SIZE, TEMPLATE, align, similarity

scale, angle, shift = st.floats(0.05, 20), st.floats(-np.pi, np.pi), st.floats(-500, 500)


def moved(points: np.ndarray, size: float, turn: float, x: float, y: float) -> np.ndarray:
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    return size * points @ rotation.T + (x, y)


@given(scale, angle, shift, shift)
def test_a_similarity_is_recovered_exactly(size: float, turn: float, x: float, y: float) -> None:
    matrix = similarity(moved(TEMPLATE, size, turn, x, y), TEMPLATE)
    back = moved(TEMPLATE, size, turn, x, y) @ matrix[:, :2].T + matrix[:, 2]
    np.testing.assert_allclose(back, TEMPLATE, atol=1e-6)
    assert np.linalg.det(matrix[:, :2]) > 0


def test_mirrored_points_are_not_mirrored_back() -> None:
    matrix = similarity(TEMPLATE * (-1, 1), TEMPLATE)
    assert np.linalg.det(matrix[:, :2]) > 0


@settings(max_examples=25, deadline=None)
@given(st.sampled_from([0.7, 1.0, 1.6, 3.0, 6.0]), st.floats(-1, 1))
def test_landmarks_land_on_the_template(size: float, turn: float) -> None:
    points = moved(TEMPLATE - 56, size, turn, 500, 400)
    y, x = np.mgrid[0:800, 0:1000]
    spots = sum(np.exp(-((x - a) ** 2 + (y - b) ** 2) / (2 * (2 * size) ** 2)) for a, b in points)
    photo = np.repeat((255 * np.minimum(spots, 1)).astype(np.uint8)[:, :, None], 3, axis=2)
    crop = align(photo, [tuple(one) for one in points]).astype(float)[:, :, 0]
    y, x = np.mgrid[0:SIZE, 0:SIZE]
    for mark in TEMPLATE:
        near = crop * (np.hypot(x - mark[0], y - mark[1]) < 8)
        centre = np.array([(near * x).sum(), (near * y).sum()]) / near.sum()
        assert np.hypot(*(centre - mark)) < 0.2


def test_a_large_face_does_not_alias() -> None:
    """Lines a pixel apart, eight to a crop pixel, must come out as even grey."""
    lines = np.zeros((1200, 1200, 3), np.uint8)
    lines[:, ::2] = 255
    crop = align(lines, [tuple(one) for one in TEMPLATE * 8 + 100])
    assert crop.std() < 8
    assert abs(crop.mean() - 127.5) < 4


def test_outside_the_photo_is_black() -> None:
    white = np.full((60, 60, 3), 255, np.uint8)
    crop = align(white, [tuple(one) for one in TEMPLATE - 40])
    assert crop.shape == (SIZE, SIZE, 3)
    assert not crop[:30, :30].any()
    assert (crop[50:90, 50:90] == 255).all()


def test_degenerate_landmarks_give_a_crop_all_the_same() -> None:
    assert align(np.full((50, 50, 3), 9, np.uint8), [(5.0, 5.0)] * 5).shape == (SIZE, SIZE, 3)
    assert align(np.full((50, 50, 3), 9, np.uint8), [(-900.0, 5.0), (-800.0, 5.0), *[(-850.0, 60.0)] * 3]).max() == 0
