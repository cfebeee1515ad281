"""The process that looks at pictures for a service: ``python -m countenance.vision.apart_worker SETTINGS``.

Started by `apart`. It decodes as `decode_worker` does, keeps the pictures that it was last given, and is asked about
them. The networks are loaded first; then it gives up what it can do without, and serves until its input ends.
"""

from __future__ import annotations

import json
import os
import select
import sys
from collections import OrderedDict
from pathlib import Path
from typing import IO, Any

import numpy as np

from countenance.errors import CountenanceError, TooLarge
from countenance.vision.decode import ASKED, HEAD, READY, Picture
from countenance.vision.decode_worker import (
    SCRATCH,
    Decoded,
    allow_seconds,
    answer,
    confine,
    load_decoders,
    loaded,
    own_output,
    tell,
)
from countenance.vision.engine import Vision
from countenance.vision.telling import plain_box, plain_error, plain_face, read_face

_KEPT, _KEPT_BYTES = 8, 64 << 20
"""Pictures that are kept to be asked about, and their pixels' bytes; the newest is, however large."""
FORGOTTEN = 1.0
"""Seconds without a question after which none is kept: whose face it is, is not ours to hold (P16)."""
_QUESTION = 1 << 20


class Kept:
    """The pictures that came last, by number."""

    def __init__(self) -> None:
        self._pictures: OrderedDict[int, Picture] = OrderedDict()
        self._last = 0

    def add(self, picture: Picture) -> int:
        """Keep a picture, and as many of those before as there is room for; returns its number."""
        self._last += 1
        self._pictures[self._last] = picture
        while len(self._pictures) > 1 and (len(self._pictures) > _KEPT or self._bytes() > _KEPT_BYTES):
            self._pictures.popitem(last=False)
        return self._last

    def get(self, number: int) -> Picture | None:
        """The picture of this number, if it is still there."""
        return self._pictures.get(number)

    def forget(self) -> None:
        """Keep none. Whoever asks about one gives it again."""
        self._pictures.clear()

    def _bytes(self) -> int:
        return sum(each.pixels.nbytes for each in self._pictures.values())


def serve(source: IO[bytes], sink: IO[bytes], vision: Vision, limits: dict[str, Any]) -> None:
    """Answer pictures, and questions about them, until ``source`` ends."""
    kept = Kept()

    def keep(done: Decoded) -> dict[str, Any]:
        height, width = done.pixels.shape[:2]
        return {"number": kept.add(Picture(done.pixels, width, height, done.format))}

    sink.write(READY)
    sink.flush()
    while len(head := _next(source, kept)) == HEAD.size:
        (length,) = HEAD.unpack(head)
        allow_seconds(float(limits["seconds"]))
        most = _QUESTION if length & ASKED else int(limits["max_bytes"])
        data = _read(source, length & ~ASKED, most)
        if data is None:
            return
        if not length & ASKED:
            answer(sink, data, int(limits["max_pixels"]), keep)
        elif not _asked(source, sink, vision, kept, json.loads(data)):
            return
        data = None


def _next(source: IO[bytes], kept: Kept) -> bytes:
    """The head of what comes next; all is forgotten, if that is not soon."""
    if not select.select([source], [], [], FORGOTTEN)[0]:
        kept.forget()
    return source.read(HEAD.size)


def _read(source: IO[bytes], length: int, most: int) -> bytes | None:
    data = source.read(length) if length <= most else b""
    return data if len(data) == length else None


def _asked(source: IO[bytes], sink: IO[bytes], vision: Vision, kept: Kept, question: dict[str, Any]) -> bool:
    """Answer one question; False where what belongs to it did not come."""
    if question["ask"] == "keep":
        height, width = int(question["height"]), int(question["width"])
        data = source.read(height * width * 3)
        if len(data) < height * width * 3:
            return False
        pixels = np.frombuffer(data, np.uint8).reshape(height, width, 3)
        tell(sink, {"number": kept.add(Picture(pixels, width, height, str(question["format"])))})
        return True
    picture = None if question["number"] is None else kept.get(int(question["number"]))
    more = b""
    try:
        told, more = _told(vision, picture, question)
    except CountenanceError as error:
        told = plain_error(error)
    except MemoryError:
        told = plain_error(TooLarge("The picture needs more memory than is allowed."))
    tell(sink, told | {"more": len(more)}, more)
    return True


def _told(vision: Vision, picture: Picture | None, question: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    if question["ask"] == "backend":
        return {"backend": vision.backend}, b""
    if picture is None:
        return {"gone": True}, b""
    if question["ask"] == "faces":
        faces = vision.faces(picture, threshold=float(question["threshold"]), side=int(question["side"]))
        return {"faces": [plain_face(face) for face in faces]}, b""
    if question["ask"] == "anybody":
        return {"boxes": [plain_box(box) for box in vision.anybody(picture)]}, b""
    templates = vision.templates(picture, [read_face(each) for each in question["faces"]])
    return {}, b"".join(each.to_bytes() for each in templates)


def main() -> None:
    """Load, confine, serve."""
    settings = json.loads(sys.argv[1])
    limits = {name: settings.pop(name) for name in ("max_bytes", "max_pixels", "seconds")}
    answers = os.fdopen(own_output(), "wb")
    load_decoders()
    vision = Vision(**settings | {"cache": Path(settings["cache"])})
    try:
        vision.warm()
    except CountenanceError as error:
        answers.write(b"E")
        tell(answers, plain_error(error))
        return
    confine(limits, loaded() + SCRATCH)
    serve(sys.stdin.buffer, answers, vision, limits)


if __name__ == "__main__":
    main()
