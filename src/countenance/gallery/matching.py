"""From approximate hits to exact, permitted scores: every candidate is re-checked in the registry and re-scored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import sqlalchemy as sa

from countenance.gallery.eligible import Standing, standing
from countenance.gallery.rows import TEMPLATE
from countenance.gallery.scale import Scale
from countenance.index.port import Eligibility, Hits
from countenance.policy import territories
from countenance.types import Template
from countenance.vault.keyring import Keyring, subject_key


@dataclass(frozen=True, slots=True)
class Match:
    """A subject's best reference against one face, with the exact cosine."""

    subject: int
    basis: int
    score: float
    reference: int = 0


@dataclass(frozen=True, slots=True)
class Terms:
    """On which terms faces are looked up in the index and re-checked in the registry.

    ``subjects``: these alone; None for anybody. ``territories``: people who live there; None for everywhere.
    """

    contract: str
    purposes: int
    organisation: int
    now: int
    subjects: frozenset[int] | None = None
    territories: frozenset[str] | None = None

    def eligible(self) -> Eligibility:
        """What the index may show on these terms."""
        where = territories.spans(self.territories)
        return Eligibility(self.purposes, frozenset({int(self.organisation)}), self.now, self.subjects, where)

    def permit(self, row: Standing) -> bool:
        """Whether this reference may be shown on these terms, as the registry has it now (P4)."""
        if self.subjects is not None and row.subject not in self.subjects:
            return False
        if not territories.covers(self.territories, row.territory):
            return False
        return row.permits(self.purposes, self.organisation, self.now)


@dataclass(frozen=True, slots=True)
class Seen:
    """A batch's faces and what the index says of them, as of the registry's ``sequence``."""

    source: sa.Row[Any]
    templates: list[Template]
    hits: Hits | None
    sequence: int
    terms: Terms
    scale: Scale


def recheck(
    connection: sa.Connection, keys: Keyring, hits: Hits, templates: list[Template], terms: Terms
) -> list[list[Match]]:
    """For each template, the subjects among its hits that the registry lets be shown now, best first.

    The index is derived and may be stale; nothing of its answer is used but the numbers of the references to look up.
    """
    wanted = sorted({int(i) for i in hits.ids.ravel() if i > 0})
    found = standing(connection, terms.contract, terms.now, ids=wanted)
    allowed = [row for row in found if terms.permit(row)]
    opened = keys.unseal_many([(subject_key(row.subject), row.sealed) for row in allowed], TEMPLATE)
    vectors = {
        row.id: (row, Template.from_bytes(plain, terms.contract).vector)
        for row, plain in zip(allowed, opened, strict=True)
        if plain is not None
    }
    return [
        _best_of_each([vectors[int(i)] for i in line if int(i) in vectors], template)
        for line, template in zip(hits.ids, templates, strict=True)
    ]


def _best_of_each(rows: list[tuple[Standing, np.ndarray]], template: Template) -> list[Match]:
    best: dict[int, Match] = {}
    for row, vector in rows:
        score = float(np.dot(vector, template.vector))
        if row.subject not in best or score > best[row.subject].score:
            best[row.subject] = Match(row.subject, row.basis, score, row.id)
    return sorted(best.values(), key=lambda match: (-match.score, match.subject))
