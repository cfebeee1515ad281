"""Taking a person's rows out of the registry: the one list of tables that hold something of a person, or of a basis.

A table that gets a column for a subject or a basis gets its line here; `tests/unit/gallery/test_removing.py` walks the
schema and objects where one is forgotten. Rows that go are overwritten with zeros by SQLite's ``secure_delete``.
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from countenance.gallery.eligible import parts
from countenance.registry import schema as t
from countenance.vault.keyring import subject_key

_OF_A_SUBJECT = (
    t.reviews, t.appearances, t.references, t.receipts, t.requests, t.corrections, t.pairs, t.rejections, t.replies,
    t.collected, t.guests, t.visits,
)  # fmt: skip
"""Deleted by their column ``subject``; links go with their basis, probes and ``shown`` with the search."""
_OF_A_BASIS = (t.appearances, t.references, t.receipts, t.links, t.guests, t.visits)
"""Deleted by their column ``basis``."""


def remove_subjects(connection: sa.Connection, subjects: Sequence[int]) -> None:
    """Delete all that is held of these subjects and empty their own rows, which stay as numbers without a person.

    The keys that requests and sealed probes name are not destroyed here: see `keys_of`.
    """
    for part in parts(subjects):
        connection.execute(sa.delete(t.probes).where(t.probes.c.search.in_(searches_that_showed(part))))
        theirs = sa.select(t.bases.c.id).where(t.bases.c.subject.in_(part))
        connection.execute(sa.delete(t.links).where(t.links.c.basis.in_(theirs)))
        named = sa.select(t.collected.c.collection_user).where(
            t.collected.c.subject.in_(part), t.collected.c.collection_user.is_not(None)
        )
        users = connection.scalars(named.distinct()).all()
        for table in _OF_A_SUBJECT:
            connection.execute(sa.delete(table).where(table.c.subject.in_(part)))
        _forget_users(connection, users)
        connection.execute(sa.delete(t.pairs).where(t.pairs.c.other.in_(part)))
        connection.execute(sa.delete(t.shown).where(t.shown.c.subject.in_(part)))
        connection.execute(sa.delete(t.bases).where(t.bases.c.subject.in_(part)))
        keys = [subject_key(subject) for subject in part]
        connection.execute(sa.delete(t.openings).where(t.openings.c.key.in_(keys)))
        _empty(connection, part)


def remove_bases(connection: sa.Connection, bases: Sequence[int]) -> None:
    """Delete these bases and what was kept under them. Their people stay, with their keys and their other bases."""
    for part in parts(bases):
        for table in _OF_A_BASIS:
            connection.execute(sa.delete(table).where(table.c.basis.in_(part)))
        connection.execute(sa.delete(t.bases).where(t.bases.c.id.in_(part)))


def left_of(connection: sa.Connection, subjects: Sequence[int], bases: Sequence[int]) -> list[str]:
    """The tables that still hold something of these: none, or it was not erased."""
    found: list[str] = []
    for table in t.metadata.sorted_tables:
        for column, numbers in (("subject", subjects), ("other", subjects), ("basis", bases)):
            if column in table.columns and table not in t.NUMBER_ALONE:
                held = (sa.select(sa.exists().where(table.c[column].in_(part))) for part in parts(numbers))
                found += [table.name] if any(connection.scalar(each) for each in held) else []
    return found


def keys_of(connection: sa.Connection, subjects: Sequence[int]) -> list[str]:
    """The names of all keys under which something of these subjects is sealed: theirs, their requests', probes'."""
    keys = [subject_key(subject) for subject in subjects]
    for part in parts(subjects):
        keys += connection.scalars(sa.select(t.requests.c.key).where(t.requests.c.subject.in_(part)))
        keys += connection.scalars(sa.select(t.probes.c.key).where(t.probes.c.search.in_(searches_that_showed(part))))
    return [key for key in dict.fromkeys(keys) if not key.startswith("organisation:")]


def searches_that_showed(subjects: Sequence[int]) -> sa.Select[tuple[int]]:
    """A sealed probe that resembled an erased person may be a picture of them: it goes, reviewed or not."""
    return sa.select(t.shown.c.search).where(t.shown.c.subject.in_(subjects))


def _forget_users(connection: sa.Connection, users: Sequence[int]) -> None:
    """What a program called people goes with the last of them: it may be a name."""
    for part in parts(users):
        still = sa.exists().where(t.collected.c.collection_user == t.collection_users.c.id)
        connection.execute(sa.delete(t.collection_users).where(t.collection_users.c.id.in_(part), ~still))


def _empty(connection: sa.Connection, subjects: Sequence[int]) -> None:
    connection.execute(
        sa.update(t.subjects)
        .where(t.subjects.c.id.in_(subjects))
        .values(
            state="erased",
            handle_hash=sa.literal("erased:") + sa.cast(t.subjects.c.id, sa.Text),
            handle_sealed=None,
            name_sealed=None,
            contact_hash=None,
            contact_sealed=None,
            guardian_hash=None,
            guardian_sealed=None,
            contact_since=None,
            birth_year=None,
            territory="unknown",
            restricted=None,
        )
    )
