"""Counts for reports: who searched how often and for what, what authorities ordered, what people asked for (P28).

Nothing here names a person who is searched for, a case or a subject: every figure may be published.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from countenance.policy.purposes import PURPOSES, names
from countenance.registry import schema as t
from countenance.registry.phrases import holds
from countenance.rights.requests import KINDS
from countenance.service.located import located
from countenance.types import DAY, iso, reference_number

if TYPE_CHECKING:
    from countenance.service.context import Context

_EVALUATED = b'"act":"evaluate"'
_EXPORTED = b'"act":"export"'
_PAGE = 2000


def searches_by_month(connection: sa.Connection, context: Context) -> list[dict[str, Any]]:
    """Comparisons by month, organisation and purpose, oldest first: how many, and how many candidates they showed."""
    day = sa.cast(t.searches.c.started - t.searches.c.started % DAY, sa.BigInteger)
    query = (
        sa.select(
            day.label("day"), t.organisations.c.name, t.searches.c.purpose, t.searches.c.kind,
            sa.func.count().label("made"), sa.func.sum(t.searches.c.candidates).label("shown"),
        )
        .join(t.accounts, t.searches.c.account == t.accounts.c.id)
        .join(t.organisations, t.accounts.c.organisation == t.organisations.c.id)
        .where(t.searches.c.organisation == context.organisation)
        .group_by(day, t.organisations.c.name, t.searches.c.purpose, t.searches.c.kind)
    )  # fmt: skip
    counted: defaultdict[tuple[str, str, str], Counter[str]] = defaultdict(Counter)
    for row in connection.execute(query):
        month = datetime.fromtimestamp(int(row.day), UTC).strftime("%Y-%m")
        counted[month, row.name, row.purpose] += Counter({row.kind: row.made, "shown": int(row.shown)})
    # A photo that came with a request was compared with everybody too, and kept faces with one another.
    for each in located(connection, context):
        whose = context.settings.gallery.organisation
        counted[each.end[:7], whose, each.purpose] += Counter({"search": 1, "shown": each.shown})
    return [
        {
            "month": month,
            "organisation": name,
            "purpose": purpose,
            "searches": each["search"],
            "comparisons": each["verify"],
            "candidates_shown": each["shown"],
        }
        for (month, name, purpose), each in sorted(counted.items())
    ]


def exports_by_month(connection: sa.Connection) -> list[dict[str, Any]]:
    """Exports of confirmed names by month and purpose, oldest first: how many, and how many names left in them."""
    wanted = holds(t.leaves.c.leaf, sa.literal(_EXPORTED, sa.LargeBinary))
    counted: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for leaf in connection.scalars(sa.select(t.leaves.c.leaf).where(wanted)):
        told = json.loads(leaf)
        facts = told["facts"]
        if (told["act"], told["outcome"]) == ("export", "done") and "decision" in facts:
            counted[told["at"][:7], facts["purpose"]] += Counter(exports=1, names=facts["names"])
    return [
        {"month": month, "purpose": purpose, "exports": each["exports"], "names": each["names"]}
        for (month, purpose), each in sorted(counted.items())
    ]


def reviews(connection: sa.Connection, context: Context) -> dict[str, int]:
    """How people decided about candidates."""
    counted = _by(connection, context, t.reviews, t.reviews.c.decision)
    return {"confirmed": counted.get("confirm", 0), "rejected": counted.get("reject", 0)}


def orders(connection: sa.Connection, context: Context) -> list[dict[str, Any]]:
    """Authorities' orders and their state. Of the scope only its kind is told, and a territory: it names no person."""
    query = sa.select(t.orders).where(t.orders.c.organisation == context.organisation).order_by(t.orders.c.id)
    return [_order(row) for row in connection.execute(query)]


def _order(row: Any) -> dict[str, Any]:
    reach = [f"people of {row.territory}, and whose residence is unknown"] if row.territory else []
    reach += [what for what, named in (("one person", row.subject), ("one source", row.source)) if named is not None]
    reach += ["everything of one supplier"] if row.supplier else []
    history = json.loads(row.history or "[]")
    return {
        "order": reference_number("O", row.id),
        "kind": row.kind,
        "authorities": [row.authority, *(each["authority"] for each in json.loads(row.joined or "[]"))],
        "reference": row.reference,
        "scope": reach,
        "state": row.state,
        "recorded": iso(row.created),
        "in_force": None if row.in_force is None else iso(row.in_force),
        "deadline": None if row.deadline is None else iso(row.deadline),
        "history": [{"step": each["step"], "at": each["at"]} for each in history],
    }


def requests(connection: sa.Connection, context: Context) -> dict[str, dict[str, int]]:
    """Requests by kind: received, answered within the month, answered late, open, and open with the month over.

    A request is forgotten with the person who made it, so erasures are counted from the ledger of erasures.
    """
    told = {kind: Counter(received=0, in_time=0, late=0, open=0, overdue=0) for kind in KINDS}
    query = sa.select(t.requests).where(t.requests.c.organisation == context.organisation)
    for row in connection.execute(query):
        counted = told[row.kind]
        counted["received"] += 1
        if row.state == "open":
            counted["open"] += 1
            counted["overdue"] += context.clock() >= row.deadline
        else:
            counted["in_time" if (row.answered or 0) < row.deadline else "late"] += 1
    return {kind: dict(counted) for kind, counted in told.items()}


def erasures(connection: sa.Connection, context: Context) -> dict[str, int]:
    """People erased, or bases of people who stay, by reason."""
    done = t.erasures.c.state == "done"
    return dict(sorted(_by(connection, context, t.erasures, t.erasures.c.reason, done).items()))


def confirmations(connection: sa.Connection, context: Context) -> dict[str, int]:
    """Bases in force by how they were confirmed (P1)."""
    live = _by(connection, context, t.bases, t.bases.c.confirmed_how, *_in_force(context))
    return dict(sorted(live.items()))


def held(connection: sa.Connection, context: Context) -> dict[str, int]:
    """How many people have a basis in force, by purpose."""
    counted: Counter[str] = Counter()
    live = _by(connection, context, t.bases, t.bases.c.purposes, *_in_force(context))
    for combined, count in live.items():
        counted += Counter(dict.fromkeys(names(int(combined)), count))
    return {name: counted[name] for name in PURPOSES if counted[name]}


def sources(connection: sa.Connection, context: Context) -> list[dict[str, Any]]:
    """Where photographs come from, what entitles to them, and who answers for a source that had been paused."""
    count = (
        sa.select(sa.func.count()).where(t.photos.c.source == t.sources.c.id, t.photos.c.state == "done")
    ).scalar_subquery()
    query = sa.select(t.sources, count.label("photos")).where(t.sources.c.organisation == context.organisation)
    return [
        {
            "source": row.name,
            "right": row.statement,
            "supplier": row.supplier,
            "origin": row.origin,
            "territory": row.territory,
            "purposes": names(row.purposes),
            "unknown_faces": row.unknown_faces,
            "retention_days": row.retention_days,
            "state": row.state,
            "photos": row.photos,
            "released_for": row.rights_holder,
            "released_in_spite_of": (row.accepted or "").split(),
        }
        for row in connection.execute(query.order_by(t.sources.c.id))
    ]


def people(connection: sa.Connection, context: Context) -> dict[str, int]:
    """Named accounts of the owner, by role."""
    mine = (t.accounts.c.organisation == context.organisation, t.accounts.c.revoked.is_(None))
    counted: Counter[str] = Counter()
    for roles in connection.scalars(sa.select(t.accounts.c.roles).where(*mine, t.accounts.c.trial.is_(False))):
        counted += Counter(roles.split())
    return dict(sorted(counted.items()))


def last_evaluation(connection: sa.Connection) -> dict[str, Any] | None:
    """What the log says of the last evaluation that was made here; None when none was."""
    return next(evaluations(connection), None)


def evaluations(connection: sa.Connection) -> Iterator[dict[str, Any]]:
    """What the log says of each evaluation that was made here, the last one first."""
    end = connection.scalar(sa.select(sa.func.max(t.leaves.c.index)))
    while end is not None and end >= 0:
        query = sa.select(t.leaves.c.leaf).where(t.leaves.c.index <= end, t.leaves.c.index > end - _PAGE)
        for leaf in connection.scalars(query.order_by(t.leaves.c.index.desc())):
            told = json.loads(leaf) if _EVALUATED in leaf else {}
            if told.get("act") == "evaluate" and told["outcome"] == "done":
                yield {"log_entry": told["index"], "at": told["at"], **told["facts"]}
        end -= _PAGE


def _in_force(context: Context) -> tuple[sa.ColumnElement[bool], ...]:
    return t.bases.c.state == "live", t.bases.c.ends > context.clock()


def _by(
    connection: sa.Connection, context: Context, table: sa.Table, column: sa.ColumnElement[Any],
    *where: sa.ColumnElement[bool],
) -> dict[Any, int]:  # fmt: skip
    query = sa.select(column, sa.func.count()).where(table.c.organisation == context.organisation, *where)
    return {value: count for value, count in connection.execute(query.group_by(column)) if value is not None}
