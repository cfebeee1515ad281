"""Enrolled faces one by one, as CompreFace's clients list and delete them. No template and no photo leaves here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from countenance.errors import InputError, NotFound
from countenance.registry import schema as t
from countenance.service.names import called
from countenance.service.subjects import Subject, Subjects
from countenance.types import BasisId, ReferenceId

if TYPE_CHECKING:
    from countenance.service.context import Context
    from countenance.service.leaving import Certified, Leaving


@dataclass(frozen=True, slots=True)
class Example:
    """One enrolled face: of whom, and the basis that it is held under."""

    reference: ReferenceId
    subject: Subject
    basis: BasisId


class Examples:
    """List, find, erase."""

    def __init__(self, context: Context, leaving: Leaving) -> None:
        self._context = context
        self._leaving = leaving

    def count(self, subject: Subject | None = None) -> int:
        """How many there are, of everybody or of one person."""
        query = self._query(sa.func.count(), subject)
        with self._context.registry.read() as connection:
            return connection.scalar(query) or 0

    def list(self, subject: Subject | None = None, *, start: int = 0, many: int | None = None) -> Sequence[Example]:
        """In the order of their numbers: ``many`` of them from the ``start``-th on, or all."""
        query = self._whole(subject)
        return self._read(query.order_by(t.references.c.id).offset(start).limit(many))

    def get(self, reference: ReferenceId | int) -> Example:
        """The one by this number. Raises `NotFound`: absent or not yours, in the same words."""
        for found in self._read(self._whole(None).where(t.references.c.id == reference)):
            return found
        raise NotFound("There is no such enrolled face.")

    def of_photo(self, subject: Subject, digest: str) -> Example | None:
        """The person's face that was enrolled from the photo with this SHA-256."""
        query = self._whole(subject)
        found = self._read(query.where(t.references.c.photo_sha256 == digest))
        return found[0] if found else None

    def digests(self, subject: Subject) -> set[str]:
        """The SHA-256 of the photos from which a person is enrolled."""
        with self._context.registry.read() as connection:
            return set(connection.scalars(self._query(t.references.c.photo_sha256, subject)))

    def erase(self, examples: Sequence[Example], reason: str) -> Certified:
        """Erase enrolled faces with their bases and a certificate; the person stays on record.

        Raises `InputError` where others are held under the same basis: to erase it would take them along.
        """
        bases = sorted({each.basis for each in examples})
        named = {int(each.reference) for each in examples}
        held = t.references.c.basis.in_(bases)
        with self._context.registry.read() as connection:
            photos = sa.select(t.references.c.photo_sha256).where(t.references.c.id.in_(named))
            others = connection.scalar(
                sa.select(sa.func.count()).where(held, t.references.c.photo_sha256.not_in(photos))
            )
        if others:
            raise InputError(
                "Other faces are held under the same basis, and would go with this one.",
                hint="Delete all of the person's, or erase the person.",
            )
        return self._leaving.erase_bases(bases, reason)

    # --- inside ------------------------------------------------------------------------------------------------------

    def _query(self, first: Any, subject: Subject | None, *more: Any) -> sa.Select[Any]:
        self._context.own()
        query = (
            sa.select(first, *more)
            .select_from(t.references.join(t.subjects, t.references.c.subject == t.subjects.c.id))
            .where(
                t.references.c.organisation == self._context.organisation,
                t.references.c.contract == self._context.vision.contract,
                t.references.c.subject.in_(called(self._context)),
            )
        )
        return query if subject is None else query.where(t.references.c.subject == subject.id)

    def _whole(self, subject: Subject | None) -> sa.Select[Any]:
        number = t.references.c.id.label("reference")
        return self._query(number, subject, t.references.c.basis, t.subjects)

    def _read(self, query: sa.Select[Any]) -> Sequence[Example]:
        people, known = Subjects(self._context), dict[int, Subject]()
        with self._context.registry.read() as connection:
            rows = connection.execute(query).all()
        for row in rows:
            if row.id not in known:
                known[row.id] = people.opened(row)
        return [Example(ReferenceId(row.reference), known[row.id], BasisId(row.basis)) for row in rows]
