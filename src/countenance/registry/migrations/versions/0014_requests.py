"""Requests whose answer was put off by two further months, and bases of whose end somebody was reminded."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0012"


def upgrade() -> None:
    """Apply the step. Nothing was put off before, and nobody reminded."""
    with op.batch_alter_table("requests", schema=None) as batch_op:
        batch_op.add_column(sa.Column("extended", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("extension", sa.Text(), nullable=True))
    with op.batch_alter_table("bases", schema=None) as batch_op:
        batch_op.add_column(sa.Column("reminded", sa.BigInteger(), nullable=True))
