"""Keys of compatible endpoints with their basis forms, collections, and signatures of requests that were seen."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _to(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}"))


def upgrade() -> None:
    """Apply the step. A key that is there already is for ``/v1``, which no word stands for."""
    with op.batch_alter_table("api_keys", schema=None) as batch_op:
        batch_op.add_column(sa.Column("door", sa.Text(), nullable=True))
    op.create_table(
        "basis_forms",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("organisation", _KEY, nullable=False),
        sa.Column("api_key", _KEY, nullable=False),
        sa.Column("ground", sa.Text(), nullable=False),
        sa.Column("condition", sa.Text(), nullable=False),
        sa.Column("purposes", sa.BigInteger(), nullable=False),
        sa.Column("notice", _KEY, nullable=False),
        sa.Column("evidence_sha256", sa.Text(), nullable=False),
        sa.Column("collective", sa.Boolean(), nullable=False),
        sa.Column("until", sa.Text(), nullable=True),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        _to("basis_forms", "organisation", "organisations"),
        _to("basis_forms", "api_key", "api_keys"),
        _to("basis_forms", "notice", "notices"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_basis_forms")),
        sa.UniqueConstraint("api_key", name=op.f("uq_basis_forms_api_key")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "collections",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("organisation", _KEY, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("made_by", _KEY, nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        _to("collections", "organisation", "organisations"),
        _to("collections", "made_by", "accounts"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_collections")),
        sa.UniqueConstraint("organisation", "name", name=op.f("uq_collections_organisation_name")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "collection_users",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("organisation", _KEY, nullable=False),
        sa.Column("collection", _KEY, nullable=False),
        sa.Column("name_hash", sa.String(length=64), nullable=False),
        sa.Column("user_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        _to("collection_users", "organisation", "organisations"),
        _to("collection_users", "collection", "collections"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_collection_users")),
        sa.UniqueConstraint("collection", "name_hash", name=op.f("uq_collection_users_collection_name_hash")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "collected",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("organisation", _KEY, nullable=False),
        sa.Column("collection", _KEY, nullable=False),
        sa.Column("subject", _KEY, nullable=False),
        sa.Column("name_hash", sa.String(length=64), nullable=False),
        sa.Column("external_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("collection_user", _KEY, nullable=True),
        sa.Column("created", sa.BigInteger(), nullable=False),
        _to("collected", "organisation", "organisations"),
        _to("collected", "collection", "collections"),
        _to("collected", "subject", "subjects"),
        _to("collected", "collection_user", "collection_users"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_collected")),
        sa.UniqueConstraint("subject", name=op.f("uq_collected_subject")),
        sa.UniqueConstraint("collection", "name_hash", name=op.f("uq_collected_collection_name_hash")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "presented",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("organisation", _KEY, nullable=False),
        sa.Column("api_key", _KEY, nullable=False),
        sa.Column("mark", sa.String(length=64), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        _to("presented", "organisation", "organisations"),
        _to("presented", "api_key", "api_keys"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_presented")),
        sa.UniqueConstraint("api_key", "mark", name=op.f("uq_presented_api_key_mark")),
        sqlite_autoincrement=True,
    )
    for table, columns in (
        ("basis_forms", ("organisation", "api_key", "notice")),
        ("collections", ("organisation", "made_by")),
        ("collection_users", ("organisation", "collection")),
        ("collected", ("organisation", "collection", "subject", "collection_user")),
        ("presented", ("organisation", "api_key")),
    ):
        for column in columns:
            op.create_index(op.f(f"ix_{table}_{column}"), table, [column])
