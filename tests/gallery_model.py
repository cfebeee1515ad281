"""What may be found, told plainly: no SQL, no keys, no index. The stateful test holds the gallery against it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

import numpy as np

from clubs import DAY, START, THRESHOLD, template

DAYS = {"find-my-photos": 90, "visitor-check-in": 1, "photo-library": 1095}
Hit = tuple[str, str, float]
"""Handle, basis, score."""


@dataclass
class Basis:
    subject: str
    purposes: frozenset[str]
    starts: int
    ends: int
    state: str = "pending"
    noticed: bool = False
    guardian: bool = False
    """Confirmed on the guardian's form, because the person may have been a minor."""
    withdrawn: int | None = None


@dataclass
class Person:
    number: int
    face: int
    territory: str
    birth_year: int | None
    restricted: bool = False
    references: dict[int, str] = field(default_factory=dict)  # photo → basis

    def minor(self, now: int) -> bool:
        return self.birth_year is not None and datetime.fromtimestamp(now, UTC).year - self.birth_year <= 18


@dataclass
class Order:
    number: str
    kind: str
    subject: str | None
    territory: str | None
    state: str = "in-force"

    def covers(self, handle: str, person: Person) -> bool:
        return self.subject == handle or (
            self.territory is not None and person.territory in {self.territory, "unknown"}
        )


@dataclass
class Model:
    """Everybody, and what was said about them."""

    people: dict[str, Person] = field(default_factory=dict)
    bases: dict[str, Basis] = field(default_factory=dict)
    orders: dict[str, Order] = field(default_factory=dict)
    shown_in: dict[tuple[str, str, str], tuple[str, float]] = field(default_factory=dict)
    """(source, photo, handle) → (basis, score)."""
    agreements: list[int] = field(default_factory=lambda: [START + 365 * DAY])
    erased: set[int] = field(default_factory=set)
    """Numbers of everybody who ever was."""
    erased_bases: set[str] = field(default_factory=set)
    withdrew: set[str] = field(default_factory=set)
    """Whoever withdrew anything, ever."""

    # --- questions ---

    def bearing(self, handle: str, *kinds: str) -> list[Order]:
        person = self.people[handle]
        return [
            order for order in self.orders.values()
            if order.kind in kinds and order.state == "in-force" and order.covers(handle, person)
        ]  # fmt: skip

    def standing(self, number: str, wanted: frozenset[str], now: int) -> bool:
        """Whether a basis lets its person be found for one of these purposes."""
        basis = self.bases[number]
        minor = self.people[basis.subject].minor(now)
        if basis.state != "live" or not basis.noticed or now >= basis.ends or basis.guardian != minor:
            return False
        return bool(basis.purposes & (wanted & {"find-my-photos"} if minor else wanted))

    def scores(self, vector: np.ndarray, wanted: frozenset[str], now: int, only: str | None = None) -> list[Hit]:
        """Everybody who may be shown for one of these purposes, best first."""
        best: dict[str, Hit] = {}
        for handle, person in self.people.items():
            if only not in (None, handle) or person.restricted or self.bearing(handle, "quarantine", "erase"):
                continue
            for photo, number in person.references.items():
                if not self.standing(number, wanted, now):
                    continue
                score = float(np.dot(template(person.face, photo).vector, vector))
                if handle not in best or score > best[handle][2]:
                    best[handle] = (handle, number, score)
        return sorted(best.values(), key=lambda each: (-each[2], self.people[each[0]].number))

    def appearances(
        self, handle: str, purpose: str, sources: dict[str, frozenset[str]], now: int
    ) -> set[tuple[str, str]]:
        """The photos in which a search for this purpose shows a person."""
        return {
            (source, photo)
            for (source, photo, whose), (number, _) in self.shown_in.items()
            if whose == handle
            and self.bases[number].state == "live"
            and now < self.bases[number].ends
            and purpose in self.bases[number].purposes
            and purpose in sources[source]
        }

    def see(self, source: str, photo: str, faces: list[int], purposes: frozenset[str], now: int) -> int:
        """A photo comes in: whoever is known is kept, once, by their best face. Returns how many.

        What was kept of people under a hold or a restriction stays as it is.
        """
        before = [key for key in self.shown_in if key[:2] == (source, photo)]
        bound = {key for key in before if self.people[key[2]].restricted or self.bearing(key[2], "hold")}
        for gone in set(before) - bound:
            del self.shown_in[gone]
        for face in faces:
            seen = self.scores(template(face, 500).vector, purposes, now)
            allowed = [hit for hit in seen if not self.bearing(hit[0], "stop")]
            if not allowed or allowed[0][2] < THRESHOLD:
                continue
            handle, basis, score = allowed[0]
            if (source, photo, handle) in bound:
                continue
            if score > self.shown_in.get((source, photo, handle), ("", -2.0))[1]:
                self.shown_in[source, photo, handle] = (basis, score)
        return sum(key[:2] == (source, photo) for key in self.shown_in) - len(bound)

    def faces_of(self, handle: str) -> int:
        """Templates and appearances that are kept of a person."""
        return len(self.people[handle].references) + sum(key[2] == handle for key in self.shown_in)

    # --- changes ---

    def withdraw(self, numbers: list[str], now: int) -> None:
        for number in numbers:
            basis = self.bases[number]
            basis.state, basis.withdrawn = "withdrawn", now
            self.withdrew.add(basis.subject)

    def erase(self, handle: str) -> None:
        self.erased.add(self.people.pop(handle).number)
        self.bases = {number: basis for number, basis in self.bases.items() if basis.subject != handle}
        self.shown_in = {key: value for key, value in self.shown_in.items() if key[2] != handle}

    def erase_basis(self, number: str) -> None:
        self.erased_bases.add(number)
        person = self.people[self.bases.pop(number).subject]
        person.references = {photo: basis for photo, basis in person.references.items() if basis != number}
        self.shown_in = {key: value for key, value in self.shown_in.items() if value[0] != number}

    def execute(self, order: Order) -> list[str]:
        """An order to erase is carried out, as far as no hold keeps people. Returns who is gone."""
        there = [handle for handle, person in self.people.items() if order.covers(handle, person)]
        gone = [handle for handle in there if not self.bearing(handle, "hold")]
        for handle in gone:
            self.erase(handle)
        if len(gone) == len(there):
            order.state = "complied"
        return gone
