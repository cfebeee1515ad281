"""The tables of programs that come in over HTTP: their keys, what they were answered, and how much they asked for."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, Integer, LargeBinary, String, UniqueConstraint

from countenance.registry.columns import blob, mask, one_of, table, text, time, to

api_keys = table(
    "api_keys",
    to("organisations"),
    to("accounts"),
    text("label"),
    Column("public_key", LargeBinary, nullable=False, unique=True),
    text("roles"),
    mask(),
    text("purpose", null=True),
    blob("case_sealed", null=True),
    time("case_until", null=True),
    Column("quota", Integer, nullable=False),
    CheckConstraint("quota > 0", name="quota"),
    blob("signature"),
    time("created"),
    time("expires"),
    time("revoked", null=True),
    text("door", null=True),
)
"""A program's key. Its secret is nowhere: ``public_key`` is what it derives to. ``signature`` is the account's own,
over all that the key may do; a row without one, or with another one, opens nothing. ``door``: the compatible endpoint
that it is for; null is ``/v1``."""

replies = table(
    "replies",
    to("organisations"),
    to("accounts"),
    to("subjects", null=True),
    Column("key_hash", String(64), nullable=False),
    Column("request_hash", String(64), nullable=False),
    *one_of("state", "begun", "done"),
    Column("status", Integer, nullable=True),
    blob("answer_sealed", null=True),
    time("created"),
    UniqueConstraint("account", "key_hash"),
)
"""What a write with an idempotency key was answered: sealed under the key of the person whom it is about, if any."""

drawn = table(
    "drawn",
    to("organisations"),
    to("accounts"),
    text("kind"),
    time("starts"),
    Column("used", Integer, nullable=False),
    UniqueConstraint("account", "kind", "starts"),
)
"""How much of a quota was drawn in the time that ``starts``; all processes on one registry draw from the same."""
