"""Where such models are known to fail: told with a candidate, who needs one reviewer more (P17, P18).

Recorded facts alone are looked at: the birth year that the organisation was told, when a photo says that it was taken,
what people said of two records, how surely the detector saw the face. Nothing is inferred from a picture, no age above
all. What is not on record raises no caution: that there is none does not mean that there is nothing to be cautious of.
Where the limits come from: docs/concepts/cautions.md.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from countenance.policy.bases import ADULT

YEARS_APART = 6
"""Years between two photos of an adult up to which 99 % were still recognised, and beyond which accuracy falls
(Best-Rowden and Jain, "Longitudinal study of automatic face recognition", IEEE TPAMI 40(1), 2018)."""
SEEN_SURELY = 0.80
"""The detector's score under which something may hide part of a face. Measured on the cast and on Labeled Faces in the
Wild: no uncovered face under 0.84; 4 in 10 faces of which one half is hidden are under it, but hardly a mask or dark
glasses, which it does not notice."""

CHILD, APART, COVERED, ALIKE = "child", "years-apart", "covered", "looks-like-another"
CAUTIONS = {
    CHILD: f"was, or may have been, {ADULT} or younger in one of these photos: children are confused with one another "
    "more often, and change from year to year",
    APART: f"more than {YEARS_APART} years lie between the enrolment and one of these photos: recognition fades with "
    "the years",
    COVERED: "part of the face may be hidden in the photo that was searched for, or in the enrolment",
    ALIKE: "people have already had to tell this person from another one in this gallery who looks alike, a relative "
    "perhaps",
}
"""What each says of a candidate."""

_DATE = re.compile(r"(\d{4})(?:-(\d\d))?(?:-(\d\d))?")
_FIRST_PHOTO = 1826


@dataclass(frozen=True, slots=True)
class Compared:
    """What is on record of a candidate and of the photos that are compared.

    Years are told with their fraction. ``probe``: of the photo that was searched for; of one that does not say, the
    day of the search, which is the latest it can be. ``references``: of the enrolment photos; of one that does not say,
    the day of the enrolment. ``photos``: of those that the candidate appears in, as far as they say. ``seen``: the
    least sure of the detector's scores, of the searched face and the best of the enrolled ones. ``parted``: whether
    somebody has said that another record, which looks alike, is of a different person.
    """

    birth_year: int | None
    probe: float
    references: Sequence[float]
    photos: Sequence[float] = ()
    seen: float | None = None
    parted: bool = False


def cautions(facts: Compared) -> tuple[str, ...]:
    """Which cautions a candidate carries, as codes of `CAUTIONS`."""
    found = []
    if facts.birth_year is not None:
        earliest = int(min([facts.probe, *_nearest(facts), *facts.photos]))
        # Only the year is known, so it is counted safely, as `bases.is_minor` does.
        found += [CHILD] if earliest - facts.birth_year <= ADULT else []
    if any(abs(each - near) > YEARS_APART for near in _nearest(facts) for each in (facts.probe, *facts.photos)):
        found.append(APART)
    if facts.seen is not None and facts.seen < SEEN_SURELY:
        found.append(COVERED)
    if facts.parted:
        found.append(ALIKE)
    return tuple(found)


def reviewers_with(demanded: int, carried: Sequence[str]) -> int:
    """How many must confirm a candidate who carries these: one more where a purpose has reviews at all (P18).

    Where it has none, nobody may see the searched face afterwards (P16), so the caution is told and no more.
    """
    return demanded + 1 if demanded and carried else demanded


def year_of(told: str | None, now: int) -> float | None:
    """The year that a photo says, with its fraction. None where it says none, or one that cannot be."""
    found = _DATE.match(told or "")
    if found is None:
        return None
    year, month, day = (int(each or 0) for each in found.groups())
    at = year + max(month - 1, 0) / 12 + max(day - 1, 0) / 366
    return at if _FIRST_PHOTO <= at <= year_at(now) else None


def year_at(now: int) -> float:
    """A time as a year with its fraction."""
    at = datetime.fromtimestamp(now, UTC)
    return at.year + (at.timetuple().tm_yday - 1) / 366


def _nearest(facts: Compared) -> tuple[float, ...]:
    """The enrolment photo nearest to the searched one in time: a newer enrolment makes up for an old one."""
    return (min(facts.references, key=lambda each: abs(each - facts.probe)),) if facts.references else ()
