"""Reports from live state: what an authority, the public and the organisation itself may read (P1, P28)."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from clubs import ANNA, Club, looked
from countenance.registry import schema as t
from countenance.reports.governing import paper_of
from countenance.reports.papers import render_paper
from countenance.service.reporting import Reporting

GOLDEN = Path(__file__).with_name("accountability.json")
REPORTS: dict[str, Callable[[Reporting], dict[str, Any]]] = {
    "accountability": Reporting.accountability,
    "register": Reporting.register,
    "public": Reporting.public,
    "orphans": Reporting.orphans,
}


@pytest.fixture
def busy(club: Club) -> Club:
    """A club in which something has happened: searches in two months, an order, an erasure, a request."""
    club.cleo  # noqa: B018 - a third person
    for number, name in enumerate(("Ada", "Bo", "Cy")):
        club.person(name, number)
    club.ingest(club.source(), [looked("one.jpg", [0, 7])])
    club.search(0, case="the matter of Mrs Marple")
    club.search(1)
    club.clock.forward(days=20)
    club.search(2)
    club.verify(0, 1)
    club.obey("quarantine", subject="cy", reference="ENF-7")
    club.ben.requests.open("access", subject="ada")
    club.ben.erase("bo", reason="request")
    return club


def settled(told: Any) -> Any:
    """Without what differs from run to run: the gallery's random name, keys, hashes and the log's state."""
    text = json.dumps(told, indent=1, sort_keys=True, ensure_ascii=False)
    text = re.sub(r"rowing-club-[0-9a-f]{8}", "rowing-club", text)
    for name in ("checkpoint", "key", "embedding_contract", "size"):
        text = re.sub(rf'("{name}": )("[^"]*"|\d+)', r'\1"…"', text)
    return json.loads(text)


def test_p28_the_accountability_report_is_the_golden_one(busy: Club) -> None:
    told = settled(busy.anna.reports.accountability())
    if os.environ.get("COUNTENANCE_GOLDEN"):
        GOLDEN.write_text(json.dumps(told, indent=1, sort_keys=True, ensure_ascii=False) + "\n", "utf-8")
    assert told == json.loads(GOLDEN.read_text("utf-8")), "if this is meant: COUNTENANCE_GOLDEN=1, and read the change"


def test_p28_searches_are_counted_by_month_organisation_and_purpose(busy: Club) -> None:
    with busy.sql() as connection:
        museum = connection.execute(sa.insert(t.organisations).values(name="Museum", created=1)).inserted_primary_key
        account = connection.execute(
            sa.insert(t.accounts).values(
                organisation=museum[0], email="eve@museum.example", roles="operator", public_key=b"e", trial=False,
                created=1,
            )
        ).inserted_primary_key  # fmt: skip
        row = connection.execute(sa.select(t.searches).order_by(t.searches.c.id.desc())).first()
        values = dict(row._mapping) | {"id": None, "account": account[0], "kind": "search", "candidates": 3}
        connection.execute(sa.insert(t.searches).values(**values))
    told = [tuple(each.values()) for each in busy.anna.reports.public()["searches"]]
    assert told == [
        ("2027-01", "Rowing Club", "photo-library", 2, 0, 2),
        ("2027-02", "Museum", "photo-library", 1, 0, 3),
        ("2027-02", "Rowing Club", "photo-library", 1, 1, 1),
    ]


def test_p28_agreements_and_orders_are_public_and_the_own_use_is_marked(busy: Club) -> None:
    told = busy.anna.reports.public()
    assert [(each["party"], each["self_agreement"]) for each in told["organisations"]] == [("Rowing Club", True)]
    (order,) = told["orders"]
    assert (order["kind"], order["state"], order["scope"]) == ("quarantine", "in-force", ["one person"])
    assert (order["authorities"], order["reference"]) == (["ICO"], "ENF-7")
    assert told["confirmations"] == {"countersigned by a second account": 2}
    assert told["log"]["witness"] == "unwitnessed"
    assert told["holder"]["solo"] is False


def test_p28_an_order_that_is_only_proposed_is_not_public_yet(busy: Club) -> None:
    busy.anna.orders.propose("stop", authority="CNIL", evidence=busy.document(), territory="FR")
    assert len(busy.anna.reports.public()["orders"]) == 1
    assert len(busy.anna.reports.accountability()["orders"]) == 2


@pytest.mark.parametrize("name", REPORTS)
def test_p28_no_report_names_a_person_or_a_case(busy: Club, name: str) -> None:
    told = REPORTS[name](busy.anna.reports)
    text = json.dumps(told) + render_paper(paper_of(told))
    for word in ("Ada", "Bo", "Cy", "ada", "bo", "cy", "Marple", "one.jpg"):
        assert not re.search(rf"\b{re.escape(word)}\b", text), word
    assert ("@club.example" in text) == (name == "register"), "only the register names who answers"


@pytest.mark.parametrize("name", REPORTS)
def test_a_report_is_a_page_that_stands_alone(busy: Club, name: str) -> None:
    page = render_paper(paper_of(REPORTS[name](busy.anna.reports)))
    assert not re.findall(r"(?:src|href|url)\s*[=(]", page)
    assert not re.findall(r"https?://", page)
    assert "default-src 'none'" in page
    assert "prefers-color-scheme: dark" in page
    assert "@media print" in page


def test_the_register_has_the_fields_of_article_30(busy: Club) -> None:
    told = busy.anna.reports.register()
    assert told["controller"]["organisation"] == "Rowing Club"
    assert ANNA in told["controller"]["contact"]
    assert [each["people"] for each in told["purposes"] if each["purpose"] == "photo-library"] == [2]
    assert all(each["iri"].startswith("https://w3id.org/dpv#") for each in told["purposes"])
    for field in ("categories_of_subjects", "categories_of_data", "recipients", "transfers", "retention", "security"):
        assert told[field], field
    assert [(each["ground"][:12], each["live"]) for each in told["bases"]] == [("Art 6(1)(a):", 2)]


def test_requests_are_counted_by_whether_they_were_answered_in_time(busy: Club) -> None:
    def counted() -> dict[str, int]:
        return busy.anna.reports.public()["requests"]["access"]

    assert counted() == {"received": 1, "in_time": 0, "late": 0, "open": 1, "overdue": 0}
    busy.clock.forward(days=40)
    assert counted() == {"received": 1, "in_time": 0, "late": 0, "open": 1, "overdue": 1}
    with busy.sql() as connection:
        connection.execute(sa.update(t.requests).values(state="answered", answered=busy.clock.now))
    assert counted() == {"received": 1, "in_time": 0, "late": 1, "open": 0, "overdue": 0}
    with busy.sql() as connection:
        connection.execute(sa.update(t.requests).values(answered=t.requests.c.deadline - 1))
    assert counted() == {"received": 1, "in_time": 1, "late": 0, "open": 0, "overdue": 0}


def test_p1_p6_nothing_is_held_of_nobody(busy: Club) -> None:
    assert busy.anna.reports.orphans()["found"] == []


@pytest.mark.parametrize(
    ("lie", "said"),
    [
        (sa.update(t.references).where(t.references.c.subject == 1).values(basis=3), "without a basis of its subject"),
        (sa.update(t.appearances).values(basis=3), "without a basis of its subject"),
        (sa.update(t.subjects).where(t.subjects.c.id == 2).values(name_sealed=b"x"), "name of 2, who is gone"),
        (sa.update(t.bases).where(t.bases.c.subject == 1).values(state="erased"), "without a basis of its subject"),
        (sa.update(t.subjects).where(t.subjects.c.id == 1).values(state="erased"), "reference 1 of nobody"),
        (sa.insert(t.openings).values(index=1, key="subject:2", sealed=b"x"), "log opening of subject:2"),
        (sa.insert(t.shown).values(search=2, subject=2, score=0.9), "record that 2, who is gone, was shown"),
    ],
)
def test_p1_what_belongs_to_nobody_is_found(busy: Club, lie: sa.Update | sa.Insert, said: str) -> None:
    with busy.sql() as connection:
        connection.execute(lie)
    found = busy.anna.reports.orphans()["found"]
    assert [each for each in found if said in each], found


def test_p6_a_key_of_nobody_is_found(busy: Club) -> None:
    busy.anna.context.keys.vault.create("subject:2")
    assert busy.anna.reports.orphans()["found"] == ["key subject:2 of nobody"]
    busy.anna.context.keys.vault.destroy("subject:2")
    busy.anna.context.keys.vault.destroy("subject:1")
    assert busy.anna.reports.orphans()["found"] == ["subject:1 without key"]
