"""Who is who: kept faces and references of people who agreed, grouped by likeness, and what that proposes.

Nothing is decided here and nothing is kept: a proposal is for a person to look at. The templates of kept faces are made
anew, in memory, by whoever looked at their photos again; only what the registry lets be shown now is compared (P4).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray

from countenance.gallery import correcting
from countenance.gallery.appearing import appearances_of
from countenance.gallery.eligible import Standing, parts, standing
from countenance.gallery.grouping import group, mean_cosine
from countenance.gallery.matching import Terms
from countenance.gallery.rows import TEMPLATE
from countenance.gallery.scale import Scaling
from countenance.log.book import Written
from countenance.policy.confirming import check_confirmed
from countenance.policy.desk import Desk
from countenance.policy.purposes import PURPOSES
from countenance.registry import schema as t
from countenance.types import Grant, People, SubjectId, Template, iso, parse_number
from countenance.vault.keyring import Keyring, subject_key

Vectors = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Sighting:
    """A kept face, seen anew in its photo: whose it is said to be, in which photo, and its template, in memory only."""

    subject: int
    photo: int
    template: Template = field(repr=False)


@dataclass(frozen=True, slots=True)
class Alike:
    """Two people whose references fall into one group: perhaps one person, enrolled twice. ``score``: mean cosine."""

    one: int
    other: int
    score: float


@dataclass(frozen=True, slots=True)
class Doubt:
    """Kept faces of a person that fall into a group without any reference of theirs: perhaps somebody else.

    ``score`` is the mean cosine to their references. ``other``: whose references are in that group, if anybody's.
    """

    subject: int
    photos: tuple[int, ...]
    score: float
    other: int | None = None


@dataclass(frozen=True, slots=True)
class Grouped:
    """What a comparison shows. Everybody is a number of a subject.

    Attributes:
        persons: Who is here, those together who were said to be the same person.
        scores: The mean cosine of each face to its person's references, by (subject, photo).
        alike: Pairs who may be one person, the likest first.
        doubts: Faces that may be of somebody else, the least like first.
        apart: People whose own references fall into several groups.
        threshold: The cosine from which two faces were taken to belong together.
        log: The log entry that says so.
    """

    persons: tuple[tuple[int, ...], ...]
    scores: dict[tuple[int, int], float]
    alike: tuple[Alike, ...]
    doubts: tuple[Doubt, ...]
    apart: tuple[int, ...]
    threshold: float
    log: Written


@dataclass(frozen=True, slots=True)
class Tools:
    """What a grouping works with, in the transaction that answers."""

    connection: sa.Connection
    desk: Desk
    keys: Keyring
    scaling: Scaling
    contract: str


@dataclass(frozen=True, slots=True)
class _Faces:
    """References and kept faces, and the group that each is in."""

    vectors: Vectors
    labels: NDArray[np.int64]
    threshold: float
    places: dict[int, list[int]]
    """Where the references of each person stand; after the last of them, the kept faces in their order."""

    @property
    def homes(self) -> dict[int, set[int]]:
        """The groups that each person's references are in."""
        return {subject: {int(self.labels[place]) for place in places} for subject, places in self.places.items()}

    @property
    def references(self) -> int:
        """How many references there are."""
        return sum(map(len, self.places.values()))

    def of(self, *subjects: int) -> Vectors:
        """The references of these people."""
        return self.vectors[[place for subject in subjects for place in self.places.get(subject, ())]]


def group_people(
    tools: Tools, faces: Sequence[Sighting], only: Sequence[SubjectId], grant: Grant[People], started: int
) -> Grouped:
    """Group, propose, and write to the log whose faces were compared and shown."""
    connection, desk = tools.connection, tools.desk
    mask = PURPOSES[grant.purpose].mask
    terms = Terms(tools.contract, mask, desk.gallery, started, territories=grant.terms.territories)
    rows = permitted(connection, terms)
    check_confirmed(connection, {row.basis for row in rows}, desk)
    decided = correcting.pairs(connection)
    here = {row.subject for row in rows}
    shown = _still_shown(tools, sorted(here), mask, faces)
    found = _faces(tools, rows, shown)
    persons = correcting.persons(here, decided)
    known = _known(connection, shown)
    alike = [each for each in _alike(found) if (each.one, each.other) not in decided]
    grouped = {each: person for person in persons for each in person}
    alike = [each for each in alike if each.other not in grouped[each.one]]
    doubts = list(_doubts(found, shown, grouped, known))
    apart = [subject for subject, labels in sorted(found.homes.items()) if len(labels) > 1]
    if only:
        persons, alike, doubts = _about(grouped, alike, doubts, only)
        apart = [each for each in apart if each in {one for person in persons for one in person}]
    told = {subject for person in persons for subject in person}
    scores = {(each.subject, each.photo): _score(found, grouped, each) for each in shown if each.subject in told}
    facts = {
        "people": len(told), "faces": len(scores), "alike": len(alike), "doubts": len(doubts),
        "contract": tools.contract, "start": iso(started), "end": iso(desk.now()),
    }  # fmt: skip
    subjects = tuple(SubjectId(each) for each in sorted(told))
    written = desk.effect(connection, "people", grant.log_index, subjects=subjects, facts=facts)
    return Grouped(tuple(persons), scores, tuple(alike), tuple(doubts), tuple(apart), found.threshold, written)


def permitted(connection: sa.Connection, terms: Terms) -> list[Standing]:
    """The references that may be compared on these terms, by whose they are."""
    rows = standing(connection, terms.contract, terms.now)
    return sorted((row for row in rows if terms.permit(row)), key=lambda row: (row.subject, row.id))


def _still_shown(tools: Tools, subjects: Sequence[int], mask: int, faces: Iterable[Sighting]) -> list[Sighting]:
    """Those of the faces that may be shown now: photos take their time to be looked at."""
    found = appearances_of(tools.connection, subjects, mask, tools.desk.now(), tools.desk)
    there = {(subject, parse_number("P", each.photo.id, "photo")) for subject, every in found.items() for each in every}
    return [each for each in faces if (each.subject, each.photo) in there]


def _faces(tools: Tools, rows: Sequence[Standing], faces: Sequence[Sighting]) -> _Faces:
    opened = tools.keys.unseal_many([(subject_key(row.subject), row.sealed) for row in rows], TEMPLATE)
    kept = [(row.subject, plain) for row, plain in zip(rows, opened, strict=True) if plain is not None]
    vectors = [Template.from_bytes(plain, tools.contract).vector for _, plain in kept]
    vectors += [each.template.vector for each in faces]
    places: dict[int, list[int]] = defaultdict(list)
    for place, (subject, _) in enumerate(kept):
        places[subject].append(place)
    stacked = np.stack(vectors) if vectors else np.zeros((0, 1), np.float32)
    threshold = tools.scaling.at(len(stacked)).threshold
    return _Faces(stacked, group(stacked, threshold), threshold, dict(places))


def _known(connection: sa.Connection, faces: Sequence[Sighting]) -> set[tuple[int, int]]:
    """The faces of which somebody said that they are the person's: pairs of subject and photo."""
    contents: dict[int, str] = {}
    for part in parts(sorted({each.photo for each in faces})):
        query = sa.select(t.photos.c.id, t.photos.c.sha256).where(t.photos.c.id.in_(part))
        contents |= {row.id: row.sha256 for row in connection.execute(query)}
    said = correcting.said(connection, contents.values(), correcting.IS)
    return {(each.subject, each.photo) for each in faces if (contents[each.photo], each.subject) in said}


def _alike(found: _Faces) -> list[Alike]:
    """Pairs of people whose references share a group."""
    inside: dict[int, set[int]] = defaultdict(set)
    for subject, labels in found.homes.items():
        for label in labels:
            inside[label].add(subject)
    pairs = {pair for subjects in inside.values() for pair in combinations(sorted(subjects), 2)}
    every = [Alike(one, other, mean_cosine(found.of(one), found.of(other))) for one, other in sorted(pairs)]
    return sorted(every, key=lambda each: (-each.score, each.one, each.other))


def _doubts(
    found: _Faces, faces: Sequence[Sighting], grouped: dict[int, tuple[int, ...]], known: set[tuple[int, int]]
) -> Iterator[Doubt]:
    """Faces in a group in which their person has no reference, those of one person and one group together."""
    homes = found.homes
    strange: dict[tuple[int, int], list[int]] = defaultdict(list)
    first = found.references
    for place, each in enumerate(faces, start=first):
        own = {label for subject in grouped[each.subject] for label in homes.get(subject, ())}
        if found.labels[place] not in own and (each.subject, each.photo) not in known:
            strange[each.subject, int(found.labels[place])].append(place)
    doubts = []
    for (subject, label), places in strange.items():
        vectors = found.vectors[places]
        others = {other: mean_cosine(vectors, found.of(other)) for other, labels in homes.items() if label in labels}
        other = max(others, key=lambda each: (others[each], -each), default=None)
        photos = tuple(sorted(faces[place - first].photo for place in places))
        doubts.append(Doubt(subject, photos, mean_cosine(vectors, found.of(*grouped[subject])), other))
    yield from sorted(doubts, key=lambda each: (each.score, each.subject, each.photos))


def _score(found: _Faces, grouped: dict[int, tuple[int, ...]], face: Sighting) -> float:
    return mean_cosine(face.template.vector[None, :], found.of(*grouped[face.subject]))


def _about(
    grouped: dict[int, tuple[int, ...]], alike: list[Alike], doubts: list[Doubt], only: Sequence[int]
) -> tuple[list[tuple[int, ...]], list[Alike], list[Doubt]]:
    """What concerns these people alone: their persons, and whoever resembles them."""
    wanted = {each for subject in only for each in grouped.get(subject, ())}
    alike = [each for each in alike if each.one in wanted or each.other in wanted]
    doubts = [each for each in doubts if each.subject in wanted]
    named = wanted | {each for pair in alike for each in (pair.one, pair.other)}
    named |= {each.other for each in doubts if each.other is not None}
    return sorted({grouped[each] for each in named}), alike, doubts
