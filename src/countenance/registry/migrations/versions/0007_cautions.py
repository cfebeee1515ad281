"""What a candidate is cautioned of, and which searched faces are said not to be somebody's: they stay so."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0005"

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _foreign(column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_rejections_{column}"))


def upgrade() -> None:
    """Apply the step."""
    op.create_table(
        "rejections",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("organisation", _KEY, nullable=False),
        sa.Column("party", _KEY, nullable=False),
        sa.Column("subject", _KEY, nullable=False),
        sa.Column("mark", sa.String(length=64), nullable=False),
        sa.Column("account", _KEY, nullable=True),
        sa.Column("created", sa.BigInteger(), nullable=False),
        _foreign("organisation", "organisations"),
        _foreign("party", "organisations"),
        _foreign("subject", "subjects"),
        _foreign("account", "accounts"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rejections")),
        sa.UniqueConstraint("party", "subject", "mark", name=op.f("uq_rejections_party_subject_mark")),
        sqlite_autoincrement=True,
    )
    for column in ("organisation", "party", "subject", "account"):
        op.create_index(op.f(f"ix_rejections_{column}"), "rejections", [column])
    with op.batch_alter_table("shown", schema=None) as batch_op:
        batch_op.add_column(sa.Column("cautions", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("mark", sa.String(length=64), nullable=True))
