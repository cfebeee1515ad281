"""Answered requests after their time: the asker's words and the kept access answer are forgotten (P13, P29)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from countenance.registry import schema as t
from countenance.service.exports import exports
from countenance.types import DAY

if TYPE_CHECKING:
    from countenance.service.context import Context

KEPT = 30 * DAY
"""Seconds after the answer for which the asker's words and the sealed answer are kept."""


def lapsed(context: Context, connection: sa.Connection, now: int) -> Sequence[Any]:
    """Requests that were answered so long ago, and of which something is still kept."""
    query = sa.select(t.requests).where(
        t.requests.c.organisation == context.organisation,
        t.requests.c.answered <= now - KEPT,
        t.requests.c.details_sealed.is_not(None),
    )
    return connection.execute(query.order_by(t.requests.c.id)).all()


def forget(context: Context, connection: sa.Connection, rows: Sequence[Any]) -> None:
    """Forget them: that they were asked and answered in time is all that stays."""
    for row in rows:
        exports(context).remove(row.id, row.subject)
        connection.execute(sa.update(t.requests).where(t.requests.c.id == row.id).values(details_sealed=None))
