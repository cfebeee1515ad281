"""What the registry or the vault holds of anybody without a reason to: always nothing, or a promise is broken (P1, P6).

Everything that is held of a person must belong to somebody who is here, under a basis of their own; and every key must
be somebody's. It is looked for in other words than those by which it is erased, so that one may catch the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import sqlalchemy as sa

from countenance.registry import schema as t
from countenance.vault.keyring import BACKUP_KEY, LOG_KEY, SNAPSHOT_KEY

_GONE = sa.select(t.subjects.c.id).where(t.subjects.c.state.in_(("erasing", "erased")))
_OF_A_PERSON = {
    "reference": t.references,
    "appearance": t.appearances,
    "basis": t.bases,
    "receipt": t.receipts,
    "request": t.requests,
    "review": t.reviews,
    "correction": t.corrections,
    "pair": t.pairs,
    "rejection": t.rejections,
    "guest": t.guests,
}
_UNDER_A_BASIS = {"reference": t.references, "appearance": t.appearances, "receipt": t.receipts, "guest": t.guests}
_WORDS = ("handle_sealed", "name_sealed", "contact_sealed", "contact_hash", "guardian_sealed", "guardian_hash")


def orphans(connection: sa.Connection, keys: Iterable[str]) -> list[str]:
    """Everything that belongs to nobody or has no reason, in words; nothing else than numbers is named.

    Args:
        connection: The registry.
        keys: The names of the keys that the vault holds.
    """
    return [*_of_nobody(connection), *_without_a_basis(connection), *_words_of_the_gone(connection),
            *_in_the_log(connection), *_keys(connection, frozenset(keys))]  # fmt: skip


def _of_nobody(connection: sa.Connection) -> Iterator[str]:
    for what, table in _OF_A_PERSON.items():
        yield from (f"{what} {row} of nobody" for row in _numbers(connection, table, table.c.subject.in_(_GONE)))
    others = _numbers(connection, t.pairs, t.pairs.c.other.in_(_GONE))
    yield from (f"pair {row} with somebody who is gone" for row in others)
    shown = sa.select(t.shown.c.search, t.shown.c.subject).where(t.shown.c.subject.in_(_GONE))
    for row in connection.execute(shown):
        yield f"record that {row.subject}, who is gone, was shown in search {row.search}"


def _without_a_basis(connection: sa.Connection) -> Iterator[str]:
    for what, table in _UNDER_A_BASIS.items():
        own = sa.exists().where(
            t.bases.c.id == table.c.basis, t.bases.c.subject == table.c.subject, t.bases.c.state != "erased"
        )
        yield from (f"{what} {row} without a basis of its subject" for row in _numbers(connection, table, ~own))
    there = sa.exists().where(t.bases.c.id == t.links.c.basis, t.bases.c.state != "erased")
    yield from (f"link {row} to no basis" for row in _numbers(connection, t.links, ~there))


def _words_of_the_gone(connection: sa.Connection) -> Iterator[str]:
    kept = sa.or_(*(t.subjects.c[name].is_not(None) for name in _WORDS))
    yield from (
        f"name of {row}, who is gone" for row in _numbers(connection, t.subjects, t.subjects.c.id.in_(_GONE), kept)
    )


def _in_the_log(connection: sa.Connection) -> Iterator[str]:
    gone = sa.select(sa.literal("subject:") + sa.cast(t.subjects.c.id, sa.Text)).where(t.subjects.c.id.in_(_GONE))
    query = sa.select(t.openings.c.key).distinct().where(t.openings.c.key.in_(gone))
    yield from (f"log opening of {key}, who is gone" for key in connection.scalars(query))


def _keys(connection: sa.Connection, held: frozenset[str]) -> Iterator[str]:
    here = {f"subject:{number}" for number in _numbers(connection, t.subjects, t.subjects.c.id.not_in(_GONE))}
    owned = here | {LOG_KEY, BACKUP_KEY}
    owned |= {name for name in held if name.partition(":")[0] == SNAPSHOT_KEY}
    owned |= {f"organisation:{number}" for number in _numbers(connection, t.organisations)}
    owned |= set(connection.scalars(sa.select(t.probes.c.key)))
    owned |= set(connection.scalars(sa.select(t.requests.c.key)))
    yield from (f"key {name} of nobody" for name in sorted(held - owned))
    yield from (f"{name} without key" for name in sorted(here - held))


def _numbers(connection: sa.Connection, table: sa.Table, *where: sa.ColumnElement[bool]) -> list[int]:
    return list(connection.scalars(sa.select(table.c.id).where(*where).order_by(table.c.id)))
