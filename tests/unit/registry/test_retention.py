"""Retention is always set: the schema itself takes no record without an end (P13)."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from clubs import Club
from countenance.registry import schema as t


@pytest.mark.parametrize(
    ("table", "column"),
    [
        (t.bases, "ends"),
        (t.references, "expires"),
        (t.sources, "retention_days"),
        (t.subjects, "last_interaction"),
        (t.agreements, "ends"),
        (t.probes, "expires"),
        (t.links, "expires"),
        (t.receipts, "expires"),
    ],
    ids=str,
)
def test_p13_the_schema_refuses_a_record_without_an_end(club: Club, table: sa.Table, column: str) -> None:
    assert not table.columns[column].nullable
    if table in (t.probes, t.links, t.receipts):
        return  # nothing is in them yet; the column says it
    club.person("Ada", 1)
    club.source()
    with club.sql() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(table))
    with pytest.raises(IntegrityError, match=f"NOT NULL.*{column}"), club.sql() as connection:
        connection.execute(sa.update(table).values(**{column: None}))


@pytest.mark.parametrize("days", [0, -1])
def test_p13_a_source_keeps_for_some_days_at_least_and_never_for_ever(club: Club, days: int) -> None:
    club.source()
    with pytest.raises(IntegrityError, match="retention"), club.sql() as connection:
        connection.execute(sa.update(t.sources).values(retention_days=days))
