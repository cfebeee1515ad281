"""A registry's file for one process alone: while it is replaced, or its rows go elsewhere for good."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from countenance.errors import Busy


@contextmanager
def nobody_else(registry: Path) -> Iterator[sqlite3.Connection]:
    """Keep every other process out of this file. Raises `Busy` where one has it open."""
    with closing(sqlite3.connect(registry, isolation_level=None, timeout=0)) as connection:
        try:
            connection.execute("PRAGMA journal_mode = DELETE").fetchall()
            connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError:
            raise Busy("Another process has this gallery open.", hint="Stop it first, then try again.") from None
        except sqlite3.DatabaseError:
            pass  # it is no database any more: nobody can be using it
        yield connection
