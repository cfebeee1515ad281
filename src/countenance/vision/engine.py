"""The one door to vision: bytes → picture → faces → templates. Everything behind it is loaded on first use."""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

import numpy as np

from countenance.errors import BadConfiguration, ManyFaces, ModelMissing, NoFace, QualityTooLow
from countenance.types import Box, Face, Template
from countenance.vision import shelf
from countenance.vision.cards import ModelCard
from countenance.vision.contract import contract_of
from countenance.vision.decode import Decoder, Limits, Picture

if TYPE_CHECKING:
    from countenance.vision.backends import Choice
    from countenance.vision.detect import Detection, Detector
    from countenance.vision.embed import Embedder

BACKENDS = ("auto", "onnxruntime", "openvino", "cuda")
GATES = ("off", "standard", "strict")
COVERED = 0.25
"""The detector's score from which something is covered: rather a lampshade too many than a face too few."""


class Vision:
    """Finds faces and makes templates. Safe to call from several threads; close it, or use it as a context manager.

    Args:
        backend: ``auto`` (the faster one on this CPU, measured once), ``onnxruntime`` or ``openvino``.
        threads: How many threads one inference may use; all cores when None. Whoever asks, no more photos are looked at
            at one time than there are cores: more would be no quicker, and take memory each.
        limits: What a picture may cost to decode.
        gate: The quality gate that faces are measured against: ``off``, ``standard`` or ``strict``.
        cache: Where models are kept; the user's cache directory when None.
        recogniser: The id of the model that makes templates. ``detector``: of the one that finds faces.
        flip: A template is the mean of the face's and its mirror image's.

    Raises `ModelMissing` where one of these is nowhere described on this machine.
    """

    def __init__(
        self,
        *,
        backend: str = "auto",
        threads: int | None = None,
        limits: Limits = Limits(),  # noqa: B008 (frozen)
        gate: str = "standard",
        cache: Path | None = None,
        recogniser: str = "sface",
        detector: str = "yunet",
        flip: bool = False,
    ) -> None:
        if backend not in BACKENDS:
            raise BadConfiguration(f"There is no backend {backend!r}.", hint=f"Use one of: {', '.join(BACKENDS)}.")
        if gate not in GATES:
            raise BadConfiguration(f"There is no quality gate {gate!r}.", hint=f"Use one of: {', '.join(GATES)}.")
        self._wanted = backend
        self._threads = threads
        self._gate = gate
        self._cache = cache
        self._cards = shelf.chosen(recogniser, detector, cache)
        self._flip = flip
        self._decoder = Decoder(limits)
        self._lock = threading.Lock()
        self._room = threading.Semaphore(len(os.sched_getaffinity(0)))
        self._choice: Choice | None = None
        self._detector: Detector | None = None
        self._embedder: Embedder | None = None

    @property
    def contract(self) -> str:
        """The embedding contract (SHA-256, hex) that templates are made under. Needs no model to be loaded."""
        return contract_of(*self._cards, flip=self._flip)

    @property
    def dimension(self) -> int:
        """How many numbers a template has."""
        return self.card.dimension

    @property
    def card(self) -> ModelCard:
        """What is known of the model that makes templates."""
        return self._cards[0]

    @property
    def flip(self) -> bool:
        """Whether a face's mirror image counts in its template."""
        return self._flip

    @property
    def cards(self) -> tuple[ModelCard, ModelCard]:
        """The recogniser's card and the detector's."""
        return self._cards

    @property
    def backend(self) -> str:
        """What does the arithmetic, for a person to read. Measures once when the backend is ``auto``."""
        try:
            return self._chosen().description
        except ModelMissing:
            return f"{self._wanted} (not loaded: the model files are missing)"

    def decode(self, data: bytes) -> Picture:
        """Turn a file's bytes into upright RGB pixels, in a bounded process of its own.

        Raises:
            Unreadable: The bytes are no picture, a damaged one, a video, or took too long.
            TooLarge: More bytes or pixels than the limits allow.
        """
        return self._decoder.decode(data)

    def faces(self, picture: Picture, *, threshold: float = 0.6, side: int = 1024) -> list[Face]:
        """All faces in the picture, largest first, each with its quality and what the gate says of it.

        Args:
            picture: What `decode` gave.
            threshold: The detector's score from which a face counts, 0 to 1.
            side: The longest side, in pixels, that the detector sees; more finds smaller faces and takes longer.
        """
        from countenance.vision.quality import measured

        found = self._found(picture, threshold, side)
        return [measured(picture.pixels, one, level=self._gate) for one in found]

    def anybody(self, picture: Picture) -> list[Box]:
        """Wherever somebody might be, largest first, so that it can be covered; of no use to find anybody by."""
        return [one.box for one in self._found(picture, COVERED)]

    def _found(self, picture: Picture, threshold: float, side: int = 1024) -> list[Detection]:
        """The networks look at a picture once, however often it is asked who is in it."""
        with self._room:
            detector, looks = self._detect(), picture.looked.get(side)
            if looks is None or looks.least > threshold:
                looks = detector.looks(picture.pixels, least=min(threshold, COVERED), side=side)
                picture.looked[side] = looks
            return detector.refined(picture.pixels, looks.faces(threshold), side=side)

    def templates(self, picture: Picture, faces: Sequence[Face]) -> list[Template]:
        """A template for each of ``faces``, in the same order. Raises `QualityTooLow` if the model gives none."""
        from countenance.vision.align import align

        if not faces:
            return []
        with self._room:
            crops = [align(picture.pixels, face.landmarks) for face in faces]
            return [Template(vector, self.contract) for vector in self._embed().embed(crops)]

    def one_face(self, picture: Picture, *, choose: int | None = None, gate: bool = True, use: str = "probe") -> Face:
        """The one face that an enrolment or a probe is about.

        Args:
            picture: What `decode` gave.
            choose: The face's number as `faces` lists them: 1 is the largest.
            gate: False lets a poor face through; its quality still carries the reasons.
            use: What for: more is asked of an ``enrolment`` than of a ``probe``.

        Raises:
            NoFace: None was found, or none has that number.
            ManyFaces: Several were found and none was chosen.
            QualityTooLow: The face does not pass the gate; the reasons say why.
        """
        return self.choose(self.faces(picture), choose, gate=gate, use=use)

    def choose(
        self,
        faces: list[Face],
        number: int | None = None,
        *,
        gate: bool = True,
        use: str = "probe",
        level: str | None = None,
    ) -> Face:
        """The one of `faces` that an enrolment or a probe is about; as `one_face`, for faces found already.

        ``level``: the gate's, where it is not the one that this was opened with.
        """
        from countenance.vision.quality import reasons as missed

        face = _pick(faces, number)
        reasons = missed(face, level or self._gate, use) if gate else ()
        if reasons:
            raise QualityTooLow(f"This face cannot be relied on: {'; '.join(reasons)}.", reasons=reasons)
        return face

    def warm(self) -> None:
        """Run both networks once, so that all they need is loaded before the first photo. Raises `ModelMissing`."""
        blank = Picture(np.full((112, 112, 3), 128, np.uint8), 112, 112, "")
        self.faces(blank)
        self._embed().embed([blank.pixels])

    def close(self) -> None:
        """End the decode processes and let go of the models. It may be used again afterwards."""
        self._decoder.close()
        with self._lock:
            self._detector = self._embedder = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _chosen(self) -> Choice:
        from countenance.vision.backends import choose

        with self._lock:
            if self._choice is None:
                self._choice = choose(self._wanted, threads=self._threads, cache=self._cache, card=self.card)
            return self._choice

    def _detect(self) -> Detector:
        from countenance.vision.opening import open_detector

        choice = self._chosen()
        with self._lock:
            if self._detector is None:
                self._detector = open_detector(choice, self._cards[1], self._cache)
            return self._detector

    def _embed(self) -> Embedder:
        from countenance.vision.opening import open_embedder

        choice = self._chosen()
        with self._lock:
            if self._embedder is None:
                self._embedder = open_embedder(choice, self.card, self._cache, flip=self._flip)
            return self._embedder


def _pick(faces: list[Face], choose: int | None) -> Face:
    if not faces:
        raise NoFace("No face was found in the photo.")
    if choose is not None:
        if not 1 <= choose <= len(faces):
            raise NoFace(
                f"There is no face number {choose}: the photo has {len(faces)}.",
                hint=f"Give a number from 1 (the largest face) to {len(faces)}.",
            )
        return faces[choose - 1]
    if len(faces) > 1:
        raise ManyFaces(
            f"{len(faces)} faces were found where one is needed.",
            hint="Give a photo of this person alone, or choose the face by its number: 1 is the largest.",
        )
    return faces[0]
