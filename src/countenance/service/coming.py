"""How a guest comes in: what the invitation asks, their consent, and the record that they get (P1, P2, P3)."""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

import rfc8785
import sqlalchemy as sa

from countenance.errors import InputError, NotFound, TerritoryRefused
from countenance.policy import activating, territories
from countenance.policy.bases import is_minor
from countenance.policy.confirming import notice_statement
from countenance.policy.inviting import (
    PURPOSE,
    event_statement,
    guest_statement,
    invitation_statement,
    is_open,
    is_signed,
)
from countenance.policy.purposes import mask
from countenance.policy.rules import outside
from countenance.registry import schema as t
from countenance.service.basis import row_of
from countenance.service.events import name_of
from countenance.service.links import hash_of
from countenance.service.receipts import issue_receipt
from countenance.service.reminding import way_of
from countenance.service.subjects import Subjects
from countenance.types import SubjectId, iso, reference_number

if TYPE_CHECKING:
    from countenance.service.context import Context

GROUND, CONDITION = "consent", "explicit-consent"
_SECRET = re.compile(r"[A-Za-z0-9_-]{43}")
Row = sa.Row[tuple[object, ...]]


@dataclass(frozen=True, slots=True)
class Asked:
    """What a guest reads before they agree. ``approve``: somebody looks at their record before anything is found.

    ``letters``: whoever leaves an e-mail address is written to when later pictures of them come.
    """

    organisation: str
    event: str
    day: str
    words: str
    notice_sha256: str
    receive: str
    approve: bool
    ends: str
    expires: str
    letters: bool


@dataclass(frozen=True, slots=True)
class Welcomed:
    """What a guest gets who agreed: the secret of their own page and their receipt, each shown this once."""

    key: str
    receipt: dict[str, Any]


class Coming:
    """From an invitation to a guest's own record."""

    def __init__(self, context: Context, subjects: Subjects) -> None:
        self._context = context
        self._subjects = subjects

    def look(self, secret: str) -> Asked:
        """What the invitation asks. Looking uses nothing up.

        Raises `NotFound`, always in the same words: never made, used, voided, expired, of an event that is closed.
        """
        context = self._context
        with context.registry.read() as connection:
            invitation, event = self._open(connection, secret)
            notice = connection.execute(sa.select(t.notices).where(t.notices.c.id == event.notice)).one()
        return Asked(
            organisation=context.settings.gallery.organisation,
            event=name_of(context, event),
            day=iso(event.happened)[:10],
            words=event.words,
            notice_sha256=notice.sha256,
            receive=event.receive,
            approve=event.approve,
            ends=iso(event.ends)[:10],
            expires=iso(invitation.expires)[:10],
            letters=context.settings.mail is not None,
        )

    def agree(
        self,
        secret: str,
        *,
        agrees: bool,
        adult: bool,
        name: str | None = None,
        contact: str | None = None,
        territory: str | None = None,
    ) -> Welcomed:
        """The guest agrees, and the invitation is used up. They are found by nobody before their stills fit.

        Args:
            secret: The invitation's.
            agrees: They have read the notice and agree.
            adult: They say that they are 18 or older: a minor's guardian agrees at the organiser's, not here.
            name: What the organiser knows them by; needed only where each guest is approved.
            contact: Where they can be reached, if they want to be.
            territory: Where they live, ISO 3166, or unknown.

        Raises:
            NotFound: as `look`.
            InputError: they did not agree, are no adults, or something cannot be what it should.
            TerritoryRefused: the gallery was not made for people who live there (P24).
        """
        context, now = self._context, self._context.clock()
        if not agrees:
            raise InputError("Nothing was recorded.", hint="Agree with the box ticked, or close the page.")
        if not adult:
            raise InputError(
                "Only adults can agree here; for a child, a guardian does.", hint="Ask the organiser: they have a form."
            )
        key, where = secrets.token_urlsafe(32), (territory or "").strip() or territories.UNKNOWN
        with context.registry.write() as connection:
            invitation, event = self._open(connection, secret)
            if event.approve and not (name or "").strip():
                raise InputError("The organiser approves each guest, and knows you by a name.", hint="Give your name.")
            self._check_territory(connection, where)
            person = self._subjects.put(
                connection, (name or "").strip() or "Guest", f"guest-{secrets.token_hex(6)}", where, contact or None
            )
            basis = self._basis(connection, person, invitation, event, now)
            letters = context.settings.mail is not None and way_of(contact) == "e-mail"
            self._guest(connection, invitation, person, basis, key, told=0 if letters else None)
            c = t.invitations.c
            used = sa.update(t.invitations).where(c.id == invitation.id, c.used.is_(None), c.voided.is_(None))
            if connection.execute(used.values(used=now)).rowcount != 1:
                absent()  # somebody else was quicker by a moment
            facts = {"invitation": reference_number("I", invitation.id), "event": reference_number("G", event.id)}
            facts |= {"basis": reference_number("B", basis), "purposes": PURPOSE}
            context.desk.write(connection, "consent", subjects=(person,), facts=facts, bearer="invitation")
        context.book.publish()
        return Welcomed(key, issue_receipt(context, reference_number("B", basis), bearer="invitation"))

    # --- inside ------------------------------------------------------------------------------------------------------

    def _open(self, connection: sa.Connection, secret: str) -> tuple[Row, Row]:
        context, found = self._context, None
        if _SECRET.fullmatch(secret):
            c = t.invitations.c
            mine = (c.token_hash == hash_of(secret), c.organisation == context.organisation)
            free = (c.used.is_(None), c.voided.is_(None), c.expires > context.clock())
            found = connection.execute(sa.select(t.invitations).where(*mine, *free)).first()
        if found is None or not is_signed(context.desk, found, invitation_statement):
            absent()
        event = connection.execute(sa.select(t.events).where(t.events.c.id == found.event)).one()
        if not is_open(connection, context.desk, event, context.clock()):
            absent()
        return found, event

    def _check_territory(self, connection: sa.Connection, territory: str) -> None:
        """Before anything is recorded: nobody agrees to what then cannot be."""
        allowed = activating.territories_on(connection, self._context.desk)
        if not territories.covers(allowed, territory):
            refused = outside(territory)
            raise TerritoryRefused(
                refused.message, requirement="P24", hint="Say where you live; if you did, ask the organiser."
            )

    def _basis(self, connection: sa.Connection, person: SubjectId, invitation: Row, event: Row, now: int) -> int:
        context = self._context
        notice = connection.execute(sa.select(t.notices).where(t.notices.c.id == event.notice)).one()
        said = {"event": event.id, "invitation": invitation.id, "notice": notice.sha256, "at": iso(now), "adult": True}
        made = connection.execute(
            sa.insert(t.bases).values(
                organisation=context.organisation,
                subject=person,
                ground=GROUND,
                condition=CONDITION,
                purposes=mask([PURPOSE]),
                evidence_sha256=hashlib.sha256(rfc8785.dumps(said)).hexdigest(),
                collective=False,
                starts=now,
                ends=event.ends,
                state="pending",
                recorded_by=invitation.made_by,
                notice=notice.id,
                noticed=now,
                created=now,
            )
        )
        number = int((made.inserted_primary_key or (0,))[0])
        row = row_of(context, connection, number)
        signature = context.book.signer().sign(notice_statement(row, notice, now))
        connection.execute(sa.update(t.bases).where(t.bases.c.id == number).values(notice_signature=signature))
        return number

    def _guest(
        self, connection: sa.Connection, invitation: Row, person: int, basis: int, key: str, *, told: int | None
    ) -> None:
        context = self._context
        values = {"organisation": context.organisation, "invitation": invitation.id, "subject": person, "basis": basis}
        values |= {"key_hash": hash_of(key), "signature": b"", "told": told, "created": context.clock()}
        number = (connection.execute(sa.insert(t.guests).values(**values)).inserted_primary_key or (0,))[0]
        row = connection.execute(sa.select(t.guests).where(t.guests.c.id == number)).one()
        signature = context.book.signer().sign(guest_statement(row))
        connection.execute(sa.update(t.guests).where(t.guests.c.id == number).values(signature=signature))


def guest_by(context: Context, connection: sa.Connection, key: str) -> tuple[Row, Row, Row]:
    """The guest whose secret this is, with their basis and event. Raises `NotFound`, in the same words for all."""
    found = None
    if _SECRET.fullmatch(key):
        mine = (t.guests.c.key_hash == hash_of(key), t.guests.c.organisation == context.organisation)
        found = connection.execute(sa.select(t.guests).where(*mine)).first()
    if found is None or not is_signed(context.desk, found, guest_statement):
        absent()
    person = connection.execute(sa.select(t.subjects).where(t.subjects.c.id == found.subject)).one()
    if person.state in {"erasing", "erased"} or is_minor(person.birth_year, context.clock()):
        absent()
    event = connection.execute(
        sa.select(t.events)
        .join(t.invitations, t.invitations.c.event == t.events.c.id)
        .where(t.invitations.c.id == found.invitation)
    ).one()
    if not is_signed(context.desk, event, event_statement):
        absent()  # it says in which form pictures of others go out
    return found, row_of(context, connection, found.basis), event


def absent() -> NoReturn:
    """Raise `NotFound` for a page that serves nobody (any more), in the same words whatever it was."""
    raise NotFound(
        "There is no such page, or it serves no more.",
        hint="An invitation serves once, and for a time. Ask whoever gave it to you for a new one.",
    )
