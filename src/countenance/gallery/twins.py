"""References that have no counterpart under another embedding contract: who would lose their template by a change."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from countenance.registry import schema as t
from countenance.types import OrganisationId


def alone(connection: sa.Connection, organisation: OrganisationId, contract: str) -> list[sa.Row[Any]]:
    """References of this organisation's people whose photo has no template under ``contract``, one row a photo.

    Those under another contract alone: two templates of one photo, made by two models, are each other's counterpart.
    """
    r, twin = t.references, t.references.alias("twin")
    has = sa.exists().where(
        twin.c.subject == r.c.subject, twin.c.photo_sha256 == r.c.photo_sha256, twin.c.contract == contract
    )
    newest = (
        sa.select(sa.func.max(r.c.id)).where(r.c.contract != contract, ~has).group_by(r.c.subject, r.c.photo_sha256)
    )
    mine = t.subjects.c.organisation == organisation
    query = sa.select(r).join(t.subjects, t.subjects.c.id == r.c.subject).where(mine, r.c.id.in_(newest))
    return list(connection.execute(query.order_by(r.c.id)).all())
