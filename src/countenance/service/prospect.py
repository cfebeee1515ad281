"""What answering a request would come to, before anybody answers it: told to the officer alone, changes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from countenance.policy.bearing import holds_on
from countenance.registry import schema as t
from countenance.service.answering import objected
from countenance.service.exports import exports
from countenance.types import iso, reference_number

if TYPE_CHECKING:
    from countenance.service.answering import Answering
    from countenance.service.context import Context
    from countenance.service.subjects import Subject


@dataclass(frozen=True, slots=True)
class Handed:
    """A one-time ``link`` or a ``receipt`` that was made for a basis, and until when it serves. ``used``: the link was.

    What was sent is not here: nobody keeps it.
    """

    what: str
    basis: str
    made: str
    until: str
    used: str | None = None


@dataclass(frozen=True, slots=True)
class Prospect:
    """What an answer would come to now.

    ``contact`` is where it goes. ``ending`` are the bases that an objection ends, ``standing`` those that it does not.
    ``held``: an authority's hold forbids the erasure. ``kept``: an access answer was made, and not sent yet.
    """

    contact: str | None
    name: str | None = None
    territory: str | None = None
    birth_year: int | None = None
    restricted: bool = False
    templates: int = 0
    appearances: int = 0
    searches: int = 0
    ending: tuple[str, ...] = ()
    standing: tuple[str, ...] = ()
    held: bool = False
    kept: bool = False
    handed: tuple[Handed, ...] = ()


def prospect(context: Context, answering: Answering, row: Any) -> Prospect:
    """Look ahead, without making the answer."""
    person = answering.person(row)
    contact, kept = answering.contact(row, person), exports(context).has(row.id, row.subject)
    if person is None:
        return Prospect(contact, kept=kept)
    ending, standing = objected(context, person)
    with context.registry.read() as connection:
        c = t.subjects.c
        restricted = connection.scalar(sa.select(c.restricted).where(c.id == person.id)) is not None
        return Prospect(
            contact,
            person.name,
            person.territory,
            person.birth_year,
            restricted,
            templates=_count(connection, t.references, person),
            appearances=_count(connection, t.appearances, person),
            searches=_count(connection, t.shown, person),
            ending=tuple(f"{each.id} ({each.ground})" for each in ending),
            standing=tuple(f"{each.id} ({each.ground})" for each in standing),
            held=bool(holds_on(connection, person.id)),
            kept=kept,
            handed=_handed(connection, person),
        )


def _count(connection: sa.Connection, table: sa.Table, person: Subject) -> int:
    return connection.scalar(sa.select(sa.func.count()).select_from(table).where(table.c.subject == person.id)) or 0


def _handed(connection: sa.Connection, person: Subject) -> tuple[Handed, ...]:
    """The links and receipts of a person, the newest first."""
    made = sa.select(t.links).join(t.bases, t.links.c.basis == t.bases.c.id).where(t.bases.c.subject == person.id)
    given = sa.select(t.receipts).where(t.receipts.c.subject == person.id)
    found = [
        *(("link", row, row.used) for row in connection.execute(made)),
        *(("receipt", row, None) for row in connection.execute(given)),
    ]
    return tuple(
        Handed(what, reference_number("B", row.basis), iso(row.created), iso(row.expires), used and iso(used))
        for what, row, used in sorted(found, key=lambda each: -each[1].created)
    )
