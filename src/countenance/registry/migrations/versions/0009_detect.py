"""How closely a photo was looked at for faces."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Apply the step. Until now there was one way of looking, the standard one, which null stands for."""
    with op.batch_alter_table("photos", schema=None) as batch_op:
        batch_op.add_column(sa.Column("detect", sa.Text(), nullable=True))
