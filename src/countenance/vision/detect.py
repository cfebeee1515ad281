"""Finds faces with YuNet: its pre- and post-processing in numpy.

Source: Wu, Peng, Yu, "YuNet: A Tiny Millisecond-level Face Detector", Machine Intelligence Research 20 (2023). The
network looks at three grids (a cell every 8, 16 and 32 pixels) and tells for each cell a face's score, box and five
landmarks.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from countenance.types import Box, Pixels
from countenance.vision.backends import Floats, Session
from countenance.vision.rows import OVERLAP, merge, overlaps, suppress_overlaps, vote
from countenance.vision.tiles import SHARED, Tile, beside, joined, tiles

STRIDES = (8, 16, 32)
_COARSE = 320
_CLOSE, _MARGIN = 200, 1.6
"""How large a face is in the second look, and how much of its surroundings is seen: 200 × 1.6 = 320 pixels."""
_TOO_LARGE = 600
"""Pixels in the fine look beyond which a face is seen better in the coarse one."""
_LARGE_ENOUGH = 180
"""Pixels of a face in the fine look from which its landmarks follow the head's tilt by themselves."""
_SURE, _SAME = 0.3, 0.4
"""The score, and the overlap with the first look, that a cell of the second look needs to count."""
_MAGNIFIED = 1.5
"""How many times as large the pieces of a photo are seen."""
_STRIP = 32
"""Lines of a smaller picture that are made at once."""
_VAST, _STEP = 5, 4
"""How many times as large as a glance a photo must be for the pieces of a smaller one to be looked at too; and how much
smaller that one is."""


@dataclass(frozen=True, slots=True)
class Detection:
    """A face before its quality is known: box and landmarks in pixels of the photo, score 0 to 1."""

    box: Box
    landmarks: tuple[tuple[float, float], ...]
    score: float


@dataclass(frozen=True, slots=True)
class Looks:
    """All that two looks at a whole photo see from the score ``least`` on, in its pixels: most faces several times.

    ``coarse`` is None for a photo that is small enough for one look.
    """

    least: float
    fine: Floats
    coarse: Floats | None
    too_large: float

    def faces(self, threshold: float) -> Floats:
        """A row for each face scoring ``threshold`` or more (not less than ``least``)."""
        rows = suppress_overlaps(self.fine[self.fine[:, 14] >= threshold], OVERLAP)
        if self.coarse is None:
            return rows
        return merge(rows, suppress_overlaps(self.coarse[self.coarse[:, 14] >= threshold], OVERLAP), self.too_large)


See = Callable[[Session, Pixels, float], Floats]
"""How a network is asked about a view, and its answer read: rows of 15 in the view's pixels, as of `decode_grids`."""


def see(session: Session, view: Pixels, threshold: float) -> Floats:
    """YuNet's way."""
    return decode_grids(session.run(prepare(view)), padded(view.shape[1]), threshold)


class Detector:
    """A network that finds faces, YuNet if nothing else is said, in a session of any backend."""

    def __init__(self, session: Session, see: See = see) -> None:
        self._see = partial(see, session)

    def detect(self, pixels: Pixels, *, threshold: float = 0.6, side: int = 1024) -> list[Detection]:
        """All faces scoring ``threshold`` or more, largest first, in pixels of the photo and clipped to it.

        The photo is looked at with its longest side brought down to about ``side``, and to about 320 pixels, because
        YuNet was made for faces of 10 to 300 pixels and misses one that fills a large photo. Then each small face is
        looked at alone (`_closer`), which sets box and landmarks; the score stays that of the first look.
        """
        return self.refined(pixels, self.glance(pixels, threshold=threshold, side=side), side=side)

    def glance(self, pixels: Pixels, *, threshold: float = 0.6, side: int = 1024) -> Floats:
        """Rows of what the two looks at the whole photo see, in its pixels: enough to tell how large the faces are."""
        return self.looks(pixels, least=threshold, side=side).faces(threshold)

    def looks(self, pixels: Pixels, *, least: float, side: int = 1024) -> Looks:
        """Both looks at a whole photo, from which the faces of any threshold from ``least`` on are told."""
        longest = max(pixels.shape[:2])
        fine = reduced(pixels, side)
        coarse = reduced(fine, _COARSE)
        rows = self._look(fine, longest, least)
        larger = None if coarse is fine else self._look(coarse, longest, least)
        return Looks(least, rows, larger, _TOO_LARGE * longest / max(fine.shape[:2]))

    def once(self, view: Pixels, *, threshold: float = 0.6) -> Floats:
        """Rows of what one look at this picture sees, as it is, in its pixels."""
        return suppress_overlaps(self._look(view, max(view.shape[:2]), threshold), OVERLAP)

    def tiled(self, pixels: Pixels, rows: Floats, *, threshold: float = 0.6, side: int = 1024) -> Floats:
        """``rows`` (what a `glance` with this ``side`` saw, in pixels of this picture) and what is seen piece by piece.

        YuNet sees a face of 24 pixels only when it is magnified. A face that no piece shows whole the glance has seen,
        unless the photo is so large that it was small there: then the pieces of a smaller photo show it.
        """
        for step in (_STEP, 1) if max(pixels.shape[:2]) > _VAST * side else (1,):
            smaller = reduced(pixels, -(-max(pixels.shape[:2]) // step))
            height, width = smaller.shape[:2]
            seen = [(tile, self._piece(smaller, tile, threshold)) for tile in tiles(width, height)]
            small = joined(seen, width, height)
            small[:, :14] *= step
            rows = beside(small, rows, most=SHARED * step)
        return rows

    def _piece(self, pixels: Pixels, tile: Tile, threshold: float) -> Floats:
        from PIL import Image

        piece = Image.fromarray(pixels[tile.top : tile.bottom, tile.left : tile.right])
        size = round(piece.width * _MAGNIFIED), round(piece.height * _MAGNIFIED)
        larger = piece.resize(size, Image.Resampling.BICUBIC)
        rows = self.once(np.asarray(larger), threshold=threshold)
        rows[:, :14] /= _MAGNIFIED
        rows[:, 0:2] += (tile.left, tile.top)
        rows[:, 4:14] += np.tile([tile.left, tile.top], 5).astype(np.float32)
        return rows

    def refined(self, pixels: Pixels, rows: Floats, *, side: int = 1024, again: bool = True) -> list[Detection]:
        """The faces of ``rows`` (in pixels of this picture), largest first, each small one looked at again, alone.

        ``pixels`` may be the same photo at a larger scale than the one that a `glance` with this ``side`` saw. Without
        ``again`` none is looked at again.
        """
        height, width = pixels.shape[:2]
        if again:
            enough = _LARGE_ENOUGH * whole(max(height, width), side)
            rows = np.array([row if max(row[2:4]) >= enough else self._closer(pixels, row) for row in rows])
        rows = rows.reshape(-1, 15).astype(np.float32)
        found = [_detection(row, width, height) for row in suppress_overlaps(rows, OVERLAP)]
        kept = [one for one in found if one.box.w >= 1 and one.box.h >= 1]
        return sorted(kept, key=lambda one: (-one.box.w * one.box.h, one.box.x, one.box.y))

    def _closer(self, pixels: Pixels, row: Floats) -> Floats:
        """The face of ``row`` seen again, alone and 200 pixels large.

        YuNet's landmarks on small faces ignore most of a head's tilt: 15 degrees are seen as 3 on faces of 90 pixels,
        as 14 from about 180 pixels up. With this second look, 200 people of the LFW development photos, turned by 12
        to 20 degrees, were accepted at 0.96 instead of 0.85 (false accept rate 1e-4); upright ones at 0.98 either way.
        """
        from PIL import Image

        size = float(max(row[2], row[3]))
        left, top = (float(row[i] + row[i + 2] / 2 - size * _MARGIN / 2) for i in (0, 1))
        scale = _CLOSE / size
        view = _window(pixels, left, top, size * _MARGIN)
        image = Image.fromarray(view.pixels).resize((_COARSE, _COARSE), Image.Resampling.BILINEAR, box=view.box)
        rows = self._see(np.asarray(image), _SURE)
        rows[:, :14] /= scale
        rows[:, 0:2] += (left, top)
        rows[:, 4:14] += np.tile([left, top], 5).astype(np.float32)
        rows = rows[overlaps(row, rows) > _SAME]
        return vote(rows, row[14]) if len(rows) else row

    def _look(self, view: Pixels, longest: int, threshold: float) -> Floats:
        """What is found in a reduced view of a photo whose ``longest`` side is known, in pixels of the photo."""
        rows = self._see(view, threshold)
        # The last pixel of a reduced line may stand for fewer than the others do.
        rows[:, :14] *= -(-longest // max(view.shape[:2]))
        return rows


@dataclass(frozen=True, slots=True)
class _Window:
    """A piece of the photo and, in its pixels, the square to be looked at."""

    pixels: Pixels
    box: tuple[float, float, float, float]


def _window(pixels: Pixels, left: float, top: float, size: float) -> _Window:
    """The square at ``left``, ``top``, black where it reaches beyond the photo."""
    height, width = pixels.shape[:2]
    x, y, far = int(np.floor(left)), int(np.floor(top)), int(np.ceil(size)) + 2
    piece = np.zeros((far, far, 3), np.uint8)
    inside = pixels[max(y, 0) : min(y + far, height), max(x, 0) : min(x + far, width)]
    piece[max(-y, 0) :, max(-x, 0) :][: inside.shape[0], : inside.shape[1]] = inside
    return _Window(piece, (left - x, top - y, left - x + size, top - y + size))


def reduced(pixels: Pixels, side: int) -> Pixels:
    """The picture made smaller by a whole number, so that its longest side comes as near to ``side`` as it can.

    Every pixel is taken in, so nothing aliases; and the mean of whole pixels takes a quarter of the time of resampling
    to just ``side``. What has less than one and a half times as many pixels stays as it is.
    """
    from PIL import Image

    times = whole(max(pixels.shape[:2]), side)
    if times == 2 and min(pixels.shape[:2]) > 1:
        return _fours(pixels, *(np.minimum(np.arange(0, length, 2), length - 2) for length in pixels.shape[:2]))
    return np.asarray(Image.fromarray(pixels).reduce(times)) if times > 1 else pixels


def sampled(pixels: Pixels, side: int) -> Pixels:
    """The picture with ``side`` pixels on its longest side, each the mean of four; as it is, if it has no more.

    Much quicker than resampling. Beyond twice as many pixels some are passed over: good enough to find faces, not to
    look at them.
    """
    height, width = pixels.shape[:2]
    longest = max(height, width)
    if longest <= side or min(height, width) < 2:
        return pixels
    return _fours(pixels, *(_samples(length, max(1, round(length * side / longest))) for length in (height, width)))


def _fours(pixels: Pixels, rows: NDArray[np.intp], columns: NDArray[np.intp]) -> Pixels:
    """A picture of means of four pixels: those at each of these rows and columns and at the next ones.

    A few lines at a time, which a processor's cache holds.
    """
    lines = np.ascontiguousarray(pixels).reshape(len(pixels), -1)
    chosen = (3 * columns[:, None] + np.arange(3)).ravel()
    made = np.empty((len(rows), len(columns), 3), np.uint8)
    for start in range(0, len(rows), _STRIP):
        part = rows[start : start + _STRIP]
        pairs = np.add(lines.take(part, axis=0), lines.take(part + 1, axis=0), dtype=np.uint16)
        fours = pairs[:, :-3] + pairs[:, 3:]
        fours += 2
        fours >>= 2
        fours.astype(np.uint8).take(
            chosen, axis=1, out=made[start : start + _STRIP].reshape(len(part), -1), mode="clip"
        )
    return made


def _samples(length: int, count: int) -> NDArray[np.intp]:
    """The first of the two pixels nearest to the middle of each of ``count`` equal parts of a line."""
    middles = (np.arange(count) + 0.5) * (length / count)
    first: NDArray[np.intp] = np.clip(np.rint(middles).astype(np.intp) - 1, 0, length - 2)
    return first


def whole(longest: int, side: int) -> int:
    """The whole number by which `reduced` makes a picture smaller."""
    return max(1, round(longest / side))


def padded(size: int) -> int:
    """``size`` rounded up to a multiple of 32, the coarsest stride."""
    return -(-size // 32) * 32


def prepare(pixels: Pixels) -> Floats:
    """The network's input: BGR, 0–255, black below and to the right up to a multiple of 32, 1 × 3 × height × width."""
    height, width = pixels.shape[:2]
    batch = np.empty((1, 3, padded(height), padded(width)), np.float32)
    batch[0, :, :height, :width] = pixels[:, :, ::-1].transpose(2, 0, 1)
    batch[0, :, height:] = 0
    batch[0, :, :height, width:] = 0
    return batch


def decode_grids(outputs: list[Floats], width: int, threshold: float) -> Floats:
    """The network's twelve outputs as rows of 15: box (x, y, w, h), five landmarks (x, y), score; in input pixels.

    The score is the geometric mean of "is a face" and "there is something". ``width`` is the padded input's.
    """
    classes, objects, boxes, points = (outputs[start : start + 3] for start in (0, 3, 6, 9))
    found = [np.empty((0, 15), np.float32)]
    for stride, face, thing, box, point in zip(STRIDES, classes, objects, boxes, points, strict=True):
        score = np.sqrt(np.maximum(face[0, :, 0], 0) * np.maximum(thing[0, :, 0], 0))
        cells = np.flatnonzero(score >= threshold)
        if not len(cells):
            continue
        corner = np.stack([cells % (width // stride), cells // (width // stride)], axis=1).astype(np.float32)
        size = np.exp(np.minimum(box[0, cells, 2:], 10)) * stride
        middle = (corner + box[0, cells, :2]) * stride
        marks = (point[0, cells].reshape(-1, 5, 2) + corner[:, None]) * stride
        found.append(np.concatenate([middle - size / 2, size, marks.reshape(-1, 10), score[cells, None]], axis=1))
    return np.concatenate(found).astype(np.float32)


def _detection(row: Floats, width: int, height: int) -> Detection:
    x, y, w, h = (float(value) for value in row[:4])
    left, top = max(0.0, x), max(0.0, y)
    box = Box(left, top, min(width, x + w) - left, min(height, y + h) - top)
    marks = row[4:14].reshape(5, 2)
    return Detection(box, tuple((float(a), float(b)) for a, b in marks), float(min(row[14], 1.0)))
