"""The tables: the records of DESIGN §5. One schema for SQLite and PostgreSQL.

Times are whole seconds since 1970 UTC. Purposes are bit masks over the closed list in ``policy.purposes``. A column
that ends in ``_sealed`` is encrypted under the key that its row names; ``_hash`` is a keyed hash, for finding without
reading. Every table but the derived ones carries the organisation.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from countenance.registry.columns import Key, blob, mask, metadata, one_of, table, text, time, to
from countenance.registry.doors import basis_forms, collected, collection_users, collections, presented
from countenance.registry.hosting import events, guests, invitations
from countenance.registry.proceedings import (
    activations,
    approvals,
    corrections,
    erasures,
    links,
    orders,
    pairs,
    probes,
    receipts,
    rejections,
    requests,
    reviews,
    visits,
    witnesses,
)
from countenance.registry.programs import api_keys, drawn, jobs, replies
from countenance.registry.signing import answered, bindings, guesses, passkeys, sessions

__all__ = [
    "accounts",
    "activations",
    "agreements",
    "answered",
    "api_keys",
    "appearances",
    "approvals",
    "bases",
    "basis_forms",
    "bindings",
    "cases",
    "changes",
    "collected",
    "collection_users",
    "collections",
    "corrections",
    "drawn",
    "erasures",
    "events",
    "guesses",
    "guests",
    "invitations",
    "jobs",
    "leaves",
    "links",
    "log_state",
    "metadata",
    "notices",
    "openings",
    "orders",
    "organisations",
    "pairs",
    "passkeys",
    "photos",
    "presented",
    "probes",
    "receipts",
    "references",
    "rejections",
    "replies",
    "requests",
    "reviews",
    "searches",
    "sessions",
    "shown",
    "sources",
    "subjects",
    "visits",
    "witnesses",
]


organisations = table("organisations", Column("name", Text, nullable=False, unique=True), time("created"))

accounts = table(
    "accounts",
    to("organisations"),
    Column("email", Text, nullable=False, unique=True),
    text("roles"),
    Column("public_key", LargeBinary, nullable=False, unique=True),
    Column("trial", Boolean, nullable=False, default=False),
    time("created"),
    time("revoked", null=True),
)

agreements = table(
    "agreements",
    to("organisations"),
    to("organisations", name="party"),
    mask(),
    text("territories"),
    time("starts"),
    time("ends"),
    text("dpia", null=True),
    text("dpia_signatory", null=True),
    text("mandate", null=True),
    Column("quota", Integer, nullable=True),
    time("ended", null=True),
    time("created"),
)

cases = table(
    "cases",
    to("organisations"),
    to("agreements"),
    text("purpose"),
    text("reference_hash"),
    blob("reference_sealed"),
    to("accounts", name="opened_by"),
    time("created"),
    time("closed", null=True),
    UniqueConstraint("organisation", "purpose", "reference_hash"),
)

notices = table(
    "notices",
    to("organisations"),
    text("name"),
    text("sha256"),
    text("channel"),
    time("given"),
    time("created"),
    UniqueConstraint("organisation", "name"),
)

sources = table(
    "sources",
    to("organisations"),
    text("name"),
    text("root"),
    text("statement"),
    text("origin", null=True),
    text("territory"),
    mask(),
    *one_of("unknown_faces", "forget", "keep"),
    Column("retention_days", Integer, nullable=False),
    CheckConstraint("retention_days > 0", name="retention"),
    *one_of("state", "active", "paused", "stopped"),
    text("reason", null=True),
    text("supplier", null=True),
    text("manifest", null=True),
    text("manifest_sha256", null=True),
    text("paused_for", null=True),
    text("accepted", null=True),
    text("rights_holder", null=True),
    time("created"),
    time("ingested", null=True),
    UniqueConstraint("organisation", "name"),
)

photos = table(
    "photos",
    to("organisations"),
    to("sources"),
    blob("path"),
    Column("sha256", String(64), nullable=True, index=True),
    Column("perceptual_hash", String(16), nullable=True),
    Column("bytes", BigInteger, nullable=False),
    Column("modified_ns", BigInteger, nullable=False),
    Column("width", Integer, nullable=True),
    Column("height", Integer, nullable=True),
    text("taken_at", null=True),
    text("rights", null=True),
    text("origin", null=True),
    text("holder", null=True),
    text("licence", null=True),
    *one_of("state", "done", "refused"),
    text("code", null=True),
    text("reason", null=True),
    Column("faces_found", Integer, nullable=False, default=0),
    time("ingested"),
    Column("looked", BigInteger, nullable=True),
    text("detect", null=True),
    time("missing", null=True),
    UniqueConstraint("source", "path"),
)
"""``looked``: the registry sequence (`changes`) when its faces were last looked for; who changed since is looked for by
a sweep. ``detect``: how closely (`vision.pace`; null is standard). ``missing``: since when its file is gone."""

subjects = table(
    "subjects",
    to("organisations"),
    text("handle_hash"),
    blob("handle_sealed", null=True),
    blob("name_sealed", null=True),
    text("contact_hash", null=True),
    blob("contact_sealed", null=True),
    text("guardian_hash", null=True),
    blob("guardian_sealed", null=True),
    time("contact_since", null=True),
    Column("birth_year", Integer, nullable=True),
    text("territory"),
    *one_of("state", "active", "withdrawn", "erasing", "erased"),
    time("restricted", null=True),
    time("created"),
    time("last_interaction"),
    UniqueConstraint("organisation", "handle_hash"),
)

bases = table(
    "bases",
    to("organisations"),
    to("subjects"),
    text("ground"),
    text("condition"),
    mask(),
    text("evidence_sha256"),
    Column("collective", Boolean, nullable=False),
    to("notices", null=True),
    time("starts"),
    time("ends"),
    *one_of("state", "pending", "live", "withdrawn", "erased"),
    to("accounts", name="recorded_by"),
    text("confirmed_how", null=True),
    to("accounts", name="confirmed_by", null=True),
    time("confirmed", null=True),
    blob("confirmation", null=True),
    time("noticed", null=True),
    Column("noticed_by", BigInteger, nullable=True),
    blob("notice_signature", null=True),
    time("withdrawn", null=True),
    time("reminded", null=True),
    time("created"),
    Index(None, "organisation", "state"),
)

references = table(
    "references_",
    to("organisations"),
    to("subjects"),
    to("bases", name="basis"),
    text("photo_sha256"),
    blob("photo_sealed"),
    blob("face_sealed"),
    blob("template_sealed"),
    Column("contract", String(64), nullable=False),
    time("expires"),
    time("created"),
    UniqueConstraint("subject", "photo_sha256", "contract"),
)

appearances = table(
    "appearances",
    to("organisations"),
    to("photos"),
    to("subjects"),
    to("bases", name="basis"),
    text("box"),
    Column("score", Float, nullable=False),
    text("band"),
    time("created"),
    UniqueConstraint("photo", "subject"),
)

searches = table(
    "searches",
    to("organisations"),
    to("accounts"),
    to("cases"),
    text("purpose"),
    *one_of("kind", "search", "verify"),
    text("probe_commitment"),
    Column("agreement", BigInteger, nullable=True, index=True),
    text("pair_commitment", null=True),
    Column("sequence", BigInteger, nullable=False),
    Column("log_index", BigInteger, nullable=False),
    Column("candidates", Integer, nullable=False),
    time("started"),
    time("ended"),
)

shown = Table(
    "shown",
    metadata,
    Column("search", Key, ForeignKey("searches.id"), primary_key=True),
    Column("subject", Key, ForeignKey("subjects.id"), primary_key=True, index=True),
    Column("score", Float, nullable=False),
    text("cautions", null=True),
    Column("mark", String(64), nullable=True),
)
"""``cautions``: why such models fail here, as codes of `policy.cautions`, a space between. ``mark``: of the searched
face, as in `rejections`, for as long as the review is open."""

changes = table("changes", to("subjects"))
"""The registry sequence: each row says that what may be searched of this subject has changed."""

NUMBER_ALONE = frozenset({erasures, changes, orders})
"""Tables that go on naming somebody who was erased, by a number that nobody else gets: what was ordered and done."""

leaves = Table(
    "leaves",
    metadata,
    Column("index", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("leaf", LargeBinary, nullable=False),
    Column("hash", LargeBinary, nullable=False),
)

openings = Table(
    "openings",
    metadata,
    Column("index", Key, ForeignKey("leaves.index"), primary_key=True),
    Column("key", String(64), primary_key=True, index=True),
    Column("sealed", LargeBinary, nullable=False),
)

log_state = Table(
    "log_state",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("frontier", Text, nullable=False),
)
