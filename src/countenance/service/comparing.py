"""One face beside each face of another photo (1:1, each decided, counted and capped as a verification: P3)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from countenance.gallery.scale import Scale
from countenance.policy.desk import Ask
from countenance.service import probing
from countenance.service.gates import PROBE, level_for
from countenance.service.similarity import AT_THRESHOLD, similarity
from countenance.types import Face, Grant, Probe, Verify
from countenance.vision.quality import reasons

if TYPE_CHECKING:
    from countenance.service.cases import Cases
    from countenance.service.context import Context
    from countenance.vision.decode import Picture


@dataclass(frozen=True, slots=True)
class Beside:
    """A face of the second photo, and how it compares; no score where it is too poor to be compared."""

    face: Face
    score: float | None
    scale: Scale

    @property
    def similarity(self) -> float:
        """As a percentage."""
        return 0.0 if self.score is None else similarity(self.score, self.scale)

    def matches(self, wanted: float | None) -> bool:
        """Whether it is at least as similar as asked for, and as the gallery's rate demands."""
        return self.score is not None and self.similarity >= max(AT_THRESHOLD, wanted or 0.0)


@dataclass(frozen=True, slots=True)
class Compared:
    """The largest face of the first photo, and every face of the second; sizes are width and height in pixels."""

    face: Face
    size: tuple[int, int]
    others: tuple[Beside, ...]
    other_size: tuple[int, int]


class Comparing:
    """Comparisons of two photos."""

    def __init__(self, context: Context, cases: Cases) -> None:
        self._context = context
        self._cases = cases

    def faces(
        self, first: bytes, second: bytes, *, purpose: str | None, case: str | None, gate: str | None = None
    ) -> Compared:
        """Compare the largest face of one photo with each of another. Raises what `Finding.verify` does.

        Each face of the second is a verification of its own, so that a crowd meets the cap on them (P3).
        """
        context, salt = self._context, probing.salt_of_the_day(self._context)
        level = level_for(context.settings.vision, PROBE, gate)
        one, other = probing.take(context, first, salt=salt), probing.take(context, second, salt=salt)
        grant: Grant[Verify] | None = self._grant(one, other.commitment, other.salt, purpose, case)
        probe, picture = probing.probe(context, one, choose=1, gate=gate)
        target = context.vision.decode(other.data)
        found: list[Beside] = []
        for number, face in enumerate(context.vision.faces(target), 1):
            if reasons(face, level):
                found.append(Beside(face, None, context.scaling.at(1)))
                continue
            commitment = other.commitment if number == 1 else _of(other.commitment, number)
            if grant is None:
                grant = self._grant(one, commitment, other.salt, purpose, case)
            (template,) = context.vision.templates(target, [face])
            seen = context.gallery.verify(probe, Probe(face, template, commitment), grant=grant)
            grant = None
            found.append(Beside(face, seen.score, seen.scale))
        context.book.publish()
        return Compared(probe.face, _size(picture), tuple(found), _size(target))

    def _grant(
        self, one: probing.ProbePhoto, target: str, salt: str, purpose: str | None, case: str | None
    ) -> Grant[Verify]:
        ask = Ask(
            purpose=purpose,
            case_named=bool(case),
            case=self._cases.for_search(case, purpose),
            facts={"probe": one.commitment, "target": target},
            sealed={"salt": one.salt, "target_salt": salt},
        )
        return self._context.desk.decide(Verify, ask)


def _of(commitment: str, face: int) -> str:
    """The commitment to one face of a photo: each counts for itself."""
    return hashlib.sha256(f"{commitment}/{face}".encode()).hexdigest()


def _size(picture: Picture) -> tuple[int, int]:
    height, width = picture.pixels.shape[:2]
    return width, height
