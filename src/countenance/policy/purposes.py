"""Why a search may be made: a closed list. A new purpose is code, plus a DPIA reference (P24).

Each carries its W3C Data Privacy Vocabulary (DPV 2) term, the number of people who must review a candidate (P18), the
roles of which an account needs one to ask for it, and how long a gallery made for it may last (P13).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from countenance.errors import PurposeRefused

DPV = "https://w3id.org/dpv#"


@dataclass(frozen=True, slots=True)
class Purpose:
    """One purpose.

    ``bit`` is its place in the registry's masks and never changes. ``on``: without being activated. ``free_probe``: any
    photo may be searched for, not only the subject's own. ``searches`` is false where the purpose answers without ever
    listing candidates. ``groups``: kept faces may be compared with one another, to see who is who. ``missing``: what
    this version lacks to offer it at all; it cannot be activated then.
    """

    name: str
    bit: int
    term: str
    means: str
    reviewers: int
    days: int
    on: bool
    roles: tuple[str, ...] = ("operator",)
    free_probe: bool = True
    searches: bool = True
    groups: bool = False
    missing: str = ""

    @property
    def mask(self) -> int:
        """The purpose as a mask."""
        return 1 << self.bit

    @property
    def iri(self) -> str:
        """The DPV term's full name."""
        return DPV + self.term


PURPOSES: dict[str, Purpose] = {
    purpose.name: purpose
    for purpose in (
        Purpose(
            "find-my-photos", 0, "PersonalisedServiceProvision",
            "a person finds the pictures that they are in", reviewers=0, days=90, on=True, free_probe=False,
        ),
        Purpose(
            "visitor-check-in", 1, "IdentityVerification",
            "an enrolled visitor is recognised at the desk", reviewers=0, days=1, on=True,
        ),
        Purpose(
            "photo-library", 2, "RecordManagement",
            "staff, alumni or members are found in the organisation's own pictures", reviewers=1, days=1095, on=True,
            groups=True,
        ),
        Purpose(
            "duplicate-check", 3, "IdentityVerification",
            "is this person enrolled already? yes or no", reviewers=0, days=1095, on=True, searches=False,
        ),
        Purpose(
            "rights-request", 4, "RightsFulfilment",
            "a person asks what is held of them", reviewers=0, days=1095, on=True, roles=("officer",), searches=False,
        ),
        Purpose(
            "archive-cataloguing", 5, "RecordManagement",
            "people in an archive's pictures are named", reviewers=2, days=1095, on=False,
        ),
        Purpose(
            "family-tracing", 6, "PublicBenefit",
            "a mandated service traces a missing relative", reviewers=2, days=1095, on=False,
            missing="what it finds must be withheld until the found person's consent to release is recorded, "
            "and there is no such record yet",
        ),
    )
}  # fmt: skip


OTHERS_REVIEWERS = 2
"""Who must at least confirm what another organisation's search shows, whatever its purpose (P18)."""


def reviewers(name: str, *, own: bool) -> int:
    """How many different people must confirm a candidate, in the owner's own search or in another organisation's."""
    demanded = PURPOSES[name].reviewers
    return demanded if own else max(demanded, OTHERS_REVIEWERS)


def purpose(name: str | None) -> Purpose:
    """The purpose by this name. Raises `PurposeRefused`, listing the names, for any other."""
    if not name:
        raise PurposeRefused("A search needs a purpose, and none was given.", requirement="P3", hint=_choices())
    if name not in PURPOSES:
        raise PurposeRefused(f"There is no purpose {name!r}.", requirement="P3", hint=_choices())
    return PURPOSES[name]


def mask(names: Iterable[str]) -> int:
    """Several purposes as one mask."""
    combined = 0
    for name in names:
        combined |= purpose(name).mask
    return combined


def names(combined: int) -> list[str]:
    """The purposes in a mask, in the order of the list."""
    return [name for name, each in PURPOSES.items() if each.mask & combined]


def _choices() -> str:
    return f"Name one of: {', '.join(PURPOSES)}."
