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
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.types import TypeEngine

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Key = BigInteger().with_variant(Integer, "sqlite")
"""SQLite numbers rows by itself only where the type is INTEGER."""


def _table(name: str, *columns: Column[object] | UniqueConstraint | CheckConstraint | Index) -> Table:
    """Make a table whose numbers are never used twice, so that an erased record's number names nobody else."""
    return Table(name, metadata, Column("id", Key, primary_key=True), *columns, sqlite_autoincrement=True)


def _time(name: str, *, null: bool = False) -> Column[object]:
    return Column(name, BigInteger, nullable=null)


def _text(name: str, *, null: bool = False) -> Column[object]:
    return Column(name, Text, nullable=null)


def _blob(name: str, *, null: bool = False) -> Column[object]:
    return Column(name, LargeBinary, nullable=null)


def _to(table: str, *, null: bool = False, name: str | None = None) -> Column[object]:
    return Column(name or table.removesuffix("s"), Key, ForeignKey(f"{table}.id"), nullable=null, index=True)


def _one_of(name: str, *values: str) -> tuple[Column[object], CheckConstraint]:
    allowed = ", ".join(f"'{value}'" for value in values)
    return Column(name, String(16), nullable=False), CheckConstraint(f"{name} IN ({allowed})", name=name)


def _mask() -> Column[object]:
    kind: TypeEngine[int] = BigInteger()
    return Column("purposes", kind, nullable=False)


organisations = _table("organisations", Column("name", Text, nullable=False, unique=True), _time("created"))

accounts = _table(
    "accounts",
    _to("organisations"),
    Column("email", Text, nullable=False, unique=True),
    _text("roles"),
    Column("public_key", LargeBinary, nullable=False, unique=True),
    Column("trial", Boolean, nullable=False, default=False),
    _time("created"),
    _time("revoked", null=True),
)

agreements = _table(
    "agreements",
    _to("organisations"),
    _to("organisations", name="party"),
    _mask(),
    _text("territories"),
    _time("starts"),
    _time("ends"),
    _text("dpia", null=True),
    _time("ended", null=True),
    _time("created"),
)

cases = _table(
    "cases",
    _to("organisations"),
    _to("agreements"),
    _text("purpose"),
    _text("reference_hash"),
    _blob("reference_sealed"),
    _to("accounts", name="opened_by"),
    _time("created"),
    _time("closed", null=True),
    UniqueConstraint("organisation", "purpose", "reference_hash"),
)

notices = _table(
    "notices",
    _to("organisations"),
    _text("name"),
    _text("sha256"),
    _text("channel"),
    _time("given"),
    _time("created"),
    UniqueConstraint("organisation", "name"),
)

sources = _table(
    "sources",
    _to("organisations"),
    _text("name"),
    _text("root"),
    _text("statement"),
    _text("origin", null=True),
    _text("territory"),
    _mask(),
    *_one_of("unknown_faces", "forget", "keep"),
    Column("retention_days", Integer, nullable=False),
    CheckConstraint("retention_days > 0", name="retention"),
    *_one_of("state", "active", "paused", "stopped"),
    _text("reason", null=True),
    _time("created"),
    _time("ingested", null=True),
    UniqueConstraint("organisation", "name"),
)

photos = _table(
    "photos",
    _to("organisations"),
    _to("sources"),
    _blob("path"),
    Column("sha256", String(64), nullable=True, index=True),
    Column("perceptual_hash", String(16), nullable=True),
    Column("bytes", BigInteger, nullable=False),
    Column("modified_ns", BigInteger, nullable=False),
    Column("width", Integer, nullable=True),
    Column("height", Integer, nullable=True),
    _text("taken_at", null=True),
    _text("rights", null=True),
    *_one_of("state", "done", "refused"),
    _text("code", null=True),
    _text("reason", null=True),
    Column("faces_found", Integer, nullable=False, default=0),
    _time("ingested"),
    UniqueConstraint("source", "path"),
)

subjects = _table(
    "subjects",
    _to("organisations"),
    _text("handle_hash"),
    _blob("handle_sealed", null=True),
    _blob("name_sealed", null=True),
    _text("contact_hash", null=True),
    _blob("contact_sealed", null=True),
    Column("birth_year", Integer, nullable=True),
    _text("territory"),
    *_one_of("state", "active", "withdrawn", "erasing", "erased"),
    _time("created"),
    _time("last_interaction"),
    UniqueConstraint("organisation", "handle_hash"),
)

bases = _table(
    "bases",
    _to("organisations"),
    _to("subjects"),
    _text("ground"),
    _text("condition"),
    _mask(),
    _text("evidence_sha256"),
    Column("collective", Boolean, nullable=False),
    _to("notices", null=True),
    _time("starts"),
    _time("ends"),
    *_one_of("state", "pending", "live", "withdrawn", "erased"),
    _to("accounts", name="recorded_by"),
    _text("confirmed_how", null=True),
    _to("accounts", name="confirmed_by", null=True),
    _time("confirmed", null=True),
    _blob("confirmation", null=True),
    _time("withdrawn", null=True),
    _time("created"),
)

references = _table(
    "references_",
    _to("organisations"),
    _to("subjects"),
    _to("bases", name="basis"),
    _text("photo_sha256"),
    _blob("photo_sealed"),
    _blob("face_sealed"),
    _blob("template_sealed"),
    Column("contract", String(64), nullable=False),
    _time("expires"),
    _time("created"),
    UniqueConstraint("subject", "photo_sha256", "contract"),
)

appearances = _table(
    "appearances",
    _to("organisations"),
    _to("photos"),
    _to("subjects"),
    _to("bases", name="basis"),
    _text("box"),
    Column("score", Float, nullable=False),
    _text("band"),
    _time("created"),
    UniqueConstraint("photo", "subject"),
)

searches = _table(
    "searches",
    _to("organisations"),
    _to("accounts"),
    _to("cases"),
    _text("purpose"),
    *_one_of("kind", "search", "verify"),
    _text("probe_commitment"),
    Column("sequence", BigInteger, nullable=False),
    Column("log_index", BigInteger, nullable=False),
    Column("candidates", Integer, nullable=False),
    _time("started"),
    _time("ended"),
)

shown = Table(
    "shown",
    metadata,
    Column("search", Key, ForeignKey("searches.id"), primary_key=True),
    Column("subject", Key, ForeignKey("subjects.id"), primary_key=True, index=True),
    Column("score", Float, nullable=False),
)

orders = _table(
    "orders",
    _to("organisations"),
    *_one_of("kind", "stop", "erase", "quarantine", "hold"),
    _text("authority"),
    _to("subjects", null=True),
    _to("sources", null=True),
    _text("territory", null=True),
    *_one_of("state", "proposed", "stayed", "in-force", "complied"),
    _time("deadline", null=True),
    _time("created"),
)

requests = _table(
    "requests",
    _to("organisations"),
    _to("subjects"),
    Column("kind", String(16), nullable=False),
    *_one_of("state", "open", "answered", "refused"),
    _time("deadline"),
    _time("created"),
)

erasures = _table(
    "erasures",
    _to("organisations"),
    _to("subjects"),
    _text("reason"),
    *_one_of("state", "tombstoned", "deleted", "done"),
    _to("accounts", name="ordered_by"),
    Column("faces", Integer, nullable=False),
    Column("log_index", BigInteger, nullable=False),
    _text("residuals"),
    _text("certificate", null=True),
    _time("created"),
)

changes = _table("changes", _to("subjects"))
"""The registry sequence: each row says that what may be searched of this subject has changed."""

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
