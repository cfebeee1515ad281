"""SQL that one test has had compiled is there for the next one.

SQLAlchemy keeps what it compiles with each engine, and every session of every club has an engine of its own: a third of
the time of the tests went into compiling the same few hundred statements anew. What comes of compiling depends on the
statement and on the dialect alone, and all engines on SQLite in one process speak to one version of it.
"""

from __future__ import annotations

import functools
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.util import LRUCache


class OneForAll(SQLiteDialect_pysqlite):
    """How SQLite is spoken to. Any two are alike, so what one has compiled is found by the other."""

    supports_statement_cache = True

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other)

    def __hash__(self) -> int:
        return hash(type(self))


@functools.cache
def share() -> None:
    """From now on, every engine on SQLite keeps what it compiles in one place."""
    compiled: LRUCache[Any, Any] = LRUCache(2000)
    begin = sa.Engine.__init__

    def begun(self: sa.Engine, *given: Any, **named: Any) -> None:
        begin(self, *given, **named)
        if type(self.dialect) is SQLiteDialect_pysqlite:
            self.dialect.__class__ = OneForAll
            self._compiled_cache = compiled

    sa.Engine.__init__ = begun  # type: ignore[method-assign]
