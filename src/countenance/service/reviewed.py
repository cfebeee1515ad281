"""What people who review are shown and told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from countenance.policy.cautions import CAUTIONS
from countenance.types import Appearance


def in_words(codes: Sequence[str]) -> tuple[str, ...]:
    """What these cautions say of a candidate."""
    return tuple(CAUTIONS[code] for code in codes)


@dataclass(frozen=True, slots=True)
class Reviewed:
    """A candidate under review. ``reviews`` are (who, decision, when). ``appearances`` are what may be shown of it.

    They are None where nobody looks: whoever looks is in the log. ``demanded``: how many different accounts must
    confirm it, one more where it carries ``cautions`` (codes of `countenance.policy.cautions`).
    """

    subject: str
    name: str
    score: float
    band: str
    state: str
    reviews: tuple[tuple[str, str, str], ...]
    appearances: tuple[Appearance, ...] | None = None
    demanded: int = 0
    cautions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Review:
    """What one search has shown, and how far its review has come.

    ``demanded``: how many different accounts must confirm a candidate. ``solo``: fewer than three named people are here
    to review. ``withdrawn``: candidates that may be shown no more. ``probe``: whether the searched face is still kept.
    """

    id: str
    search: str
    at: str
    searched_by: str
    case: str
    purpose: str
    demanded: int
    solo: bool
    candidates: tuple[Reviewed, ...]
    withdrawn: int
    probe: bool

    @property
    def open(self) -> bool:
        """Whether somebody is still to be decided about."""
        return any(each.state == "open" for each in self.candidates)

    def as_json(self) -> dict[str, Any]:
        """The machine-readable answer (``countenance review show --json``)."""
        told = asdict(self) | {"open": self.open}
        for each in told["candidates"]:
            each["score"] = round(each["score"], 4)
            each["cautions"] = [{"code": code, "says": CAUTIONS[code]} for code in each["cautions"]]
            if (seen := each.pop("appearances")) is not None:
                each["appearances"] = [one["photo"] for one in seen]
        return told


@dataclass(frozen=True, slots=True)
class Next:
    """A candidate that waits for this account, its review with nobody else in it, and how many candidates wait so."""

    review: Review
    waiting: int

    @property
    def candidate(self) -> Reviewed:
        """Who is to be decided about."""
        return self.review.candidates[0]

    def as_json(self) -> dict[str, Any]:
        """The machine-readable answer (``countenance review next --json``)."""
        return {"review": self.review.as_json(), "subject": self.candidate.subject, "waiting": self.waiting}
