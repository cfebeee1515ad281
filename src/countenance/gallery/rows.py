"""From the references that stand to rows for an index: templates unsealed, their policy beside them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from countenance.gallery.eligible import Standing
from countenance.index.port import Rows
from countenance.policy import territories
from countenance.types import Template
from countenance.vault.keyring import Keyring, subject_key

TEMPLATE = "template"
"""What a template is sealed as."""


def rows_of(keys: Keyring, found: Sequence[Standing], contract: str) -> Rows | None:
    """These references as rows; None when there are none.

    A key that is gone means a person who was erased since: such a row is simply not there any more.
    """
    opened = keys.unseal_many([(subject_key(row.subject), row.sealed) for row in found], TEMPLATE)
    rows = [(row, plain) for row, plain in zip(found, opened, strict=True) if plain is not None]
    if not rows:
        return None
    kept = [row for row, _ in rows]
    return Rows(
        ids=np.array([row.id for row in kept], np.int64),
        vectors=np.stack([Template.from_bytes(plain, contract).vector for _, plain in rows]),
        subjects=np.array([row.subject for row in kept], np.int64),
        organisations=np.array([row.organisation for row in kept], np.int64),
        purposes=np.array([row.purposes for row in kept], np.uint32),
        not_before=np.array([row.starts for row in kept], np.int64),
        expires=np.array([row.ends for row in kept], np.int64),
        territories=np.array([territories.number(row.territory) for row in kept], np.int64),
    )
