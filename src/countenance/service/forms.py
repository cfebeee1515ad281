"""The basis form of an API key: from what the people are recorded whom a program of a compatible endpoint names.

Such a program knows a name and a photo, and nothing of grounds, notices or evidence. Whoever makes its key says these
once, and signs them. Each person then gets a record and a basis of their own made from the form: territory ``unknown``,
*pending*, and found by nobody, until a second account countersigns it (``countenance basis countersign --all-pending``)
or the person confirms it. What nobody confirms is erased after seven days (P3).

Each photo has a basis of its own, so that one photo can be erased, with a certificate, while the others stay.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from countenance.errors import NoBasis, NoNotice, NotFound
from countenance.policy import delegating
from countenance.policy.purposes import mask, names
from countenance.registry import schema as t
from countenance.service.bases import Bases
from countenance.service.evidence import Seen, digest_of

if TYPE_CHECKING:
    from countenance.policy.actor import Actor
    from countenance.service.basis import Basis
    from countenance.service.context import Context
    from countenance.service.enrolling import Enrolled, Enrolling
    from countenance.service.subjects import Subject, Subjects


@dataclass(frozen=True, slots=True)
class Wish:
    """What is said when a key is made. ``evidence``: the signed form or the like, of which its SHA-256 is kept."""

    evidence: str | Path | bytes
    notice: str
    ground: str = "consent"
    condition: str = "explicit-consent"
    until: str | None = None
    collective: bool = False


@dataclass(frozen=True, slots=True)
class BasisForm:
    """A key's form, as it stands: every basis that is made from it says the same."""

    ground: str
    condition: str
    purposes: tuple[str, ...]
    notice: str
    evidence_sha256: str
    collective: bool
    until: str | None


class Forms:
    """What is made from the form of the key that is used."""

    def __init__(self, context: Context, subjects: Subjects, bases: Bases, enrolling: Enrolling) -> None:
        self._context = context
        self._subjects = subjects
        self._bases = bases
        self._enrolling = enrolling

    def mine(self) -> BasisForm:
        """The form of the API key that is acting. Raises `NoBasis` without one (P1): then nobody is recorded."""
        actor, context = self._context.actor, self._context
        with context.registry.read() as connection:
            row = None if actor is None or actor.program is None else delegating.form_of(connection, actor.program)
            notice = row and connection.scalar(sa.select(t.notices.c.name).where(t.notices.c.id == row.notice))
        if row is None:
            raise NoBasis(
                "This key carries no basis form, so nobody can be recorded with it.", requirement="P1",
                hint="Make a key with one: `countenance keys api create --for … --evidence FILE --notice NAME`.",
            )  # fmt: skip
        purposes = tuple(names(row.purposes))
        return BasisForm(
            row.ground, row.condition, purposes, notice or "", row.evidence_sha256, row.collective, row.until
        )

    def subject(self, handle: str, name: str) -> Subject:
        """The person by this handle, recorded now if they are not there yet. Raises `NoBasis` without a form."""
        self.mine()
        try:
            return self._subjects.get(handle)
        except NotFound:
            return self._subjects.add(name, territory="unknown", handle=handle)

    def basis(self, subject: Subject) -> Basis:
        """A new pending basis for one more photo of a person. One that was made for a photo that failed is used up."""
        form, context = self.mine(), self._context
        empty = sa.select(t.bases.c.id).where(
            t.bases.c.subject == subject.id,
            t.bases.c.state == "pending",
            t.bases.c.evidence_sha256 == form.evidence_sha256,
            t.bases.c.purposes == mask(form.purposes),
            t.bases.c.ends > context.clock(),
            ~sa.exists().where(t.references.c.basis == t.bases.c.id),
        )
        with context.registry.read() as connection:
            unused = connection.scalar(empty.order_by(t.bases.c.id.desc()))
        if unused is not None:
            return self._bases.get(f"B{unused}")
        return self._bases.record(
            subject, ground=form.ground, condition=form.condition, purposes=form.purposes,
            evidence=Seen(form.evidence_sha256), notice=form.notice, until=form.until, collective=form.collective,
        )  # fmt: skip

    def enrol(self, handle: str, photo: bytes, *, name: str | None = None, face: int | None = None) -> Enrolled:
        """Record a person (if new), a basis from the key's form, and enrol them from one more photo under it.

        Args:
            handle: What the program calls them, as a handle.
            photo: The picture's bytes, held in memory only.
            name: As it shall be shown; the handle when left out.
            face: Which face, by number (1 is the largest), when the photo has several.

        Raises `NoBasis` without a form, and what `Subjects.add`, `Bases.record` and `Enrolling.enrol` raise.
        """
        subject = self.subject(handle, name or handle)
        return self._enrolling.enrol(subject, photo, self.basis(subject), face=face)


def insert_form(
    connection: sa.Connection, context: Context, actor: Actor, key: int, purposes: list[str], wish: Wish
) -> None:
    """Write a new key's form, signed by the person who makes the key.

    Raises `NoNotice`, `NoBasis`, `InputError`; `NotFound` for another organisation's account: nobody here is theirs.
    """
    context.own()
    Bases(context).check(
        ground=wish.ground, condition=wish.condition, purposes=purposes, evidence=wish.evidence, until=wish.until
    )
    mine = (t.notices.c.organisation == context.organisation, t.notices.c.name == wish.notice)
    notice = connection.execute(sa.select(t.notices).where(*mine)).first()
    if notice is None:
        raise NoNotice(f"There is no notice {wish.notice!r} on record.", requirement="P2")
    inserted = connection.execute(
        sa.insert(t.basis_forms).values(
            organisation=context.organisation,
            api_key=key,
            ground=wish.ground,
            condition=wish.condition,
            purposes=mask(purposes),
            notice=notice.id,
            evidence_sha256=digest_of(wish.evidence),
            collective=wish.collective,
            until=wish.until,
            signature=b"",
            created=context.clock(),
        )
    )
    number = (inserted.inserted_primary_key or (0,))[0]
    form = connection.execute(sa.select(t.basis_forms).where(t.basis_forms.c.id == number)).one()
    public = connection.scalar(sa.select(t.api_keys.c.public_key).where(t.api_keys.c.id == key)) or b""
    signature = actor.sign_in_person(delegating.form_statement(public, form, notice.sha256))
    connection.execute(sa.update(t.basis_forms).where(t.basis_forms.c.id == number).values(signature=signature))


def has_form(connection: sa.Connection, key: int) -> bool:
    """Whether a key carries a form."""
    return connection.scalar(sa.select(sa.exists().where(t.basis_forms.c.api_key == key))) or False
