"""Organisations: the gallery's owner, and those with whom it agrees that they may search it (P3, P21)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from countenance.errors import AlreadyExists, InputError, NotFound
from countenance.registry import schema as t
from countenance.service.refusing import recording
from countenance.types import OrganisationId, iso
from countenance.vault.keyring import organisation_key

if TYPE_CHECKING:
    from countenance.service.context import Context

MOST_SIGNS = 200


@dataclass(frozen=True, slots=True)
class Organisation:
    """One organisation. ``owner``: this gallery is its own. ``people``: its named accounts here."""

    id: OrganisationId
    name: str
    owner: bool
    people: int
    since: str

    def __str__(self) -> str:
        return self.name


class Organisations:
    """Add and list organisations."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def add(self, name: str) -> Organisation:
        """Record another organisation, with a key of its own for its cases. It may do nothing yet.

        It needs accounts (one named person each) and an agreement that both sides have signed.

        Raises `InputError` for an empty name, `AlreadyExists` for one that is taken, `RoleRefused`.
        """
        context = self._context
        wanted = name.strip()
        if not wanted or len(wanted) > MOST_SIGNS or not wanted.isprintable():
            raise InputError(f"An organisation needs a name of 1 to {MOST_SIGNS} characters.")
        with recording(context, "organisation") as connection:
            if connection.scalar(sa.select(sa.exists().where(t.organisations.c.name == wanted))):
                raise AlreadyExists(f"There is an organisation {wanted!r} already.")
            row = connection.execute(sa.insert(t.organisations).values(name=wanted, created=context.clock()))
            number = OrganisationId((row.inserted_primary_key or (0,))[0])
            context.desk.record(connection, "organisation", "controller", facts={"organisation": number})
            key, vault = organisation_key(number), context.keys.vault
            vault.destroy(key)  # a crash may have left one before its row was committed; it has sealed nothing
            vault.create(key)
        return self.get(wanted)

    def get(self, name: str) -> Organisation:
        """The organisation by this name. Raises `NotFound`."""
        for each in self.list():
            if each.name == name.strip():
                return each
        raise NotFound(f"There is no organisation {name!r}.", hint="`countenance organisation list` shows them.")

    def list(self) -> list[Organisation]:
        """All of them, the gallery's owner first."""
        people = (
            sa.select(sa.func.count())
            .where(
                t.accounts.c.organisation == t.organisations.c.id,
                t.accounts.c.revoked.is_(None),
                t.accounts.c.trial.is_(False),
            )
            .scalar_subquery()
        )
        query = sa.select(t.organisations, people.label("people")).order_by(t.organisations.c.id)
        with self._context.registry.read() as connection:
            rows = connection.execute(query).all()
        owner = self._context.organisation
        found = [
            Organisation(OrganisationId(row.id), row.name, row.id == owner, row.people, iso(row.created))
            for row in rows
        ]
        return sorted(found, key=lambda each: not each.owner)
