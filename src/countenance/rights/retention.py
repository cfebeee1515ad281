"""Retention: what has to go, since when and why (P3, P13, P16). Facts in, items out: no file or table is touched."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from countenance.policy.purposes import PURPOSES, names
from countenance.types import DAY, iso, reference_number

WITHDRAWN = 30 * DAY
"""A withdrawn basis finds nobody at once, and is erased so long afterwards (DESIGN §10)."""
UNCONFIRMED = 7 * DAY
"""Faces under a basis that nobody confirmed are held, unsearchable, for so long at the most (P3)."""
QUIET = 3 * 365 * DAY
"""After the person's own last act; a search is none of theirs (P13)."""
ARCHIVE = 730 * DAY
"""A closed archive is approved anew every 24 months (P27)."""
HOLD, RESTRICTED = "an authority's hold", "the restriction that the person asked for"

_PREFIXES = {
    "subject": "S",
    "basis": "B",
    "appearances": "P",
    "order": "O",
    "activation": "X",
    "link": "L",
    "request": "R",
    "event": "G",
}


@dataclass(frozen=True, slots=True)
class Kept:
    """A basis. ``face`` is when the first face was kept under it; None when none is."""

    number: int
    state: str
    purposes: int
    starts: int
    ends: int
    withdrawn: int | None
    face: int | None


@dataclass(frozen=True, slots=True)
class Person:
    """A person on record. ``blocked`` is what forbids erasing anything of theirs."""

    number: int
    created: int
    last_interaction: int
    asking: bool
    """A request of theirs is open."""
    blocked: str | None
    bases: tuple[Kept, ...]


@dataclass(frozen=True, slots=True)
class Shown:
    """Appearances in one photo. ``gone``: its file is not there any more; ``blocked``: of people who are held."""

    photo: int
    count: int
    ingested: int
    retention_days: int
    gone: bool
    blocked: str | None


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that has to go: since when, and why. One that is ``blocked`` stays, and is told."""

    what: str
    number: int
    due: int
    why: str
    subject: int | None = None
    count: int = 1
    blocked: str | None = None

    @property
    def id(self) -> str:
        """What it is called."""
        return reference_number(_PREFIXES[self.what], self.number) if self.what in _PREFIXES else str(self.number)

    @property
    def since(self) -> str:
        """The day since when it has to go."""
        return iso(self.due)[:10]

    def as_json(self) -> dict[str, Any]:
        """The item as ``countenance purge --json`` lists it."""
        told = {"what": self.what, "id": self.id, "due": iso(self.due), "why": self.why, "count": self.count}
        return told | {"blocked": self.blocked}


def of_people(people: Iterable[Person], now: int) -> Iterator[Item]:
    """Whole persons, and single bases of people who stay."""
    for person in people:
        dues = [(each, *basis_due(each)) for each in person.bases]
        gone = [(each, due, why) for each, due, why in dues if due <= now]
        quiet = person.last_interaction + QUIET
        if quiet <= now and not person.asking:
            yield _subject(person, quiet, "three years since the person's own last act")
        elif not dues and not person.asking and person.created + UNCONFIRMED <= now:
            yield _subject(person, person.created + UNCONFIRMED, "no basis was recorded within seven days")
        elif dues and len(gone) == len(dues) and not person.asking:
            due, why = max((due, why) for _, due, why in gone)
            yield _subject(person, due, f"{why}, and no other basis is left")
        else:
            for each, due, why in gone:
                yield Item("basis", each.number, due, why, person.number, blocked=person.blocked)


def basis_due(basis: Kept) -> tuple[int, str]:
    """Until when a basis carries a face: the earliest of everything that ends it, and which of them it is."""
    ends = [(basis.ends, "the basis has expired")]
    ends += [
        (basis.starts + PURPOSES[name].days * DAY, f"the purpose {name} has ended") for name in names(basis.purposes)
    ]
    if basis.withdrawn is not None:
        ends.append((basis.withdrawn + WITHDRAWN, "withdrawn thirty days ago"))
    if basis.state == "pending" and basis.face is not None:
        ends.append((basis.face + UNCONFIRMED, "never confirmed within seven days"))
    return min(ends, key=lambda each: each[0])


def of_photos(photos: Iterable[Shown], now: int) -> Iterator[Item]:
    """Appearances that have lasted as long as their source says, or whose photo's file is gone."""
    for photo in photos:
        due = photo.ingested + photo.retention_days * DAY
        if photo.gone:
            yield Item("appearances", photo.photo, now, "the photo's file is gone", None, photo.count, photo.blocked)
        elif due <= now:
            why = f"its source keeps for {photo.retention_days} days"
            yield Item("appearances", photo.photo, due, why, None, photo.count, photo.blocked)


def doable(items: Sequence[Item], what: str) -> list[Item]:
    """Those of a kind that nothing blocks."""
    return [item for item in items if item.what == what and item.blocked is None]


def _subject(person: Person, due: int, why: str) -> Item:
    return Item("subject", person.number, due, why, person.number, blocked=person.blocked)
