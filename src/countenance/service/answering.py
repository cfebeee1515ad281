"""Answering requests: each right carried out by an officer, signed and logged, within its month (P14, P15, P29)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from countenance.errors import InputError, Refused
from countenance.policy.bases import is_minor
from countenance.registry import schema as t
from countenance.rights.access import asked
from countenance.rights.requests import AT_ONCE, OBJECTABLE, REFUSALS, check_refusal
from countenance.service.bases import Bases
from countenance.service.disclosing import disclose
from countenance.service.exports import elsewhere, exports, hand_over
from countenance.service.restricting import release
from countenance.service.subjects import Subject, Subjects
from countenance.types import SubjectId
from countenance.vault.keyring import subject_key

if TYPE_CHECKING:
    from countenance.service.basis import Basis
    from countenance.service.context import Context
    from countenance.service.leaving import Certified, Leaving
    from countenance.service.pictures import Pictures

NOTHING = "Nothing is held under what you gave."
CORRECTIONS = frozenset({"name", "contact", "birth_year", "territory"})


@dataclass(frozen=True, slots=True)
class Answered:
    """How a request was answered. ``told`` is what to tell the person, at ``contact`` and nowhere else."""

    id: str
    kind: str
    outcome: str
    told: str
    contact: str | None
    files: tuple[Path, ...] = ()
    certified: Certified | None = None

    def as_json(self) -> dict[str, Any]:
        """The machine-readable answer (``countenance request answer --json``)."""
        return {
            "request": self.id,
            "kind": self.kind,
            "outcome": self.outcome,
            "tell": self.told,
            "contact": self.contact,
            "files": [str(file) for file in self.files],
            "certificate": self.certified.certificate if self.certified else None,
        }


@dataclass(frozen=True, slots=True)
class _Done:
    """What one kind of answer came to, before it is written down."""

    told: str
    digest: str | None = None
    files: tuple[Path, ...] = ()
    certified: Certified | None = None


class Answering:
    """One method a kind."""

    def __init__(self, context: Context, pictures: Pictures, leaving: Leaving) -> None:
        self._context = context
        self._pictures = pictures
        self._leaving = leaving

    def answer(
        self, row: Any, *, refuse: str | None, out: str | Path | None, nobody: bool, corrections: Mapping[str, Any]
    ) -> Answered:
        """Carry the request out, or refuse it for a reason from the closed list, and write down that it was answered.

        Args:
            row: The request's row.
            refuse: A reason to refuse it: one of `REFUSALS`.
            out: For access: a folder for the answer in clear, besides the sealed one that is kept until it is sent.
            nobody: That nobody on record asks was looked into: the answer, that nothing is held, is final.
            corrections: For rectification: the name, contact, birth year or territory as they are right.

        Raises:
            RoleRefused: without the role officer.
            Refused: there is no contact on record that an access answer could go to.
            Held: an authority's hold forbids the erasure; the request stays open.
        """
        self._check(row, refuse, corrections)
        person = self.person(row)
        contact = self.contact(row, person)
        if refuse is None:
            _check_whose(row, person, nobody=nobody)
        if refuse is not None:
            done = _Done(
                f"The request is refused: {REFUSALS[refuse]}. You can complain to your data protection authority."
            )
        elif row.kind == "access":
            done = self._access(row, person, contact, out)
        elif person is None:
            done = _Done(NOTHING)
        elif row.kind == "erasure":
            done = self._erasure(person)
        elif row.kind == "objection":
            done = self._objection(person)
        elif row.kind == "restriction":
            done = _Done("Your record is kept and not used, until you are told otherwise.")
        else:
            done = self._rectification(person, corrections)
            contact = corrections.get("contact") or contact
        outcome = "refused" if refuse else "answered"
        self._close(row, outcome, refuse, done)
        return Answered(f"R{row.id}", row.kind, outcome, done.told, contact, done.files, done.certified)

    def person(self, row: Any) -> Subject | None:
        """Whose request it is; None where nobody on record asks."""
        if row.subject is None:
            return None
        with self._context.registry.read() as connection:
            sealed = connection.scalar(sa.select(t.subjects.c.handle_sealed).where(t.subjects.c.id == row.subject))
        handle = self._context.keys.unseal_text(subject_key(row.subject), sealed, "handle")
        return Subjects(self._context).get(handle or "")

    def contact(self, row: Any, person: Subject | None) -> str | None:
        """Where the answer goes: the contact on record, a minor's guardian; for nobody on record, whence they asked."""
        if person is None:
            return asked(self._context.keys, row).get("contact")
        minor = is_minor(person.birth_year, self._context.clock())
        return person.guardian if minor and person.guardian else person.contact

    # --- one kind each -----------------------------------------------------------------------------------------------

    def _access(self, row: Any, person: Subject | None, contact: str | None, out: str | Path | None) -> _Done:
        context = self._context
        if out is not None:
            elsewhere(context, Path(out))
        if contact is None:
            raise Refused(
                "An access answer goes only to the contact on record, and there is none.", requirement="P14",
                hint="Record it once you know the person: `countenance subject correct SUBJECT --contact ADDRESS`.",
            )  # fmt: skip
        with context.registry.write() as connection:
            people = () if person is None else (person.id,)
            context.desk.record(connection, "disclose", "officer", subjects=people, facts={"request": f"R{row.id}"})
        letter = disclose(context, self._pictures, row, person)
        exports(context).put(row.id, row.subject, row.key, letter)
        files = hand_over(letter, row.id, Path(out)) if out is not None else ()
        told = NOTHING if person is None else "This is everything that is held of you."
        return _Done(told, _digest(letter.json), files)

    def _erasure(self, person: Subject) -> _Done:
        certified = self._leaving.erase(person.handle, "request")
        text = json.dumps(certified.certificate, sort_keys=True)
        return _Done("Everything held of you is erased; the certificate says how.", _digest(text), (), certified)

    def _objection(self, person: Subject) -> _Done:
        """Bases that an objection ends are withdrawn; the others stand, and are named with their ground."""
        ending, standing = objected(self._context, person)
        if ending:
            self._leaving.withdraw(person.handle, ending)
        left = ", ".join(f"{each.id} ({each.ground})" for each in standing)
        if left:
            return _Done(f"You are no longer searched for, except on grounds that are not open to objection: {left}.")
        return _Done("You are no longer searched for; what is stored is erased when its time ends, or at your request.")

    def _rectification(self, person: Subject, corrections: Mapping[str, Any]) -> _Done:
        given = {what: value for what, value in corrections.items() if value is not None}
        Subjects(self._context).update(person, **given)
        return _Done(f"Put right: {', '.join(sorted(given)).replace('_', ' ')}.")

    # --- inside ------------------------------------------------------------------------------------------------------

    def _check(self, row: Any, refuse: str | None, corrections: Mapping[str, Any]) -> None:
        if row.state != "open":
            raise InputError(
                f"R{row.id} is {row.state} already.", hint="`countenance request list` shows the open ones."
            )
        if refuse is not None:
            check_refusal(refuse)
        given = {what for what, value in corrections.items() if value is not None}
        if given - CORRECTIONS or (given and row.kind != "rectification"):
            raise InputError("Corrections belong to a request for rectification.", hint="Open one, then answer it.")
        if row.kind == "rectification" and refuse is None and row.subject is not None and not given:
            raise InputError(
                "What is right is not said.", hint="Give --name, --contact, --born or --territory, or --refuse."
            )

    def _close(self, row: Any, outcome: str, refuse: str | None, done: _Done) -> None:
        context, now = self._context, self._context.clock()
        values = {
            "state": outcome,
            "answered": now,
            "answered_by": context.account,
            "answer_sha256": done.digest,
            "reason": refuse,
        }
        facts = {"request": f"R{row.id}", "kind": row.kind, "outcome": outcome, "answer": done.digest}
        erased = done.certified is not None
        people = () if row.subject is None or erased else (SubjectId(row.subject),)
        with context.registry.write() as connection:
            if erased:
                # The row went with the person. That a request was answered in time is kept, without anybody in it.
                _without_person(connection, row, values, context.own_key)
            else:
                connection.execute(sa.update(t.requests).where(t.requests.c.id == row.id).values(**values))
            if people and row.kind in AT_ONCE and (refuse or row.kind == "objection"):
                release(connection, people[0])
            context.desk.record(connection, "answer", "officer", subjects=people, facts=facts)
        context.book.publish()


def objected(context: Context, person: Subject) -> tuple[list[Basis], list[Basis]]:
    """The person's bases that an objection ends, and those that stand all the same."""
    mine = [each for each in Bases(context).list(person) if each.state in {"pending", "live"}]
    return [each for each in mine if each.ground in OBJECTABLE], [
        each for each in mine if each.ground not in OBJECTABLE
    ]


def _check_whose(row: Any, person: Subject | None, *, nobody: bool) -> None:
    """Raise `InputError` where somebody who may be on record under no contact would be told that nothing is held."""
    if person is None and not nobody:
        raise InputError(
            f"No record has the contact of R{row.id}: the answer would be that nothing is held.",
            hint=f"If you know whose it is: `countenance request assign R{row.id} SUBJECT`. Else answer with --nobody.",
        )
    if person is not None and nobody:
        raise InputError(f"R{row.id} is {person.handle}'s.", hint="Answer it without --nobody.")


def _without_person(connection: sa.Connection, row: Any, values: Mapping[str, Any], key: str) -> None:
    connection.execute(sa.delete(t.requests).where(t.requests.c.id == row.id))
    kept = {what: getattr(row, what) for what in ("id", "organisation", "kind", "channel", "deadline", "created")}
    connection.execute(sa.insert(t.requests).values(**kept, **values, subject=None, key=key, details_sealed=None))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
