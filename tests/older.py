"""A club as a version before this one left it: its tables at the migration before the newest, and what fits in them."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

from clubs import Club
from countenance.registry.migrating import MIGRATIONS
from countenance.registry.schema import metadata
from servers import OWNER, SECRET


def before() -> str:
    """The migration before the newest."""
    return [step.revision for step in ScriptDirectory.from_config(_config()).walk_revisions()][1]


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config


def _empty(file: Path) -> sa.MetaData:
    """An empty registry of then, in a file; and what it has."""
    engine, found, config = sa.create_engine(f"sqlite:///{file}"), sa.MetaData(), _config()
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, before())
    found.reflect(engine)
    engine.dispose()
    return found


def make_older(club: Club) -> None:
    """Close a club, and take its registry back."""
    club.close()
    file = club.folder / "data" / "registry.db"
    old = club.root / "older.db"
    then = _empty(old)
    if club.server is None:
        with closing(sqlite3.connect(old)) as connection:
            connection.execute("ATTACH ? AS now", (str(file),))
            for table in then.sorted_tables:
                if table.name != "alembic_version":
                    names = ", ".join(f'"{column.name}"' for column in table.columns)
                    connection.execute(f'INSERT INTO "{table.name}" ({names}) SELECT {names} FROM now."{table.name}"')
            numbers = "SELECT name, seq FROM now.sqlite_sequence WHERE name IN (SELECT name FROM sqlite_master)"
            connection.execute("DELETE FROM sqlite_sequence")
            connection.execute(f"INSERT INTO sqlite_sequence {numbers}")
            connection.commit()
        for name in ("registry.db", "registry.db-wal", "registry.db-shm"):
            (file.parent / name).unlink(missing_ok=True)
        old.rename(file)
        return
    url = club.anna.context.settings.registry_url
    engine = sa.create_engine(sa.make_url(url).set(drivername="postgresql+psycopg", username=OWNER, password=SECRET))
    with engine.begin() as connection:
        for table in metadata.sorted_tables:
            if table.name not in then.tables:
                connection.exec_driver_sql(f'DROP TABLE "{table.name}" CASCADE')
                continue
            for column in table.columns:
                if column.name not in then.tables[table.name].columns:
                    connection.exec_driver_sql(f'ALTER TABLE "{table.name}" DROP COLUMN "{column.name}" CASCADE')
        connection.exec_driver_sql(f"UPDATE alembic_version SET version_num = '{before()}'")
    engine.dispose()
