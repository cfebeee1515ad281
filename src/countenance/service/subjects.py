"""Subjects: the people. A name and a handle are sealed under the person's own key, and gone with it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from countenance.errors import AlreadyExists, InputError
from countenance.policy.bases import is_minor
from countenance.policy.territories import MISTAKEN, UNKNOWN, is_code
from countenance.registry import schema as t
from countenance.rights.requests import check_contact, plain_contact
from countenance.service.moving import moving
from countenance.service.refusing import recording
from countenance.types import SubjectId
from countenance.vault.keyring import subject_key

if TYPE_CHECKING:
    from countenance.service.context import Context

_HANDLE = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_NO_TEXT = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Unicode categories that no name has: control and format signs, halves of a sign, line breaks."""
_JOINERS = frozenset("\u200c\u200d\u200e\u200f")
"""Format signs that names in Arabic, Persian, Hebrew and Indic scripts are written with."""


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
    guardian: str | None = None

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
        guardian: str | None = None,
    ) -> Subject:
        """Record a person. Nothing of their face is stored by this.

        Args:
            name: As it shall be shown.
            territory: Where they live: an ISO 3166 code such as GB or US-IL, or ``unknown``. Never inferred (P9).
            handle: A short name to type; made from ``name`` when left out.
            contact: An e-mail address or the like, through which their rights can be exercised without a photo.
            birth_year: Where told; a minor is searchable for ``find-my-photos`` only.
            guardian: A minor's guardian's e-mail address or the like, who confirms their consent.

        Raises:
            InputError: an empty name, a territory that is no code, a handle with other characters than a-z 0-9 . _ -
            AlreadyExists: the handle is taken.
        """
        context = self._context
        handle = handle or handle_from(name)
        contact, guardian = _contact(contact), _contact(guardian)
        _check(name, handle, territory, birth_year)
        now = context.clock()
        _check_guardian(guardian, contact, birth_year, now)
        with context.registry.write() as connection:
            number = self.put(connection, name, handle, territory, contact, birth_year=birth_year, guardian=guardian)
            context.desk.record(connection, "subject", "controller", subjects=(number,))
        context.book.publish()
        return Subject(number, handle, name, territory, "active", contact, birth_year, guardian)

    def put(
        self,
        connection: sa.Connection,
        name: str,
        handle: str,
        territory: str,
        contact: str | None,
        *,
        birth_year: int | None = None,
        guardian: str | None = None,
    ) -> SubjectId:
        """Write the row of a person, in the transaction of whoever records why. Raises as `add`."""
        context, now, contact = self._context, self._context.clock(), _contact(contact)
        _check(name, handle, territory, birth_year)
        self._free(connection, handle)
        row = connection.execute(
            sa.insert(t.subjects).values(
                organisation=context.organisation,
                handle_hash=context.find_hash("handle", handle),
                contact_hash=context.contact_hashes(contact)[0] if contact else None,
                guardian_hash=context.contact_hashes(guardian)[0] if guardian else None,
                contact_since=now,
                birth_year=birth_year,
                territory=territory,
                state="active",
                created=now,
                last_interaction=now,
            )
        )
        number = SubjectId((row.inserted_primary_key or (0,))[0])
        sealed = {"handle": handle, "name": name, "contact": contact, "guardian": guardian}
        self._seal(connection, number, sealed)
        return number

    def update(
        self,
        handle: str | Subject,
        *,
        name: str | None = None,
        contact: str | None = None,
        birth_year: int | None = None,
        territory: str | None = None,
    ) -> Subject:
        """Put right what is wrong about a person (GDPR Art 16). What is left out stays; the handle never changes.

        Who may be found can depend on it: an order covers a territory, and a minor is found for `find-my-photos` only.

        Raises `InputError` as `add` does, or when nothing was given; `RoleRefused` without the role officer or
        controller; `TerritoryRefused` for a territory that takes the person out of an order's reach (P8), or, once
        they are enrolled, to where this gallery was not made for (P24).
        """
        context, known, contact = self._context, self.get(handle), _contact(contact)
        given = {"name": name, "contact": contact, "birth_year": birth_year, "territory": territory}
        changed = {what: value for what, value in given.items() if value is not None}
        if not changed:
            raise InputError("Nothing was given to put right.", hint="Give a name, contact, birth year or territory.")
        _check(name or known.name, known.handle, territory or known.territory, birth_year)
        key, seal = subject_key(known.id), context.keys.seal_text
        values: dict[str, object] = {w: value for w, value in changed.items() if w in {"birth_year", "territory"}}
        if name is not None:
            values["name_sealed"] = seal(key, name, "name")
        if contact is not None:
            values["contact_sealed"] = seal(key, contact, "contact")
            values["contact_hash"] = context.contact_hashes(contact)[0]
            values["contact_since"] = context.clock()
        with recording(context, "rectify") as connection:
            context.subject_row(connection, known.handle)  # they may have left meanwhile
            with moving(context, connection, known.id, territory):
                connection.execute(sa.update(t.subjects).where(t.subjects.c.id == known.id).values(**values))
            connection.execute(sa.insert(t.changes).values(subject=known.id))
            facts = {"changed": sorted(changed)}
            context.desk.record(connection, "rectify", "officer", "controller", subjects=(known.id,), facts=facts)
        return self.get(known.handle)

    def get(self, handle: str | Subject) -> Subject:
        """The person by this handle. Raises `NotFound`."""
        if isinstance(handle, Subject):
            handle = handle.handle
        with self._context.registry.read() as connection:
            return self.opened(self._context.subject_row(connection, handle))

    def list(self) -> list[Subject]:
        """Everybody who is here, by handle."""
        query = sa.select(t.subjects).where(
            t.subjects.c.organisation == self._context.organisation, t.subjects.c.state.not_in(("erasing", "erased"))
        )
        with self._context.registry.read() as connection:
            found = [self.opened(row) for row in connection.execute(query)]
        return sorted(found, key=lambda subject: subject.handle)

    def opened(self, row: sa.Row[Any]) -> Subject:
        """The person whose row this is, with what is sealed in it."""
        key = subject_key(row.id)
        text = self._context.keys.unseal_text
        handle = text(key, row.handle_sealed, "handle") or ""
        name = text(key, row.name_sealed, "name") or handle
        contact, guardian = (text(key, row.contact_sealed, "contact"), text(key, row.guardian_sealed, "guardian"))
        return Subject(SubjectId(row.id), handle, name, row.territory, row.state, contact, row.birth_year, guardian)

    def find(self, words: str = "", *, start: int = 0, limit: int = 50) -> tuple[Sequence[Subject], int]:
        """A part of those whose name or handle holds ``words``, and how many they are. For the owner's own people."""
        self._context.own()
        wanted = words.strip().casefold()
        every = [each for each in self.list() if wanted in each.name.casefold() or wanted in each.handle]
        return every[start : start + limit], len(every)

    # --- inside ------------------------------------------------------------------------------------------------------

    def _free(self, connection: sa.Connection, handle: str) -> None:
        taken = sa.exists().where(
            t.subjects.c.organisation == self._context.organisation,
            t.subjects.c.handle_hash == self._context.find_hash("handle", handle),
        )
        if connection.scalar(sa.select(taken)):
            raise AlreadyExists(f"There is a subject {handle!r} already.", hint="Choose another one with --handle.")

    def _seal(self, connection: sa.Connection, number: SubjectId, texts: Mapping[str, str | None]) -> None:
        """Key first, then row (DESIGN §10). A key left by a crash before its row was committed has sealed nothing."""
        keys, key = self._context.keys, subject_key(number)
        keys.vault.destroy(key)
        keys.vault.create(key)
        connection.execute(
            sa.update(t.subjects)
            .where(t.subjects.c.id == number)
            .values({f"{what}_sealed": keys.seal_text(key, text, what) for what, text in texts.items()})
        )


def handle_from(name: str) -> str:
    """A handle made from a name: ``Zoë O'Neil`` becomes ``zoe-o-neil``."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:64]


def check_territory(territory: str) -> None:
    """Raise `InputError` unless it is a country of ISO 3166-1, a part of one, or ``unknown``."""
    if territory == UNKNOWN or is_code(territory):
        return
    hint = "Give an ISO 3166 code such as GB, DE or US-IL, or `unknown`."
    if territory[:2] in MISTAKEN:
        hint = f"ISO 3166 writes {MISTAKEN[territory[:2]]} for it."
    raise InputError(f"{territory!r} is no territory.", hint=hint)


def _contact(contact: str | None) -> str | None:
    """A contact without the spaces around it; none where it is left out."""
    if contact is None:
        return None
    check_contact(contact.strip())
    return contact.strip()


def _check_guardian(guardian: str | None, contact: str | None, birth_year: int | None, now: int) -> None:
    if guardian is None:
        return
    if not is_minor(birth_year, now):
        raise InputError("Only a minor has a guardian here.", hint="Give the year of birth, or leave the guardian out.")
    if contact is not None and plain_contact(guardian) == plain_contact(contact):
        raise InputError(
            "The guardian's contact is the child's own.", hint="Give the address at which the guardian is reached."
        )


def _check(name: str, handle: str, territory: str, birth_year: int | None) -> None:
    if not name.strip() or len(name) > 200:
        raise InputError("A subject needs a name of 1 to 200 characters.")
    if any(unicodedata.category(sign) in _NO_TEXT and sign not in _JOINERS for sign in name):
        raise InputError("This name holds a line break, or what is no text.", hint="Give it in UTF-8, on one line.")
    if not _HANDLE.fullmatch(handle):
        raise InputError(
            f"{handle!r} cannot be a handle.", hint="Use a-z, 0-9, dot, dash and underscore; give one with --handle."
        )
    check_territory(territory)
    if birth_year is not None and not 1850 <= birth_year <= 2200:
        raise InputError(f"{birth_year} is no year of birth.")
