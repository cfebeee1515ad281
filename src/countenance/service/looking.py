"""What is held of one person, for somebody who answers to them: bases and appearances. Each look is logged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from countenance.gallery.appearing import appearances_of
from countenance.policy.purposes import PURPOSES, mask
from countenance.registry import schema as t
from countenance.rights.reading import Reading
from countenance.rights.seen import searches
from countenance.service.bases import Bases, Basis
from countenance.service.subjects import Subject, Subjects
from countenance.types import Appearance

if TYPE_CHECKING:
    from countenance.service.context import Context


@dataclass(frozen=True, slots=True)
class Holding:
    """One person's records. ``references`` counts their templates; ``appearances`` are those that may be shown.

    ``searches``: every search that showed them, as their own access answer tells it (P15), the oldest first.
    """

    subject: Subject
    bases: tuple[Basis, ...]
    references: int
    appearances: tuple[Appearance, ...]
    searches: tuple[dict[str, Any], ...] = ()

    @property
    def searchable(self) -> bool:
        """Whether a search can find them: a template, and a live basis with its notice."""
        live = any(basis.state == "live" and basis.notice and not basis.expired for basis in self.bases)
        return live and self.references > 0


def look(context: Context, handle: str) -> Holding:
    """What is held of a person. Needs the role officer, who answers requests; the log says who looked.

    Raises `NotFound` (absent, erased or not yours) and `RoleRefused`.
    """
    subject = Subjects(context).get(handle)
    with context.registry.write() as connection:
        context.desk.record(connection, "look", "officer", subjects=(subject.id,))
        count = sa.select(sa.func.count()).select_from(t.references).where(t.references.c.subject == subject.id)
        references = connection.scalar(count) or 0
        told = tuple(searches(Reading(connection, context.keys, context.organisation, subject.id)))
        shown = appearances_of(connection, [subject.id], mask(PURPOSES), context.clock(), context.desk)
    context.book.publish()
    return Holding(subject, tuple(Bases(context).list(subject)), references, shown.get(subject.id, ()), told)
