"""When a guest was last written to of later pictures."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    """Apply the step. Nobody who agreed before was told of letters, so they get none."""
    with op.batch_alter_table("guests", schema=None) as batch_op:
        batch_op.add_column(sa.Column("told", sa.BigInteger(), nullable=True))
