"""Guests who find their photos: events, invitations, and who came in by one."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0014"

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _foreign(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}"))


def upgrade() -> None:
    """Apply the step."""
    op.create_table(
        "events",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("organisation", _KEY, nullable=False),
        sa.Column("agreement", _KEY, nullable=False),
        sa.Column("source", _KEY, nullable=False),
        sa.Column("notice", _KEY, nullable=False),
        sa.Column("made_by", _KEY, nullable=False),
        sa.Column("name_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("receive", sa.String(length=16), nullable=False),
        sa.Column("statement", sa.Text(), nullable=True),
        sa.Column("approve", sa.Boolean(), nullable=False),
        sa.Column("happened", sa.BigInteger(), nullable=False),
        sa.Column("ends", sa.BigInteger(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("closed", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("receive IN ('blurred', 'original')", name=op.f("ck_events_receive")),
        _foreign("events", "organisation", "organisations"),
        _foreign("events", "agreement", "agreements"),
        _foreign("events", "source", "sources"),
        _foreign("events", "notice", "notices"),
        _foreign("events", "made_by", "accounts"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_events")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "invitations",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("organisation", _KEY, nullable=False),
        sa.Column("event", _KEY, nullable=False),
        sa.Column("made_by", _KEY, nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.Column("expires", sa.BigInteger(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("used", sa.BigInteger(), nullable=True),
        sa.Column("voided", sa.BigInteger(), nullable=True),
        _foreign("invitations", "organisation", "organisations"),
        _foreign("invitations", "event", "events"),
        _foreign("invitations", "made_by", "accounts"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitations")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_invitations_token_hash")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "guests",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("organisation", _KEY, nullable=False),
        sa.Column("invitation", _KEY, nullable=False),
        sa.Column("subject", _KEY, nullable=False),
        sa.Column("basis", _KEY, nullable=False),
        sa.Column("key_hash", sa.String(length=64), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.Column("approved_by", _KEY, nullable=True),
        sa.Column("stills", sa.BigInteger(), nullable=True),
        sa.Column("approved", sa.BigInteger(), nullable=True),
        sa.Column("swept", sa.BigInteger(), nullable=True),
        sa.Column("looked", sa.BigInteger(), nullable=True),
        sa.Column("created", sa.BigInteger(), nullable=False),
        _foreign("guests", "organisation", "organisations"),
        _foreign("guests", "invitation", "invitations"),
        _foreign("guests", "subject", "subjects"),
        _foreign("guests", "basis", "bases"),
        _foreign("guests", "approved_by", "accounts"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_guests")),
        sa.UniqueConstraint("invitation", name=op.f("uq_guests_invitation")),
        sa.UniqueConstraint("key_hash", name=op.f("uq_guests_key_hash")),
        sqlite_autoincrement=True,
    )
    for table, columns in (
        ("events", ("organisation", "agreement", "source", "notice", "made_by")),
        ("invitations", ("organisation", "event", "made_by")),
        ("guests", ("organisation", "invitation", "subject", "basis", "approved_by")),
    ):
        for column in columns:
            op.create_index(op.f(f"ix_{table}_{column}"), table, [column])
