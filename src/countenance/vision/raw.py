"""Cameras' raw files: the preview that the camera embedded, as it is what the photographer saw. Nothing is developed.

Told apart from TIFF, which most of them resemble, by what their first directory says (TIFF 6.0, TIFF/EP, DNG 1.7).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any

import numpy as np
import simplejpeg
from numpy.typing import NDArray

LEAST = 640
"""Pixels that the longer side of a preview needs, where the camera's picture has more: fewer show no face."""
_STARTS = (b"IIRO", b"IIRS", b"MMOR", b"IIU\0", b"FUJIFILMCCD-RAW")
_KIND, _COMPRESSION, _PHOTOMETRIC, _DNG = 254, 259, 262, 50706
_RAW_COMPRESSIONS = frozenset({32767, 32769, 34713, 65000, 65535})
_RAW_PHOTOMETRICS = frozenset({32803, 34892})
_TURNS = {3: 3, 5: 8, 6: 6}
"""How LibRaw says that the camera was held, as an EXIF orientation."""


@dataclass(frozen=True)
class Preview:
    """A JPEG's bytes, which say themselves how the camera was held, or pixels with that (EXIF 1 to 8, where known)."""

    jpeg: bytes | None = None
    pixels: NDArray[np.uint8] | None = None
    orientation: int | None = None


class NoPreview(Exception):
    """There is none that serves. The message says why."""


def is_raw(data: bytes) -> bool:
    """Whether the bytes are a camera's raw file rather than a TIFF, HEIC or anything else."""
    if data.startswith(_STARTS) or data[4:12] == b"ftypcrx ":
        return True
    if data[:4] not in (b"II*\0", b"MM\0*"):
        return False
    tags = _first_directory(data)
    return (
        data[8:10] == b"CR"
        or _DNG in tags
        or bool(tags.get(_KIND, 0) & 1)  # the first picture is a smaller copy of another
        or tags.get(_COMPRESSION) in _RAW_COMPRESSIONS
        or tags.get(_PHOTOMETRIC) in _RAW_PHOTOMETRICS
    )


def preview(data: bytes) -> Preview:
    """The embedded preview. Raises `NoPreview`, `MemoryError`, or whatever the library raises on damaged bytes."""
    import io

    import rawpy  # 0.2 seconds, for those who have such files

    with rawpy.imread(io.BytesIO(data)) as raw:
        try:
            found: Any = raw.extract_thumb()
        except (rawpy.LibRawNoThumbnailError, rawpy.LibRawUnsupportedThumbnailError):
            raise NoPreview("The raw file has no embedded preview that can be read.") from None
        except rawpy.LibRawUnsufficientMemoryError:
            raise MemoryError from None
        jpeg = found.format == rawpy.ThumbFormat.JPEG
        longest = max(simplejpeg.decode_jpeg_header(found.data)[:2] if jpeg else found.data.shape[:2])
        if longest < min(LEAST, max(raw.sizes.raw_width, raw.sizes.raw_height)):
            raise NoPreview(f"The raw file's embedded preview has only {longest} pixels on its longer side.")
        if jpeg:
            return Preview(bytes(found.data))
        return Preview(None, np.array(found.data), _TURNS.get(int(raw.sizes.flip)))


def _first_directory(data: bytes) -> dict[int, int]:
    """The numbers of the first directory, as far as one stands in its entry."""
    order = "<" if data[:1] == b"I" else ">"
    tags: dict[int, int] = {}
    try:
        (at,) = struct.unpack_from(f"{order}I", data, 4)
        (count,) = struct.unpack_from(f"{order}H", data, at)
        for entry in range(min(count, 512)):
            tag, kind, _ = struct.unpack_from(f"{order}HHI", data, at + 2 + 12 * entry)
            (value,) = struct.unpack_from(f"{order}{'H' if kind == 3 else 'I'}", data, at + 10 + 12 * entry)
            tags[tag] = value
    except struct.error:
        pass
    return tags
