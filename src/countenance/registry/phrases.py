"""What SQLite and PostgreSQL say in different words."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction


class holds(GenericFunction[bool]):  # noqa: N801 - a function of SQL's, called like one
    """Whether bytes occur within bytes."""

    type = sa.Boolean()
    inherit_cache = True


@compiles(holds, "sqlite")
def _sqlite(element: holds, compiler: SQLCompiler, **given: Any) -> str:
    whole, part = element.clauses
    return f"(instr({compiler.process(whole, **given)}, {compiler.process(part, **given)}) > 0)"


@compiles(holds, "postgresql")
def _postgresql(element: holds, compiler: SQLCompiler, **given: Any) -> str:
    whole, part = element.clauses
    return f"(position({compiler.process(part, **given)} in {compiler.process(whole, **given)}) > 0)"
