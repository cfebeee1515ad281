"""Comparisons that have no record but the log's (P19): photos that came with a request (P14), groupings (P3)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from countenance.registry import schema as t
from countenance.registry.phrases import holds

if TYPE_CHECKING:
    from countenance.service.context import Context

KIND, GROUPED = "locate", "people"
PURPOSE = "rights-request"
_ACTS = {KIND: b'"act":"locate"', GROUPED: b'"act":"people"'}


@dataclass(frozen=True, slots=True)
class Located:
    """One photo at the counter compared with everybody, or everybody's kept faces with one another.

    ``request``: what it came with, or the case. ``shown``: how many people it may show. ``probe``: of a photo alone.
    """

    kind: str
    log_index: int
    start: str
    end: str
    account: str
    request: str
    purpose: str
    probe: str
    shown: int
    contract: str | None = None


def located(connection: sa.Connection, context: Context, since: int = 0, until: int | None = None) -> list[Located]:
    """The comparisons among the log's entries from ``since`` to before ``until``, oldest first."""
    wanted = sa.or_(*(holds(t.leaves.c.leaf, sa.literal(act, sa.LargeBinary)) for act in _ACTS.values()))
    query = sa.select(t.leaves.c.leaf).where(wanted, t.leaves.c.index >= since).order_by(t.leaves.c.index)
    if until is not None:
        query = query.where(t.leaves.c.index < until)
    entries = [json.loads(leaf) for leaf in connection.scalars(query)]
    done = [entry for entry in entries if entry["act"] in _ACTS and entry["outcome"] == "done"]
    # An entry that names more people than one may hold goes on in others, which have no decision of their own.
    return [_one(connection, context, entry) for entry in done if "decision" in entry["facts"]]


def _one(connection: sa.Connection, context: Context, entry: dict[str, Any]) -> Located:
    decision = int(entry["facts"]["decision"])
    asked = json.loads(connection.scalar(sa.select(t.leaves.c.leaf).where(t.leaves.c.index == decision)) or "{}")
    opened = context.book.opened(connection, decision)
    grouped = entry["act"] == GROUPED
    return Located(
        entry["act"],
        entry["index"],
        asked["at"],
        entry["at"],
        opened.get("account") or "",
        _case(connection, context, opened.get("case")) if grouped else asked["facts"].get("request", ""),
        asked.get("purpose", "") if grouped else PURPOSE,
        asked["facts"].get("probe", ""),
        entry["facts"]["people"] if grouped else len(entry.get("subjects", ())),
        entry["facts"].get("contract"),
    )


def _case(connection: sa.Connection, context: Context, number: str | None) -> str:
    sealed = connection.scalar(sa.select(t.cases.c.reference_sealed).where(t.cases.c.id == int(number or 0)))
    return context.keys.unseal_text(context.own_key, sealed, "case") or ""
