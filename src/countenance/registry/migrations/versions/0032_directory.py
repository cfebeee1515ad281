"""Which person of the organisation's directory an account is, signed by the account's own key."""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0015"

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _to(column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_bindings_{column}"))


def upgrade() -> None:
    """Apply the step. Nobody was bound before."""
    op.create_table(
        "bindings",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("organisation", _KEY, nullable=False),
        sa.Column("account", _KEY, nullable=False),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("person_hash", sa.String(64), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("ended", sa.BigInteger(), nullable=True),
        _to("organisation", "organisations"),
        _to("account", "accounts"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bindings")),
        sqlite_autoincrement=True,
    )
    for column in ("account", "organisation"):
        op.create_index(op.f(f"ix_bindings_{column}"), "bindings", [column])
