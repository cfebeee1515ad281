"""Every table and column that holds something of a person is emptied: a new one that is forgotten turns this red."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from clubs import Club, looked
from countenance.gallery.removing import keys_of, remove_bases, remove_subjects
from countenance.registry import schema as t

STAYING = {"orders", "erasures", "changes"}
"""They name a number and nothing of the person: what was ordered, what was erased, what an index must read anew."""


def filled(club: Club) -> tuple[int, int]:
    """One row of everything for Ada; returns her number and her basis'."""
    bea = club.subject("Bea")
    ada = club.person("Ada", 1, contact="ada@example.org", birth_year=1990)
    cleo = club.subject("Cleo")
    club.ingest(club.source(), [looked("a.jpg", [1])])
    answer = club.search(1)
    basis = club.anna.bases.list(ada)[0].number
    one = {"organisation": 1, "created": 1}
    with club.sql() as connection:
        search = connection.scalar(sa.select(t.searches.c.id))
        assert answer.candidates
        for table, values in (
            (t.requests, {"subject": ada.id, "kind": "access", "channel": "officer", "state": "open", "deadline": 1,
                          "key": "request:1", "details_sealed": b"x"}),
            (t.receipts, {"subject": ada.id, "basis": basis, "sha256": "0" * 64, "expires": 1}),
            (t.links, {"basis": basis, "kind": "person", "token_hash": "1" * 64, "made_by": 1, "expires": 1}),
            (t.corrections, {"subject": ada.id, "photo_sha256": "2" * 64, "decision": "not"}),
            (t.replies, {"subject": ada.id, "account": 1, "key_hash": "3" * 64, "request_hash": "4" * 64,
                         "state": "begun"}),
            (t.collections, {"name": "staff", "made_by": 1}),
            (t.collection_users, {"collection": 1, "name_hash": "5" * 64, "user_sealed": b"x"}),
            (t.collected, {"collection": 1, "subject": ada.id, "name_hash": "6" * 64,
                           "external_sealed": b"x", "collection_user": 1}),
            (t.events, {"agreement": 1, "source": 1, "notice": 1, "made_by": 1, "name_sealed": b"x", "words": "x",
                        "receive": "blurred", "approve": False, "happened": 1, "ends": 1, "signature": b"x"}),
            (t.invitations, {"event": 1, "made_by": 1, "token_hash": "7" * 64, "signature": b"x", "expires": 1}),
            (t.guests, {"invitation": 1, "subject": ada.id, "basis": basis, "key_hash": "8" * 64, "signature": b"x"}),
            (t.visits, {"subject": ada.id, "basis": basis, "details_sealed": b"x", "made_by": 1, "signature": b"x",
                        "ends": 1, "way": "none"}),
            (t.pairs, {"subject": ada.id, "other": cleo.id, "decision": "same"}),
            (t.rejections, {"subject": ada.id, "party": 1, "mark": "3" * 64}),
            (t.pairs, {"subject": bea.id, "other": ada.id, "decision": "different"}),
            (t.reviews, {"search": search, "subject": ada.id, "account": 1, "decision": "confirm", "signature": b"x"}),
        ):  # fmt: skip
            known = {column.name for column in table.columns}
            given = {name: value for name, value in (one | values).items() if name in known}
            connection.execute(sa.insert(table).values(**given))
        connection.execute(sa.delete(t.probes))
        connection.execute(sa.insert(t.probes).values(search=search, key="probe:1", sealed=b"x", expires=1))
        every = {column.name: _some(column) for column in t.subjects.columns if column.nullable}
        connection.execute(sa.update(t.subjects).where(t.subjects.c.id == ada.id).values(**every))
    return int(ada.id), int(basis)


def _some(column: sa.Column[object]) -> object:
    return {"BLOB": b"x", "TEXT": "x"}.get(str(column.type), 1)


def of(connection: sa.Connection, column: str, number: int) -> dict[str, int]:
    """How many rows each table has with this number in this column."""
    tables = [table for table in t.metadata.sorted_tables if column in table.columns]
    where = {table.name: sa.select(sa.func.count()).where(table.columns[column] == number) for table in tables}
    return {name: connection.scalar(query) or 0 for name, query in where.items()}


def test_p6_no_table_keeps_a_row_of_a_removed_person(club: Club) -> None:
    ada, basis = filled(club)
    with club.sql() as connection:
        assert min(count for name, count in of(connection, "subject", ada).items() if name not in STAYING) > 0
        assert keys_of(connection, [ada]) == [f"subject:{ada}", "request:1", "probe:1"]
        remove_subjects(connection, [ada])
        assert not connection.scalar(sa.select(sa.func.count()).select_from(t.pairs)), "hers, and those with her"
        assert not connection.scalar(sa.select(sa.func.count()).select_from(t.collection_users)), "hers alone"
        left = of(connection, "subject", ada)
        assert {name for name, count in left.items() if count} <= STAYING
        assert not any(of(connection, "basis", basis).values())
        assert not connection.scalar(sa.select(sa.func.count()).select_from(t.probes))
        assert not connection.scalars(sa.select(t.openings).where(t.openings.c.key == f"subject:{ada}")).all()
        row = connection.execute(sa.select(t.subjects).where(t.subjects.c.id == ada)).one()
        assert row.state == "erased"
        assert row.handle_hash == f"erased:{ada}"
        assert row.territory == "unknown"
        assert [column.name for column in t.subjects.columns if column.nullable and row._mapping[column.name]] == []


def test_p6_no_table_keeps_a_row_of_a_removed_basis(club: Club) -> None:
    ada, basis = filled(club)
    with club.sql() as connection:
        remove_bases(connection, [basis])
        assert {name for name, count in of(connection, "basis", basis).items() if count} <= STAYING
        assert connection.scalar(sa.select(t.subjects.c.state).where(t.subjects.c.id == ada)) == "active"


@pytest.mark.parametrize("many", [0, 1201])
def test_any_number_at_once(club: Club, many: int) -> None:
    ada, basis = filled(club)
    with club.sql() as connection:
        remove_subjects(connection, range(1000, 1000 + many))
        remove_bases(connection, range(1000, 1000 + many))
        assert any(of(connection, "subject", ada).values()), "whoever was not named stays"
        assert any(of(connection, "basis", basis).values())
