"""Twins: the templates that two models made of one enrolment photo. Both are kept, and only one's contract is searched.

A twin is bound to what its counterpart is: the same person, photo, basis and end. So changing the model changes no
name, no review and nobody's permission, and changing it back changes nothing either.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from countenance.errors import ContractMismatch, NoBasis
from countenance.gallery.enrolments import Enrolment, ends_of, insert, is_enrolled
from countenance.registry import schema as t
from countenance.types import BasisId, Box, Face, OrganisationId, ReferenceId, SubjectId, Template
from countenance.vault.keyring import Keyring, subject_key


@dataclass(frozen=True, slots=True)
class Source:
    """An enrolment photo of which a template is wanted: where it lay, what it was, and where the face is in it."""

    reference: ReferenceId
    subject: SubjectId
    photo: str
    sha256: str
    box: Box


@dataclass(frozen=True, slots=True)
class Twin:
    """The template that another model made of the photo of a reference, and the face that it made it of."""

    reference: ReferenceId
    face: Face
    template: Template


def alone(connection: sa.Connection, organisation: OrganisationId, contract: str) -> list[int]:
    """References of people who are here to stay whose photo has no template under ``contract``: one of each photo.

    Nobody counts who has left, objected or withdrawn: no template is made of them again.
    """
    r, twin = t.references, t.references.alias("twin")
    has = sa.exists().where(
        twin.c.subject == r.c.subject, twin.c.photo_sha256 == r.c.photo_sha256, twin.c.contract == contract
    )
    stays = (
        t.subjects.c.organisation == organisation,
        t.subjects.c.state == "active",
        t.subjects.c.restricted.is_(None),
        t.bases.c.state.in_(("pending", "live")),
    )
    query = (
        sa.select(sa.func.max(r.c.id).label("newest"))
        .join(t.subjects, t.subjects.c.id == r.c.subject)
        .join(t.bases, t.bases.c.id == r.c.basis)
        .where(r.c.contract != contract, ~has, *stays)
        .group_by(r.c.subject, r.c.photo_sha256)
        .order_by("newest")
    )
    return [int(number) for number in connection.scalars(query)]


def sources(connection: sa.Connection, keys: Keyring, references: Sequence[int]) -> list[Source]:
    """What is known of the photos of these references. One whose person's key has gone meanwhile is left out."""
    found = []
    for row in connection.execute(sa.select(t.references).where(t.references.c.id.in_(references))):
        key = subject_key(row.subject)
        photo, face = keys.unseal_text(key, row.photo_sealed, "photo"), keys.unseal_text(key, row.face_sealed, "face")
        if photo is None or face is None:  # they are being erased
            continue
        box = Box(*json.loads(face)["box"])
        found.append(Source(ReferenceId(row.id), SubjectId(row.subject), photo, row.photo_sha256, box))
    return found


def add(connection: sa.Connection, keys: Keyring, made: Sequence[Twin], contract: str, now: int) -> set[SubjectId]:
    """Write the twins of those references that still stand, for as long as these last; returns whose.

    Raises `ContractMismatch` where a template was made under another contract.
    """
    written = set()
    for twin in made:
        if twin.template.contract != contract:
            raise ContractMismatch("This template was made by another model than the one that was asked for.")
        row = connection.execute(sa.select(t.references).where(t.references.c.id == twin.reference)).first()
        if row is None or not _stands(connection, row, contract):
            continue
        whose = (OrganisationId(row.organisation), SubjectId(row.subject), BasisId(row.basis))
        key = subject_key(row.subject)
        photo = keys.unseal_text(key, row.photo_sealed, "photo") or ""
        face = json.loads(keys.unseal_text(key, row.face_sealed, "face") or "{}")
        enrolment = Enrolment(twin.face, twin.template, photo, row.photo_sha256, face.get("taken_at"))
        insert(connection, keys, whose, enrolment, row.expires, now)
        written.add(SubjectId(row.subject))
    return written


def _stands(connection: sa.Connection, row: sa.Row[Any], contract: str) -> bool:
    """Whether the person and the basis are still there, and nobody else has made the twin."""
    try:
        ends_of(connection, row.subject, row.basis)
    except NoBasis:
        return False
    return not is_enrolled(connection, row.subject, row.photo_sha256, contract)
