"""Bringing a registry's tables to a migration, on SQLite and PostgreSQL alike."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from countenance.errors import BadConfiguration

MIGRATIONS = Path(__file__).parent / "migrations"
HEAD = "0032"
"""The newest migration."""


def current(connection: sa.Connection) -> str | None:
    """The migration that a registry is at; None of an empty database."""
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.scalar(sa.text("SELECT version_num FROM alembic_version"))
    return found


def upgrade(connection: sa.Connection, before: str | None, revision: str) -> None:
    """Run what lies between, in the caller's transaction. Raises `BadConfiguration` for a registry that is newer."""
    # Alembic takes a fifth of a second to import, and an up-to-date registry does not need it.
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    known = {step.revision for step in ScriptDirectory.from_config(config).walk_revisions()}
    if revision not in known or (before is not None and before not in known):
        raise BadConfiguration(
            "The registry was written by a newer version of Countenance.",
            hint="Install that version or a newer one.",
        )
    config.attributes["connection"] = connection
    command.upgrade(config, revision)
