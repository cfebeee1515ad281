"""The tables of what people ask, decide and prove: orders, requests, approvals, reviews, corrections, erasures."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from countenance.registry.columns import Key, blob, metadata, one_of, table, text, time, to

orders = table(
    "orders",
    to("organisations"),
    *one_of("kind", "stop", "erase", "quarantine", "hold"),
    text("authority"),
    text("reference", null=True),
    text("joined", null=True),
    text("evidence_sha256", null=True),
    to("subjects", null=True),
    to("sources", null=True),
    text("territory", null=True),
    text("supplier", null=True),
    *one_of("state", "proposed", "stayed", "in-force", "complied"),
    to("accounts", null=True, name="proposed_by"),
    Column("round", Integer, nullable=True),
    time("in_force", null=True),
    time("deadline", null=True),
    time("executing", null=True),
    text("history", null=True),
    text("progress", null=True),
    text("certificate", null=True),
    time("created"),
)

requests = table(
    "requests",
    to("organisations"),
    to("subjects", null=True),
    *one_of("kind", "access", "erasure", "objection", "restriction", "rectification"),
    *one_of("channel", "receipt", "contact", "officer"),
    *one_of("state", "open", "answered", "refused"),
    text("key"),
    blob("details_sealed", null=True),
    time("deadline"),
    time("answered", null=True),
    to("accounts", null=True, name="answered_by"),
    text("answer_sha256", null=True),
    text("reason", null=True),
    time("extended", null=True),
    text("extension", null=True),
    time("created"),
)
"""``extended``: when the person was told, by ``extension``'s reason, that the answer takes two further months."""

receipts = table(
    "receipts",
    to("organisations"),
    to("subjects"),
    to("bases", name="basis"),
    Column("sha256", String(64), nullable=False, unique=True),
    time("expires"),
    time("created"),
)

visits = table(
    "visits",
    to("organisations"),
    to("subjects"),
    to("bases", name="basis"),
    blob("details_sealed"),
    to("accounts", name="made_by"),
    blob("signature"),
    time("ends"),
    time("arrived", null=True),
    *one_of("way", "none", "face", "host", "paper", "badge"),
    time("departed", null=True),
    time("created"),
)
"""Who is expected at the visitor desk today. ``signature``: of the log's key over who, under which basis, until when.
``way``: how they came in; every way counts the same. A row goes with its person or its basis."""

links = table(
    "links",
    to("organisations"),
    to("bases", name="basis"),
    *one_of("kind", "person", "guardian", "stills"),
    Column("token_hash", String(64), nullable=False, unique=True),
    text("poses", null=True),
    to("accounts", name="made_by"),
    time("expires"),
    time("used", null=True),
    time("created"),
)

approvals = table(
    "approvals",
    to("organisations"),
    text("thing"),
    text("act"),
    to("accounts"),
    text("statement"),
    blob("signature"),
    time("created"),
    UniqueConstraint("organisation", "thing", "act", "account", "statement"),
)

activations = table(
    "activations",
    to("organisations"),
    *one_of("kind", "purpose", "territory", "model", "archive"),
    text("value"),
    text("dpia_sha256", null=True),
    text("signatory", null=True),
    to("accounts", null=True, name="proposed_by"),
    time("ended", null=True),
    time("created"),
)

reviews = table(
    "reviews",
    to("organisations"),
    to("searches", name="search"),
    to("subjects"),
    to("accounts"),
    *one_of("decision", "confirm", "reject"),
    blob("signature"),
    time("created"),
    UniqueConstraint("search", "subject", "account"),
)

probes = Table(
    "probes",
    metadata,
    Column("search", Key, ForeignKey("searches.id"), primary_key=True),
    Column("key", Text, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("expires", BigInteger, nullable=False),
)

corrections = table(
    "corrections",
    to("organisations"),
    to("subjects"),
    Column("photo_sha256", String(64), nullable=False, index=True),
    *one_of("decision", "not", "is"),
    to("accounts", null=True),
    time("created"),
    UniqueConstraint("subject", "photo_sha256"),
)
"""What somebody said of a person and a photo, whatever its path: ``not`` in it, or ``is`` in it. No box: where the face
of somebody else is in a photo is not kept (P27). No account: as the log told whoever restored a backup."""

rejections = table(
    "rejections",
    to("organisations"),
    to("organisations", name="party"),
    to("subjects"),
    Column("mark", String(64), nullable=False),
    to("accounts", null=True),
    time("created"),
    UniqueConstraint("party", "subject", "mark"),
)
"""A face in a photo that a reviewer of ``party`` said is not this person's. ``mark``: of the photo's content and the
face's number, keyed by the person's own key (`countenance.gallery.rejecting`). No account: as the log told whoever
restored a backup."""

pairs = table(
    "pairs",
    to("organisations"),
    to("subjects"),
    to("subjects", name="other"),
    *one_of("decision", "same", "different"),
    to("accounts", null=True),
    time("created"),
    CheckConstraint("subject < other", name="order"),
    UniqueConstraint("subject", "other"),
)
"""Two records that are of the ``same`` person, or of ``different`` ones, as somebody said. Each keeps what it has."""

erasures = table(
    "erasures",
    to("organisations"),
    to("subjects"),
    Column("basis", BigInteger, nullable=True),
    Column("under", BigInteger, nullable=True),
    Column("batch", BigInteger, nullable=True, index=True),
    text("reason"),
    *one_of("state", "tombstoned", "deleted", "done"),
    to("accounts", name="ordered_by"),
    Column("faces", Integer, nullable=False),
    Column("log_index", BigInteger, nullable=False),
    text("residuals"),
    text("certificate", null=True),
    time("created"),
)

witnesses = table(
    "witnesses",
    text("name"),
    Column("size", BigInteger, nullable=False),
    text("root"),
    blob("proof", null=True),
    time("created"),
)
"""Checkpoints that were sent outside, and what came back (P19)."""
