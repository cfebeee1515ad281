"""Covers strangers, frames the one who was asked for, and makes small pictures that carry nothing but pixels.

A stranger is covered by a solid fill. A blur can be undone and pixelation can be guessed at; a fill has nothing in it.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from countenance.types import Box, Pixels

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw
    from PIL.ImageFont import FreeTypeFont
    from PIL.ImageFont import ImageFont as BitmapFont

FILL = (139, 143, 150)
"""The colour of a covered stranger."""

BAND_COLOURS = {"high": (16, 124, 138), "low": (150, 93, 10)}
"""The frame's colour by band, both readable under white text. No band is green: a candidate is not a tick."""

_OTHER_BAND = (92, 96, 104)


def cover(pixels: Pixels, boxes: Iterable[Box], *, grow: float = 0.25) -> Pixels:
    """A copy of the picture in which each of ``boxes`` is filled with `FILL`.

    Args:
        pixels: Height × width × 3, RGB.
        boxes: The faces to cover, in pixels. Parts outside the picture are ignored.
        grow: How much further the fill reaches on each side, as a fraction of the box: hair and chin give people away
            too. The fill's corners are rounded, never so far that a corner of the box itself shows.
    """
    covered = pixels.copy()
    for box in boxes:
        _fill(covered, grown(box, grow), radius=2 * grow * min(box.w, box.h))
    return covered


def strangers(detected: Iterable[Box], shown: Iterable[Box]) -> tuple[Box, ...]:
    """The detected faces that are none of those to be shown, and so must be covered.

    Detecting again at a low threshold moves a box a little. Each face to be shown therefore excuses the one detection
    that lies best on it (intersection over union of 0.4 or more), and never a second one.
    """
    left = list(detected)
    for face in shown:
        best = max(left, key=lambda box: _overlap(box, face), default=None)
        if best is not None and _overlap(best, face) >= 0.4:
            left.remove(best)
    return tuple(left)


def grown(box: Box, by: float) -> Box:
    """The box, larger by the fraction ``by`` of its size on each side."""
    return Box(box.x - by * box.w, box.y - by * box.h, box.w * (1 + 2 * by), box.h * (1 + 2 * by))


def frame(pixels: Pixels, box: Box, label: str, band: str) -> Pixels:
    """A copy of the picture with a frame around ``box`` in the band's colour and ``label`` on a tab at its foot."""
    from PIL import Image, ImageDraw

    image = Image.fromarray(pixels)
    draw = ImageDraw.Draw(image)
    colour = BAND_COLOURS.get(band, _OTHER_BAND)
    stroke = max(2, round(max(image.size) / 260))
    radius = round(min(box.w, box.h) * 0.1)
    around = grown(box, 0.06)
    corners = (around.x, around.y, around.x + around.w, around.y + around.h)
    # A light hairline outside keeps the frame visible on dark and on colourful backgrounds.
    outside = (corners[0] - stroke, corners[1] - stroke, corners[2] + stroke, corners[3] + stroke)
    draw.rounded_rectangle(outside, radius + stroke, outline=(255, 255, 255), width=stroke + 1)
    draw.rounded_rectangle(corners, radius, outline=colour, width=stroke)
    if label:
        _tab(draw, label, colour, at=(corners[0], corners[3] + stroke), picture=image.size)
    return np.asarray(image)


def crop_around(pixels: Pixels, box: Box, *, room: float = 0.7) -> Pixels:
    """The square around a face, with ``room`` of its size on each side, moved so that it stays in the picture."""
    height, width = pixels.shape[:2]
    side = round(min(max(box.w, box.h) * (1 + 2 * room), height, width))
    left = round(min(max(box.x + box.w / 2 - side / 2, 0), width - side))
    top = round(min(max(box.y + box.h / 2 - side / 2, 0), height - side))
    return pixels[top : top + side, left : left + side]


def thumbnail(pixels: Pixels, side: int) -> bytes:
    """The picture as a JPEG of at most ``side`` pixels on its longer side, without any metadata. Never enlarged."""
    from PIL import Image

    image = Image.fromarray(np.ascontiguousarray(pixels))
    image.thumbnail((side, side), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=84, optimize=True, progressive=True)
    return out.getvalue()


def _overlap(one: Box, other: Box) -> float:
    """Intersection over union."""
    wide = min(one.x + one.w, other.x + other.w) - max(one.x, other.x)
    high = min(one.y + one.h, other.y + other.h) - max(one.y, other.y)
    shared = max(wide, 0.0) * max(high, 0.0)
    return shared / max(one.w * one.h + other.w * other.h - shared, 1e-9)


def _fill(pixels: Pixels, box: Box, radius: float) -> None:
    height, width = pixels.shape[:2]
    left, right = max(int(np.floor(box.x)), 0), min(int(np.ceil(box.x + box.w)), width)
    top, bottom = max(int(np.floor(box.y)), 0), min(int(np.ceil(box.y + box.h)), height)
    if left >= right or top >= bottom:
        return
    # How far each row and column lies outside the rectangle that remains when the rounded corners are taken away.
    across, down = np.arange(left, right), np.arange(top, bottom)
    far_x = np.maximum(np.maximum(box.x + radius - across - 1, across - (box.x + box.w - radius)), 0)
    far_y = np.maximum(np.maximum(box.y + radius - down - 1, down - (box.y + box.h - radius)), 0)
    inside = far_x[None, :] ** 2 + far_y[:, None] ** 2 <= radius**2
    pixels[top:bottom, left:right][inside] = FILL


def _tab(
    draw: ImageDraw, label: str, colour: tuple[int, int, int], *, at: tuple[float, float], picture: tuple[int, int]
) -> None:
    from PIL import ImageFont

    size = max(13, round(max(picture) / 34))
    font: FreeTypeFont | BitmapFont = ImageFont.load_default(size)
    wide = draw.textlength(label, font=font) + size
    left = min(max(at[0], 0), max(picture[0] - wide, 0))
    top = min(at[1] + size * 0.25, picture[1] - size * 1.6)
    draw.rounded_rectangle((left, top, left + wide, top + size * 1.6), size * 0.35, fill=colour)
    draw.text((left + size / 2, top + size * 0.8), label, fill=(255, 255, 255), font=font, anchor="lm")
