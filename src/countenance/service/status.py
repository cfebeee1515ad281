"""What is here, and in what state: the first thing to look at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from countenance.log.witness import witness
from countenance.policy.gather import is_solo
from countenance.registry import schema as t
from countenance.service.basis import SOON, ending_within
from countenance.version import VERSION
from countenance.vision import shelf
from countenance.vision.cards import ModelFile

if TYPE_CHECKING:
    from countenance.service.context import Context


def status(context: Context) -> dict[str, Any]:
    """Version, models with hashes and licences, backend, counts, index engine, and the log's signed checkpoint."""
    settings, scale = context.settings, context.scale
    with context.registry.read() as connection:
        counts = _counts(connection, context)
        requests = _requests(connection, context)
        sequence = context.registry.sequence(connection)
        solo = is_solo(connection, context.organisation)
        held = witness(connection)
        unfinished = _count(connection, context, t.erasures, t.erasures.c.state != "done")
    return {
        "version": VERSION,
        "gallery": settings.gallery.id,
        "organisation": settings.gallery.organisation,
        "account": context.actor.email if context.actor else None,
        "solo": solo,
        "models": [_model(model) for model in _in_use(context)],
        "embedding_contract": context.vision.contract,
        "backend": context.vision.backend,
        "index": {"engine": settings.index.engine, "sequence": sequence},
        "search": {"scale": "cosine", "threshold": scale.threshold, "high": scale.high, "rate": scale.as_json()},
        "counts": counts,
        "requests": requests,
        "unfinished_erasures": unfinished,
        "log": {
            "size": context.book.size(),
            "checkpoint": context.book.checkpoint(),
            "key": context.book.verifier_key,
            "witness": held,
        },
    }


def _in_use(context: Context) -> list[ModelFile]:
    return [shelf.find(card.id, card.role) for card in reversed(context.vision.cards)]


def _model(model: ModelFile) -> dict[str, Any]:
    return {
        "id": model.card.id,
        "name": model.card.name,
        "role": model.card.role,
        "sha256": model.card.sha256,
        "licence": model.card.licence,
        "non_commercial": model.card.non_commercial,
        "licence_accepted": model.accepted,
        "present": model.path is not None,
    }


def _requests(connection: sa.Connection, context: Context) -> dict[str, int]:
    """Requests that wait for an answer, and those of them whose month is over (P29)."""
    waiting = t.requests.c.state == "open"
    return {
        "open": _count(connection, context, t.requests, waiting),
        "overdue": _count(connection, context, t.requests, waiting, t.requests.c.deadline <= context.clock()),
    }


def _counts(connection: sa.Connection, context: Context) -> dict[str, int]:
    return {
        "subjects": _count(connection, context, t.subjects, t.subjects.c.state == "active"),
        "references": _count(connection, context, t.references),
        "bases_live": _count(connection, context, t.bases, t.bases.c.state == "live"),
        "bases_pending": _count(connection, context, t.bases, t.bases.c.state == "pending"),
        "bases_ending_soon": _count(connection, context, t.bases, ending_within(SOON, context.clock())),
        "sources": _count(connection, context, t.sources),
        "photos": _count(connection, context, t.photos, t.photos.c.state == "done"),
        "photos_refused": _count(connection, context, t.photos, t.photos.c.state == "refused"),
        "appearances": _count(connection, context, t.appearances),
        "searches": _count(connection, context, t.searches),
        "cases": _count(connection, context, t.cases),
        "accounts": _count(connection, context, t.accounts, t.accounts.c.revoked.is_(None)),
        "orders": _count(connection, context, t.orders),
        "requests": _count(connection, context, t.requests),
        "erasures": _count(connection, context, t.erasures, t.erasures.c.state == "done"),
    }


def _count(connection: sa.Connection, context: Context, table: sa.Table, *where: sa.ColumnElement[bool]) -> int:
    if context.party != context.organisation:
        return 0  # how many there are is nobody else's business
    query = sa.select(sa.func.count()).select_from(table).where(table.c.organisation == context.organisation, *where)
    return connection.scalar(query) or 0
