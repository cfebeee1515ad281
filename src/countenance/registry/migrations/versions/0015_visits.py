"""Who is expected at the visitor desk today."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0013"

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _foreign(column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_visits_{column}"))


def upgrade() -> None:
    """Apply the step."""
    op.create_table(
        "visits",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("organisation", _KEY, nullable=False),
        sa.Column("subject", _KEY, nullable=False),
        sa.Column("basis", _KEY, nullable=False),
        sa.Column("details_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("made_by", _KEY, nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.Column("ends", sa.BigInteger(), nullable=False),
        sa.Column("arrived", sa.BigInteger(), nullable=True),
        sa.Column("way", sa.String(length=16), nullable=False),
        sa.Column("departed", sa.BigInteger(), nullable=True),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("way IN ('none', 'face', 'host', 'paper', 'badge')", name=op.f("ck_visits_way")),
        _foreign("organisation", "organisations"),
        _foreign("subject", "subjects"),
        _foreign("basis", "bases"),
        _foreign("made_by", "accounts"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visits")),
        sqlite_autoincrement=True,
    )
    for column in ("organisation", "subject", "basis", "made_by"):
        op.create_index(op.f(f"ix_visits_{column}"), "visits", [column])
