"""What is switched on by a data protection impact assessment: purposes, territories, models, archives (P24).

An activation counts for as long as as many people as its kind demands have signed exactly what it says, the hash of
the assessment and its signatory included, and it was not ended. The model that a gallery was founded with is in use
without one; the territories of its first agreement with itself are, too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from countenance.policy import agreeing, approving, gather, territories
from countenance.policy.approving import Matter
from countenance.policy.purposes import PURPOSES
from countenance.registry import schema as t
from countenance.types import reference_number

if TYPE_CHECKING:
    from countenance.policy.desk import Desk

Row = sa.Row[tuple[object, ...]]
NEEDED = {"purpose": 2, "archive": 2, "territory": 1, "model": 1}
"""How many people sign an activation of each kind. Where two do, neither of them may be the one who proposed it."""


def matter(row: Row) -> Matter:
    """Everything that an activation says, as it is signed."""
    content: dict[str, Any] = {
        "kind": row.kind,
        "value": row.value,
        "dpia": row.dpia_sha256,
        "signatory": row.signatory,
        "proposed_by": row.proposed_by,
    }
    return Matter(reference_number("X", row.id), "approve", content)


def signed(connection: sa.Connection, desk: Desk, row: Row) -> int:
    """How many of those who count have signed it."""
    accounts = set(approving.approvers(connection, desk, matter(row)))
    return len(accounts - ({row.proposed_by} if NEEDED[row.kind] > 1 else set()))


def in_use(connection: sa.Connection, desk: Desk, row: Row) -> bool:
    """Whether it switches anything on. What a gallery was founded with has nobody who proposed it."""
    if row.ended is not None:
        return False
    if row.kind == "model" and row.proposed_by is None:
        return True
    return bool(row.dpia_sha256 and row.signatory) and signed(connection, desk, row) >= NEEDED[row.kind]


def values(connection: sa.Connection, desk: Desk, kind: str) -> set[str]:
    """All of a kind that are in use."""
    rows = connection.execute(
        sa.select(t.activations).where(t.activations.c.organisation == desk.gallery, t.activations.c.kind == kind)
    )
    return {row.value for row in rows.all() if in_use(connection, desk, row)}


def purposes_on(connection: sa.Connection, desk: Desk) -> int:
    """The purposes that are in use, as a mask. A solo installation has only those that are on by themselves (P18)."""
    switched = set() if gather.is_solo(connection, desk.gallery) else values(connection, desk, "purpose")
    mask = 0
    for each in PURPOSES.values():
        if each.on or (each.name in switched and not each.missing):
            mask |= each.mask
    return mask


def territories_on(connection: sa.Connection, desk: Desk) -> frozenset[str] | None:
    """Where those live for whom this gallery may be used: as it was founded, and as was activated. None: everywhere."""
    founding = connection.execute(
        sa.select(t.agreements)
        .where(t.agreements.c.organisation == desk.gallery, t.agreements.c.party == desk.gallery)
        .order_by(t.agreements.c.id)
    ).first()
    if founding is None or not agreeing.signatories(connection, desk, founding):
        return frozenset()
    founded = territories.read(founding.territories)
    return None if founded is None else founded | values(connection, desk, "territory")
