"""Consents near their end: whom to ask again, and a letter to each, once, at the contact on record (P13).

A letter goes only where the configuration has [mail]. It says that a consent ends and that nothing need be done; it
holds no link that could be forged. Whoever is restricted is not written to, and whoever has agreed anew need not be.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from countenance.errors import CountenanceError, InputError
from countenance.log.senders import letter
from countenance.policy.bases import is_minor
from countenance.policy.purposes import names
from countenance.registry import schema as t
from countenance.service.basis import SOON, Row, ending_within
from countenance.service.refusing import recording
from countenance.types import DAY, SubjectId, iso, reference_number
from countenance.vault.keyring import subject_key

if TYPE_CHECKING:
    from countenance.service.context import Context

__all__ = ["SOON", "Expiring", "Reminders", "way_of"]

ROLES = ("controller", "officer", "system")


@dataclass(frozen=True, slots=True)
class Expiring:
    """A consent in force that ends soon. ``way``: how its person can be reached: e-mail, another contact, no contact.

    ``reminded``: when they were written to.
    """

    basis: str
    subject: str
    name: str
    purposes: tuple[str, ...]
    ends: str
    days_left: int
    way: str
    reminded: str | None


class Reminders:
    """Who is to be reminded, and reminding them."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def expiring(self, days: int = SOON) -> list[Expiring]:
        """The consents that end within so many days and were not given anew, the first to end first.

        Raises `InputError` for a number that is none of days.
        """
        return [self._told(row) for row in self._rows(days)]

    def send(self) -> list[str]:
        """Write to everybody whose consent ends within `SOON` days and who was not written to. Returns the bases.

        Without [mail] nobody is. A letter that does not go out is not counted as one, and is tried again the next day.
        """
        server = self._context.settings.mail
        if server is None:
            return []
        sent = []
        for row in self._rows(SOON):
            to = self._contact(row)
            if row.reminded is not None or row.restricted is not None or way_of(to) != "e-mail":
                continue
            self._mark(row, self._context.clock())
            try:
                letter(server, to or "", *self._words(row))
            except InputError:  # no address after all: the officer sees that they were not reached
                self._mark(row, None)
                continue
            except CountenanceError:
                self._mark(row, None)
                raise
            sent.append(reference_number("B", row.id))
        return sent

    # --- inside ------------------------------------------------------------------------------------------------------

    def _rows(self, days: int) -> Sequence[Row]:
        context, c = self._context, t.bases.c
        anew = t.bases.alias("anew")
        again = sa.exists().where(
            anew.c.subject == c.subject,
            anew.c.state == "live",
            anew.c.ends > c.ends,
            anew.c.purposes.bitwise_and(c.purposes) == c.purposes,
        )
        query = (
            sa.select(t.bases, *(t.subjects.c[each] for each in _OF_THE_PERSON))
            .join(t.subjects, c.subject == t.subjects.c.id)
            .where(
                c.organisation == context.organisation,
                c.ground == "consent",
                ending_within(days, context.clock()),
                t.subjects.c.state == "active",
                ~again,
            )
        )
        with context.registry.read() as connection:
            return connection.execute(query.order_by(c.ends, c.id)).all()

    def _mark(self, row: Row, at: int | None) -> None:
        """Note that they were written to, or that they were not after all; logged either way."""
        context = self._context
        with recording(context, "remind") as connection:
            connection.execute(sa.update(t.bases).where(t.bases.c.id == row.id).values(reminded=at))
            facts = {"basis": reference_number("B", row.id), "step": "sent" if at else "not-sent"}
            context.desk.record(connection, "remind", *ROLES, subjects=(SubjectId(row.subject),), facts=facts)

    def _contact(self, row: Row) -> str | None:
        minor = is_minor(row.birth_year, self._context.clock())
        guardian = minor and row.guardian_sealed is not None
        sealed = row.guardian_sealed if guardian else row.contact_sealed
        return self._text(row, sealed, "guardian" if guardian else "contact")

    def _words(self, row: Row) -> tuple[str, str]:
        organisation, day = self._context.settings.gallery.organisation, iso(row.ends - 1)[:10]
        page = self._context.settings.http.public_url
        where = f"\n\nYour rights here: {page.rstrip('/')}/rights" if page else ""
        text = (
            f"You have agreed that {organisation} may look for your face, for: {', '.join(names(row.purposes))}.\n\n"
            f"This ends on {day}. You need not do anything: after that day no search finds you on this ground. If you "
            f"want it to go on, tell {organisation}, who will ask you anew.\n\nYou can withdraw before that day too, "
            f"at any time and without a reason.{where}\n"
        )
        return f"Your consent at {organisation} ends on {day}", text

    def _told(self, row: Row) -> Expiring:
        handle = self._text(row, row.handle_sealed, "handle") or ""
        return Expiring(
            reference_number("B", row.id),
            handle,
            self._text(row, row.name_sealed, "name") or handle,
            tuple(names(row.purposes)),
            iso(row.ends),
            max((row.ends - self._context.clock()) // DAY, 0),
            way_of(self._contact(row)),
            None if row.reminded is None else iso(row.reminded),
        )

    def _text(self, row: Row, sealed: bytes | None, column: str) -> str | None:
        return self._context.keys.unseal_text(subject_key(row.subject), sealed, column)


_OF_THE_PERSON = ("handle_sealed", "name_sealed", "contact_sealed", "guardian_sealed", "birth_year", "restricted")


def way_of(contact: str | None) -> str:
    """How somebody can be reached: ``e-mail``, ``another contact``, or ``no contact``."""
    if contact is None:
        return "no contact"
    before, _, after = contact.partition("@")
    return "e-mail" if before and after and "@" not in after and " " not in contact else "another contact"
