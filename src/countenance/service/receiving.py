"""Taking requests in: who is asking, what is written down of it, and whom a photo at the counter may show."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from countenance.errors import InputError, TooMany
from countenance.policy.desk import Ask
from countenance.registry import schema as t
from countenance.rights.requests import AT_ONCE, check_request, deadline_of
from countenance.service import probing
from countenance.service.confirming import touch
from countenance.service.receipts import Receipts
from countenance.service.restricting import restrict
from countenance.types import Locate, SubjectId, iso
from countenance.vault.keyring import subject_key

if TYPE_CHECKING:
    from countenance.service.context import Context

HOURLY = 60
"""Requests that come in without an officer in an hour: more are somebody trying out addresses."""
SHARING = 8
"""People who may share a contact before the log shows that it is known."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody whose record a photo at the counter may belong to. For the officer's eyes alone."""

    subject: str
    name: str
    score: float
    band: str


class Receiving:
    """Writes requests down."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def record(
        self,
        kind: str,
        receipt: bytes | None,
        contact: str | None,
        details: str | None,
        *,
        handle: str | None = None,
        officer: bool = False,
    ) -> list[int]:
        """Write the request, one for each person that the contact is on record for, or one for nobody."""
        context, now = self._context, self._context.clock()
        contact = (contact or "").strip() or None
        check_request(kind, contact, details)
        if receipt is None and contact is None and not officer:
            raise InputError("Nothing says whose request this is.", hint="Give a receipt or the contact on record.")
        channel = "receipt" if receipt is not None else "officer" if officer else "contact"
        said = {"contact": contact, "details": details}
        holder = None if receipt is None else Receipts(context).accept(receipt).subject
        with context.registry.write() as connection:
            people = self._people(connection, holder, contact, handle)
            numbers = [self._insert(connection, kind, channel, person, said, now) for person in people or (None,)]
            # Enough for a restore from an older backup to take the person out of search and to know what is due.
            facts = {"request": f"R{numbers[0]}", "kind": kind, "channel": channel, "due": iso(deadline_of(now))}
            whose = tuple(people)
            if officer:
                context.desk.record(connection, "request", "officer", subjects=whose, facts=facts)
            else:
                # As many commitments whether or not the contact is known: the log may be shown to others. A second
                # person with the same contact has the next number, which no entry of this act names.
                context.desk.write(connection, "request", subjects=whose, facts=facts, bearer=channel, among=SHARING)
        context.book.publish()
        return numbers

    def located(self, number: str, photo: str | Path | bytes) -> tuple[Candidate, ...]:
        """Whom the photo may show. A photo that cannot be used names nobody: it never stands in a request's way."""
        context = self._context
        try:
            taken = probing.take(context, photo)
            ask = Ask(
                purpose="rights-request",
                case_named=True,
                facts={"request": number, "probe": taken.commitment},
                sealed={"salt": taken.salt},
            )
            grant = context.desk.decide(Locate, ask)
            probe, _ = probing.probe(context, taken)
        except InputError:
            return ()
        found = context.gallery.locate(probe, grant=grant)
        context.book.publish()
        with context.registry.read() as connection:
            return tuple(self._candidate(connection, each.subject, each.score, each.band) for each in found)

    def not_too_many(self) -> None:
        """Raise `TooMany` when more requests came in without an officer than people make."""
        context = self._context
        query = (
            sa.select(sa.func.count())
            .select_from(t.requests)
            .where(
                t.requests.c.organisation == context.organisation,
                t.requests.c.channel != "officer",
                t.requests.c.created > context.clock() - 3600,
            )
        )
        with context.registry.read() as connection:
            if (connection.scalar(query) or 0) >= HOURLY:
                raise TooMany(
                    "Too many requests have come in during the last hour.",
                    hint="Try again in an hour, or write to the contact in the notice.",
                )

    def sealed(self, person: SubjectId | None, said: dict[str, Any]) -> dict[str, Any]:
        """What came with a request, under the key of the person, or the organisation's where nobody is known."""
        key = self._context.own_key if person is None else subject_key(person)
        return {"key": key, "details_sealed": self._context.keys.seal_text(key, json.dumps(said), "request")}

    # --- inside ------------------------------------------------------------------------------------------------------

    def _insert(
        self,
        connection: sa.Connection,
        kind: str,
        channel: str,
        person: SubjectId | None,
        said: dict[str, Any],
        now: int,
    ) -> int:
        values = {
            "organisation": self._context.organisation,
            "subject": person,
            "kind": kind,
            "channel": channel,
            "state": "open",
            "deadline": deadline_of(now),
            "created": now,
        }
        row = connection.execute(sa.insert(t.requests).values(**values, **self.sealed(person, said)))
        touch(connection, person or 0, now)  # the same work for nobody, so that no clock tells who is here
        if kind in AT_ONCE and person is not None:
            restrict(connection, person, now)
        return int((row.inserted_primary_key or (0,))[0])

    def _people(
        self, connection: sa.Connection, holder: SubjectId | None, contact: str | None, handle: str | None
    ) -> list[SubjectId]:
        context = self._context
        if handle is not None:
            return [SubjectId(context.subject_row(connection, handle).id)]
        if holder is not None:
            return [holder]
        if contact is None:
            return []
        wanted = context.contact_hashes(contact)
        query = sa.select(t.subjects.c.id).where(
            t.subjects.c.organisation == context.organisation,
            t.subjects.c.state.not_in(("erasing", "erased")),
            sa.or_(t.subjects.c.contact_hash.in_(wanted), t.subjects.c.guardian_hash.in_(wanted)),
        )
        return [SubjectId(number) for number in connection.scalars(query.order_by(t.subjects.c.id))]

    def _candidate(self, connection: sa.Connection, person: SubjectId, score: float, band: str) -> Candidate:
        row = connection.execute(sa.select(t.subjects).where(t.subjects.c.id == person)).one()
        text, key = self._context.keys.unseal_text, subject_key(person)
        handle = text(key, row.handle_sealed, "handle") or ""
        return Candidate(handle, text(key, row.name_sealed, "name") or handle, score, band)
