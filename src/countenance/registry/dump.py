"""The registry as lines of JSON, for a backup, and a new registry from such lines.

Rows are copied, not pages: no free page and no slack of a page comes along, where a database file can keep bytes of
what was deleted. Each table's line names its columns and is followed by its rows; bytes are written as
``{"b": base64}``. The last line says which numbers were given out, so that none is given out twice.
"""

from __future__ import annotations

import json
import sqlite3
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from typing import Any

import sqlalchemy as sa

from countenance.errors import BadConfiguration, Tampered
from countenance.registry.database import Registry
from countenance.registry.schema import metadata

IN_MEMORY = 2**30
"""Bytes of a registry up to which it is first copied into memory."""
_BATCH = 500

Line = dict[str, Any] | list[Any]


@contextmanager
def snapshot(registry: Registry) -> Iterator[sqlite3.Connection]:
    """The registry as it is at one moment, while others go on writing.

    It is copied into memory by SQLite's backup interface, in one step, so that a long dump keeps no erasure waiting for
    the write-ahead log. A registry that is too large for that is read in one long transaction.
    """
    if registry.file is None:
        raise BadConfiguration(
            "This registry is no file.", hint="Back it up with the tools of its own database, and without the vault."
        )
    with registry.raw() as live:
        if registry.file.stat().st_size > IN_MEMORY:
            live.execute("BEGIN").close()
            try:
                live.execute("SELECT count(*) FROM alembic_version").fetchall()  # the moment begins with a first look
                yield live
            finally:
                live.execute("ROLLBACK").close()
            return
        with closing(sqlite3.connect(":memory:")) as copy:
            live.backup(copy)
            yield copy


def dump(database: sqlite3.Connection) -> Iterator[Line]:
    """Every row, tables before those that refer to them."""
    for table in metadata.sorted_tables:
        columns = [column.name for column in table.columns]
        yield {"table": table.name, "columns": columns}
        names = ", ".join(f'"{name}"' for name in columns)
        with closing(database.execute(f'SELECT {names} FROM "{table.name}"')) as rows:  # noqa: S608 - names of ours
            for row in rows:
                yield [_packed(value) for value in row]
    yield {"numbers": dict(database.execute("SELECT name, seq FROM sqlite_sequence"))}


def load(registry: Registry, lines: Iterable[Line]) -> None:
    """Fill a registry that was just made, of the migration that the lines were dumped from, in one transaction."""
    with registry.write() as connection:
        into = ""
        waiting: list[tuple[Any, ...]] = []
        for line in lines:
            if isinstance(line, list):
                waiting.append(tuple(_unpacked(value) for value in line))
                if len(waiting) >= _BATCH:
                    _insert(connection, into, waiting)
            else:
                _insert(connection, into, waiting)
                into = _insertion(line)
                for name, number in line.get("numbers", {}).items():
                    give_out_from(connection, name, int(number))


def give_out_from(connection: sa.Connection, table: str, number: int) -> None:
    """No row of this table gets a number up to this one again."""
    known = connection.exec_driver_sql("SELECT seq FROM sqlite_sequence WHERE name = ?", (table,)).scalar()
    if known is None:
        connection.exec_driver_sql("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", (table, number))
    elif known < number:
        connection.exec_driver_sql("UPDATE sqlite_sequence SET seq = ? WHERE name = ?", (number, table))


def given_out(connection: sa.Connection) -> dict[str, int]:
    """The highest number that each table gave out."""
    rows = connection.exec_driver_sql("SELECT name, seq FROM sqlite_sequence").all()
    return {str(name): int(number) for name, number in rows}


def parse(text: bytes) -> Line:
    """A line as it was written. Raises `Tampered`."""
    try:
        line = json.loads(text)
    except ValueError:
        line = None
    if not isinstance(line, dict | list):
        raise Tampered("A line of the backup cannot be read.")
    return line


def _insert(connection: sa.Connection, into: str, waiting: list[tuple[Any, ...]]) -> None:
    if waiting:
        connection.exec_driver_sql(into, list(waiting))
        waiting.clear()


def _insertion(line: dict[str, Any]) -> str:
    if "table" not in line:
        return ""
    columns = ", ".join(_quoted(name) for name in line["columns"])
    marks = ", ".join("?" * len(line["columns"]))
    return f"INSERT INTO {_quoted(line['table'])} ({columns}) VALUES ({marks})"  # noqa: S608 - quoted


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _packed(value: Any) -> Any:
    return {"b": b64encode(value).decode()} if isinstance(value, bytes) else value


def _unpacked(value: Any) -> Any:
    return b64decode(value["b"]) if isinstance(value, dict) else value
