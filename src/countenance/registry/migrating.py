"""Bringing a registry's tables to a migration, on SQLite and PostgreSQL alike."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from countenance.errors import BadConfiguration

if TYPE_CHECKING:
    from alembic.config import Config

MIGRATIONS = Path(__file__).parent / "migrations"
HEAD = "0017"
"""The newest migration."""


def current(connection: sa.Connection) -> str | None:
    """The migration that a registry is at; None of an empty database."""
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.scalar(sa.text("SELECT version_num FROM alembic_version"))
    return found


def upgrade(connection: sa.Connection, before: str | None, revision: str) -> None:
    """Run what lies between, in the caller's transaction. Raises `BadConfiguration` for a registry that is newer."""
    for each in (revision, before):
        if each is not None:
            check_known(each)
    from alembic import command

    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def check_known(found: str) -> None:
    """Raise `BadConfiguration` for a migration that this version does not know: a newer one made it."""
    if found not in _steps():
        raise BadConfiguration(
            "The registry was written by a newer version of Countenance.",
            hint="Install that version or a newer one.",
        )


def _steps() -> list[str]:
    """Every migration, the newest first."""
    from alembic.script import ScriptDirectory

    return [step.revision for step in ScriptDirectory.from_config(_config()).walk_revisions()]


def _config() -> Config:
    # Alembic takes a fifth of a second to import, and an up-to-date registry does not need it.
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config
