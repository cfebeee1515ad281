"""What columns are made of: the names that the tables of `countenance.registry.schema` are written in."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.types import TypeEngine

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Key = BigInteger().with_variant(Integer, "sqlite")
"""SQLite numbers rows by itself only where the type is INTEGER."""


def table(name: str, *columns: Column[object] | UniqueConstraint | CheckConstraint | Index) -> Table:
    """Make a table whose numbers are never used twice, so that an erased record's number names nobody else."""
    return Table(name, metadata, Column("id", Key, primary_key=True), *columns, sqlite_autoincrement=True)


def time(name: str, *, null: bool = False) -> Column[object]:
    """Whole seconds since 1970 UTC."""
    return Column(name, BigInteger, nullable=null)


def text(name: str, *, null: bool = False) -> Column[object]:
    """Text of any length."""
    return Column(name, Text, nullable=null)


def blob(name: str, *, null: bool = False) -> Column[object]:
    """Bytes."""
    return Column(name, LargeBinary, nullable=null)


def to(table: str, *, null: bool = False, name: str | None = None) -> Column[object]:
    """A record of another table."""
    return Column(name or table.removesuffix("s"), Key, ForeignKey(f"{table}.id"), nullable=null, index=True)


def one_of(name: str, *values: str) -> tuple[Column[object], CheckConstraint]:
    """A word from a closed list, which the database holds as well."""
    allowed = ", ".join(f"'{value}'" for value in values)
    return Column(name, String(16), nullable=False), CheckConstraint(f"{name} IN ({allowed})", name=name)


def mask() -> Column[object]:
    """Purposes, as a bit mask over the closed list."""
    kind: TypeEngine[int] = BigInteger()
    return Column("purposes", kind, nullable=False)
