"""A guest's pictures as one archive, made piece by piece: a hundred photographs never lie in memory together."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from countenance.errors import CountenanceError

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

    from countenance.service.guests import Guests


class _Pieces(io.RawIOBase):
    """What an archive is written to: it keeps what was written until it is asked for."""

    def __init__(self) -> None:
        super().__init__()
        self._written: list[bytes] = []

    def write(self, data: ReadableBuffer, /) -> int:
        """Keep a piece."""
        self._written.append(bytes(data))
        return len(self._written[-1])

    def take(self) -> bytes:
        """What came since."""
        pieces, self._written = self._written, []
        return b"".join(pieces)


def archive(guests: Guests, key: str, photos: Sequence[str]) -> Iterator[bytes]:
    """The pictures in a zip. One that cannot be read any more is left out, and named in the archive."""
    pieces, missing = _Pieces(), []
    with zipfile.ZipFile(pieces, "w", zipfile.ZIP_STORED) as zipped:
        for photo in photos:
            try:
                data, _ = guests.picture(key, photo)
            except CountenanceError:
                missing.append(photo)
                continue
            zipped.writestr(f"{photo}.jpg", data)
            yield pieces.take()
        if missing:
            zipped.writestr("missing.txt", "These could not be read: " + ", ".join(missing) + "\n")
    yield pieces.take()
