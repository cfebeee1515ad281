"""A camera's raw file, made byte by byte (TIFF 6.0, DNG 1.4): a sensor of noise, and a JPEG as its preview."""

from __future__ import annotations

import random
import struct

SIDE = 1024
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4}
Tag = tuple[int, int, list[int] | bytes]


def dng(preview: bytes, width: int, height: int, *, orientation: int | None = None) -> bytes:
    """A DNG whose first directory holds the preview, and a second one 1,024 × 1,024 pixels of a Bayer sensor."""
    sensor = random.Random(7).randbytes(2 * SIDE * SIDE)  # noqa: S311 - the same on every run
    first: list[Tag] = [
        (254, 4, [1]),
        (256, 4, [width]),
        (257, 4, [height]),
        (258, 3, [8, 8, 8]),
        (259, 3, [7]),
        (262, 3, [6]),
        (271, 2, b"Nobody\0"),
        (272, 2, b"Model 1\0"),
        (273, 4, [0]),  # filled in below
        *([(274, 3, [orientation])] if orientation else []),
        (277, 3, [3]),
        (279, 4, [len(preview)]),
        (330, 4, [0]),
        (50706, 1, b"\1\4\0\0"),
        (50707, 1, b"\1\1\0\0"),
        (50708, 2, b"Nobody Model 1\0"),
    ]
    second: list[Tag] = [
        (254, 4, [0]),
        (256, 4, [SIDE]),
        (257, 4, [SIDE]),
        (258, 3, [16]),
        (259, 3, [1]),
        (262, 3, [32803]),
        (273, 4, [0]),
        (277, 3, [1]),
        (278, 4, [SIDE]),
        (279, 4, [len(sensor)]),
        (33421, 3, [2, 2]),
        (33422, 1, b"\0\1\1\2"),
    ]
    begin = 8 + _length(first)
    places = {273: begin + _length(second), 330: begin}
    filled = [(tag, kind, [places[tag]] if tag in places else value) for tag, kind, value in first]
    below = [(tag, kind, [places[273] + len(preview)] if tag == 273 else value) for tag, kind, value in second]
    return b"II*\0\x08\0\0\0" + _directory(filled, 8) + _directory(below, begin) + preview + sensor


def _bytes(kind: int, value: list[int] | bytes) -> bytes:
    return value if isinstance(value, bytes) else struct.pack(f"<{len(value)}{'H' if kind == 3 else 'I'}", *value)


def _length(tags: list[Tag]) -> int:
    outside = (len(data) for _, kind, value in tags if len(data := _bytes(kind, value)) > 4)
    return 2 + 12 * len(tags) + 4 + sum(size + size % 2 for size in outside)


def _directory(tags: list[Tag], begin: int) -> bytes:
    entries, rest = struct.pack("<H", len(tags)), b""
    place = begin + 2 + 12 * len(tags) + 4
    for tag, kind, value in tags:
        data = _bytes(kind, value)
        entries += struct.pack("<HHI", tag, kind, len(data) // _SIZES[kind])
        if len(data) <= 4:
            entries += data.ljust(4, b"\0")
        else:
            entries += struct.pack("<I", place + len(rest))
            rest += data + b"\0" * (len(data) % 2)
    return entries + bytes(4) + rest
