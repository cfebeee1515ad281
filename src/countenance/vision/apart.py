"""Vision in a process of its own, for a service: what its networks do, the service's threads need not wait for.

Threads of one process take turns with the interpreter. Of a search half is vision's, and a service that looks at photos
in its own process is hardly quicker on two cores than on one. Here the confined process that decodes a picture finds
its faces and makes its templates too; the service holds no network, and no stranger's pixels meet one in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from countenance.errors import ModelMissing
from countenance.types import Box, Face, Template
from countenance.vision.decode import Decoder, Limits, Picture
from countenance.vision.engine import Vision
from countenance.vision.packs import cache_folder
from countenance.vision.telling import plain_face, read_box, read_face

WORKER = "countenance.vision.apart_worker"


class Apart(Vision):
    """As `Vision`, with the same arguments and the same answers."""

    def __init__(self, *, limits: Limits = Limits(), **settings: Any) -> None:  # noqa: B008 (frozen)
        super().__init__(limits=limits, **settings)
        told = {**settings, "cache": str(cache_folder(settings.get("cache")))}
        self._decoder = Decoder(limits, workers=1, module=WORKER, settings=told)
        self._described: str | None = None

    @property
    def backend(self) -> str:
        """See `Vision.backend`. Asked once: whoever watches the service does not wait for a photo each time."""
        if self._described is None:
            try:
                self._described = str(self._decoder.ask({"ask": "backend"})[0]["backend"])
            except ModelMissing:
                return f"{self._wanted} (not loaded: the model files are missing)"
        return self._described

    def faces(self, picture: Picture, *, threshold: float = 0.6, side: int = 1024) -> list[Face]:
        """See `Vision.faces`."""
        told, _ = self._decoder.ask({"ask": "faces", "threshold": threshold, "side": side}, picture)
        return [read_face(each) for each in told["faces"]]

    def anybody(self, picture: Picture) -> list[Box]:
        """See `Vision.anybody`."""
        told, _ = self._decoder.ask({"ask": "anybody"}, picture)
        return [read_box(each) for each in told["boxes"]]

    def templates(self, picture: Picture, faces: Sequence[Face]) -> list[Template]:
        """See `Vision.templates`."""
        if not faces:
            return []
        _, data = self._decoder.ask({"ask": "templates", "faces": [plain_face(face) for face in faces]}, picture)
        vectors = np.frombuffer(data, "<f4").astype(np.float32).reshape(len(faces), self.dimension)
        return [Template(vector, self.contract) for vector in vectors]
