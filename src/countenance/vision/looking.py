"""One photo, from bytes to templates: decode at the least scale that serves, detect, align, embed.

Runs where the picture was decoded, so that pixels never travel. All coordinates it gives are those of the whole photo,
upright as its orientation tag says, whatever scale it was decoded at.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from countenance.errors import TooLarge, Unreadable
from countenance.types import Box, Face, Pixels, Template
from countenance.vision.pace import PACES, STANDARD

if TYPE_CHECKING:
    from countenance.vision.backends import Floats
    from countenance.vision.decode_worker import Decoded
    from countenance.vision.detect import Detector
    from countenance.vision.embed import Embedder

_ENOUGH = 1600
"""The longest side that a photo is first decoded at, if it has as many pixels. Half of them cost hardly less, for what
takes the time is unpacking; and most faces are then large enough, so that the photo is decoded once."""
_TRIED = 512
"""The longest side of a photo that is turned to find out which way is up."""
_TURNS = (90, 180, 270)
_SURE, _BETTER = 0.9, 0.02
"""The score of an upright face (of 240 pictures, 1 in 100 had less; upside down, 1 in 20 had as much), and by how much
a turn must be better than none."""


@dataclass(frozen=True, slots=True)
class Look:
    """What was seen in one photo.

    Attributes:
        width: The whole photo's, in pixels.
        height: Likewise.
        format: What kind of file it was: ``JPEG``, ``PNG`` …
        perceptual_hash: 64 bits as 16 hexadecimal signs, of the whole picture.
        faces: Largest first, in pixels of the whole photo.
        templates: One a face, in the same order.
        turned: By how many degrees it had to be turned for upright faces to be found: 0, 90, 180 or 270 (clockwise).
        seconds: What each stage took: ``decode``, ``detect``, ``embed``.
    """

    width: int
    height: int
    format: str
    perceptual_hash: str
    faces: Sequence[Face] = ()
    templates: Sequence[Template] = field(default=(), repr=False)
    turned: int = 0
    seconds: dict[str, float] = field(default_factory=dict)


class Looker:
    """Looks at photos, one at a time, in this process; where their bytes are not trusted, that is a confined one.

    Args:
        detector: Finds the faces.
        embedder: Makes the templates.
        contract: The embedding contract that it makes them under.
        gate: The quality gate that faces are measured against.
        max_pixels: What a photo may have.
        detect: How closely it looks: one of `PACES`.
    """

    def __init__(
        self,
        detector: Detector,
        embedder: Embedder,
        contract: str,
        *,
        gate: str = "standard",
        max_pixels: int,
        detect: str = STANDARD,
    ) -> None:
        self._detector = detector
        self._embedder = embedder
        self._contract = contract
        self._gate = gate
        self._max_pixels = max_pixels
        self._pace = PACES[detect]

    @property
    def contract(self) -> str:
        """The embedding contract of its templates."""
        return self._contract

    def warm(self) -> None:
        """Run both networks once, so that all they need is loaded before the first photo."""
        self._detector.detect(np.zeros((32, 32, 3), np.uint8))
        self._embedder.embed([np.full((112, 112, 3), 128, np.uint8)])

    def look(self, data: bytes) -> Look:
        """Everything that ingest wants to know of a photo. Raises `Unreadable` and `TooLarge` as `Vision.decode`."""
        from countenance.vision.likeness import perceptual_hash

        clock = _Stages()
        done = self._decode(data, None if self._pace.tiles else _ENOUGH)
        clock.end("decode")
        view, times = self._view(done.pixels)
        likeness = perceptual_hash(view)
        turned, rows = self._upright(view, tagged=done.tagged)
        rows[:, :14] *= times
        if self._pace.tiles:
            rows = self._detector.tiled(_turned(done.pixels, turned), rows)
        clock.end("detect")
        wanted = self._wanted_scale(rows, done.scale)
        if wanted < done.scale:
            rows[:, :14] *= done.scale / wanted
            done = self._decode(data, max(done.size) // wanted)
            clock.end("decode")
        faces, templates = self._faces(_turned(done.pixels, turned), rows, done, clock)
        faces = [_turned_back(face, turned, done.size) for face in faces]
        return Look(*done.size, done.format, likeness, faces, templates, turned, clock.seconds)

    def _view(self, pixels: Pixels) -> tuple[Pixels, float]:
        """The whole photo as the detector sees it, and how many of its pixels one of those is wide."""
        from countenance.vision.detect import reduced, sampled, whole

        longest, side = max(pixels.shape[:2]), self._pace.side
        if not self._pace.exact:
            return reduced(pixels, side), whole(longest, side)
        view = sampled(pixels, side)
        return view, longest / max(view.shape[:2])

    def _glance(self, view: Pixels) -> Floats:
        return self._detector.glance(view, side=self._pace.side) if self._pace.twice else self._detector.once(view)

    def _decode(self, data: bytes, side: int | None) -> Decoded:
        from countenance.vision.decode_worker import Refusal, decode

        try:
            return decode(data, self._max_pixels, side=side)
        except Refusal as refusal:
            kind = TooLarge if refusal.answer["error"] == TooLarge.code else Unreadable
            raise kind(refusal.answer["message"], hint=refusal.answer["hint"]) from None

    def _upright(self, view: Pixels, *, tagged: bool) -> tuple[int, Floats]:
        """By how many degrees the picture must be turned, and what the detector sees in it then.

        A photo that says which way is up is believed, and so is one in which somebody is surely upright. Any other is
        turned to see which way is the best: tags are often lost. Landmarks would not tell, for YuNet puts upright ones
        on faces that lie or stand on their heads; the best score did, on every one of 90 pictures of the cast and 150
        of Labeled Faces in the Wild.
        """
        from countenance.vision.detect import reduced

        rows = self._glance(view)
        upright = _best(rows)
        if tagged or upright >= _SURE:
            return 0, rows
        small = reduced(view, _TRIED)
        scores = {turn: _best(self._detector.glance(_turned(small, turn), side=_TRIED)) for turn in (0, *_TURNS)}
        turn = max(_TURNS, key=lambda turn: scores[turn])
        if scores[turn] <= max(upright, scores[0]) + _BETTER:
            return 0, rows
        return turn, self._glance(_turned(view, turn))

    def _wanted_scale(self, rows: Floats, scale: int) -> int:
        """The scale that the photo must be decoded at for no face to be magnified, as far as the photo has more."""
        if scale == 1 or not len(rows):
            return scale
        from countenance.vision.align import magnified

        most = max(magnified(row[4:14].reshape(5, 2)) for row in rows)
        while scale > 1 and most > 1:
            scale, most = scale // 2, most / 2
        return scale

    def _faces(self, pixels: Pixels, rows: Floats, done: Decoded, clock: _Stages) -> tuple[list[Face], list[Template]]:
        from countenance.vision.align import align
        from countenance.vision.quality import judged

        found = self._detector.refined(pixels, rows, again=self._pace.twice)
        clock.end("detect")
        crops = [align(pixels, one.landmarks) for one in found]
        templates = [Template(vector, self._contract) for vector in self._embedder.embed(crops)]
        clock.end("embed")
        size = pixels.shape[1::-1]
        pairs = zip(crops, found, strict=True)
        return [judged(crop, one, size, level=self._gate, scale=done.scale) for crop, one in pairs], templates


class _Stages:
    """A watch that says how long it was since it was last asked."""

    def __init__(self) -> None:
        self.seconds = {"decode": 0.0, "detect": 0.0, "embed": 0.0}
        self._last = time.perf_counter()

    def end(self, stage: str) -> None:
        now = time.perf_counter()
        self.seconds[stage] += now - self._last
        self._last = now


def open_looker(
    backend: str = "auto",
    *,
    gate: str = "standard",
    max_pixels: int,
    threads: int = 1,
    cache: Path | None = None,
    detect: str = STANDARD,
    models: tuple[str, str] = ("sface", "yunet"),
    flip: bool = False,
) -> Looker:
    """A looker with its models loaded: a recogniser's id, and a detector's. Other arguments as for `Vision`."""
    from countenance.vision import shelf
    from countenance.vision.backends import choose
    from countenance.vision.contract import contract_of
    from countenance.vision.opening import open_detector, open_embedder

    recogniser, detector = shelf.chosen(*models, cache)
    choice = choose(backend, threads=threads, cache=cache, card=recogniser)
    finds, embeds = open_detector(choice, detector, cache), open_embedder(choice, recogniser, cache, flip=flip)
    contract = contract_of(recogniser, detector, flip=flip)
    return Looker(finds, embeds, contract, gate=gate, max_pixels=max_pixels, detect=detect)


def _best(rows: Floats) -> float:
    return float(rows[:, 14].max(initial=0))


def _turned(pixels: Pixels, degrees: int) -> Pixels:
    """Turned clockwise."""
    return np.ascontiguousarray(np.rot90(pixels, -degrees // 90))


def _turned_back(face: Face, turned: int, size: tuple[int, int]) -> Face:
    """A face of the turned photo where it lies in the photo of this ``size`` (width, height) that was not."""
    if not turned:
        return face
    width, height = size

    def back(x: float, y: float) -> tuple[float, float]:
        return {90: (y, height - x), 180: (width - x, height - y), 270: (width - y, x)}[turned]

    box = face.box
    corners = back(box.x, box.y), back(box.x + box.w, box.y + box.h)
    left, top = (min(one[axis] for one in corners) for axis in (0, 1))
    right, bottom = (max(one[axis] for one in corners) for axis in (0, 1))
    marks = tuple(back(x, y) for x, y in face.landmarks)
    return Face(Box(left, top, right - left, bottom - top), marks, face.score, face.quality)
