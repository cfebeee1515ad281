"""One door to the database: transactions, the pragmas that erasure relies on, migrations, and plain errors."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from countenance.errors import (
    AlreadyExists,
    BadConfiguration,
    CountenanceError,
    InputError,
    StorageFull,
    Tampered,
    Unavailable,
)
from countenance.registry import migrating, schema, server
from countenance.registry.address import engine_of
from countenance.registry.migrating import HEAD
from countenance.registry.names import plain_name

BUSY_SECONDS = 5
Older = Literal["refused", "kept", "upgraded"]


class Registry:
    """The records. One writer at a time; readers see whole transactions.

    Args:
        url: A SQLAlchemy address: ``sqlite:////srv/club/data/registry.db``, ``postgresql://club_app@127.0.0.1/club``.
        create: Make the database file when it is not there. PostgreSQL's tables are made by their owner alone
            (`countenance.registry.owning`).
        revision: The migration to bring it to; a restore makes a registry as old as its backup.
        older: What is done with an older one: it is refused, ``kept`` as it is for whoever reads no more than there
            is, or ``upgraded`` (a server's by its owner alone).

    Raises:
        Unavailable: the database cannot be reached, or another process has held the write lock for five seconds.
        StorageFull: the disk is full; the transaction was rolled back whole.
        BadConfiguration: there is no database, it was written by a newer version, or a server's role is not bound by
            row-level security.
    """

    def __init__(self, url: str, *, create: bool = False, revision: str = HEAD, older: Older = "refused") -> None:
        self.engine = engine_of(url, busy=BUSY_SECONDS)
        self.kind = self.engine.dialect.name
        self._turn = threading.RLock()
        self.file = Path(self.engine.url.database or "") if self.kind == "sqlite" else None
        if self.file is not None:
            if not create and not self.file.exists():
                raise BadConfiguration(
                    f"There is no registry at {self.file}.",
                    hint="Run `countenance init FOLDER` for a new gallery, or `countenance restore` with a backup.",
                )
            sa.event.listen(self.engine, "connect", _set_pragmas)
        sa.event.listen(self.engine, "begin", _begin)
        try:
            self.migration = self._migrate(revision, older)
        except BaseException:
            self.close()
            raise

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """A transaction that may change records. Commits at the end, rolls back on any error."""
        undone: list[Callable[[], None]] = []
        try:
            with plain_errors(), self.engine.connect() as connection:
                connection.execution_options(countenance_write=True, countenance_undone=undone)
                if self.file is None:
                    connection.execution_options(**server.WRITING)
                with self._in_turn(), connection.begin():
                    yield connection
        except CountenanceError:
            for each in undone:
                each()
            raise

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """A transaction that sees one state of the records throughout."""
        with plain_errors(), self.engine.connect() as connection:
            if self.file is None:
                connection.execution_options(**server.READING)
            with connection.begin():
                yield connection

    @contextmanager
    def raw(self) -> Iterator[sqlite3.Connection]:
        """A connection of SQLite's own, for what SQL does not say."""
        with plain_errors(), closing(self.engine.raw_connection()) as held:
            connection = held.driver_connection
            if not isinstance(connection, sqlite3.Connection):
                raise BadConfiguration("This registry is no file.")
            yield connection

    def found(self, connection: sa.Connection, name: str, now: int) -> int:
        """Record the organisation whose gallery this is, the first one; returns its number.

        On a server this binds the role that we are to it: there is no other way for a role to become bound.

        Raises `AlreadyExists` where the database holds a gallery.
        """
        if self.file is not None:
            made = connection.execute(sa.insert(schema.organisations).values(name=name, created=now))
            return int((made.inserted_primary_key or (0,))[0])
        number = connection.scalar(sa.text("SELECT countenance.found(:name, :now)"), {"name": name, "now": now})
        if number is None:
            raise AlreadyExists("The database holds a gallery already.", hint="Make a database for each gallery.")
        return int(number)

    def sequence(self, connection: sa.Connection) -> int:
        """The number of the last change to what may be searched."""
        return int(connection.scalar(sa.select(sa.func.max(schema.changes.c.id))) or 0)

    def scrub(self) -> None:
        """Take erased bytes out of the write-ahead log (P6): SQLite keeps them there until it is truncated.

        A server's own log and tables are its owner's to clean (`countenance registry tidy`); nothing is done here.

        Raises `Unavailable` when a long reader keeps the log from being truncated; the erasure stays unfinished then.
        """
        if self.file is None:
            return
        with plain_errors(), self.engine.connect() as connection:
            busy, _, _ = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()
        if busy:
            raise Unavailable("Another process is reading the registry, so erased bytes cannot be cleared yet.")

    def rewrite(self) -> None:
        """Write the whole database file anew, so that no page keeps the copy of an erased row (slow; rarely needed)."""
        if self.file is None:
            return
        with plain_errors(), closing(self.engine.raw_connection()) as connection:
            connection.execute("VACUUM")
        self.scrub()

    def close(self) -> None:
        """Give the connections back."""
        self.engine.dispose()

    @contextmanager
    def _in_turn(self) -> Iterator[None]:
        """One after the other, where threads of this process write to a file.

        SQLite asks whether the write lock is free, and sleeps longer and longer between; who waits here is woken. A
        thread that has rolled back may write what it was refused with: it is its own turn still.
        """
        if self.file is None:
            yield
            return
        if not self._turn.acquire(timeout=BUSY_SECONDS):
            raise _busy()
        try:
            yield
        finally:
            self._turn.release()

    def _migrate(self, revision: str, older: Older) -> str:
        """Bring an empty or an older registry to a migration, if that is wanted; returns the one that it is at."""
        with plain_errors(), self.engine.connect() as connection:
            current = migrating.current(connection)
            if current is not None and current != revision:
                migrating.check_known(current)
            if self.file is None:
                if current is None or (current != revision and older != "kept"):
                    raise server.not_prepared(current)
                server.check_role(connection, drawn=current == revision)
        if current == revision or (current is not None and older == "kept"):
            return current
        if current is not None and older == "refused":
            raise BadConfiguration(
                "The registry's tables are of an older version.",
                hint="Stop what has the gallery open, then run `countenance upgrade`: it makes a backup first.",
            )
        with self.write() as connection:
            migrating.upgrade(connection, current, revision)
        return revision


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
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")
    elif writing:
        server.take_the_lock(connection, BUSY_SECONDS)


@contextmanager
def plain_errors() -> Iterator[None]:
    """What a database says, in words that a person can act on."""
    try:
        yield
    except sa.exc.DBAPIError as error:
        told = _sqlite(error) if isinstance(error.orig, sqlite3.Error) else server.translated(error)
        if told is None:
            raise
        raise told from None
    except (UnicodeEncodeError, OverflowError):
        raise InputError("A text or a number that was given cannot be stored.") from None


def _sqlite(error: sa.exc.DBAPIError) -> CountenanceError | None:
    text = str(error.orig).lower()
    if isinstance(error, OperationalError):
        if "full" in text:
            return StorageFull("The disk is full; nothing was changed.")
        if "locked" in text or "busy" in text:
            return _busy()
        return Unavailable(f"The registry cannot be used: {error.orig}.")
    if "malformed" in text or "not a database" in text:
        return Tampered("The registry file is damaged.", hint="Restore the newest backup.")
    return None


def _busy() -> Unavailable:
    return Unavailable("Another process is writing to this gallery.")
