"""Detection: where the faces in a photo are. Nobody is compared with anybody, and nothing of a face is kept (P27)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from countenance.service import probing
from countenance.service.refusing import recording
from countenance.types import Face

if TYPE_CHECKING:
    from countenance.service.context import Context


@dataclass(frozen=True, slots=True)
class Detected:
    """The faces of one photo, largest first: their numbers are what a search or an enrolment chooses by."""

    faces: tuple[Face, ...]
    width: int
    height: int
    log_index: int

    def as_json(self) -> dict[str, Any]:
        """The machine-readable answer. Boxes are pixels of the upright photo."""
        return {
            "width": self.width,
            "height": self.height,
            "faces": [
                {
                    "face": number,
                    "box": face.box.as_list(),
                    "landmarks": [[round(x), round(y)] for x, y in face.landmarks],
                    "score": round(face.score, 4),
                    "usable": not face.quality.reasons,
                    "reasons": list(face.quality.reasons),
                }
                for number, face in enumerate(self.faces, 1)
            ],
            "log": {"index": self.log_index},
        }


def detect(context: Context, photo: str | Path | bytes) -> Detected:
    """Find the faces in a photo, in memory. Needs the role operator; the log tells that it was done, and how many.

    Raises `RoleRefused`, `Unreadable` or `TooLarge`.
    """
    taken = probing.take(context, photo)
    with recording(context, "detect") as connection:
        facts = {"photo": taken.commitment}
        written = context.desk.record(connection, "detect", "operator", facts=facts, party=context.party)
    picture = context.vision.decode(taken.data)
    height, width = picture.pixels.shape[:2]
    return Detected(tuple(context.vision.faces(picture)), width, height, written.index)
