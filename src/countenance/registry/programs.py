"""The tables of programs that come in over HTTP: keys, what they were answered, how much they asked for, long work."""

from __future__ import annotations

from sqlalchemy import Boolean, CheckConstraint, Column, Integer, LargeBinary, String, UniqueConstraint

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

jobs = table(
    "jobs",
    to("organisations"),
    to("accounts"),
    to("sources", null=True),
    *one_of("kind", "ingest", "sweep"),
    *one_of("state", "running", "done", "failed", "cancelled", "interrupted"),
    Column("again", Boolean, nullable=False),
    text("detect", null=True),
    text("runner"),
    Column("step", Integer, nullable=False),
    text("progress", null=True),
    text("report", null=True),
    text("error", null=True),
    time("cancelled", null=True),
    time("ended", null=True),
    time("created"),
)
"""Long work that a program had begun. ``runner``: the process that does it. ``progress``, ``report``: counts, and no
path of a photo, so that nothing stays behind of somebody who is erased."""
