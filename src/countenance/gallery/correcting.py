"""What people said about who is who: "not this person", "the same person". It outlasts every look at a photo.

"Not this person" is remembered of a person and a photo's content, whatever its path, and of no place in it: where the
face of somebody else is, is not kept (P27). So it holds for moved and copied files; and whoever is in the photo after
all is kept in it again only once somebody says so.

That two records are of the same person joins them for whoever looks, and nothing else: each keeps its own bases, faces,
receipts and rights, and no search finds either for a purpose that its own basis does not name (P4).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

import sqlalchemy as sa

from countenance.gallery.eligible import parts
from countenance.registry import schema as t

NOT, IS = "not", "is"
SAME, DIFFERENT = "same", "different"
Pair = tuple[int, int]


def said_not_in(connection: sa.Connection, contents: Iterable[str | None]) -> set[tuple[str, int]]:
    """Of which contents (SHA-256) somebody said that they do not show somebody: pairs of content and subject.

    What was said of one record holds for every record of the same person.
    """
    found = said(connection, contents, NOT)
    if not found:
        return found
    beside = _beside(pairs(connection), None)
    return {(content, each) for content, subject in found for each in _reached(subject, beside)}


def said(connection: sa.Connection, contents: Iterable[str | None], decision: str) -> set[tuple[str, int]]:
    """The decisions of this kind about these contents."""
    c = t.corrections.c
    found: set[tuple[str, int]] = set()
    for part in parts(sorted({each for each in contents if each})):
        query = sa.select(c.photo_sha256, c.subject).where(c.photo_sha256.in_(part), c.decision == decision)
        found |= {(content, subject) for content, subject in connection.execute(query)}
    return found


def say(
    connection: sa.Connection, decision: str, subject: int, contents: Sequence[str], values: dict[str, int | None]
) -> int:
    """Write a decision about a record and each of these contents, in place of an earlier one.

    ``values``: organisation, account (none where a backup's log tells) and time. Returns how many appearances went by
    it: all of the record in photos of that content, wherever they lie.
    """
    gone = 0
    c = t.corrections.c
    for content in contents:
        connection.execute(sa.delete(t.corrections).where(c.subject == subject, c.photo_sha256 == content))
        row = values | {"subject": subject, "photo_sha256": content, "decision": decision}
        connection.execute(sa.insert(t.corrections).values(**row))
        if decision == NOT:
            alike = sa.select(t.photos.c.id).where(t.photos.c.sha256 == content)
            theirs = (t.appearances.c.subject == subject, t.appearances.c.photo.in_(alike))
            gone += connection.execute(sa.delete(t.appearances).where(*theirs)).rowcount
    return gone


def pair(connection: sa.Connection, decision: str, one: int, other: int, values: dict[str, int | None]) -> None:
    """Write that two records are of the same person, or of different ones, in place of an earlier decision."""
    first, second = sorted((one, other))
    c = t.pairs.c
    connection.execute(sa.delete(t.pairs).where(c.subject == first, c.other == second))
    row = values | {"subject": first, "other": second, "decision": decision}
    connection.execute(sa.insert(t.pairs).values(**row))


def pairs(connection: sa.Connection) -> dict[Pair, str]:
    """All decisions about two records, the lower number first."""
    rows = connection.execute(sa.select(t.pairs.c.subject, t.pairs.c.other, t.pairs.c.decision))
    return {(one, other): decision for one, other, decision in rows}


def persons(subjects: Iterable[int], decided: dict[Pair, str]) -> list[tuple[int, ...]]:
    """These records by person: those that are the same as one another, also through others of these, together."""
    known = sorted(set(subjects))
    beside = _beside(decided, set(known))
    found: list[tuple[int, ...]] = []
    done: set[int] = set()
    for start in known:
        if start not in done:
            person = _reached(start, beside)
            done |= person
            found.append(tuple(sorted(person)))
    return found


def person_of(subject: int, decided: dict[Pair, str]) -> set[int]:
    """Every record that is the same person as this one, this one among them."""
    return _reached(subject, _beside(decided, None))


def _beside(decided: dict[Pair, str], among: set[int] | None) -> dict[int, set[int]]:
    beside: dict[int, set[int]] = defaultdict(set)
    for (one, other), decision in decided.items():
        if decision == SAME and (among is None or {one, other} <= among):
            beside[one].add(other)
            beside[other].add(one)
    return beside


def _reached(start: int, beside: dict[int, set[int]]) -> set[int]:
    reached, waiting = {start}, [start]
    while waiting:
        for each in beside.get(waiting.pop(), ()):
            if each not in reached:
                reached.add(each)
                waiting.append(each)
    return reached
