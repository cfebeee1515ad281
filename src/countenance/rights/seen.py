"""Who saw a person, why, and what an authority ordered about them."""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa

from countenance.policy.bearing import on_source, on_subject
from countenance.policy.purposes import PURPOSES, names
from countenance.registry import schema as t
from countenance.registry.phrases import holds
from countenance.rights.reading import Reading, when
from countenance.types import iso, reference_number
from countenance.vault.keyring import organisation_key

_EXPORTED = b'"act":"export"'


def searches(reading: Reading) -> list[dict[str, Any]]:
    """Every search that showed them: when, by whom, why, with what score, and who reviewed it."""
    query = (
        sa.select(t.searches, t.shown.c.score, t.accounts.c.email, t.organisations.c.name.label("party"))
        .select_from(
            t.shown.join(t.searches, t.shown.c.search == t.searches.c.id)
            .join(t.accounts, t.searches.c.account == t.accounts.c.id)
            .join(t.organisations, t.accounts.c.organisation == t.organisations.c.id)
        )
        .where(t.shown.c.subject == reading.subject)
        .order_by(t.searches.c.id)
    )
    return [_search(reading, row) for row in reading.all(query)]


def _search(reading: Reading, row: Any) -> dict[str, Any]:
    reviews = (
        sa.select(t.reviews, t.accounts.c.email)
        .join(t.accounts, t.reviews.c.account == t.accounts.c.id)
        .where(t.reviews.c.search == row.id, t.reviews.c.subject == reading.subject)
        .order_by(t.reviews.c.id)
    )
    kept = reading.connection.scalar(sa.select(t.probes.c.expires).where(t.probes.c.search == row.id))
    return {
        "search": reference_number("S", row.id),
        "kind": row.kind,
        "started": iso(row.started),
        "ended": iso(row.ended),
        "account": row.email,
        "organisation": row.party,
        "purpose": {"name": row.purpose, "means": PURPOSES[row.purpose].means if row.purpose in PURPOSES else ""},
        "case": reference_number("C", row.case),
        "score": round(row.score, 4),
        "log_entry": row.log_index,
        "photo_searched_with_kept_until": when(kept),
        "reviews": [
            {"account": each.email, "decision": each.decision, "at": iso(each.created)} for each in reading.all(reviews)
        ],
    }


def recipients(reading: Reading) -> list[dict[str, Any]]:
    """Organisations other than the holder whose searches showed the person, with the agreements that let them."""
    party = t.accounts.c.organisation
    query = (
        sa.select(party, t.organisations.c.name, sa.func.count().label("searches"))
        .select_from(
            t.shown.join(t.searches, t.shown.c.search == t.searches.c.id)
            .join(t.accounts, t.searches.c.account == t.accounts.c.id)
            .join(t.organisations, party == t.organisations.c.id)
        )
        .where(t.shown.c.subject == reading.subject, party != reading.organisation)
        .group_by(party, t.organisations.c.name)
        .order_by(t.organisations.c.name)
    )
    return [
        {"organisation": row.name, "searches": row.searches, "agreements": _agreements(reading, row.organisation)}
        for row in reading.all(query)
    ]


def exports(reading: Reading) -> list[dict[str, Any]]:
    """To whom the person's name was handed out, by whom and when. An access answer of theirs is no such export."""
    c = t.leaves.c
    query = (
        sa.select(c.index, c.leaf)
        .join(t.openings, t.openings.c.index == c.index)
        .where(t.openings.c.key == reading.key, holds(c.leaf, sa.literal(_EXPORTED, sa.LargeBinary)))
        .order_by(c.index)
    )
    leaves = [json.loads(leaf) for _, leaf in reading.all(query)]
    done = [leaf for leaf in leaves if (leaf["act"], leaf["outcome"]) == ("export", "done")]
    told = [leaf for leaf in done if "request" not in leaf["facts"]]
    return [_export(reading, int(leaf["facts"].get("continues", leaf["index"]))) for leaf in told]


def _export(reading: Reading, index: int) -> dict[str, Any]:
    """The entry that says it: one that names more people than an entry may hold goes on in others."""
    leaf = json.loads(reading.connection.scalar(sa.select(t.leaves.c.leaf).where(t.leaves.c.index == index)) or b"{}")
    key = organisation_key(reading.organisation)
    sealed = sa.select(t.openings.c.sealed).where(t.openings.c.index == index, t.openings.c.key == key)
    opened = json.loads(reading.keys.unseal(key, reading.connection.scalar(sealed) or b"", f"opening:{index}"))
    return {
        "recipient": opened.get("recipient"),
        "account": opened.get("account"),
        "at": leaf["at"],
        "purpose": leaf["facts"]["purpose"],
        "format": leaf["facts"]["format"],
        "log_entry": index,
    }


def _agreements(reading: Reading, party: int) -> list[dict[str, Any]]:
    query = (
        sa.select(t.agreements)
        .where(t.agreements.c.organisation == reading.organisation, t.agreements.c.party == party)
        .order_by(t.agreements.c.id)
    )
    return [
        {"purposes": names(row.purposes), "from": iso(row.starts), "until": iso(row.ends), "ended": when(row.ended)}
        for row in reading.all(query)
    ]


def orders(reading: Reading) -> list[dict[str, Any]]:
    """Orders that name the person, where they live, or a source that shows them."""
    sources = (
        sa.exists()
        .select_from(
            t.appearances.join(t.photos, t.appearances.c.photo == t.photos.c.id).join(
                t.sources, t.photos.c.source == t.sources.c.id
            )
        )
        .where(t.appearances.c.subject == reading.subject, on_source())
        .correlate(t.orders)
    )
    themselves = sa.exists().where(t.subjects.c.id == reading.subject, on_subject()).correlate(t.orders)
    query = (
        sa.select(t.orders)
        .where(t.orders.c.organisation == reading.organisation, sa.or_(themselves, sources))
        .order_by(t.orders.c.id)
    )
    return [
        {
            "order": reference_number("O", row.id),
            "kind": row.kind,
            "authority": row.authority,
            "reference": row.reference,
            "state": row.state,
            "by_name": row.subject == reading.subject,
            "territory": row.territory,
            "recorded": iso(row.created),
            "in_force": when(row.in_force),
            "deadline": when(row.deadline),
        }
        for row in reading.all(query)
    ]
