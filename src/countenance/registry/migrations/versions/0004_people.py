"""What people decided about who is who: which photo does not show somebody, and which two records are one person."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _foreign(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}"))


def upgrade() -> None:
    """Apply the step."""
    op.create_table(
        "corrections",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("organisation", _KEY, nullable=False),
        sa.Column("subject", _KEY, nullable=False),
        sa.Column("photo_sha256", sa.String(length=64), nullable=False),
        sa.Column("decision", sa.String(length=16), nullable=False),
        sa.Column("account", _KEY, nullable=True),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("decision IN ('not', 'is')", name=op.f("ck_corrections_decision")),
        _foreign("corrections", "organisation", "organisations"),
        _foreign("corrections", "subject", "subjects"),
        _foreign("corrections", "account", "accounts"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_corrections")),
        sa.UniqueConstraint("subject", "photo_sha256", name=op.f("uq_corrections_subject_photo_sha256")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "pairs",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("organisation", _KEY, nullable=False),
        sa.Column("subject", _KEY, nullable=False),
        sa.Column("other", _KEY, nullable=False),
        sa.Column("decision", sa.String(length=16), nullable=False),
        sa.Column("account", _KEY, nullable=True),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("decision IN ('same', 'different')", name=op.f("ck_pairs_decision")),
        sa.CheckConstraint("subject < other", name=op.f("ck_pairs_order")),
        _foreign("pairs", "organisation", "organisations"),
        _foreign("pairs", "subject", "subjects"),
        _foreign("pairs", "other", "subjects"),
        _foreign("pairs", "account", "accounts"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pairs")),
        sa.UniqueConstraint("subject", "other", name=op.f("uq_pairs_subject_other")),
        sqlite_autoincrement=True,
    )
    for table, columns in (
        ("corrections", ("organisation", "subject", "photo_sha256", "account")),
        ("pairs", ("organisation", "subject", "other", "account")),
    ):
        for column in columns:
            op.create_index(op.f(f"ix_{table}_{column}"), table, [column])
