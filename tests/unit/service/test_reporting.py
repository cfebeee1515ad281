"""Reports from live state: what an authority, the public and the organisation itself may read (P1, P28)."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from clubs import ANNA, Club, looked
from countenance.config import Settings, load
from countenance.registry import schema as t
from countenance.reports.governing import paper_of
from countenance.reports.papers import Part, render_paper
from countenance.service.context import Context
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
    assert "color-scheme: light dark" in page
    assert "light-dark(" in page
    assert "@media print" in page


def parts(told: dict[str, Any]) -> dict[str, Part]:
    return {part.heading: part for part in paper_of(told).parts}


@pytest.mark.parametrize("name", ["accountability", "register", "public"])
def test_only_what_is_agreed_or_consented_to_is_called_in_use(busy: Club, name: str) -> None:
    def states() -> dict[str, str]:
        table = parts(REPORTS[name](busy.anna.reports))["What it is used for"].table
        assert table is not None
        return {row[0]: row[2] for row in table.rows}

    agreed = {"find-my-photos", "visitor-check-in", "photo-library"}
    assert {purpose for purpose, state in states().items() if state == "in use"} == agreed
    assert states()["duplicate-check"] == "possible, not agreed"
    assert "by law" in states()["rights-request"]
    busy.anna.agreements.end("A1")
    assert {purpose for purpose, state in states().items() if state == "in use"} == {"photo-library"}, "live bases"


def test_an_agreement_that_is_over_stands_apart_with_its_end(busy: Club) -> None:
    busy.anna.agreements.end("A1")
    told = parts(busy.anna.reports.public())
    now, over = told["Who may search"].table, told["Agreements that are over"].table
    assert now is not None
    assert over is not None
    assert now.rows == ()
    assert over.rows[0][-1] == f"ended on {busy.anna.agreements.list()[0].ended_at:.10}"


def test_the_public_page_says_who_else_searches(busy: Club) -> None:
    told = busy.anna.reports.public()
    assert "agreement" not in paper_of(told).lead
    other = told["organisations"][0] | {"party": "County Police", "self_agreement": False}
    assert "these search there too: County Police." in paper_of(told | {"organisations": [other]}).lead


def test_the_register_counts_as_recipients_only_others(busy: Club) -> None:
    paper = paper_of(busy.anna.reports.register())
    assert ("Recipients outside", "0") in paper.figures
    recipients = {part.heading: part for part in paper.parts}["Who else receives it, under which agreement"].table
    assert recipients is not None
    assert recipients.rows == ()


def test_the_register_says_what_is_sent_and_who_is_to_be_written_to(busy: Club) -> None:
    register = busy.anna.reports.register
    assert register()["transfers"][0] == "None is configured: the program sends nothing anywhere."
    facts = dict(parts(register())["Who is responsible"].facts)
    assert "not stated" in facts["Postal address"]
    assert "`dpo` under [gallery]" in facts["Data protection officer"]
    file = busy.anna.context.settings.file
    stated = 'address = "1 Quay Lane"\ndpo = "dpo@club.example"\n'
    text = file.read_text("utf-8").replace("[gallery]\n", "[gallery]\n" + stated)
    mail = 'host = "mail.example.org"\nsender = "log@example.org"\nto = "auditor@example.com"\n'
    file.write_text(f"{text}\n[witness.smtp]\n{mail}", "utf-8")
    told = register_of(busy.anna.context, load(file))
    assert (told["controller"]["address"], told["controller"]["dpo"]) == ("1 Quay Lane", "dpo@club.example")
    assert "by e-mail to auditor@example.com" in told["transfers"][0]
    assert "dpo@club.example" in render_paper(paper_of(told))


def register_of(context: Context, settings: Settings) -> dict[str, Any]:
    return Reporting(replace(context, settings=settings)).register()


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
