"""Photos for the benchmark of detection: crowds whose faces have a stated width, and pictures with no face in them.

They are made in memory, and the same each time. A crowd stands in rows, each person of the cast in a cell of their own,
on the scenes and with the grain of `benchmarks.photographs`. A picture with no face is a scene; or one with the cast in
it from the chin down; or one with heads whose pieces have changed places, which have the colours and edges of a face.
"""

from __future__ import annotations

import functools
import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks import photographs as made
from countenance.types import Box

KINDS = ("scenes", "bodies without heads", "heads in disorder")
_ACROSS, _DOWN = 10, 8
_PIECES = 4
"""Into so many pieces each way a head is cut."""
_FEW = 3
"""So many people without a face stand in a picture."""


@dataclass(frozen=True)
class Crowd:
    """A JPEG, and where its faces are."""

    data: bytes
    faces: tuple[Box, ...]


def crowd(megapixels: float, face: int, number: int, *, seed: int = 1) -> Crowd:
    """People of the cast in rows, each face ``face`` pixels wide, by what the detector says of their own pictures."""
    size = made.Order(Path(), megapixels).size
    chance = np.random.default_rng([seed, face, number])
    image = made.scene(size, chance)
    boxes = []
    across, down = min(_ACROSS, size[0] // (3 * face)), min(_DOWN, size[1] // (3 * face))
    for place in range(across * down):
        path = made.standing()[int(chance.integers(len(made.standing())))]
        cell = size[0] / across, size[1] / down
        box = made.face_in(path)
        height = face * box.h / box.w
        middle = tuple(
            (at + 0.5 + 0.5 * (chance.random() - 0.5) * max(0.0, 1 - 2.2 * length / room)) * room
            for at, length, room in zip((place % across, place // across), (face, height), cell, strict=True)
        )
        made.paste(image, path, height, (middle[0], middle[1]))
        boxes.append(Box(middle[0] - face / 2, middle[1] - height / 2, face, height))
    return Crowd(_jpeg(made.grained(image, chance)), tuple(boxes))


def nobody(megapixels: float, number: int, *, seed: int = 1) -> bytes:
    """A picture with no face, of the kinds by turns."""
    size = made.Order(Path(), megapixels).size
    chance = np.random.default_rng([seed, 7, number])
    image = made.scene(size, chance)
    kind = KINDS[number % len(KINDS)]
    for _ in range(_FEW if kind != KINDS[0] else 0):
        path = made.standing()[int(chance.integers(len(made.standing())))]
        piece = _body(path) if kind == KINDS[1] else _disorder(_head(path), chance)
        width = round(size[0] * float(np.exp(chance.uniform(np.log(0.02), np.log(0.25)))))
        piece = piece.resize((width, max(1, width * piece.height // piece.width)))
        image.paste(piece, tuple(int(chance.integers(0, max(1, side - width))) for side in size))  # type: ignore[arg-type]
    return _jpeg(made.grained(image, chance))


@functools.cache
def _opened(path: Path) -> Image.Image:
    with Image.open(path) as opened:
        return opened.convert("RGB")


def _body(path: Path) -> Image.Image:
    """What is below the chin, and clear of it."""
    image, box = _opened(path), made.face_in(path)
    top = min(image.height - 32, round(box.y + 1.25 * box.h))
    return image.crop((0, top, image.width, image.height))


def _head(path: Path) -> Image.Image:
    box = made.face_in(path)
    return _opened(path).crop((round(box.x), round(box.y), round(box.x + box.w), round(box.y + box.h)))


def _disorder(head: Image.Image, chance: np.random.Generator) -> Image.Image:
    """Its pieces in another order, each upside down."""
    side = min(head.size) // _PIECES
    pixels = np.asarray(head.resize((side * _PIECES, side * _PIECES)))
    pieces = pixels.reshape(_PIECES, side, _PIECES, side, 3).swapaxes(1, 2).reshape(-1, side, side, 3)[:, ::-1]
    mixed = pieces[chance.permutation(len(pieces))].reshape(_PIECES, _PIECES, side, side, 3)
    return Image.fromarray(np.ascontiguousarray(mixed.swapaxes(1, 2).reshape(side * _PIECES, side * _PIECES, 3)))


def _jpeg(image: Image.Image) -> bytes:
    held = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 1  # upright: which way is up is not what is measured
    image.save(held, "JPEG", quality=90, subsampling="4:2:0", exif=exif)
    return held.getvalue()
