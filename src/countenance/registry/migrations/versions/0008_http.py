"""Programs that come in over HTTP: their keys, what they were answered, and how much they asked for."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _foreign(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}"))


def upgrade() -> None:
    """Apply the step."""
    op.create_table(
        "api_keys",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("organisation", _KEY, nullable=False),
        sa.Column("account", _KEY, nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("roles", sa.Text(), nullable=False),
        sa.Column("purposes", sa.BigInteger(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=True),
        sa.Column("case_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("case_until", sa.BigInteger(), nullable=True),
        sa.Column("quota", sa.Integer(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("expires", sa.BigInteger(), nullable=False),
        sa.Column("revoked", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("quota > 0", name=op.f("ck_api_keys_quota")),
        _foreign("api_keys", "organisation", "organisations"),
        _foreign("api_keys", "account", "accounts"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_keys")),
        sa.UniqueConstraint("public_key", name=op.f("uq_api_keys_public_key")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "replies",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("organisation", _KEY, nullable=False),
        sa.Column("account", _KEY, nullable=False),
        sa.Column("subject", _KEY, nullable=True),
        sa.Column("key_hash", sa.String(length=64), nullable=False),
        sa.Column("request_hash", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("answer_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("state IN ('begun', 'done')", name=op.f("ck_replies_state")),
        _foreign("replies", "organisation", "organisations"),
        _foreign("replies", "account", "accounts"),
        _foreign("replies", "subject", "subjects"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_replies")),
        sa.UniqueConstraint("account", "key_hash", name=op.f("uq_replies_account_key_hash")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "drawn",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("organisation", _KEY, nullable=False),
        sa.Column("account", _KEY, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("starts", sa.BigInteger(), nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        _foreign("drawn", "organisation", "organisations"),
        _foreign("drawn", "account", "accounts"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_drawn")),
        sa.UniqueConstraint("account", "kind", "starts", name=op.f("uq_drawn_account_kind_starts")),
        sqlite_autoincrement=True,
    )
    for table, columns in (
        ("api_keys", ("organisation", "account")),
        ("replies", ("organisation", "account", "subject")),
        ("drawn", ("organisation", "account")),
    ):
        for column in columns:
            op.create_index(op.f(f"ix_{table}_{column}"), table, [column])
