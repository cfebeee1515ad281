"""When a photo was last looked at, for sweeps, and since when its file is gone."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Apply the step. When older photos were looked at is not known, so the next sweep looks at them again."""
    with op.batch_alter_table("photos", schema=None) as batch_op:
        batch_op.add_column(sa.Column("looked", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("missing", sa.BigInteger(), nullable=True))
