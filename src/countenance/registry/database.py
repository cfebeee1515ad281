"""One door to the database: transactions, the pragmas that erasure relies on, migrations, and plain errors."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from countenance.errors import BadConfiguration, CountenanceError, InputError, StorageFull, Tampered, Unavailable
from countenance.registry import schema
from countenance.registry.names import plain_name

BUSY_SECONDS = 5
MIGRATIONS = Path(__file__).parent / "migrations"
HEAD = "0003"
"""The newest migration."""


class Registry:
    """The records. One writer at a time; readers see whole transactions.

    Args:
        url: A SQLAlchemy address, such as ``sqlite:////srv/club/data/registry.db``.
        create: Make the database when it is not there.
        revision: The migration to bring it to; a restore makes a registry as old as its backup.

    Raises:
        Unavailable: the database cannot be reached, or another process has held the write lock for five seconds.
        StorageFull: the disk is full; the transaction was rolled back whole.
        BadConfiguration: there is no database, or it was written by a newer version.
    """

    def __init__(self, url: str, *, create: bool = False, revision: str = HEAD) -> None:
        try:
            self.engine = sa.create_engine(url, connect_args=self._connect_args(url))
        except (sa.exc.ArgumentError, ImportError, ValueError):
            # The address is not repeated: it may hold a password.
            raise BadConfiguration("[registry] url is no address of a database that can be used here.") from None
        self.file = Path(self.engine.url.database or "") if self.engine.dialect.name == "sqlite" else None
        if self.file is not None:
            if not create and not self.file.exists():
                raise BadConfiguration(
                    f"There is no registry at {self.file}.",
                    hint="Run `countenance init FOLDER` for a new gallery, or `countenance restore` with a backup.",
                )
            sa.event.listen(self.engine, "connect", _set_pragmas)
            sa.event.listen(self.engine, "begin", _begin)
        with _plain_errors():
            self._migrate(revision)

    @staticmethod
    def _connect_args(url: str) -> dict[str, Any]:
        return {"timeout": BUSY_SECONDS, "isolation_level": None} if url.startswith("sqlite") else {}

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """A transaction that may change records. Commits at the end, rolls back on any error."""
        undone: list[Callable[[], None]] = []
        try:
            with _plain_errors(), self.engine.connect() as connection:
                connection.execution_options(countenance_write=True, countenance_undone=undone)
                with connection.begin():
                    yield connection
        except CountenanceError:
            for each in undone:
                each()
            raise

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """A transaction that sees one state of the records throughout."""
        with _plain_errors(), self.engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def raw(self) -> Iterator[sqlite3.Connection]:
        """A connection of SQLite's own, for what SQL does not say."""
        with _plain_errors(), closing(self.engine.raw_connection()) as held:
            connection = held.driver_connection
            if not isinstance(connection, sqlite3.Connection):
                raise BadConfiguration("This registry is no file.")
            yield connection

    def sequence(self, connection: sa.Connection) -> int:
        """The number of the last change to what may be searched."""
        return int(connection.scalar(sa.select(sa.func.max(schema.changes.c.id))) or 0)

    def scrub(self) -> None:
        """Take erased bytes out of the write-ahead log (P6): SQLite keeps them there until it is truncated.

        Raises `Unavailable` when a long reader keeps the log from being truncated; the erasure stays unfinished then.
        """
        if self.file is None:
            return
        with _plain_errors(), self.engine.connect() as connection:
            busy, _, _ = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()
        if busy:
            raise Unavailable("Another process is reading the registry, so erased bytes cannot be cleared yet.")

    def rewrite(self) -> None:
        """Write the whole database file anew, so that no page keeps the copy of an erased row (slow; rarely needed)."""
        if self.file is None:
            return
        with _plain_errors(), closing(self.engine.raw_connection()) as connection:
            connection.execute("VACUUM")
        self.scrub()

    def close(self) -> None:
        """Give the connections back."""
        self.engine.dispose()

    def _migrate(self, revision: str) -> None:
        with self.engine.connect() as connection:
            current = None
            if sa.inspect(connection).has_table("alembic_version"):
                current = connection.scalar(sa.text("SELECT version_num FROM alembic_version"))
        if current != revision:
            self._upgrade(current, revision)

    def _upgrade(self, current: str | None, revision: str) -> None:
        # Alembic takes a fifth of a second to import, and an up-to-date registry does not need it.
        from alembic import command
        from alembic.config import Config
        from alembic.script import ScriptDirectory

        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        known = {step.revision for step in ScriptDirectory.from_config(config).walk_revisions()}
        if revision not in known or (current is not None and current not in known):
            raise BadConfiguration(
                "The registry was written by a newer version of Countenance.",
                hint="Install that version or a newer one.",
            )
        with self.write() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, revision)


def when_undone(connection: sa.Connection, then: Callable[[], None]) -> None:
    """Have something done after this transaction was rolled back: what must be written though nothing else was."""
    connection.get_execution_options().get("countenance_undone", []).append(then)


def _set_pragmas(connection: Any, _record: object) -> None:
    """Pragmas of every SQLite connection; ``secure_delete`` overwrites deleted rows with zeros (P6)."""
    connection.create_function("plain_name", 1, plain_name, deterministic=True)
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON", "temp_store=MEMORY"):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin(connection: sa.Connection) -> None:
    """Writers take the write lock at once, so that two of them queue instead of failing halfway."""
    writing = connection.get_execution_options().get("countenance_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


@contextmanager
def _plain_errors() -> Iterator[None]:
    try:
        yield
    except OperationalError as error:
        text = str(error.orig).lower()
        if "full" in text:
            raise StorageFull("The disk is full; nothing was changed.") from None
        if "locked" in text or "busy" in text:
            raise Unavailable("Another process is writing to this gallery.") from None
        raise Unavailable(f"The registry cannot be used: {error.orig}.") from None
    except sa.exc.DatabaseError as error:
        text = str(error.orig).lower()
        if "malformed" in text or "not a database" in text:
            raise Tampered("The registry file is damaged.", hint="Restore the newest backup.") from None
        raise
    except (UnicodeEncodeError, OverflowError):
        raise InputError("A text or a number that was given cannot be stored.") from None
