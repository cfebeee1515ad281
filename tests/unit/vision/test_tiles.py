"""A photo in pieces: every small face lies whole in one of them, and comes out once."""

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from countenance.vision.backends import Floats
from countenance.vision.rows import OVERLAP, overlaps
from countenance.vision.tiles import SHARED, SIDE, Tile, beside, joined, tiles

sizes = st.integers(1, 3000)
numbers = st.floats(0, 1, width=32)


def row(x: float, y: float, w: float, h: float, score: float = 0.9) -> Floats:
    return np.array([x, y, w, h, *[x + w / 2, y + h / 2] * 5, score], np.float32)


@given(sizes, sizes)
def test_the_pieces_cover_the_photo_and_nothing_else(width: int, height: int) -> None:
    across = np.zeros(width, int)
    for tile in tiles(width, height):
        assert 0 <= tile.left < tile.right <= width
        assert 0 <= tile.top < tile.bottom <= height
        assert max(tile.right - tile.left, tile.bottom - tile.top) <= SIDE
        if tile.top == 0:
            across[tile.left : tile.right] += 1
    assert across.all()
    assert len(tiles(width, height)) == len(set(tiles(width, height)))


def test_p22_neighbours_have_a_small_face_s_width_in_common() -> None:
    for width in range(1, 3000, 7):
        row_of = tiles(width, 1)
        assert row_of[0].left == 0
        assert row_of[-1].right == width
        assert all(one.right - other.left >= SHARED for one, other in pairwise(row_of))


@given(sizes, sizes, numbers, numbers, st.floats(8, SHARED - 4, width=32))
def test_a_face_no_larger_than_the_overlap_lies_whole_in_a_piece(
    width: int, height: int, x: float, y: float, face: float
) -> None:
    w, h = min(face, width), min(face, height)
    left, top = x * (width - w), y * (height - h)
    one = row(left, top, w, h)[None]
    seen = [(tile, one) for tile in tiles(width, height)]
    assert len(joined(seen, width, height)) == 1


@given(
    st.integers(600, 2400),
    st.integers(600, 2400),
    st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9), st.floats(8, 100, width=32), numbers), max_size=12),
)
def test_p22_what_the_pieces_saw_comes_out_once_each_where_it_is(
    width: int, height: int, people: list[tuple[int, int, float, float]]
) -> None:
    """People each in a cell of their own, so that none hides another; what a piece's edge cuts off it sees in part."""
    cell = width / 10, height / 10
    placed = {
        (column, line): row(
            column * cell[0] + shift * (cell[0] - min(size, *cell)),
            line * cell[1] + (1 - shift) * (cell[1] - min(size, *cell)),
            min(size, *cell),
            min(size, *cell),
        )
        for column, line, size, shift in people
    }
    truth = list(placed.values())
    found = joined([(tile, seen_in(tile, truth)) for tile in tiles(width, height)], width, height)
    assert len(found) == len(truth)
    for one in truth:
        assert (np.abs(found[:, :4] - one[:4]).max(axis=1) < 0.01).sum() == 1


def seen_in(tile: Tile, people: list[Floats]) -> Floats:
    """What a detector would see of these people in a piece: whole, or the part that is in it, and nothing too thin."""
    rows = []
    for x, y, w, h in (one[:4] for one in people):
        left, top = max(x, tile.left), max(y, tile.top)
        right, bottom = min(x + w, tile.right), min(y + h, tile.bottom)
        if right - left > w / 4 and bottom - top > h / 4:
            rows.append(row(left, top, right - left, bottom - top, 0.95 if right - left < w else 0.9))
    return np.array(rows, np.float32).reshape(-1, 15)


def test_a_face_that_is_cut_off_counts_only_at_the_edge_of_the_photo() -> None:
    one = row(0, 200, 40, 40)[None]
    assert len(joined([(Tile(0, 0, 512, 512), one)], 2000, 2000)) == 1
    cut = row(384, 200, 40, 40)[None]
    assert len(joined([(Tile(384, 0, 896, 512), cut)], 2000, 2000)) == 0
    assert len(joined([(Tile(0, 0, 512, 512), cut)], 2000, 2000)) == 1


def test_p22_of_a_large_face_the_pieces_see_only_parts() -> None:
    large, small = row(500, 500, 400, 400), row(1500, 500, 60, 60, 0.7)
    part, other, same = row(600, 600, 90, 90), row(100, 100, 30, 30), row(1502, 501, 58, 61, 0.8)
    too_large = row(480, 480, 300, 300)
    found = beside(np.stack([part, other, same, too_large]), np.stack([large, small]), most=SHARED)
    assert [one[:4].tolist() for one in found] == [other[:4].tolist(), same[:4].tolist(), large[:4].tolist()]
    assert beside(np.empty((0, 15), np.float32), np.empty((0, 15), np.float32), most=SHARED).shape == (0, 15)


@given(st.lists(st.tuples(numbers, numbers, st.floats(4, 120, width=32), numbers), max_size=12))
def test_no_two_that_come_out_are_one_face(faces: list[tuple[float, float, float, float]]) -> None:
    rows = np.array([row(x * 1500, y * 900, size, size, score) for x, y, size, score in faces], np.float32)
    found = joined([(tile, rows.reshape(-1, 15)) for tile in tiles(1700, 1100)], 1700, 1100)
    for i, one in enumerate(found):
        assert not (overlaps(one, found[i + 1 :]) > OVERLAP).any()
