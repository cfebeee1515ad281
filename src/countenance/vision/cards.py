"""What a model is, told honestly: its card. Those of the two models that every installation has stand here."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from countenance.vision import calibrations

FOLD_VERSION = 1
"""Raised whenever `countenance.vision.fold` would give other numbers; part of the embedding contract."""

SIZE = 112
"""The side of an aligned face, in pixels: ArcFace's, the one alignment that is known here."""

Floats = NDArray[np.float32]
Three = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Figure:
    """How good somebody found the model: what was measured, the value in percent, and who says so."""

    what: str
    percent: float
    source: str


@dataclass(frozen=True, slots=True)
class ModelCard:
    """What a model is and where it comes from.

    Attributes:
        name: For a person to read.
        role: ``detector`` or ``recogniser``.
        file: What its file is called where it is published.
        sha256: Of that file.
        licence: By its usual name. ``non_commercial``: it forbids commercial use, and has to be accepted by name.
        trained_on: The photographs that it learned from, and whether the people in them were asked.
        dimension: How many numbers a template has; 0 for a detector.
        thresholds: Pairs (cosine, false accept rate on photos of real people), in rising order of the cosine.
        id: The word by which commands and the configuration call it.
        style: ``arcface`` for a recogniser; ``yunet`` or ``scrfd`` for a detector, which says how its output is read.
        channels: The order in which it takes colours: ``rgb`` or ``bgr``.
        mean: Is taken from each colour's levels, 0 to 255, which are then divided by ``std``.
        std: See ``mean``.
        upstream: Where it is published. Nothing here ever asks there.
        published: Figures of its authors. ``measured``: of others, us among them.
        calibration: How high strangers score, by name, for thresholds that follow from a gallery's size.
        calibration_flipped: The same where a template is the mean of the face's and its mirror image's.
        output: Which of its outputs is the template, by place.
        single: It takes one face at a time.
        notes: What else one should know.
    """

    name: str
    role: str
    file: str
    sha256: str
    licence: str
    trained_on: str
    dimension: int = 0
    thresholds: tuple[tuple[float, float], ...] = ()
    id: str = ""
    style: str = "arcface"
    channels: str = "rgb"
    mean: Three = (0.0, 0.0, 0.0)
    std: Three = (1.0, 1.0, 1.0)
    non_commercial: bool = False
    upstream: str = ""
    published: tuple[Figure, ...] = ()
    measured: tuple[Figure, ...] = ()
    calibration: tuple[tuple[str, Any], ...] = ()
    calibration_flipped: tuple[tuple[str, Any], ...] = ()
    output: int = 0
    single: bool = False
    notes: str = ""

    @property
    def ours(self) -> bool:
        """Whether it is one of the two that every installation has."""
        return self.sha256 in {card.sha256 for card in PACK}


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A model on this machine; ``path`` is None when its file is not there. ``accepted``: the licence, by name."""

    card: ModelCard
    path: Path | None
    accepted: str | None = None

    @property
    def present(self) -> bool:
        """Whether the file is there."""
        return self.path is not None


_LFW = "Labeled Faces in the Wild, 10-fold accuracy"
_HERE = "measured with this program's alignment, deep-funneled LFW (docs/concepts/scores.md)"

YUNET = ModelCard(
    name="YuNet 2023mar",
    id="yunet",
    role="detector",
    style="yunet",
    channels="bgr",
    file="face_detection_yunet_2023mar_int8bq.onnx",
    sha256="49f000ec501fef24739071fc7e68267d32209045b6822c0c72dce1da25726f10",
    licence="MIT",
    upstream="https://github.com/opencv/opencv_zoo/tree/main/models/face_detection_yunet",
    trained_on=(
        "WIDER FACE: photographs of events found by web image search and labelled for research; "
        "the people in them were not asked."
    ),
)
SFACE = ModelCard(
    name="SFace 2021dec",
    id="sface",
    role="recogniser",
    file="face_recognition_sface_2021dec_int8bq.onnx",
    sha256="fb143eea07838aa532d1c95df5f69899974ea0140e1fba05e94204be13ed74ee",
    licence="Apache-2.0",
    upstream="https://github.com/opencv/opencv_zoo/tree/main/models/face_recognition_sface",
    trained_on=(
        "Photographs of well-known people collected from the web, who were not asked. The authors' paper names "
        "CASIA-WebFace, VGGFace2 and MS-Celeb-1M; the file does not record which of them it saw."
    ),
    dimension=128,
    thresholds=((0.358, 1e-3), (0.415, 1e-4), (0.465, 1e-5)),
    calibration=tuple(calibrations.SFACE.items()),
    calibration_flipped=tuple(calibrations.SFACE_FLIPPED.items()),
    published=(Figure(_LFW, 99.40, "OpenCV Zoo, face_recognition_sface, README"),),
    measured=(Figure(_LFW, 99.38, _HERE),),
)
PACK = (YUNET, SFACE)


def prepared(batch: Floats, card: ModelCard) -> Floats:
    """What the network takes, from RGB levels of 0 to 255 (count × 3 × height × width)."""
    if card.channels == "bgr":
        batch = batch[:, ::-1]
    if card.mean != (0.0, 0.0, 0.0) or card.std != (1.0, 1.0, 1.0):
        mean, std = (np.array(three, np.float32)[None, :, None, None] for three in (card.mean, card.std))
        batch = (batch - mean) / std
    return np.ascontiguousarray(batch, dtype=np.float32)
