"""Enrolments: what is stored, and whether somebody may be enrolled still and is not yet, asked where it is written."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from countenance.errors import NoBasis
from countenance.registry import schema as t
from countenance.types import BasisId, Face, SubjectId, Template


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What to store of a subject's enrolment photo.

    Kept sealed: ``photo``, the file's name as given, and ``taken_at``, when the photo says that it was taken.
    """

    face: Face
    template: Template
    photo: str
    sha256: str
    taken_at: str | None = None


def ends_of(connection: sa.Connection, subject: SubjectId, basis: BasisId) -> int:
    """When the basis ends. A photo takes its time to be read: raises `NoBasis` when the person has left meanwhile."""
    query = (
        sa.select(t.bases.c.ends)
        .join(t.subjects, t.bases.c.subject == t.subjects.c.id)
        .where(
            t.bases.c.id == basis,
            t.bases.c.subject == subject,
            t.bases.c.state.in_(("pending", "live")),
            t.subjects.c.state == "active",
            t.subjects.c.restricted.is_(None),
        )
    )
    ends = connection.scalar(query)
    if ends is None:
        raise NoBasis("This basis was withdrawn, or its person has gone.", requirement="P1")
    return int(ends)


def is_enrolled(connection: sa.Connection, subject: SubjectId, sha256: str, contract: str) -> bool:
    """Whether a template was made of this very photo for this person."""
    same = (
        t.references.c.subject == subject,
        t.references.c.photo_sha256 == sha256,
        t.references.c.contract == contract,
    )
    return connection.scalar(sa.select(sa.exists().where(*same))) or False
