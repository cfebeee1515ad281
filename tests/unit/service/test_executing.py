"""Carrying an order to erase out: everybody in scope, nobody else, one certificate; holds keep (P8, P9, P11, P12)."""

from __future__ import annotations

import json
from typing import Any

import pytest
import sqlalchemy as sa

from clubs import DAY, Club, looked, orphans
from countenance import errors
from countenance.check import check_certificate, parse_key
from countenance.registry import schema as t
from countenance.service.executing import Executed


def members(club: Club, *territories: str) -> None:
    """One person a territory: person-0, person-1 …"""
    for number, territory in enumerate(territories):
        club.person(f"Person {number}", number, territory=territory)


def counted(executed: Executed) -> dict[str, int]:
    """The counts that are not zero."""
    return {name: count for name, count in executed.certificate["body"]["counts"].items() if count}


def checked(club: Club, certificate: dict[str, Any]) -> dict[str, Any]:
    """The separate verifier's opinion, with the key in its own hand."""
    key = parse_key(club.anna.context.book.verifier_key)
    return check_certificate(json.dumps(certificate).encode(), key)


def stay(club: Club, order: str) -> None:
    ruling = club.document("ruling")
    club.anna.orders.stay(order, evidence=ruling)
    assert club.ben.orders.stay(order, evidence=ruling).state == "stayed"


def test_p8_an_order_is_one_operation_from_the_proposal_to_the_certificate(club: Club) -> None:
    members(club, "GB", "unknown", "FR")
    club.ingest(club.source(), [looked("a.jpg", [0, 1, 2])])
    order = club.obey("erase", territory="GB", reference="ENF-1")
    executed = club.ben.orders.execute(order)
    assert (executed.state, club.anna.orders.get(order).state) == ("complied", "complied")
    assert counted(executed) == {"subjects_erased": 2, "templates_erased": 2, "appearances_erased": 2}
    assert [club.found(number) for number in range(3)] == [[], [], ["person-2"]]
    assert orphans(club) == []
    found = checked(club, executed.certificate)
    assert (found["kind"], found["log"]["only_grew_from"] > 0) == ("order", True)
    assert club.anna.orders.certificate(order) == executed.certificate
    club.anna.check_log()


def test_p12_the_certificate_names_nobody_and_a_tampered_one_fails(club: Club) -> None:
    club.person("Ada Lovelace", 1)
    order = club.obey("erase", subject="ada-lovelace", authority="ICO")
    certificate = club.anna.orders.execute(order).certificate
    text = json.dumps(certificate).lower()
    assert "lovelace" not in text
    assert set(certificate["body"]["order"]["scope"]["subject"]) == {"salt", "sha256"}
    certificate["body"]["counts"]["subjects_erased"] = 7
    with pytest.raises(Exception, match="signature"):
        checked(club, certificate)


def test_p9_the_certificate_says_that_unknown_residence_was_in_scope(club: Club) -> None:
    members(club, "GB", "unknown")
    certificate = club.anna.orders.execute(club.obey("erase", territory="GB")).certificate
    assert certificate["body"]["order"]["scope"] == {"territory": "GB", "unknown_residence": "in scope"}
    assert certificate["body"]["counts"]["subjects_erased"] == 2


def test_p11_whoever_a_hold_keeps_is_in_no_search_and_is_erased_when_it_is_lifted(club: Club) -> None:
    members(club, "GB", "GB", "FR")
    hold = club.obey("hold", subject="person-1", authority="High Court")
    order = club.obey("erase", territory="GB")
    first = club.anna.orders.execute(order)
    assert first.state == "in-force"
    assert counted(first) == {
        "subjects_erased": 1, "templates_erased": 1, "in_scope": 1, "quarantined": 1, "held": 1,
    }  # fmt: skip
    assert checked(club, first.certificate)["kind"] == "order"
    assert [club.found(number) for number in range(3)] == [[], [], ["person-2"]]
    assert club.anna.subjects.get("person-1").handle == "person-1"
    assert club.anna.orders.finish() == []
    stay(club, hold)
    last = club.anna.orders.execute(order)
    assert (last.state, counted(last)) == ("complied", {"subjects_erased": 2, "templates_erased": 2})
    assert checked(club, last.certificate)["log"]["only_grew_from"] > 0
    assert [club.found(number) for number in range(3)] == [[], [], ["person-2"]]


def test_p8_a_hold_forbids_any_other_erasure_too(club: Club) -> None:
    members(club, "GB", "FR")
    club.ingest(club.source(), [looked("a.jpg", [1])])
    club.obey("hold", territory="GB")
    club.obey("hold", source="party")
    for handle in ("person-0", "person-1"):
        with pytest.raises(errors.Held):
            club.anna.erase(handle, reason="request")
    assert {subject.handle for subject in club.anna.subjects.list()} == {"person-0", "person-1"}
    assert club.anna.status()["counts"]["references"] == 2


def test_p8_everything_of_a_supplier_goes_and_its_sources_are_stopped(club: Club) -> None:
    members(club, "GB", "FR")
    for name in ("bought", "sold", "ours"):
        club.ingest(club.source(name), [looked(f"{name}.jpg", [0, 1])])
    with club.sql() as connection:
        connection.execute(sa.update(t.sources).where(t.sources.c.name != "ours").values(supplier="Face Data Ltd"))
    order = club.obey("erase", supplier="face data LTD")
    executed = club.anna.orders.execute(order)
    assert executed.state == "complied"
    assert counted(executed) == {
        "appearances_erased": 4, "photo_records_erased": 2, "sources_erased": 2, "sources_in_scope": 2,
    }  # fmt: skip
    assert executed.certificate["body"]["order"]["scope"] == {"supplier": "face data LTD"}
    assert executed.certificate["body"]["residuals"][0] == {"what": "the operator's own original files", "count": 2}
    assert club.found(0) == ["person-0"], "its people are not named by the order"
    (found,) = club.search(0).candidates
    assert [each.photo.source for each in found.appearances] == ["ours"]
    assert {each.name: each.state for each in club.anna.sources.list()} == {
        "bought": "stopped", "sold": "stopped", "ours": "active",
    }  # fmt: skip
    with pytest.raises(errors.SourceRefused, match="erased under order O1"):
        club.ingest(club.anna.sources.get("bought").id, [looked("bought.jpg", [0])])


def test_p11_a_hold_keeps_what_shows_its_person_from_an_erased_source(club: Club) -> None:
    members(club, "GB", "FR")
    club.ingest(club.source(), [looked("a.jpg", [0, 1]), looked("b.jpg", [1])])
    hold = club.obey("hold", subject="person-0")
    order = club.obey("erase", source="party")
    first = club.anna.orders.execute(order)
    assert (first.state, counted(first)["appearances_erased"], counted(first)["photo_records_erased"]) == (
        "in-force", 2, 1,
    )  # fmt: skip
    assert club.search(0).candidates[0].appearances == ()
    stay(club, hold)
    last = club.anna.orders.execute(order)
    assert (last.state, counted(last)["appearances_erased"], counted(last)["photo_records_erased"]) == (
        "complied", 3, 2,
    )  # fmt: skip


def test_p8_what_was_erased_stays_erased_when_the_order_is_stayed_in_the_middle(
    club: Club, monkeypatch: pytest.MonkeyPatch
) -> None:
    members(club, "GB", "GB")
    order = club.obey("erase", territory="GB")
    monkeypatch.setattr("countenance.service.executing._AT_ONCE", 1)
    with pytest.raises(errors.OrderError, match="stayed meanwhile"):
        club.anna.orders.execute(order, progress=lambda erased, _: stay(club, order) if erased == 1 else None)
    assert club.anna.orders.finish() == []
    assert [club.found(number) for number in range(2)] == [[], ["person-1"]]
    club.ben.orders.revive(order, evidence=club.document("appeal"))
    assert club.found(1) == []
    assert club.anna.orders.execute(order).certificate["body"]["counts"]["subjects_erased"] == 2
    body = club.anna.orders.certificate(order)["body"]
    assert [each["step"] for each in body["order"]["history"]] == ["in-force", "stayed", "revived", "complied"]
    assert len(body["erasures"]) == 2


def test_p8_an_order_past_its_deadline_is_executed_by_the_purge(club: Club) -> None:
    members(club, "GB", "FR")
    club.obey("erase", territory="GB", deadline="2027-02-01")
    club.obey("erase", territory="FR")
    club.clock.forward(days=10)
    assert club.anna.orders.execute_due() == []
    club.clock.forward(days=8)
    (executed,) = club.anna.orders.execute_due()
    assert (executed.order, executed.state) == ("O1", "complied")
    club.clock.forward(days=30)
    assert [each.order for each in club.anna.orders.execute_due()] == ["O2"]


def test_p8_a_due_order_whose_people_are_all_held_is_left_alone_day_by_day(club: Club) -> None:
    members(club, "GB")
    club.obey("hold", territory="GB")
    club.obey("erase", territory="GB", deadline="2027-02-01")
    club.clock.forward(days=40)
    assert club.anna.orders.execute_due() == []
    entries = len(club.anna.log_entries())
    assert club.anna.orders.execute_due() == []
    assert len(club.anna.log_entries()) == entries


@pytest.mark.parametrize("since", [0, DAY, 100 * 365 * DAY], ids=["now", "when nobody else was there", "long ago"])
def test_p8_an_order_put_into_force_by_a_database_tool_is_not_executed(club: Club, since: int) -> None:
    members(club, "GB")
    _ = club.cleo
    club.clock.forward(seconds=DAY)
    club.anna.orders.propose("erase", territory="GB", authority="ICO", evidence=club.document())
    with club.sql() as connection:
        then = max(club.clock() - since, 0)
        connection.execute(sa.update(t.orders).values(state="in-force", in_force=then, deadline=then))
    with pytest.raises(errors.Tampered, match="approvals"):
        club.anna.orders.execute("O1")
    assert club.anna.subjects.list() != []


def test_p8_an_order_without_its_approvals_keeps_no_other_waiting(club: Club) -> None:
    members(club, "GB", "DE")
    _ = club.cleo
    club.anna.orders.propose("erase", territory="GB", authority="ICO", evidence=club.document(), deadline="2027-02-01")
    second = club.obey("erase", territory="DE", deadline="2027-02-01")
    with club.sql() as connection:
        connection.execute(sa.update(t.orders).values(state="in-force", in_force=club.clock()))
    club.clock.forward(days=30)
    with pytest.raises(errors.Tampered, match="O1 is in force without"):
        club.anna.orders.execute_due()
    assert club.anna.orders.get(second).state == "complied"
    assert [person.territory for person in club.anna.subjects.list()] == ["GB"]


def test_p8_overlapping_orders_are_each_complied_with(club: Club) -> None:
    members(club, "GB", "unknown")
    first, second = club.obey("erase", territory="GB"), club.obey("erase", subject="person-1", authority="CNIL")
    assert counted(club.anna.orders.execute(first)) == {"subjects_erased": 2, "templates_erased": 2}
    late = club.anna.orders.execute(second)
    assert (late.state, counted(late)) == ("complied", {})


def test_p8_a_certificate_on_demand_says_what_an_order_does_today(club: Club) -> None:
    members(club, "GB", "unknown", "FR")
    order = club.obey("quarantine", territory="GB")
    certificate = club.anna.orders.certificate(order)
    assert checked(club, certificate)["kind"] == "order"
    body = certificate["body"]
    assert (body["order"]["state"], body["counts"]["quarantined"], body["order"]["approvals"]) == ("in-force", 2, 2)
    stay(club, order)
    body = club.anna.orders.certificate(order)["body"]
    assert (body["order"]["state"], body["counts"]["quarantined"]) == ("stayed", 0)
    assert [each["step"] for each in body["order"]["history"]] == ["in-force", "stayed"]
