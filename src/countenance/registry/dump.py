"""The registry as lines of JSON, for a backup, and a new registry from such lines.

Rows are copied, not pages: no free page and no slack of a page comes along, where a database file can keep bytes of
what was deleted. Each table's line names its columns and is followed by its rows; bytes are written as
``{"b": base64}``. The last line says which numbers were given out, so that none is given out twice. The lines are the
same whichever database they come from.
"""

from __future__ import annotations

import json
import sqlite3
import warnings
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from typing import Any

import sqlalchemy as sa

from countenance.errors import Tampered
from countenance.registry.database import Registry
from countenance.registry.schema import metadata

IN_MEMORY = 2**30
"""Bytes of a registry up to which it is first copied into memory."""
_BATCH = 500

Line = dict[str, Any] | list[Any]


@contextmanager
def snapshot(registry: Registry) -> Iterator[sa.Connection]:
    """The registry as it is at one moment, while others go on writing.

    A file is copied into memory by SQLite's backup interface, in one step, so that a long dump keeps no erasure waiting
    for the write-ahead log. One that is too large for that, and a server's registry, is read in one long transaction.
    """
    if registry.file is None or registry.file.stat().st_size > IN_MEMORY:
        with registry.read() as connection:
            connection.scalar(sa.text("SELECT count(*) FROM alembic_version"))  # the moment begins with a first look
            yield connection
        return
    with closing(sqlite3.connect(":memory:", check_same_thread=False)) as copy:
        with registry.raw() as live:
            live.backup(copy)
        engine = sa.create_engine("sqlite://", creator=lambda: copy, poolclass=sa.pool.StaticPool)
        with engine.connect() as connection:
            yield connection


def dump(connection: sa.Connection, tables: sa.MetaData = metadata) -> Iterator[Line]:
    """Every row, tables before those that refer to them; of an older registry, as it says of itself (`found_in`)."""
    for table in tables.sorted_tables:
        yield {"table": table.name, "columns": [column.name for column in table.columns]}
        with closing(connection.execute(sa.select(table).execution_options(yield_per=_BATCH))) as rows:
            for row in rows:
                yield [_packed(value) for value in row]
    yield {"numbers": given_out(connection)}


def found_in(connection: sa.Connection) -> sa.MetaData:
    """The tables that a registry has, whatever migration it is at."""
    found = sa.MetaData()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", sa.exc.SAWarning)  # of indexes that are no columns
        found.reflect(connection, only=lambda name, _: name != "alembic_version")
    return found


def load(registry: Registry, lines: Iterable[Line]) -> None:
    """Fill a registry that was just made, of the migration that the lines were dumped from, in one transaction."""
    with registry.write() as connection:
        fill(connection, lines)


def fill(connection: sa.Connection, lines: Iterable[Line], progress: Callable[[int], None] | None = None) -> None:
    """`load`, in the caller's transaction. ``progress`` is told how many rows are in."""
    into: sa.TableClause | None = None
    waiting: list[dict[str, Any]] = []
    count = 0
    for line in lines:
        if isinstance(line, list):
            if into is None:
                raise Tampered("The backup has a row of no table.")
            waiting.append(_row(into, line))
            count += 1
            if len(waiting) >= _BATCH:
                _insert(connection, into, waiting)
                if progress is not None:
                    progress(count)
        else:
            _insert(connection, into, waiting)
            into = sa.table(line["table"], *map(sa.column, line["columns"])) if "table" in line else None
            for name, number in line.get("numbers", {}).items():
                give_out_from(connection, name, int(number))


def counted(connection: sa.Connection) -> dict[str, int]:
    """How many rows each table has."""
    tables = metadata.sorted_tables
    return {each.name: connection.scalar(sa.select(sa.func.count()).select_from(each)) or 0 for each in tables}


def give_out_from(connection: sa.Connection, table: str, number: int) -> None:
    """No row of this table gets a number up to this one again."""
    if number < 1:
        return
    if connection.dialect.name == "postgresql":
        last = "greatest(:number, (SELECT max(last_value) FROM pg_sequences WHERE sequencename = :name))"
        query = f"SELECT setval(('public.' || quote_ident(:name))::regclass, {last})"
        connection.execute(sa.text(query), {"number": number, "name": f"{table}{_NUMBERS}"})
        return
    known = connection.exec_driver_sql("SELECT seq FROM sqlite_sequence WHERE name = ?", (table,)).scalar()
    if known is None:
        connection.exec_driver_sql("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", (table, number))
    elif known < number:
        connection.exec_driver_sql("UPDATE sqlite_sequence SET seq = ? WHERE name = ?", (number, table))


def given_out(connection: sa.Connection) -> dict[str, int]:
    """The highest number that each table gave out."""
    if connection.dialect.name == "postgresql":
        query = (
            "SELECT sequencename, last_value FROM pg_sequences WHERE schemaname = 'public' AND last_value IS NOT NULL"
        )
        found = {name.removesuffix(_NUMBERS): int(number) for name, number in connection.execute(sa.text(query))}
        named = [each.name for each in metadata.sorted_tables if each.dialect_options["sqlite"]["autoincrement"]]
        return {name: found[name] for name in named if name in found}
    rows = connection.exec_driver_sql("SELECT name, seq FROM sqlite_sequence").all()
    return {str(name): int(number) for name, number in rows}


_NUMBERS = "_id_seq"
"""How PostgreSQL calls the sequence of a table's numbers."""


def parse(text: bytes) -> Line:
    """A line as it was written. Raises `Tampered`."""
    try:
        line = json.loads(text)
    except ValueError:
        line = None
    if not isinstance(line, dict | list):
        raise Tampered("A line of the backup cannot be read.")
    return line


def _insert(connection: sa.Connection, into: sa.TableClause | None, waiting: list[dict[str, Any]]) -> None:
    if into is not None and waiting:
        connection.execute(sa.insert(into), waiting)
        waiting.clear()


def _row(into: sa.TableClause, line: list[Any]) -> dict[str, Any]:
    """A row by its columns' names. PostgreSQL takes no number for a truth value."""
    known = metadata.tables.get(into.name)
    columns = known.columns if known is not None else ()
    truths = {column.name for column in columns if isinstance(column.type, sa.Boolean)}
    return {
        name: bool(value) if name in truths else _unpacked(value)
        for name, value in zip(into.columns.keys(), line, strict=True)
    }


def _packed(value: Any) -> Any:
    if isinstance(value, bool):
        return int(value)
    return {"b": b64encode(value).decode()} if isinstance(value, bytes) else value


def _unpacked(value: Any) -> Any:
    return b64decode(value["b"]) if isinstance(value, dict) else value
