"""Names that two reviewers confirmed: what may leave a gallery, and what says so (P18).

A review confirms that the face which was searched for is a person. The person's faces in photos come from ingest; so
of those, only what the search could show its reviewers is named: kept before it, above the low band, and still shown
by a search for that purpose today.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from countenance.gallery.appearing import appearances_of
from countenance.gallery.eligible import parts
from countenance.policy.desk import Desk
from countenance.policy.purposes import PURPOSES, reviewers
from countenance.registry import schema as t
from countenance.review.deciding import CONFIRM, Decided, Standing, standings
from countenance.types import Appearance, CaseId, OrganisationId, SearchId, SubjectId, parse_number

TWO = 2
"""So many different people have confirmed a name before it leaves, even where the purpose is content with one."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Of which searches: the owner's own for a purpose, of one case where one is named. ``source``: by its name."""

    purpose: str
    organisation: OrganisationId
    case: CaseId | None = None
    source: str | None = None


@dataclass(frozen=True, slots=True)
class Confirmed:
    """One face in one photo with its name: whose, under which basis (its number), and who confirmed what."""

    subject: SubjectId
    appearance: Appearance
    basis: int
    search: SearchId
    log_index: int
    candidate_score: float
    by: tuple[Decided, ...]


@dataclass(frozen=True, slots=True)
class Gathered:
    """What may leave, by photo. ``waiting``: candidates whom fewer than two have confirmed. ``low``: faces left out."""

    names: tuple[Confirmed, ...]
    waiting: int
    low: int


def confirmed(connection: sa.Connection, desk: Desk, wanted: Wanted) -> Gathered:
    """The names as they stand now: nobody who has withdrawn, expired, restricted their record or been erased.

    A person who was confirmed in several searches is named by the first. Raises `Tampered` as every search does.
    """
    first: dict[SubjectId, tuple[sa.Row[Any], Standing]] = {}
    waiting: set[SubjectId] = set()
    demanded = max(TWO, reviewers(wanted.purpose, own=True))
    for search in connection.execute(_searches(wanted)):
        for each in standings(connection, desk.origin, SearchId(search.id), demanded):
            if each.state == "confirmed":
                first.setdefault(each.subject, (search, each))
            elif each.state == "open":
                waiting.add(each.subject)
    names, low = _faces(connection, desk, wanted, first)
    names.sort(key=_place)
    return Gathered(tuple(names), len(waiting - first.keys()), low)


def _searches(wanted: Wanted) -> sa.Select[Any]:
    query = (
        sa.select(t.searches.c.id, t.searches.c.log_index, t.searches.c.started)
        .join(t.cases, t.searches.c.case == t.cases.c.id)
        .where(
            t.searches.c.organisation == wanted.organisation,
            t.cases.c.organisation == wanted.organisation,
            t.searches.c.kind == "search",
            t.searches.c.purpose == wanted.purpose,
        )
        .order_by(t.searches.c.id)
    )
    return query if wanted.case is None else query.where(t.searches.c.case == wanted.case)


def _faces(
    connection: sa.Connection,
    desk: Desk,
    wanted: Wanted,
    first: dict[SubjectId, tuple[sa.Row[Any], Standing]],
) -> tuple[list[Confirmed], int]:
    shown = appearances_of(connection, list(first), PURPOSES[wanted.purpose].mask, desk.now(), desk)
    kept, found, low = _kept(connection, list(first)), list[Confirmed](), 0
    for subject, appearances in shown.items():
        search, candidate = first[SubjectId(subject)]
        for each in appearances:
            row = kept[subject, parse_number("P", each.photo.id, "photo")]
            if row.created > search.started or wanted.source not in (None, each.photo.source):
                continue
            if row.band == "low":
                low += 1
                continue
            by = tuple(one for one in candidate.decided if one.decision == CONFIRM)
            found.append(
                Confirmed(SubjectId(subject), each, row.basis, SearchId(search.id), search.log_index,
                          candidate.score, by)
            )  # fmt: skip
    return found, low


def _place(each: Confirmed) -> tuple[str, int, float]:
    """By source and photo; in a photo from left to right."""
    shown = each.appearance
    return shown.photo.source, parse_number("P", shown.photo.id, "photo"), shown.box.x


def _kept(connection: sa.Connection, subjects: list[SubjectId]) -> dict[tuple[int, int], sa.Row[Any]]:
    """Each kept face's row, by person and photo: there is one of a person in a photo at the most."""
    c = t.appearances.c
    query = sa.select(c.subject, c.photo, c.basis, c.band, c.created)
    found: Iterator[Any] = (
        row for part in parts(subjects) for row in connection.execute(query.where(c.subject.in_(part)))
    )
    return {(row.subject, row.photo): row for row in found}
