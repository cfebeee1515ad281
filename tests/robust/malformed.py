"""Valid photos of every format, and a thousand ways in which a file can be wrong; the same on every run."""

from __future__ import annotations

import functools
import io
import random
from pathlib import Path

from PIL import Image

from countenance.samples import cast
from rawfiles import dng

HEIC = Path(__file__).parents[1] / "unit" / "vision" / "portrait.heic"


@functools.cache
def valid() -> dict[str, bytes]:
    """One small valid file of each kind, by its ending."""
    with Image.open(cast().portrait("Ada")) as whole:
        small = whole.convert("RGB").resize((200, 250))
        large = _packed(whole, "JPEG", quality=80)
        size = whole.size
    with_exif = Image.Exif()
    with_exif[0x0112], with_exif[0x010F] = 1, "Nobody"
    with_exif.get_ifd(0x8769)[0x9003] = "2026:01:31 12:30:45"
    frames = [small.rotate(angle) for angle in (90, 180)]
    return {
        "jpg": _packed(small, "JPEG", exif=with_exif),
        "progressive.jpg": _packed(small, "JPEG", progressive=True, icc_profile=bytes(range(256)) * 4),
        "png": _packed(small, "PNG"),
        "webp": _packed(small, "WEBP", exif=with_exif),
        "lossless.webp": _packed(small, "WEBP", lossless=True),
        "avif": _packed(small, "AVIF"),
        "heic": HEIC.read_bytes(),
        "tif": _packed(small, "TIFF", compression="tiff_lzw", save_all=True, append_images=frames),
        "plain.tif": _packed(small, "TIFF"),
        "gif": _packed(small, "GIF", save_all=True, append_images=frames),
        "bmp": _packed(small, "BMP"),
        "dng": dng(large, *size, orientation=1),
    }


def broken(kind: str, number: int) -> bytes:
    """The number-th broken file of a kind. Some breaks do no harm to the pixels; all are unlike the valid file."""
    whole = valid()[kind]
    luck = random.Random(f"malformed {kind} {number}")  # noqa: S311 - the same on every run
    data = bytearray(whole)
    while data == whole:
        for _ in range(luck.choice((1, 1, 2, 5))):
            luck.choice(_BREAKS)(data, luck)
    return bytes(data)


# --- one break each --------------------------------------------------------------------------------------------------


def _place(data: bytearray, luck: random.Random) -> int:
    """More often near the start, where the headers are."""
    return luck.randrange(min(len(data), 600)) if data and luck.random() < 0.6 else luck.randrange(max(len(data), 1))


def _flip(data: bytearray, luck: random.Random) -> None:
    if data:
        data[_place(data, luck)] ^= 1 << luck.randrange(8)


def _scatter(data: bytearray, luck: random.Random) -> None:
    for _ in range(luck.choice((3, 20, 200))):
        if data:
            data[luck.randrange(len(data))] = luck.randrange(256)


def _cut(data: bytearray, luck: random.Random) -> None:
    del data[_place(data, luck) :]


def _hole(data: bytearray, luck: random.Random) -> None:
    at = _place(data, luck)
    del data[at : at + luck.choice((1, 2, 7, 500))]


def _blank(data: bytearray, luck: random.Random) -> None:
    at, size = _place(data, luck), luck.choice((4, 64, 4096))
    data[at : at + size] = luck.choice((b"\0", b"\xff")) * min(size, max(len(data) - at, 0))


def _extreme(data: bytearray, luck: random.Random) -> None:
    """A number as large as its place allows: sizes, counts and offsets."""
    at, width = _place(data, luck), luck.choice((2, 4, 8))
    number = luck.choice(
        (b"\xff" * width, b"\x7f" + b"\xff" * (width - 1), b"\0" * width, b"\x80" + b"\0" * (width - 1))
    )
    data[at : at + width] = number[: max(len(data) - at, 0)]


def _repeat(data: bytearray, luck: random.Random) -> None:
    at, size = _place(data, luck), luck.choice((8, 100, 3000))
    data[at:at] = data[at : at + size] * luck.choice((1, 2, 50))


def _graft(data: bytearray, luck: random.Random) -> None:
    """The head of this file and the body of another kind."""
    other = valid()[luck.choice(sorted(valid()))]
    at = _place(data, luck)
    data[at:] = other[luck.randrange(len(other)) :]


def _behind(data: bytearray, luck: random.Random) -> None:
    data += luck.randbytes(luck.choice((1, 1000)))


_BREAKS = (_flip, _flip, _scatter, _cut, _hole, _blank, _extreme, _extreme, _repeat, _graft, _behind)


def _packed(image: Image.Image, kind: str, **how: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **how)
    return out.getvalue()
