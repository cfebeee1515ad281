"""Finding a person's own record from a photo of them, for a request at the counter (P14).

Every reference is compared, whatever its basis or state: what is withdrawn, pending or restricted is held as well, and
may be asked about. The index takes no part, so nothing of the photo is left anywhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import sqlalchemy as sa

from countenance.gallery.rows import TEMPLATE
from countenance.gallery.scale import Scale
from countenance.registry import schema as t
from countenance.types import OrganisationId, SubjectId, Template
from countenance.vault.keyring import Keyring, subject_key

_PART = 2000
"""Templates that are open in memory at a time."""


_MOST = 3
"""People whom a photo at the counter names at most: an officer chooses among them, or none."""


@dataclass(frozen=True, slots=True)
class Located:
    """A person whose record a photo may belong to."""

    subject: SubjectId
    score: float
    band: str


def nearest(
    connection: sa.Connection, keys: Keyring, probe: Template, organisation: OrganisationId, scale: Scale
) -> tuple[Located, ...]:
    """The few people whose references score best against the probe, from the threshold on."""
    best: dict[int, float] = {}
    for part in _references(connection, probe.contract, organisation):
        opened = keys.unseal_many([(subject_key(row.subject), row.template_sealed) for row in part], TEMPLATE)
        for row, plain in zip(part, opened, strict=True):
            if plain is None:
                continue
            score = float(np.dot(Template.from_bytes(plain, probe.contract).vector, probe.vector))
            if score >= scale.threshold:
                best[row.subject] = max(score, best.get(row.subject, score))
    first = sorted(best.items(), key=lambda each: (-each[1], each[0]))[:_MOST]
    return tuple(Located(SubjectId(subject), score, scale.band(score)) for subject, score in first)


def _references(connection: sa.Connection, contract: str, organisation: OrganisationId) -> Iterator[Sequence[Any]]:
    query = (
        sa.select(t.references.c.subject, t.references.c.template_sealed)
        .join(t.subjects, t.references.c.subject == t.subjects.c.id)
        .where(
            t.references.c.organisation == organisation,
            t.references.c.contract == contract,
            t.subjects.c.state.not_in(("erasing", "erased")),
        )
        .order_by(t.references.c.id)
    )
    found = connection.execute(query)
    while part := found.fetchmany(_PART):
        yield part
