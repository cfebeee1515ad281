"""The access answer: everything that is held of one person, as plain data (P15, GDPR Art 15).

One function a section. `SECTIONS` says which table is told in which section; a test walks the schema and objects where
a table that names a person, or a basis of theirs, is told in none.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from countenance.registry import schema as t
from countenance.rights import held, seen
from countenance.rights.reading import Reading, when
from countenance.rights.requests import EXTENSIONS, REFUSALS
from countenance.types import iso, reference_number
from countenance.vault.keyring import Keyring, organisation_key

SECTIONS = {
    "subjects": "subject",
    "bases": "bases",
    "links": "bases",
    "receipts": "receipts",
    "references_": "references",
    "appearances": "appearances",
    "corrections": "said",
    "rejections": "said",
    "pairs": "said",
    "shown": "searches",
    "searches": "searches",
    "probes": "searches",
    "reviews": "searches",
    "orders": "orders",
    "requests": "requests",
    "replies": "replies",
    "collected": "collections",
    "guests": "events",
    "visits": "visits",
    "erasures": "erasures",
    "changes": "subject",
    "openings": "log",
}
"""The table, and the section of the answer in which it is told."""


def everything(reading: Reading) -> dict[str, Any]:
    """All that is held of the person, section by section. Times are RFC 3339; numbers are as people write them."""
    return {name: section(reading) for name, section in _TOLD.items()}


def nothing() -> dict[str, Any]:
    """The same sections where no record is held."""
    return {name: None if name == "subject" else [] for name in _TOLD}


def asked(keys: Keyring, row: Any) -> dict[str, Any]:
    """What a request's row holds sealed: the contact that was given and the asker's own words."""
    opened = keys.unseal_text(row.key, row.details_sealed, "request")
    return json.loads(opened) if opened else {}


# --- sections of what was asked and done ----------------------------------------------------------------------------


def _requests(reading: Reading) -> list[dict[str, Any]]:
    query = sa.select(t.requests).where(t.requests.c.subject == reading.subject).order_by(t.requests.c.id)
    return [
        {
            "request": reference_number("R", row.id),
            "kind": row.kind,
            "channel": row.channel,
            "state": row.state,
            "words": asked(reading.keys, row).get("details"),
            "opened": iso(row.created),
            "due": iso(row.deadline - 1)[:10],
            "taking_longer_because": EXTENSIONS.get(row.extension) if row.extension else None,
            "answered": when(row.answered),
            "answered_by": reading.account(row.answered_by),
            "refused_because": REFUSALS.get(row.reason) if row.reason else None,
        }
        for row in reading.all(query)
    ]


def _erasures(reading: Reading) -> list[dict[str, Any]]:
    """Erasures of single bases: the person is still here."""
    query = sa.select(t.erasures).where(t.erasures.c.subject == reading.subject).order_by(t.erasures.c.id)
    return [
        {
            "erasure": reference_number("E", row.id),
            "reason": row.reason,
            "state": row.state,
            "faces": row.faces,
            "at": iso(row.created),
        }
        for row in reading.all(query)
    ]


def _replies(reading: Reading) -> list[dict[str, Any]]:
    """What a program was answered about the person, kept for a day so that a repeated request is not done twice."""
    query = sa.select(t.replies).where(t.replies.c.subject == reading.subject).order_by(t.replies.c.id)
    return [
        {
            "answered": reading.account(row.account),
            "at": iso(row.created),
            "answer": json.loads(reading.text(row.answer_sealed, "reply") or "null"),
        }
        for row in reading.all(query)
    ]


def _collections(reading: Reading) -> list[dict[str, Any]]:
    """Where a program keeps the person among others, and what else it calls them."""
    c, users = t.collected.c, t.collection_users
    query = (
        sa.select(t.collections.c.name, c.external_sealed, users.c.user_sealed, c.organisation, c.created)
        .select_from(t.collected.join(t.collections, c.collection == t.collections.c.id).outerjoin(users))
        .where(c.subject == reading.subject)
    )
    return [
        {
            "collection": row.name,
            "called": reading.text(row.external_sealed, "external"),
            "user": reading.keys.unseal_text(organisation_key(row.organisation), row.user_sealed, "user"),
            "since": iso(row.created),
        }
        for row in reading.all(query)
    ]


def _visits(reading: Reading) -> list[dict[str, Any]]:
    """When they were expected at the visitor desk, by whom, and how they came in."""
    query = sa.select(t.visits).where(t.visits.c.subject == reading.subject).order_by(t.visits.c.id)
    return [
        {
            "visit": reference_number("V", row.id),
            "host": json.loads(reading.text(row.details_sealed, "visit") or "{}").get("host"),
            "basis": reference_number("B", row.basis),
            "recorded_by": reading.account(row.made_by),
            "until": iso(row.ends),
            "arrived": when(row.arrived),
            "way": row.way if row.arrived else None,
            "left": when(row.departed),
        }
        for row in reading.all(query)
    ]


def _events(reading: Reading) -> list[dict[str, Any]]:
    """To which event the person came as a guest, and what they did there."""
    query = (
        sa.select(t.guests, t.events.c.name_sealed, t.events.c.happened, t.invitations.c.created.label("invited"))
        .select_from(
            t.guests.join(t.invitations, t.guests.c.invitation == t.invitations.c.id).join(
                t.events, t.invitations.c.event == t.events.c.id
            )
        )
        .where(t.guests.c.subject == reading.subject)
        .order_by(t.guests.c.id)
    )
    return [
        {
            "event": reading.keys.unseal_text(organisation_key(row.organisation), row.name_sealed, "event"),
            "day": iso(row.happened)[:10],
            "invited": iso(row.invited),
            "agreed": iso(row.created),
            "stills": when(row.stills),
            "approved": when(row.approved),
            "looked": when(row.looked),
            "written_to": when(row.told or None),
        }
        for row in reading.all(query)
    ]


def _log(reading: Reading) -> list[dict[str, Any]]:
    """Entries of the log that concern the person: what was done, when; the entry itself holds only a commitment."""
    query = (
        sa.select(t.leaves.c.index, t.leaves.c.leaf)
        .join(t.openings, t.openings.c.index == t.leaves.c.index)
        .where(t.openings.c.key == reading.key)
        .order_by(t.leaves.c.index)
    )
    leaves = [(index, json.loads(leaf)) for index, leaf in reading.all(query)]
    return [
        {"entry": index, "at": leaf["at"], "act": leaf["act"], "outcome": leaf["outcome"]} for index, leaf in leaves
    ]


_TOLD: dict[str, Callable[[Reading], Any]] = {
    "subject": held.subject,
    "bases": held.bases,
    "receipts": held.receipts,
    "references": held.references,
    "appearances": held.appearances,
    "said": held.said,
    "retention": held.retention,
    "searches": seen.searches,
    "recipients": seen.recipients,
    "exports": seen.exports,
    "orders": seen.orders,
    "requests": _requests,
    "replies": _replies,
    "collections": _collections,
    "events": _events,
    "visits": _visits,
    "erasures": _erasures,
    "log": _log,
}
