"""An index by which the bases that wait for their confirmation are counted: every search counts them."""

from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Apply the step. Without it, a search among a million people went through all their bases."""
    with op.batch_alter_table("bases", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_bases_organisation_state"), ["organisation", "state"], unique=False)
