"""Subjects: the people. A name and a handle are sealed under the person's own key, and gone with it."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from countenance.errors import AlreadyExists, InputError
from countenance.registry import schema as t
from countenance.types import SubjectId
from countenance.vault.keyring import subject_key

if TYPE_CHECKING:
    from countenance.service.context import Context

_HANDLE = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_TERRITORY = re.compile(r"[A-Z]{2}(-[A-Z0-9]{1,3})?|unknown")


@dataclass(frozen=True, slots=True)
class Subject:
    """A person. ``territory`` is where they live (ISO 3166), or ``unknown``, which every order counts as its own."""

    id: SubjectId
    handle: str
    name: str
    territory: str
    state: str
    contact: str | None = None
    birth_year: int | None = None

    def __str__(self) -> str:
        return self.handle


class Subjects:
    """Add, list and find people."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def add(
        self,
        name: str,
        *,
        territory: str,
        handle: str | None = None,
        contact: str | None = None,
        birth_year: int | None = None,
    ) -> Subject:
        """Record a person. Nothing of their face is stored by this.

        Args:
            name: As it shall be shown.
            territory: Where they live: an ISO 3166 code such as GB or US-IL, or ``unknown``. Never inferred (P9).
            handle: A short name to type; made from ``name`` when left out.
            contact: An e-mail address or the like, through which their rights can be exercised without a photo.
            birth_year: Where told; a minor is searchable for ``find-my-photos`` only.

        Raises:
            InputError: an empty name, a territory that is no code, a handle with other characters than a-z 0-9 . _ -
            AlreadyExists: the handle is taken.
        """
        context = self._context
        handle = handle or handle_from(name)
        _check(name, handle, territory, birth_year)
        now = context.clock()
        with context.registry.write() as connection:
            self._free(connection, handle)
            row = connection.execute(
                sa.insert(t.subjects).values(
                    organisation=context.organisation,
                    handle_hash=context.find_hash("handle", handle),
                    contact_hash=context.find_hash("contact", contact.lower()) if contact else None,
                    birth_year=birth_year,
                    territory=territory,
                    state="active",
                    created=now,
                    last_interaction=now,
                )
            )
            number = SubjectId((row.inserted_primary_key or (0,))[0])
            self._seal(connection, number, handle, name, contact)
            context.desk.record(connection, "subject", "controller", subjects=(number,))
        context.book.publish()
        return Subject(number, handle, name, territory, "active", contact, birth_year)

    def get(self, handle: str | Subject) -> Subject:
        """The person by this handle. Raises `NotFound`."""
        if isinstance(handle, Subject):
            handle = handle.handle
        with self._context.registry.read() as connection:
            return self._open(self._context.subject_row(connection, handle))

    def list(self) -> list[Subject]:
        """Everybody who is here, by handle."""
        query = sa.select(t.subjects).where(
            t.subjects.c.organisation == self._context.organisation, t.subjects.c.state.not_in(("erasing", "erased"))
        )
        with self._context.registry.read() as connection:
            found = [self._open(row) for row in connection.execute(query)]
        return sorted(found, key=lambda subject: subject.handle)

    # --- inside ------------------------------------------------------------------------------------------------------

    def _free(self, connection: sa.Connection, handle: str) -> None:
        taken = sa.exists().where(
            t.subjects.c.organisation == self._context.organisation,
            t.subjects.c.handle_hash == self._context.find_hash("handle", handle),
        )
        if connection.scalar(sa.select(taken)):
            raise AlreadyExists(f"There is a subject {handle!r} already.", hint="Choose another one with --handle.")

    def _seal(self, connection: sa.Connection, number: SubjectId, handle: str, name: str, contact: str | None) -> None:
        """Key first, then row (DESIGN §10). A key left by a crash before its row was committed has sealed nothing."""
        keys, key = self._context.keys, subject_key(number)
        keys.vault.destroy(key)
        keys.vault.create(key)
        connection.execute(
            sa.update(t.subjects)
            .where(t.subjects.c.id == number)
            .values(
                handle_sealed=keys.seal_text(key, handle, "handle"),
                name_sealed=keys.seal_text(key, name, "name"),
                contact_sealed=keys.seal_text(key, contact, "contact"),
            )
        )

    def _open(self, row: sa.Row[tuple[object, ...]]) -> Subject:
        key = subject_key(row.id)
        text = self._context.keys.unseal_text
        handle = text(key, row.handle_sealed, "handle") or ""
        name = text(key, row.name_sealed, "name") or handle
        contact = text(key, row.contact_sealed, "contact")
        return Subject(SubjectId(row.id), handle, name, row.territory, row.state, contact, row.birth_year)


def handle_from(name: str) -> str:
    """A handle made from a name: ``Zoë O'Neil`` becomes ``zoe-o-neil``."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:64]


def check_territory(territory: str) -> None:
    """Raise `InputError` unless it is written like an ISO 3166 code, or ``unknown``."""
    if not _TERRITORY.fullmatch(territory):
        raise InputError(
            f"{territory!r} is no territory.", hint="Give an ISO 3166 code such as GB, DE or US-IL, or `unknown`."
        )


def _check(name: str, handle: str, territory: str, birth_year: int | None) -> None:
    if not name.strip() or len(name) > 200:
        raise InputError("A subject needs a name of 1 to 200 characters.")
    if any("\ud800" <= sign <= "\udfff" for sign in name):
        raise InputError("This name holds bytes that are no text.", hint="Give it in UTF-8.")
    if not _HANDLE.fullmatch(handle):
        raise InputError(
            f"{handle!r} cannot be a handle.", hint="Use a-z, 0-9, dot, dash and underscore; give one with --handle."
        )
    check_territory(territory)
    if birth_year is not None and not 1850 <= birth_year <= 2200:
        raise InputError(f"{birth_year} is no year of birth.")
