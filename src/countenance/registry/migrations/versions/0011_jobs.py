"""Long work that programs begin over HTTP: its state outlives the process that does it."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _foreign(column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_jobs_{column}"))


def upgrade() -> None:
    """Apply the step."""
    states = "'running', 'done', 'failed', 'cancelled', 'interrupted'"
    op.create_table(
        "jobs",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("organisation", _KEY, nullable=False),
        sa.Column("account", _KEY, nullable=False),
        sa.Column("source", _KEY, nullable=True),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("again", sa.Boolean(), nullable=False),
        sa.Column("detect", sa.Text(), nullable=True),
        sa.Column("runner", sa.Text(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("progress", sa.Text(), nullable=True),
        sa.Column("report", sa.Text(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("cancelled", sa.BigInteger(), nullable=True),
        sa.Column("ended", sa.BigInteger(), nullable=True),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("kind IN ('ingest', 'sweep')", name=op.f("ck_jobs_kind")),
        sa.CheckConstraint(f"state IN ({states})", name=op.f("ck_jobs_state")),
        _foreign("organisation", "organisations"),
        _foreign("account", "accounts"),
        _foreign("source", "sources"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_jobs")),
        sqlite_autoincrement=True,
    )
    for column in ("organisation", "account", "source"):
        op.create_index(op.f(f"ix_jobs_{column}"), "jobs", [column])
