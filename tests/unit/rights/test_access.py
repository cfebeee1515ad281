"""The access answer is complete: every table that names a person is told, and what is told is what is held (P15)."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
import sqlalchemy as sa

from clubs import ANNA, BEN, Club, looked
from countenance.registry import schema as t
from countenance.rights.access import SECTIONS
from countenance.types import iso

ADA = "ada@example.org"
PEOPLE = ("subjects", "bases", "searches")
"""Whatever points to one of these may be about a person."""


def pointing(metadata: sa.MetaData, *targets: str) -> set[str]:
    """The tables with a foreign key to these, or a column that is named after a person."""
    found = {
        table.name
        for table in metadata.tables.values()
        for column in table.columns
        if column.name == "subject" or any(key.column.table.name in targets for key in column.foreign_keys)
    }
    return found | {"openings"}  # their key is named after the person


@pytest.fixture
def held(club: Club) -> dict[str, Any]:
    """Ada: enrolled twice, seen in two photos, shown by two searches, under an order, with two requests."""
    ada = club.person("Ada", 1, contact=ADA, birth_year=1990)
    club.enrol(ada, club.anna.bases.get("B1"), 1, photo=2)
    club.basis(ada, ["find-my-photos"], live=False)
    source = club.source()
    club.ingest(source, [looked("one.jpg", [1, 2]), looked("two.jpg", [3, 1])])
    club.search(1, case="press 12")
    club.search(1, case="press 13")
    club.order("hold", subject=ada.id)
    club.order("stop", territory="FR", state="proposed")
    club.anna.receipts.issue("B1")
    club.anna.requests.open("access", contact=ADA, details="everything, please")
    club.anna.requests.answer("R1", out=club.root / "out")
    return dict(json.loads((club.root / "out" / "access-R1.json").read_text()))


def test_p15_every_table_that_names_a_person_has_its_section(held: dict[str, Any]) -> None:
    assert pointing(t.metadata, *PEOPLE) <= set(SECTIONS), (
        "a table about people is told in no section of the access answer"
    )
    assert set(SECTIONS.values()) <= set(held["held"])


def test_p15_a_new_table_about_people_would_be_noticed() -> None:
    metadata = sa.MetaData()
    sa.Table("greetings", metadata, sa.Column("subject", sa.Integer))
    sa.Table("stamps", metadata, sa.Column("basis", sa.ForeignKey("bases.id")))
    sa.Table("bases", metadata, sa.Column("id", sa.Integer, primary_key=True))
    assert pointing(metadata, *PEOPLE) - set(SECTIONS) == {"greetings", "stamps"}


def test_p15_the_answer_is_what_the_registry_holds(club: Club, held: dict[str, Any]) -> None:
    """The expected answer, rebuilt from the rows by another way."""
    with club.anna.context.registry.read() as connection:

        def all_of(table: sa.Table, **where: Any) -> list[Any]:
            query = sa.select(table).where(*(table.c[name] == value for name, value in where.items()))
            return list(connection.execute(query))

        person = all_of(t.subjects, id=1)[0]
        told = held["held"]
        assert told["subject"] | {"changes": 0} == {
            "handle": "ada", "name": "Ada", "contact": ADA, "guardian": None, "birth_year": 1990, "territory": "GB",
            "state": "active", "restricted": None, "recorded": iso(person.created),
            "last_interaction": iso(person.last_interaction), "changes": 0,
        }  # fmt: skip
        assert told["subject"]["changes"] == len(all_of(t.changes, subject=1))
        bases = all_of(t.bases, subject=1)
        assert [each["basis"] for each in told["bases"]] == [f"B{row.id}" for row in bases] == ["B1", "B2"]
        first, second = told["bases"]
        assert (first["ground"]["name"], first["condition"]["name"]) == ("consent", "explicit-consent")
        assert first["purposes"][0]["name"] == "photo-library"
        assert "staff, alumni or members" in first["purposes"][0]["means"]
        notice = all_of(t.notices, id=bases[0].notice)[0]
        assert (first["notice"]["name"], first["notice"]["sha256"]) == ("notice-2027", notice.sha256)
        assert (first["notice"]["channel"], first["notice"]["given"]) == (notice.channel, iso(notice.given))
        assert (first["from"], first["until"]) == (iso(bases[0].starts), iso(bases[0].ends))
        assert (first["recorded_by"], first["confirmed_by"]) == (ANNA, BEN)
        assert (first["confirmed_how"], second["confirmed_how"]) == ("countersigned by a second account", None)
        assert first["evidence_sha256"] == bases[0].evidence_sha256
        references = all_of(t.references, subject=1)
        assert [each["photo_sha256"] for each in told["references"]] == [row.photo_sha256 for row in references]
        assert [each["photo"] for each in told["references"]] == [
            "person-1-0.jpg",
            "person-1-2.jpg",
        ], "not where the officer's disk keeps them"
        assert {each["embedding_contract"] for each in told["references"]} == {references[0].contract}
        assert {each["quality"]["width"] for each in told["references"]} == {80}
        assert [each["expires"] for each in told["references"]] == [iso(row.expires) for row in references]
        appearances = all_of(t.appearances, subject=1)
        assert [each["photo"] for each in told["appearances"]] == [f"P{row.photo}" for row in appearances]
        assert [each["path"] for each in told["appearances"]] == ["one.jpg", "two.jpg"]
        assert [each["box"] for each in told["appearances"]] == [json.loads(row.box) for row in appearances]
        assert [each["band"] for each in told["appearances"]] == [row.band for row in appearances]
        assert {each["right_to_hold_it"] for each in told["appearances"]} == {"our own photographer"}
        searches = all_of(t.searches)
        assert [each["search"] for each in told["searches"]] == [f"S{row.id}" for row in searches]
        assert {each["account"] for each in told["searches"]} == {ANNA}
        assert {each["organisation"] for each in told["searches"]} == {"Rowing Club"}
        assert [each["case"] for each in told["searches"]] == [f"C{row.case}" for row in searches] == ["C1", "C2"]
        assert [each["log_entry"] for each in told["searches"]] == [row.log_index for row in searches]
        assert [each["score"] for each in told["searches"]] == [
            round(row.score, 4) for row in all_of(t.shown, subject=1)
        ]
        assert told["recipients"] == []
        assert [(each["kind"], each["authority"]) for each in told["orders"]] == [("hold", "ICO")]
        assert [(each["request"], each["words"]) for each in told["requests"]] == [("R1", "everything, please")]
        assert [each["sha256"] for each in told["receipts"]] == [row.sha256 for row in all_of(t.receipts, subject=1)]
        own = sa.select(t.openings.c.index).where(t.openings.c.key == "subject:1").order_by(t.openings.c.index)
        told_then = [each["entry"] for each in told["log"]]
        assert told_then == list(connection.scalars(own))[: len(told_then)]
        assert {"subject", "basis", "enrol", "search", "disclose"} <= {each["act"] for each in told["log"]}
        assert [each["basis"] for each in told["retention"]] == ["B1", "B2"]
        assert told["retention"][0]["until"] <= iso(bases[0].ends)


def test_p15_the_page_says_the_same_in_words(club: Club, held: dict[str, Any]) -> None:
    page = (club.root / "out" / "access-R1.html").read_text()
    for word in (
        "What is held of Ada", ADA, "Rowing Club", ANNA, BEN, "photo-library", "notice-2027", "one.jpg", "two.jpg",
        "our own photographer", "C1", "C2", "ICO", "everything, please", "Information Commissioner",
    ):  # fmt: skip
        assert word in page, word
    assert held["complain_to"] in page.replace("&#39;", "'")
    assert "<script" not in page
    assert "http://" not in page
    assert "https://" not in page
    assert (
        club.anna.requests.get("R1").answer_sha256
        == hashlib.sha256((club.root / "out" / "access-R1.json").read_bytes()).hexdigest()
    )


def test_p15_another_persons_record_is_not_in_it(club: Club, held: dict[str, Any]) -> None:
    club.person("Bertha", 9, contact="bertha@example.org")
    club.anna.requests.open("access", contact=ADA)
    club.anna.requests.answer("R2", out=club.root / "out")
    assert "ertha" not in (club.root / "out" / "access-R2.json").read_text()
    assert held["answer_to"] == "R1"


def test_p15_nothing_held_is_an_answer_too(club: Club) -> None:
    club.anna.requests.open("access", contact="eve@example.org")
    done = club.anna.requests.answer("R1", out=club.root / "out", nobody=True)
    told = json.loads((club.root / "out" / "access-R1.json").read_text())
    assert told["held"]["subject"] is None
    assert all(not section for section in told["held"].values())
    assert "holds no record" in (club.root / "out" / "access-R1.html").read_text()
    assert done.contact == "eve@example.org"
