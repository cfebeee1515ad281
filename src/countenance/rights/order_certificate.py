"""The certificate of an order: who ordered what, what was done, and what the log proves of it (P8, P12)."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from countenance.gallery.originals import ANSWERS, ARCHIVED, BUCKETED, WHAT
from countenance.policy.bearing import OUT_OF_SEARCH
from countenance.registry import schema as t
from countenance.rights.reach import reach
from countenance.types import iso, reference_number

_OUTSIDE = "blocks that a disk or file system keeps by itself: SSD remapping, copy-on-write snapshots, swap"
_VAULTS = "older copies of the vault, if you kept any: they hold the wrapped keys of whoever was erased since"


@dataclass(frozen=True, slots=True)
class Done:
    """What was erased under an order so far."""

    subjects: int = 0
    bases: int = 0
    templates: int = 0
    appearances: int = 0
    photos: int = 0
    sources: int = 0
    originals: int = 0
    answers: int = 0
    elsewhere: tuple[str, ...] = ()
    erasures: tuple[str, ...] = ()


def done_under(connection: sa.Connection, order: int) -> Done:
    """Counted from the erasures' own rows and the order's tally, so that it is whole after a crash as well."""
    rows = connection.execute(sa.select(t.erasures).where(t.erasures.c.under == order).order_by(t.erasures.c.id)).all()
    told = [json.loads(row.residuals) for row in rows]
    tally = json.loads(connection.scalar(sa.select(t.orders.c.progress).where(t.orders.c.id == order)) or "{}")
    kept = [residual for each in told for residual in each.get("residuals", [])]
    photos = int(tally.get("photos", 0))
    return Done(
        subjects=sum(row.basis is None for row in rows),
        bases=sum(row.basis is not None for row in rows),
        templates=sum(each.get("references", 0) for each in told),
        appearances=sum(each.get("appearances", 0) for each in told) + int(tally.get("appearances", 0)),
        photos=photos,
        sources=int(tally.get("sources", 0)),
        originals=_sum(kept, WHAT) + photos,
        answers=_sum(kept, ANSWERS),
        elsewhere=tuple(what for what in (ARCHIVED, BUCKETED) if _sum(kept, what)),
        erasures=tuple(reference_number("E", row.id) for row in rows if row.batch in (None, row.id)),
    )


def order_body(connection: sa.Connection, row: sa.Row[Any], approvals: int, now: int) -> dict[str, Any]:
    """What the certificate says, but for the installation and the log. It names no person (P12)."""
    done = done_under(connection, row.id)
    there = reach(connection, row.id, row.kind)
    out = there.subjects if row.state == "in-force" and row.kind in OUT_OF_SEARCH else 0
    return {
        "v": 1,
        "kind": "order",
        "number": reference_number("O", row.id),
        "issued": iso(now),
        "order": {
            "kind": row.kind,
            "authority": row.authority,
            "reference": row.reference,
            "evidence_sha256": row.evidence_sha256,
            "joined": json.loads(row.joined or "[]"),
            "scope": _scope(connection, row),
            "state": row.state,
            "proposed": iso(row.created),
            "deadline": None if row.deadline is None else iso(row.deadline),
            "history": json.loads(row.history or "[]"),
            "approvals": approvals,
        },
        "counts": {
            "subjects_erased": done.subjects,
            "templates_erased": done.templates,
            "appearances_erased": done.appearances,
            "photo_records_erased": done.photos,
            "sources_erased": done.sources,
            "in_scope": there.subjects,
            "quarantined": out,
            "held": there.held,
            "sources_in_scope": len(there.sources),
            "sources_held": there.sources_held,
        },
        "erasures": list(done.erasures),
        "residuals": [
            {"what": WHAT, "count": done.originals},
            *({"what": what} for what in done.elsewhere),
            *([{"what": ANSWERS, "count": done.answers}] if done.answers else []),
            *([{"what": _VAULTS}] if done.subjects else []),
            {"what": _OUTSIDE},
        ],
    }


def _sum(residuals: Sequence[Mapping[str, Any]], what: str) -> int:
    return sum(int(each.get("count", 0)) for each in residuals if each.get("what") == what)


def _scope(connection: sa.Connection, row: sa.Row[Any]) -> dict[str, Any]:
    """A person by salted hash alone; sources, suppliers and territories by name."""
    told: dict[str, Any] = {}
    if row.subject is not None:
        salt = secrets.token_bytes(16)
        digest = hashlib.sha256(salt + f"subject:{row.subject}".encode()).hexdigest()
        told["subject"] = {"salt": salt.hex(), "sha256": digest}
    if row.source is not None:
        told["source"] = connection.scalar(sa.select(t.sources.c.name).where(t.sources.c.id == row.source))
    if row.territory is not None:
        told |= {"territory": row.territory, "unknown_residence": "in scope"}
    if row.supplier is not None:
        told["supplier"] = row.supplier
    return told
