"""Enrolments: what is stored, and whether somebody may be enrolled still and is not yet, asked where it is written."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

import sqlalchemy as sa

from countenance.errors import NoBasis
from countenance.gallery.rows import TEMPLATE
from countenance.registry import schema as t
from countenance.types import BasisId, Face, OrganisationId, ReferenceId, SubjectId, Template
from countenance.vault.keyring import Keyring, subject_key


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What to store of a subject's enrolment photo.

    Kept sealed: ``photo``, the file's name as given, ``taken_at``, when the photo says that it was taken, and ``size``,
    its width and height.
    """

    face: Face
    template: Template
    photo: str
    sha256: str
    taken_at: str | None = None
    size: tuple[int, int] | None = None


def insert(
    connection: sa.Connection,
    keys: Keyring,
    whose: tuple[OrganisationId, SubjectId, BasisId],
    enrolment: Enrolment,
    ends: int,
    now: int,
) -> ReferenceId:
    """Write a reference, sealed under its person's key, of the contract of its template."""
    organisation, subject, basis = whose
    key = subject_key(subject)
    face = {
        "box": enrolment.face.box.as_list(),
        "landmarks": enrolment.face.landmarks,
        "quality": asdict(enrolment.face.quality),
        "score": enrolment.face.score,
        "taken_at": enrolment.taken_at,
        "size": enrolment.size,
    }
    inserted = connection.execute(
        sa.insert(t.references).values(
            organisation=organisation,
            subject=subject,
            basis=basis,
            photo_sha256=enrolment.sha256,
            photo_sealed=keys.seal_text(key, enrolment.photo, "photo"),
            face_sealed=keys.seal_text(key, json.dumps(face), "face"),
            template_sealed=keys.seal(key, enrolment.template.to_bytes(), TEMPLATE),
            contract=enrolment.template.contract,
            expires=ends,
            created=now,
        )
    )
    connection.execute(sa.insert(t.changes).values(subject=subject))
    return ReferenceId((inserted.inserted_primary_key or (0,))[0])


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
