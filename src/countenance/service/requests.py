"""Requests: a person exercises a right, by a receipt, by a contact on record, or at the counter (P14, P29).

No account, no fee, no more data than the request needs. Who asks by a contact that nobody here has is recorded and
answered in the same words as everybody else, so that asking tells nobody who is in the gallery.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from countenance.errors import InputError, NotFound, Refused
from countenance.registry import schema as t
from countenance.rights.access import asked
from countenance.rights.requests import (
    AT_ONCE,
    EXTENSIONS,
    KINDS,
    REFUSALS,
    RIGHTS,
    THANKS,
    check_extension,
    days_left,
    deadline_of,
    last_day,
)
from countenance.service.confirming import touch
from countenance.service.exports import Letter, elsewhere, exports, hand_over
from countenance.service.lapsing import forget
from countenance.service.prospect import Prospect, prospect
from countenance.service.receiving import HOURLY, Candidate, Receiving
from countenance.service.refusing import recording
from countenance.service.restricting import lift, restrict
from countenance.types import SubjectId, iso, parse_number, reference_number
from countenance.vault.keyring import subject_key

if TYPE_CHECKING:
    from countenance.service.answering import Answered, Answering
    from countenance.service.context import Context

__all__ = [
    "EXTENSIONS", "HOURLY", "KINDS", "REFUSALS", "RIGHTS", "Candidate", "Extended", "Request", "Requests", "Thanks",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Thanks:
    """What whoever asks is told: the same whether or not anything is held."""

    words: str
    deadline: str


@dataclass(frozen=True, slots=True)
class Request:
    """A request as an officer sees it.

    ``subject`` is None where the contact is nobody's here. ``candidates`` are whom a photo may show, when it was
    recorded with one; ``also`` are the other requests that it became, where several people share the contact.
    ``deadline`` is the last day in time; ``extension`` is why it was put off. ``contact``, ``words`` and ``prospect``,
    what an answer would come to, are told by `Requests.show` alone.
    """

    id: str
    kind: str
    channel: str
    state: str
    subject: str | None
    opened: str
    deadline: str
    days_left: int
    overdue: bool
    answered: str | None = None
    answer_sha256: str | None = None
    reason: str | None = None
    extension: str | None = None
    contact: str | None = None
    words: str | None = None
    prospect: Prospect | None = None
    candidates: tuple[Candidate, ...] = ()
    also: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.id


@dataclass(frozen=True, slots=True)
class Extended:
    """A request whose answer takes longer. ``told`` is what to tell the person now, at ``contact`` and nowhere else."""

    id: str
    deadline: str
    told: str
    contact: str | None


class Requests:
    """Record, list, answer."""

    def __init__(self, context: Context, answering: Answering) -> None:
        self._context = context
        self._answering = answering
        self._receiving = Receiving(context)
        self._exports = exports(context)

    def open(
        self,
        kind: str,
        *,
        receipt: bytes | None = None,
        contact: str | None = None,
        subject: str | None = None,
        details: str | None = None,
        photo: str | Path | bytes | None = None,
    ) -> Request:
        """Record a request. An objection or a restriction takes effect with the next search (P5).

        Args:
            kind: access, erasure, objection, restriction or rectification.
            receipt: A consent receipt that was handed out here; it needs nothing else.
            contact: The e-mail address or the like that is on record. An unknown one is recorded in the same way.
            subject: The person's handle, when they stand at the counter and the officer knows who they are.
            details: The person's own words, where they want to add some.
            photo: A photo of them, as an option, to help the officer find their record. It is compared in memory and
                nothing of it is kept; whom it may show is in ``candidates``, and decides nothing.

        Raises:
            InputError: no such kind, or nothing to know the person by.
            ReceiptRefused: the receipt proves nothing here.
            RoleRefused: ``subject`` or ``photo`` without the role officer.
        """
        if sum(given is not None for given in (receipt, contact, subject)) > 1:
            raise InputError("Give one of a receipt, a contact or a subject.")
        if subject is None and photo is None:
            first, *others = self._receiving.record(kind, receipt, contact, details)
        else:
            first, *others = self._receiving.record(kind, receipt, contact, details, handle=subject, officer=True)
        made = self.get(reference_number("R", first))
        found = self._receiving.located(made.id, photo) if photo is not None else ()
        return replace(made, candidates=found, also=tuple(reference_number("R", number) for number in others))

    def receive(
        self, kind: str, *, receipt: bytes | None = None, contact: str | None = None, details: str | None = None
    ) -> Thanks:
        """Record a request from a public page. What comes back says nothing about anybody.

        Raises `TooMany` beyond `HOURLY` in an hour; otherwise as `open`.
        """
        if receipt is not None:
            contact = None
        self._receiving.not_too_many()
        self._receiving.record(kind, receipt, contact, details)
        return Thanks(THANKS, last_day(deadline_of(self._context.clock())))

    def list(self, *, overdue: bool = False) -> list[Request]:
        """All requests: overdue ones first, then the open ones by their deadline, then those that were answered."""
        query = sa.select(t.requests).where(t.requests.c.organisation == self._context.organisation)
        with self._context.registry.read() as connection:
            found = [self._opened(connection, row) for row in connection.execute(query).all()]
        wanted = [each for each in found if each.overdue or not overdue]
        return sorted(wanted, key=lambda each: (each.state != "open", each.days_left, int(each.id[1:])))

    def get(self, request: Request | str) -> Request:
        """The request by this number. Raises `NotFound`."""
        with self._context.registry.read() as connection:
            return self._opened(connection, self._row(connection, request))

    def show(self, request: Request | str) -> Request:
        """The request with the contact and the words that came with it, for an officer; the log says who looked."""
        context = self._context
        with context.registry.write() as connection:
            row = self._row(connection, request)
            people = () if row.subject is None else (SubjectId(row.subject),)
            context.desk.record(connection, "look", "officer", subjects=people, facts={"request": f"R{row.id}"})
            said = asked(context.keys, row)
            shown = replace(self._opened(connection, row), contact=said.get("contact"), words=said.get("details"))
        context.book.publish()
        return replace(shown, prospect=prospect(context, self._answering, row))

    def extend(self, request: Request | str, reason: str) -> Extended:
        """Take two further months, once, and say why (GDPR Art 12(3)). The person is told within the first month.

        Args:
            request: An open one whose month is not over.
            reason: One of `EXTENSIONS`.
        """
        check_extension(reason)
        context, now = self._context, self._context.clock()
        with recording(context, "request") as connection:
            row = self._row(connection, request)
            name = reference_number("R", row.id)
            if (why := _not_to_be_put_off(row, now)) is not None:
                raise InputError(f"{name} {why}: its answer cannot be put off.", hint="Answer it, or refuse it.")
            until = deadline_of(row.created, months=3)
            values = {"deadline": until, "extended": now, "extension": reason}
            connection.execute(sa.update(t.requests).where(t.requests.c.id == row.id).values(**values))
            facts = {"request": name, "kind": row.kind, "step": "extended", "reason": reason, "until": iso(until)}
            people = () if row.subject is None else (SubjectId(row.subject),)
            context.desk.record(connection, "request", "officer", subjects=people, facts=facts)
        told = (
            f"Your request takes longer than a month, because {EXTENSIONS[reason]}. It is answered by "
            f"{last_day(until)}. You can complain to your data protection authority."
        )
        contact = self._answering.contact(row, self._answering.person(row))
        return Extended(name, iso(until - 1)[:10], told, contact)

    def assign(self, request: Request | str, subject: str) -> Request:
        """Say whose request it is, once the officer knows. What came with it is sealed anew under the person's key."""
        context, now = self._context, self._context.clock()
        with context.registry.write() as connection:
            row = self._row(connection, request)
            if row.state != "open" or row.subject is not None:
                raise InputError(f"R{row.id} is {row.state} already, or it is known whose it is.")
            person = SubjectId(context.subject_row(connection, subject).id)
            values = self._receiving.sealed(person, asked(context.keys, row))
            connection.execute(sa.update(t.requests).where(t.requests.c.id == row.id).values(subject=person, **values))
            if row.kind in AT_ONCE:
                restrict(connection, person, now)
            touch(connection, person, now)
            facts = {"request": f"R{row.id}", "kind": row.kind, "step": "assigned"}
            context.desk.record(connection, "request", "officer", subjects=(person,), facts=facts)
        context.book.publish()
        return self.get(f"R{row.id}")

    def answer(
        self,
        request: Request | str,
        *,
        refuse: str | None = None,
        out: str | Path | None = None,
        nobody: bool = False,
        **corrections: Any,
    ) -> Answered:
        """Answer a request; signed and logged. See `countenance.service.answering.Answering.answer`.

        ``corrections`` are what a rectification puts right: name, contact, birth_year, territory.
        """
        with self._context.registry.read() as connection:
            row = self._row(connection, request)
        return self._answering.answer(row, refuse=refuse, out=out, nobody=nobody, corrections=corrections)

    def lift(self, subject: str) -> None:
        """Let a restricted person be found again. They must have been told first (GDPR Art 18(3))."""
        context = self._context
        with recording(context, "lift") as connection:
            row = context.subject_row(connection, subject)
            if row.restricted is None:
                raise InputError(f"{subject!r} is not restricted.")
            self._check_answered(connection, row.id)
            lift(connection, SubjectId(row.id))
            context.desk.record(connection, "lift", "officer", subjects=(SubjectId(row.id),))

    def export(self, request: Request | str, out: str | Path) -> tuple[Path, Path]:
        """Write a kept access answer in clear into a folder, to be sent to the contact on record. Logged."""
        elsewhere(self._context, Path(out))
        number = parse_number("R", str(request), "request")
        return hand_over(self.letter(request), number, Path(out))

    def letter(self, request: Request | str) -> Letter:
        """A kept access answer in clear, to be sent to the contact on record. Logged."""
        context = self._context
        with context.registry.write() as connection:
            row = self._row(connection, request)
            people = () if row.subject is None else (SubjectId(row.subject),)
            facts = {"request": f"R{row.id}"}
            context.desk.record(connection, "export", "officer", subjects=people, facts=facts)
        context.book.publish()
        return self._exports.get(row.id, row.subject, row.key)

    def done(self, request: Request | str) -> Request:
        """The answer was sent: the kept answer is removed, and what the person wrote with the request is forgotten."""
        context = self._context
        with context.registry.write() as connection:
            row = self._row(connection, request)
            if row.state == "open":
                raise InputError(f"R{row.id} is not answered yet.", hint=f"`countenance request answer R{row.id}`.")
            forget(context, connection, [row])
            facts = {"request": f"R{row.id}", "kind": row.kind, "step": "done"}
            people = () if row.subject is None else (SubjectId(row.subject),)
            context.desk.record(connection, "request", "officer", subjects=people, facts=facts)
        context.book.publish()
        return self.get(f"R{row.id}")

    # --- inside ------------------------------------------------------------------------------------------------------

    def _check_answered(self, connection: sa.Connection, subject: int) -> None:
        """Raise `Refused` while an objection or a restriction of this person waits for its answer."""
        mine = (t.requests.c.subject == subject, t.requests.c.state == "open", t.requests.c.kind.in_(AT_ONCE))
        waiting = connection.scalars(sa.select(t.requests.c.id).where(*mine).order_by(t.requests.c.id)).first()
        if waiting is not None:
            name = reference_number("R", waiting)
            raise Refused(
                f"{name} asks that this person is not found, and is not answered yet.", requirement="P5",
                hint=f"Answer it first: `countenance request answer {name}`.",
            )  # fmt: skip

    def _row(self, connection: sa.Connection, request: Request | str) -> Any:
        number = parse_number("R", str(request), "request")
        query = sa.select(t.requests).where(
            t.requests.c.id == number, t.requests.c.organisation == self._context.organisation
        )
        row = connection.execute(query).first()
        if row is None:
            raise NotFound(f"There is no request R{number}.", hint="`countenance request list` shows them.")
        return row

    def _opened(self, connection: sa.Connection, row: Any) -> Request:
        now = self._context.clock()
        sealed = connection.scalar(sa.select(t.subjects.c.handle_sealed).where(t.subjects.c.id == row.subject))
        handle = self._context.keys.unseal_text(subject_key(row.subject or 0), sealed, "handle")
        return Request(
            id=reference_number("R", row.id),
            kind=row.kind,
            channel=row.channel,
            state=row.state,
            subject=handle,
            opened=iso(row.created),
            deadline=iso(row.deadline - 1)[:10],
            days_left=days_left(row.deadline, now),
            overdue=row.state == "open" and now >= row.deadline,
            answered=iso(row.answered) if row.answered is not None else None,
            answer_sha256=row.answer_sha256,
            reason=row.reason,
            extension=row.extension,
        )


def _not_to_be_put_off(row: Any, now: int) -> str | None:
    """Why the answer to this request cannot take two further months; None where it can."""
    if row.state != "open":
        return "is answered"
    if row.extended is not None:
        return "was put off once"
    return "is overdue" if now >= row.deadline else None
