"""Whether pictures taken now are of the one person who is enrolled under a basis (P1)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import sqlalchemy as sa

from countenance.gallery.rows import TEMPLATE
from countenance.registry import schema as t
from countenance.types import BasisId, SubjectId, Template
from countenance.vault.keyring import Keyring, subject_key


def one_person(
    connection: sa.Connection,
    keys: Keyring,
    enrolled: tuple[SubjectId, BasisId | None],
    stills: Sequence[Template],
    least: float,
) -> bool:
    """Whether each still scores ``least`` or more against every other, and against the best enrolment of this basis.

    Nobody else's template is looked at. Without an enrolment under the same model the answer is no. Without a basis
    there is no enrolment yet: one of these very stills is to be it.
    """
    subject, basis = enrolled
    contracts = {still.contract for still in stills}
    vectors = [still.vector for still in stills]
    with_another = [float(np.dot(one, other)) for one, other in combinations(vectors, 2)]
    if basis is None:
        return bool(with_another) and len(contracts) == 1 and min(with_another) >= least
    rows = connection.execute(
        sa.select(t.references.c.template_sealed, t.references.c.contract).where(
            t.references.c.subject == subject, t.references.c.basis == basis, t.references.c.contract.in_(contracts)
        )
    ).all()
    opened = keys.unseal_many([(subject_key(subject), row.template_sealed) for row in rows], TEMPLATE)
    references = [
        Template.from_bytes(plain, row.contract).vector
        for plain, row in zip(opened, rows, strict=True)
        if plain is not None
    ]
    if not references or not stills or len(contracts) != 1:
        return False
    with_enrolment = [max(float(np.dot(vector, reference)) for reference in references) for vector in vectors]
    return min([*with_another, *with_enrolment]) >= least
