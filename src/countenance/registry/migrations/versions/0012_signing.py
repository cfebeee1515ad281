"""People who sign in with a browser: their passkeys, their sessions, and how often somebody guessed."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _foreign(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}"))


def upgrade() -> None:
    """Apply the step."""
    op.create_table(
        "passkeys",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("organisation", _KEY, nullable=False),
        sa.Column("account", _KEY, nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("credential", sa.LargeBinary(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column("sign_count", sa.Integer(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("used", sa.BigInteger(), nullable=True),
        sa.Column("revoked", sa.BigInteger(), nullable=True),
        _foreign("passkeys", "organisation", "organisations"),
        _foreign("passkeys", "account", "accounts"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_passkeys")),
        sa.UniqueConstraint("credential", name=op.f("uq_passkeys_credential")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "sessions",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("organisation", _KEY, nullable=False),
        sa.Column("account", _KEY, nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("how", sa.String(length=16), nullable=False),
        sa.Column("passkey", _KEY, nullable=True),
        sa.Column("proof", sa.LargeBinary(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("seen", sa.BigInteger(), nullable=False),
        sa.Column("expires", sa.BigInteger(), nullable=False),
        sa.Column("ended", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("how IN ('password', 'passkey')", name=op.f("ck_sessions_how")),
        _foreign("sessions", "organisation", "organisations"),
        _foreign("sessions", "account", "accounts"),
        _foreign("sessions", "passkey", "passkeys"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sessions")),
        sa.UniqueConstraint("public_key", name=op.f("uq_sessions_public_key")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "answered",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("organisation", _KEY, nullable=False),
        sa.Column("once", sa.String(length=64), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        _foreign("answered", "organisation", "organisations"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_answered")),
        sa.UniqueConstraint("once", name=op.f("uq_answered_once")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "guesses",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("organisation", _KEY, nullable=False),
        sa.Column("who_hash", sa.String(length=64), nullable=False),
        sa.Column("starts", sa.BigInteger(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        _foreign("guesses", "organisation", "organisations"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_guesses")),
        sa.UniqueConstraint("organisation", "who_hash", "starts", name=op.f("uq_guesses_organisation_who_hash_starts")),
        sqlite_autoincrement=True,
    )
    for table, columns in (
        ("passkeys", ("organisation", "account")),
        ("sessions", ("organisation", "account", "passkey")),
        ("answered", ("organisation",)),
        ("guesses", ("organisation",)),
    ):
        for column in columns:
            op.create_index(op.f(f"ix_{table}_{column}"), table, [column])
