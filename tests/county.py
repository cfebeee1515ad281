"""Another organisation that searches the club's gallery: three named people, an agreement, a case of its own."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clubs import WORDS, Club
from countenance.gallery.searching import Answer
from countenance.service.agreements import Agreement
from countenance.service.countenance import Countenance

NAME = "County Records"
DAN, EVE, FAY = "dan@county.example", "eve@county.example", "fay@county.example"
WORDS.update({DAN: "dan's words", EVE: "eve's words", FAY: "fay's words"})
ROLES = {DAN: ["controller", "operator", "reviewer"], EVE: ["reviewer"], FAY: ["reviewer"]}
SIGNATORY = "D. Lee, data protection officer"


@dataclass
class County:
    """The other organisation, and the club that it has an agreement with."""

    club: Club
    dan: Countenance
    eve: Countenance
    fay: Countenance

    def agree(self, **more: Any) -> Agreement:
        """An agreement that both have signed."""
        made = propose(self.club, **more)
        self.club.anna.agreements.sign(made.id)
        return self.dan.agreements.sign(made.id)

    def search(self, person: int, case: str = "county 7", **more: Any) -> Answer:
        return self.club.search(person, case=case, by=self.dan, **more)

    def found(self, person: int, **more: Any) -> list[str]:
        return [candidate.subject for candidate in self.search(person, **more).candidates]


def dpia(club: Club) -> Path:
    """The document of an impact assessment."""
    file = club.root / "dpia.pdf"
    file.write_text("we have assessed it")
    return file


def propose(club: Club, **more: Any) -> Agreement:
    """An agreement that nobody has signed yet."""
    terms: dict[str, Any] = {
        "purposes": ["photo-library"], "territories": ["GB"], "quota": 50, "dpia": dpia(club), "signatory": SIGNATORY,
    }  # fmt: skip
    return club.anna.agreements.propose(NAME, **(terms | more))


def county(club: Club) -> County:
    """Three people of the other organisation, without an agreement yet."""
    club.anna.organisations.add(NAME)
    for email, roles in ROLES.items():
        club.anna.accounts.add(email, roles=roles, passphrase=WORDS[email], organisation=NAME)
    return County(club, club.open(DAN), club.open(EVE), club.open(FAY))
