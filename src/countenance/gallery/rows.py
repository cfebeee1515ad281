"""From references that stand in the registry to rows of the index: templates opened, policy beside them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from countenance.gallery.eligible import Standing
from countenance.index.port import Rows
from countenance.policy import territories
from countenance.types import Template
from countenance.vault.keyring import Keyring, subject_key

TEMPLATE = "template"
"""Under which label templates are sealed."""


def rows_of(keys: Keyring, found: Sequence[Standing], contract: str) -> Rows | None:
    """The rows of these references, or None when there are none.

    A key that is gone means a person who was erased since: such a row is simply not there any more.
    """
    opened = keys.unseal_many([(subject_key(row.subject), row.sealed) for row in found], TEMPLATE)
    kept = [(row, plain) for row, plain in zip(found, opened, strict=True) if plain is not None]
    if not kept:
        return None
    rows = [row for row, _ in kept]
    return Rows(
        ids=np.array([row.id for row in rows], np.int64),
        vectors=np.stack([Template.from_bytes(plain, contract).vector for _, plain in kept]),
        subjects=np.array([row.subject for row in rows], np.int64),
        organisations=np.array([row.organisation for row in rows], np.int64),
        purposes=np.array([row.purposes for row in rows], np.uint32),
        not_before=np.array([row.starts for row in rows], np.int64),
        expires=np.array([row.ends for row in rows], np.int64),
        territories=np.array([territories.number(row.territory) for row in rows], np.int64),
    )
