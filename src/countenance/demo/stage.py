"""What the steps share: the club, the accounts at work, and what earlier steps found out."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from countenance.demo.club import BEN, PURPOSE, Places, found
from countenance.errors import CountenanceError
from countenance.reports.page import Finding, Step
from countenance.samples import cast
from countenance.service.countenance import Countenance
from countenance.service.finding import Found
from countenance.service.showing import shown_finding

CASE = "press office 12"
FOUND, WITHDRAWN, ERASED = "Goran", "Chidi", "Lena"
"""Who is found, who withdraws and who is erased, in the story."""


@dataclass(slots=True)
class Stage:
    """The demo while it runs. ``club`` acts as Anna, ``second`` as Ben, who countersigns and erases."""

    places: Places
    crowd: int
    closing: ExitStack
    pending: str = ""
    certificate: Path | None = None
    backup: Path | None = None
    opened: dict[str, Countenance] = field(default_factory=dict)

    @property
    def club(self) -> Countenance:
        """The gallery, opened by Anna."""
        if "club" not in self.opened:
            self.opened["club"] = self.closing.enter_context(found(self.places))
        return self.opened["club"]

    @property
    def second(self) -> Countenance:
        """The gallery, opened by Ben, on a key of his own."""
        if "second" not in self.opened:
            self.opened["second"] = self.closing.enter_context(self.places.open(BEN))
        return self.opened["second"]

    def search(self, photo: Path) -> Found:
        """A search as the club makes it: for a purpose, in a case."""
        return self.club.search(photo, purpose=PURPOSE, case=CASE)

    def show(self, found: Found, photo: Path, note: str = "") -> Finding:
        """The answer, ready for the page."""
        return shown_finding(self.club.pictures, found, photo, note=note)


Telling = Callable[[Stage], Step]
"""One step of the story: does its part on the stage, and tells what happened."""


def unseen(name: str, shot: int = 1) -> Path:
    """A photograph of one of the cast that was neither enrolled nor ingested."""
    return cast().photos(name)[shot]


def expect(kept: object, promise: str) -> None:
    """Stop the demo when what it shows did not happen: smoothed over, it would be worth nothing."""
    if not kept:
        raise CountenanceError(f"The demo did not go as promised: {promise}.", hint="Please report this.")
