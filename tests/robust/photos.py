"""Files that no photograph should be: made here, byte by byte, and small on disk."""

from __future__ import annotations

import functools
import io
import struct
import zlib
from pathlib import Path

from PIL import Image, ImageFilter

from countenance.samples import cast


@functools.cache
def png_bomb(side: int) -> bytes:
    """A white PNG of side × side pixels, one bit each; 30,000 × 30,000 of them take some 100 kB on disk."""
    packer = zlib.compressobj(6)
    row = b"\0" + b"\xff" * (-(-side // 8))
    packed = b"".join([*(packer.compress(row) for _ in range(side)), packer.flush()])

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


def portrait(name: str = "Ada", shot: int = 1) -> bytes:
    """A photo of somebody of the cast; shot 1 is near-frontal and never enrolled here."""
    return cast().photos(name)[shot].read_bytes()


def tiny(name: str = "Ada") -> bytes:
    """The portrait shrunk until the face is some twenty pixels wide."""
    with Image.open(cast().portrait(name)) as whole:
        return _jpeg(whole.resize((whole.width // 12, whole.height // 12)))


def blurred(name: str = "Ada") -> bytes:
    """The portrait out of focus."""
    with Image.open(cast().portrait(name)) as whole:
        return _jpeg(whole.filter(ImageFilter.GaussianBlur(9)))


def plain(number: int, side: int = 64) -> bytes:
    """A small picture of nobody, another one for each number."""
    image = Image.radial_gradient("L").resize((side, side)).rotate(number % 360)
    image.putpixel((number % side, number // side % side), 255)
    return _jpeg(Image.merge("RGB", (image, image.rotate(90), Image.new("L", image.size, number * 7 % 256))))


def group() -> Path:
    """A photo of several people."""
    return max(cast().party(), key=lambda photo: len(photo.people)).path


def again(photo: Path, side: int, quality: int) -> bytes:
    """A photo made smaller and packed anew: another file of the same people."""
    with Image.open(photo) as whole:
        whole.thumbnail((side, side))
        return _jpeg(whole, quality)


def _jpeg(image: Image.Image, quality: int = 88) -> bytes:
    out = io.BytesIO()
    image.convert("RGB").save(out, "JPEG", quality=quality)
    return out.getvalue()
