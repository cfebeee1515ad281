"""Letters to guests who left an e-mail address: pictures of them came since they last looked (DESIGN §10, P13).

A letter goes only where the configuration has [mail], and only to whom the consent page said so. It names nobody and
not the event, which may be called after people; it holds no picture and no link: of a guest's page nothing is kept here
that could be sent.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from countenance.errors import BadConfiguration, InputError, Unavailable
from countenance.gallery.eligible import subject_stands
from countenance.log.senders import letter
from countenance.policy.bases import is_minor
from countenance.policy.inviting import guest_statement, is_open, is_signed
from countenance.registry import schema as t
from countenance.service.basis import row_of
from countenance.service.hosting import state_of
from countenance.service.own_pictures import new_among, seen_by
from countenance.service.refusing import recording
from countenance.service.reminding import way_of
from countenance.types import DAY, SubjectId, iso
from countenance.vault.keyring import subject_key

if TYPE_CHECKING:
    from countenance.config import MailServerSection
    from countenance.service.context import Context

ROLES = ("controller", "operator", "officer", "system")
QUIET = 600
"""Seconds for which no picture of a guest must have come: an ingest is told of once, at its end."""
FAILURES = 3
"""After so many letters that the mail server did not take, the others wait for the next time."""
Row = sa.Row[tuple[object, ...]]


@dataclass(frozen=True, slots=True)
class _Letter:
    guest: int
    subject: SubjectId
    before: int
    to: str
    words: tuple[str, str]


class GuestLetters:
    """Who is to be told of later pictures, and telling them."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def send(self) -> int:
        """Write to every guest of whom pictures came since they looked; at most once a day each. Returns to how many.

        Without [mail] to nobody. A letter that the server does not take is written anew the next time; what is no
        address after all is not tried again before later pictures come. Raises `Unavailable`, `BadConfiguration` when
        the others were written to; `RoleRefused` by whoever may not.
        """
        server = self._context.settings.mail
        if server is None:
            return 0
        waiting = self._waiting()
        random.shuffle(waiting)  # three whose mailbox is full do not stand before the others for ever
        sent, faults = 0, list[Unavailable]()
        for guest in waiting:
            made = self._claim(guest)
            if made is None:
                continue
            try:
                sent += self._hand_over(server, made)
            except Unavailable as error:
                faults.append(error)
                if len(faults) == FAILURES:
                    break
        if faults:
            raise faults[0]
        return sent

    # --- inside ------------------------------------------------------------------------------------------------------

    def _waiting(self) -> list[int]:
        """Who may be due, by what one question of the registry can tell."""
        context, c, came, now = self._context, t.guests.c, t.appearances.c.created, self._context.clock()
        later = (came > sa.func.coalesce(c.looked, 0), came > c.swept, came >= c.told)
        mine = sa.select(came).where(t.appearances.c.subject == c.subject)
        query = (
            sa.select(c.id)
            .select_from(t.guests.join(t.subjects, c.subject == t.subjects.c.id).join(t.bases, c.basis == t.bases.c.id))
            .where(
                c.organisation == context.organisation,
                c.told <= now - DAY,
                t.bases.c.state == "live",
                t.bases.c.ends > now,
                subject_stands(),
                mine.where(*later).exists(),
                ~mine.where(came > now - QUIET).exists(),
            )
        )
        with context.registry.read() as connection:
            return [int(number) for number in connection.scalars(query)]

    def _claim(self, number: int) -> _Letter | None:
        """The letter to this guest, noted as sent, so that nobody else sends it. `None` where there is none to send."""
        context, now = self._context, self._context.clock()
        with recording(context, "guest") as connection:
            guest = connection.execute(sa.select(t.guests).where(t.guests.c.id == number)).first()
            if guest is None or guest.told is None or guest.told > now - DAY:
                return None  # another process was quicker
            made = self._made(connection, guest, now)
            if made is None:
                return None
            mine = sa.update(t.guests).where(t.guests.c.id == number, t.guests.c.told == guest.told)
            if connection.execute(mine.values(told=now)).rowcount != 1:
                return None
            self._write(connection, made.subject, "told")
        return made

    def _made(self, connection: sa.Connection, guest: Row, now: int) -> _Letter | None:
        context = self._context
        event = connection.execute(
            sa.select(t.events)
            .join(t.invitations, t.invitations.c.event == t.events.c.id)
            .where(t.invitations.c.id == guest.invitation)
        ).one()
        person = connection.execute(sa.select(t.subjects).where(t.subjects.c.id == guest.subject)).one()
        basis = row_of(context, connection, guest.basis)
        if (
            not is_signed(context.desk, guest, guest_statement)
            or not is_open(connection, context.desk, event, now)
            or state_of(guest, basis, now) != "here"
            or is_minor(person.birth_year, now)
        ):
            return None
        to = context.keys.unseal_text(subject_key(guest.subject), person.contact_sealed, "contact")
        seen = seen_by(context, connection, guest, event)
        new = new_among(connection, guest, seen, max(guest.looked or 0, guest.swept))
        if to is None or way_of(to) != "e-mail" or not new:
            return None
        return _Letter(guest.id, SubjectId(guest.subject), guest.told, to, self._words(new, event, basis))

    def _hand_over(self, server: MailServerSection, made: _Letter) -> int:
        try:
            letter(server, made.to, *made.words)
        except InputError:  # no address after all: trying again would serve nobody
            self._take_back(made, None)
            return 0
        except (Unavailable, BadConfiguration):
            self._take_back(made, made.before)
            raise
        return 1

    def _take_back(self, made: _Letter, told: int | None) -> None:
        """The letter did not go out. ``told``: when the one before did, for this one to be tried again."""
        with recording(self._context, "guest") as connection:
            if told is not None:
                connection.execute(sa.update(t.guests).where(t.guests.c.id == made.guest).values(told=told))
            self._write(connection, made.subject, "not-told")

    def _write(self, connection: sa.Connection, subject: SubjectId, step: str) -> None:
        self._context.desk.record(connection, "guest", *ROLES, subjects=(subject,), facts={"step": step})

    def _words(self, new: int, event: Row, basis: Row) -> tuple[str, str]:
        settings = self._context.settings
        organisation, page = settings.gallery.organisation, settings.http.public_url
        came = "1 new picture" if new == 1 else f"{new} new pictures"
        other = f", or use your receipt at {page.rstrip('/')}/rights" if page else ""
        text = (
            f"You agreed that {organisation} may look for your face in the pictures of its event of "
            f"{iso(event.happened)[:10]}. Since you last looked, {came} came in which it was found.\n\n"
            f"To see them, open your own page with the link that you kept: we do not have it. They are there until "
            f"{iso(basis.ends)[:10]}.\n\n"
            f"To leave, press the button on that page{other}. All that is held of your face is erased then.\n\n"
            f"A letter like this comes at most once a day, and none after you have left.\n"
        )
        return f"{came} at {organisation}", text
