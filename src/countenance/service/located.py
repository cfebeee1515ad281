"""Photos that were compared for somebody's request (P14), read from the log: there is no other record of them (P19)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from countenance.registry import schema as t
from countenance.registry.phrases import holds

if TYPE_CHECKING:
    from countenance.service.context import Context

KIND = "locate"
PURPOSE = "rights-request"
_ACT = b'"act":"locate"'


@dataclass(frozen=True, slots=True)
class Located:
    """One photo at the counter, compared with everybody: the request it came with, when, and how many it may show."""

    log_index: int
    start: str
    end: str
    account: str
    request: str
    probe: str
    shown: int


def located(connection: sa.Connection, context: Context, since: int = 0, until: int | None = None) -> list[Located]:
    """The comparisons among the log's entries from ``since`` to before ``until``, oldest first."""
    wanted = holds(t.leaves.c.leaf, sa.literal(_ACT, sa.LargeBinary))
    query = sa.select(t.leaves.c.leaf).where(wanted, t.leaves.c.index >= since).order_by(t.leaves.c.index)
    if until is not None:
        query = query.where(t.leaves.c.index < until)
    entries = [json.loads(leaf) for leaf in connection.scalars(query)]
    done = [entry for entry in entries if (entry["act"], entry["outcome"]) == (KIND, "done")]
    return [_one(connection, context, entry) for entry in done]


def _one(connection: sa.Connection, context: Context, entry: dict[str, Any]) -> Located:
    decision = int(entry["facts"]["decision"])
    asked = json.loads(connection.scalar(sa.select(t.leaves.c.leaf).where(t.leaves.c.index == decision)) or "{}")
    opened = context.book.opened(connection, decision)
    return Located(
        entry["index"],
        asked["at"],
        entry["at"],
        opened.get("account") or "",
        asked["facts"].get("request", ""),
        asked["facts"]["probe"],
        len(entry.get("subjects", ())),
    )
