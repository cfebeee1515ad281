"""Searches among the people of a collection, and with faces that are enrolled already."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import sqlalchemy as sa

from countenance.errors import NoBasis
from countenance.gallery.eligible import standing
from countenance.gallery.matching import Terms
from countenance.gallery.rows import TEMPLATE
from countenance.index.port import NO_ID, Hits
from countenance.registry import schema as t
from countenance.registry.database import Registry
from countenance.types import Box, Face, Probe, Quality, SubjectId, Template, iso
from countenance.vault.keyring import Keyring, subject_key

_NOWHERE = Box(0, 0, 1, 1)
"""Where an enrolled face was in its photo says nothing to a search."""


@dataclass(frozen=True, slots=True)
class Stored:
    """Enrolments of one person that are searched for, and a salted commitment to which they are. None finds itself."""

    references: tuple[int, ...]
    commitment: str


def whom(registry: Registry, only: SubjectId | None, among: int | frozenset[int] | None) -> frozenset[int] | None:
    """The people who may be found: one, these, those of a collection, or (None) everybody."""
    if isinstance(among, frozenset):
        return among
    if among is None:
        return None if only is None else frozenset({int(only)})
    with registry.read() as connection:
        query = sa.select(t.collected.c.subject).where(t.collected.c.collection == among)
        return frozenset(connection.scalars(query))


def probe_of(registry: Registry, keys: Keyring, asked: Probe | Stored, terms: Terms) -> Probe:
    """The probe; of enrolments, the middle of their templates. In memory only.

    Raises `NoBasis` unless one of them stands and may be searched on these terms itself (P1, P4).
    """
    if isinstance(asked, Probe):
        return asked
    with registry.read() as connection:
        every = standing(connection, terms.contract, terms.now, ids=list(asked.references))
        found = [row for row in every if terms.permit(row)]
        told = sa.select(t.references.c.subject, t.references.c.face_sealed, t.references.c.created)
        faces = connection.execute(told.where(t.references.c.id.in_([row.id for row in found]))).all()
    opened = [
        plain
        for plain in keys.unseal_many([(subject_key(row.subject), row.sealed) for row in found], TEMPLATE)
        if plain is not None
    ]
    if not opened:
        raise NoBasis(
            "This face waits for its confirmation, or its basis does not permit this search.", requirement="P1",
            hint="A second account confirms it: `countenance basis countersign --all-pending`.",
        )  # fmt: skip
    middle = np.sum([Template.from_bytes(plain, terms.contract).vector for plain in opened], axis=0)
    vector = (middle / np.linalg.norm(middle)).astype(np.float32)
    seen, taken = _told(keys, faces)
    face = Face(_NOWHERE, ((0.0, 0.0),) * 5, seen, Quality(0, 0, 0, 0, 0))
    return Probe(face, Template(vector, terms.contract), asked.commitment, taken_at=taken)


def _told(keys: Keyring, faces: Sequence[Any]) -> tuple[float, str]:
    """How surely the least sure of these faces was seen, and when the oldest was taken: what cautions ask."""
    opened = keys.unseal_many([(subject_key(row.subject), row.face_sealed) for row in faces], "face")
    told = [(json.loads(plain or b"{}"), row.created) for plain, row in zip(opened, faces, strict=True)]
    seen = min(float(face.get("score", 1.0)) for face, _ in told)
    return seen, min(face.get("taken_at") or iso(created) for face, created in told)


def others(hits: Hits, asked: Probe | Stored) -> Hits:
    """What was found, without the enrolments that were searched for."""
    if isinstance(asked, Probe):
        return hits
    return replace(hits, ids=np.where(np.isin(hits.ids, asked.references), NO_ID, hits.ids))
