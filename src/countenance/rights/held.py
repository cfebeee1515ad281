"""What is held of a person: their record, why it may be held, their face as it was enrolled and where it appears."""

from __future__ import annotations

import json
from pathlib import PurePath
from typing import Any

import sqlalchemy as sa

from countenance.gallery.appearing import shown_path
from countenance.policy.bases import CONDITIONS, GROUNDS
from countenance.policy.purposes import PURPOSES, names
from countenance.registry import schema as t
from countenance.rights.reading import Reading, when
from countenance.rights.retention import QUIET, Kept, basis_due
from countenance.types import iso, reference_number


def subject(reading: Reading) -> dict[str, Any]:
    """The person's own record."""
    row = reading.connection.execute(sa.select(t.subjects).where(t.subjects.c.id == reading.subject)).one()
    changes = sa.select(sa.func.count()).select_from(t.changes).where(t.changes.c.subject == reading.subject)
    return {
        "handle": reading.text(row.handle_sealed, "handle"),
        "name": reading.text(row.name_sealed, "name"),
        "contact": reading.text(row.contact_sealed, "contact"),
        "guardian": reading.text(row.guardian_sealed, "guardian"),
        "birth_year": row.birth_year,
        "territory": row.territory,
        "state": row.state,
        "restricted": when(row.restricted),
        "recorded": iso(row.created),
        "last_interaction": iso(row.last_interaction),
        "changes": reading.connection.scalar(changes) or 0,
    }


def bases(reading: Reading) -> list[dict[str, Any]]:
    """Why their face may be held: ground, condition, purposes, notice, confirmation, links."""
    query = (
        sa.select(t.bases, t.notices.c.name, t.notices.c.sha256, t.notices.c.channel, t.notices.c.given)
        .select_from(t.bases.outerjoin(t.notices, t.bases.c.notice == t.notices.c.id))
        .where(t.bases.c.subject == reading.subject)
        .order_by(t.bases.c.id)
    )
    return [_basis(reading, row) for row in reading.all(query)]


def _basis(reading: Reading, row: Any) -> dict[str, Any]:
    links = sa.select(t.links).where(t.links.c.basis == row.id).order_by(t.links.c.id)
    notice = {"name": row.name, "sha256": row.sha256, "channel": row.channel, "given": when(row.given)}
    return {
        "basis": reference_number("B", row.id),
        "state": row.state,
        "ground": {"name": row.ground, "means": GROUNDS.get(row.ground, "")},
        "condition": {"name": row.condition, "means": CONDITIONS.get(row.condition, "")},
        "purposes": [{"name": each, "means": PURPOSES[each].means} for each in names(row.purposes)],
        "evidence_sha256": row.evidence_sha256,
        "collective_form": row.collective,
        "notice": notice | {"noticed": when(row.noticed)} if row.notice is not None else None,
        "recorded": iso(row.created),
        "recorded_by": reading.account(row.recorded_by),
        "from": iso(row.starts),
        "until": iso(row.ends),
        "confirmed": when(row.confirmed),
        "confirmed_how": row.confirmed_how,
        "confirmed_by": reading.account(row.confirmed_by),
        "withdrawn": when(row.withdrawn),
        "links": [
            {"kind": each.kind, "sent": iso(each.created), "until": iso(each.expires), "used": when(each.used)}
            for each in reading.all(links)
        ],
    }


def receipts(reading: Reading) -> list[dict[str, Any]]:
    """The consent receipts that were handed out."""
    query = sa.select(t.receipts).where(t.receipts.c.subject == reading.subject).order_by(t.receipts.c.id)
    return [
        {
            "basis": reference_number("B", row.basis),
            "sha256": row.sha256,
            "issued": iso(row.created),
            "until": iso(row.expires),
        }
        for row in reading.all(query)
    ]


def references(reading: Reading) -> list[dict[str, Any]]:
    """Their face as it was enrolled. The template itself is numbers for one model; it stays sealed."""
    query = sa.select(t.references).where(t.references.c.subject == reading.subject).order_by(t.references.c.id)
    return [_reference(reading, row) for row in reading.all(query)]


def _reference(reading: Reading, row: Any) -> dict[str, Any]:
    face = json.loads(reading.text(row.face_sealed, "face") or "{}")
    return {
        "photo": PurePath(reading.text(row.photo_sealed, "photo") or "").name,
        "photo_sha256": row.photo_sha256,
        "box": face.get("box"),
        "quality": face.get("quality"),
        "taken": face.get("taken_at"),
        "embedding_contract": row.contract,
        "basis": reference_number("B", row.basis),
        "enrolled": iso(row.created),
        "expires": iso(row.expires),
    }


def appearances(reading: Reading) -> list[dict[str, Any]]:
    """The photos that show them, and where each comes from."""
    sources = t.sources.c
    query = (
        sa.select(
            t.appearances, t.photos.c.path, t.photos.c.taken_at, t.photos.c.holder, t.photos.c.licence,
            sa.func.coalesce(t.photos.c.origin, sources.origin).label("origin"),
            sources.name.label("source_name"), sources.statement, sources.supplier, sources.retention_days,
        )
        .select_from(
            t.appearances.join(t.photos, t.appearances.c.photo == t.photos.c.id).join(
                t.sources, t.photos.c.source == t.sources.c.id
            )
        )
        .where(t.appearances.c.subject == reading.subject)
        .order_by(t.appearances.c.id)
    )  # fmt: skip
    return [
        {
            "photo": reference_number("P", row.photo),
            "path": shown_path(row.path),
            "taken": row.taken_at,
            "source": row.source_name,
            "right_to_hold_it": row.statement,
            "supplier": row.supplier,
            "origin": row.origin,
            "holder": row.holder,
            "licence": row.licence,
            "retention_days": row.retention_days,
            "box": json.loads(row.box),
            "score": round(row.score, 4),
            "band": row.band,
            "basis": reference_number("B", row.basis),
            "kept": iso(row.created),
        }
        for row in reading.all(query)
    ]


def said(reading: Reading) -> list[dict[str, Any]]:
    """What somebody said of who is who: photos that show them or do not, and other records that are theirs or not.

    Another record is not named: should it be another person's after all, nothing of them is told.
    """
    mine = t.corrections.c.subject == reading.subject
    photos = reading.all(sa.select(t.corrections).where(mine).order_by(t.corrections.c.id))
    two = sa.or_(t.pairs.c.subject == reading.subject, t.pairs.c.other == reading.subject)
    records = reading.all(sa.select(t.pairs).where(two).order_by(t.pairs.c.id))
    told = [(_SAID[row.decision], row.photo_sha256, row) for row in photos]
    told += [(_SAID[row.decision], None, row) for row in records]
    searched = reading.all(
        sa.select(t.rejections).where(t.rejections.c.subject == reading.subject).order_by(t.rejections.c.id)
    )
    told += [("a face that was searched for is not theirs", None, row) for row in searched]
    return [
        {"said": what, "photo_sha256": content, "by": reading.account(row.account), "at": iso(row.created)}
        for what, content, row in told
    ]


_SAID = {
    "not": "this photo does not show them",
    "is": "this photo shows them",
    "same": "another record in this gallery is of the same person",
    "different": "another record in this gallery is of somebody else",
}


def retention(reading: Reading) -> list[dict[str, Any]]:
    """Until when each basis, and all that is held under it, is kept at the most, and what ends then (P13)."""
    quiet = QUIET + (
        reading.connection.scalar(sa.select(t.subjects.c.last_interaction).where(t.subjects.c.id == reading.subject))
        or 0
    )
    told = []
    for row in reading.all(sa.select(t.bases).where(t.bases.c.subject == reading.subject).order_by(t.bases.c.id)):
        face = _first_face(reading, row.id)
        kept = Kept(row.id, row.state, row.purposes, row.starts, row.ends, row.withdrawn, face)
        until, why = min(basis_due(kept), (quiet, "three years since the person's own last act"))
        told.append({"basis": reference_number("B", row.id), "until": iso(until), "because": why})
    return told


def _first_face(reading: Reading, basis: int) -> int | None:
    """When the first face was kept under a basis."""
    made = [
        reading.connection.scalar(sa.select(sa.func.min(table.c.created)).where(table.c.basis == basis))
        for table in (t.references, t.appearances)
    ]
    return min((at for at in made if at is not None), default=None)
