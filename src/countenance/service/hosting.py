"""What an event's organiser sees of its guests and decides about them, and the sweeps that are made for guests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from countenance.errors import InputError
from countenance.policy.confirming import BY_STILLS
from countenance.policy.inviting import guest_statement, is_signed
from countenance.registry import schema as t
from countenance.service.confirming import confirm_as_bearer
from countenance.service.events import Event, Events
from countenance.service.refusing import recording
from countenance.types import SubjectId, iso, reference_number
from countenance.vault.keyring import subject_key

if TYPE_CHECKING:
    from countenance.service.context import Context

ROLES = ("controller", "operator")
Row = sa.Row[tuple[object, ...]]


@dataclass(frozen=True, slots=True)
class Guest:
    """A guest as the organiser sees them. ``state``: stills, waiting, searching, here or ended."""

    subject: str
    name: str
    contact: str | None
    event: str
    state: str
    since: str
    pictures: int


class Hosting:
    """Guests of events, for their organiser."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._events = Events(context)

    def guests(self, event: Event | str) -> list[Guest]:
        """Who came in by an invitation to this event and has not left."""
        with self._context.registry.read() as connection:
            number = self._events.row(connection, event).id
            mine = sa.select(t.invitations.c.id).where(t.invitations.c.event == number)
            query = sa.select(t.guests).where(t.guests.c.invitation.in_(mine)).order_by(t.guests.c.id)
            return [self._opened(connection, row, number) for row in connection.execute(query).all()]

    def approve(self, subject: str) -> None:
        """Let a guest be found whose stills have fitted: their consent, which the stills confirmed, is live from here.

        Raises `NotFound`, `InputError` for somebody who does not wait for it.
        """
        context, now = self._context, self._context.clock()
        with recording(context, "guest") as connection:
            guest, basis = self._waiting(connection, subject)
            link = connection.scalar(
                sa.select(t.links.c.token_hash)
                .where(t.links.c.basis == basis.id, t.links.c.kind == "stills", t.links.c.used.is_not(None))
                .order_by(t.links.c.id.desc())
                .limit(1)
            )
            if link is None:
                raise InputError("What this guest has answered is gone.", hint="Turn them away, and invite them again.")
            facts = {"step": "approved"}
            context.desk.record(connection, "guest", *ROLES, subjects=(SubjectId(guest.subject),), facts=facts)
            confirm_as_bearer(context, connection, basis, BY_STILLS, link)
            approved = sa.update(t.guests).where(t.guests.c.id == guest.id)
            connection.execute(approved.values(approved=now, approved_by=context.account))

    def refuse(self, subject: str) -> None:
        """Turn a guest away: their basis is withdrawn, and erased with them by the purge. Raises as `approve`."""
        context, now = self._context, self._context.clock()
        with recording(context, "decline") as connection:
            guest, basis = self._waiting(connection, subject)
            gone = sa.update(t.bases).where(t.bases.c.id == basis.id)
            connection.execute(gone.values(state="withdrawn", withdrawn=now, confirmation=None))
            connection.execute(sa.insert(t.changes).values(subject=guest.subject))
            facts = {"basis": reference_number("B", basis.id), "how": "turned away by the organiser"}
            context.desk.record(connection, "decline", *ROLES, subjects=(SubjectId(guest.subject),), facts=facts)

    def due(self) -> dict[str, tuple[int, ...]]:
        """The sources in which guests wait to be looked for, and the guests' numbers: a batch of each."""
        context, now = self._context, self._context.clock()
        query = (
            sa.select(t.guests.c.id, t.sources.c.name)
            .select_from(
                t.guests.join(t.invitations, t.guests.c.invitation == t.invitations.c.id)
                .join(t.events, t.invitations.c.event == t.events.c.id)
                .join(t.sources, t.events.c.source == t.sources.c.id)
                .join(t.bases, t.guests.c.basis == t.bases.c.id)
            )
            .where(
                t.guests.c.organisation == context.organisation,
                t.guests.c.stills.is_not(None),
                t.guests.c.swept.is_(None),
                t.bases.c.state == "live",
                t.bases.c.ends > now,
                t.sources.c.state == "active",
            )
            .order_by(t.guests.c.id)
        )
        found: dict[str, tuple[int, ...]] = {}
        with context.registry.read() as connection:
            for number, source in connection.execute(query):
                found[source] = (*found.get(source, ()), int(number))
        return found

    def looked_for(self, guests: tuple[int, ...]) -> None:
        """Note that these guests were looked for."""
        with self._context.registry.write() as connection:
            done = sa.update(t.guests).where(t.guests.c.id.in_(guests))
            connection.execute(done.values(swept=self._context.clock()))

    # --- inside ------------------------------------------------------------------------------------------------------

    def _waiting(self, connection: sa.Connection, subject: str) -> tuple[Row, Row]:
        context = self._context
        person = context.subject_row(connection, subject)
        guest = connection.execute(sa.select(t.guests).where(t.guests.c.subject == person.id)).first()
        basis = None
        if guest is not None and is_signed(context.desk, guest, guest_statement):
            basis = connection.execute(sa.select(t.bases).where(t.bases.c.id == guest.basis)).one()
        if guest is None or basis is None or guest.stills is None or basis.state != "pending":
            raise InputError(
                f"{subject!r} is no guest who waits for this.", hint="`countenance event guests` shows who does."
            )
        return guest, basis

    def _opened(self, connection: sa.Connection, row: Row, event: int) -> Guest:
        context, key, text = self._context, subject_key(row.subject), self._context.keys.unseal_text
        person = connection.execute(sa.select(t.subjects).where(t.subjects.c.id == row.subject)).one()
        basis = connection.execute(sa.select(t.bases).where(t.bases.c.id == row.basis)).one()
        counted = sa.select(sa.func.count()).select_from(t.appearances).where(t.appearances.c.subject == row.subject)
        return Guest(
            subject=text(key, person.handle_sealed, "handle") or "",
            name=text(key, person.name_sealed, "name") or "",
            contact=text(key, person.contact_sealed, "contact"),
            event=reference_number("G", event),
            state=state_of(row, basis, context.clock()),
            since=iso(row.created),
            pictures=connection.scalar(counted) or 0,
        )


def state_of(guest: Row, basis: Row, now: int) -> str:
    """Where a guest stands."""
    if basis.state not in {"pending", "live"} or now >= basis.ends:
        return "ended"
    if guest.stills is None:
        return "stills"
    if basis.state == "pending":
        return "waiting"
    return "searching" if guest.swept is None else "here"
