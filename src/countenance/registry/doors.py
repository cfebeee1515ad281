"""The tables behind the compatible endpoints: basis forms of their keys, collections, users, signatures seen."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, LargeBinary, String, UniqueConstraint

from countenance.registry.columns import blob, mask, table, text, time, to

basis_forms = table(
    "basis_forms",
    to("organisations"),
    to("api_keys"),
    text("ground"),
    text("condition"),
    mask(),
    to("notices"),
    text("evidence_sha256"),
    Column("collective", Boolean, nullable=False),
    text("until", null=True),
    blob("signature"),
    time("created"),
    UniqueConstraint("api_key"),
)
"""From what the bases of people are recorded whom a program names. ``signature`` is that of the person who made the
key, over all of it; ``until`` a day. A key without a form records nobody."""

collections = table(
    "collections",
    to("organisations"),
    text("name"),
    to("accounts", name="made_by"),
    time("created"),
    UniqueConstraint("organisation", "name"),
)
"""People who are searched together, and apart from all others, by the Rekognition-compatible endpoint."""

collection_users = table(
    "collection_users",
    to("organisations"),
    to("collections"),
    Column("name_hash", String(64), nullable=False),
    Column("user_sealed", LargeBinary, nullable=False),
    time("created"),
    UniqueConstraint("collection", "name_hash"),
)
"""A program's own name for some of a collection's people; it goes with the last of them who is erased."""

collected = table(
    "collected",
    to("organisations"),
    to("collections"),
    to("subjects"),
    Column("name_hash", String(64), nullable=False),
    blob("external_sealed"),
    to("collection_users", null=True),
    time("created"),
    UniqueConstraint("subject"),
    UniqueConstraint("collection", "name_hash"),
)
"""Who is in a collection: a person is in one. ``name_hash`` finds them by what the program calls them."""

presented = table(
    "presented",
    to("organisations"),
    to("api_keys"),
    Column("mark", String(64), nullable=False),
    time("created"),
    UniqueConstraint("api_key", "mark"),
)
"""Signatures of requests, hashed, for as long as the same request could be sent again: once is enough."""
