"""The pages of authorities' orders and of approvals, walked as a browser walks them."""

from __future__ import annotations

import html
import json
import re
import threading
from typing import Any

import pytest

from clubs import ANNA, BEN, CLEO, WORDS, Club
from countenance.check import check_certificate, parse_key
from county import DAN, county, dpia, propose
from web.visitors import Visitor, site_of

NOTICE = ("notice.pdf", b"%PDF-1.7 notice of enforcement", "application/pdf")


@pytest.fixture
def people(club: Club) -> dict[str, Visitor]:
    """Anna, Ben and Cleo, each signed in; Ada lives in GB, Bo in FR, and where Cy lives nobody knows."""
    _ = club.cleo
    for number, (name, territory) in enumerate((("Ada", "GB"), ("Bo", "FR"), ("Cy", "unknown"))):
        club.person(name, number, territory=territory)
    made = {}
    for email in (ANNA, BEN, CLEO):
        made[email] = Visitor(site_of(club))
        made[email].sign_in(email)
    return made


def send(visitor: Visitor, path: str, document: Any = NOTICE, **fields: str) -> Any:
    """Send a form with a document."""
    files = {"document": document} if document else None
    return visitor.browser.post(path, data={"token": visitor.token} | fields, files=files)


def drafted(visitor: Visitor, **fields: str) -> Any:
    said = {"kind": "erase", "authority": "ICO", "reference": "ENF-1", "territory": "GB"} | fields
    return send(visitor, "/officer/orders/draft", **said)


def record(visitor: Visitor, **fields: str) -> Any:
    text = drafted(visitor, **fields).text
    found = re.search(r'name="draft" value="([^"]+)"', text)
    assert found, text
    return visitor.act("/officer/orders", draft=html.unescape(found[1]))


def joined() -> None:
    """Wait for what goes on by itself."""
    for thread in threading.enumerate():
        if re.fullmatch(r"O\d+", thread.name):
            thread.join(60)


def test_p8_the_counts_are_shown_before_anything_is_recorded(people: dict[str, Visitor], club: Club) -> None:
    size = club.anna.status()["log"]["size"]
    answer = drafted(people[ANNA])
    assert answer.status_code == 200
    assert "Nothing is recorded yet." in answer.text
    assert re.search(r"<dt>People</dt><dd>2</dd>", answer.text)
    assert "GB: 1" in answer.text
    assert "not recorded: 1" in answer.text
    assert club.anna.orders.list() == []
    assert club.anna.status()["log"]["size"] == size
    elsewhere = drafted(people[ANNA], territory="JP", kind="hold").text
    assert "<dt>People</dt><dd>1</dd>" in elsewhere, "who lives nobody knows where"
    assert "check whom or what it names" not in elsewhere
    nobody = drafted(people[ANNA], territory="", supplier="nobody's", kind="hold").text
    assert "check whom or what it names" in nobody


@pytest.mark.parametrize(
    ("fields", "document"),
    [
        ({"kind": "burn"}, NOTICE), ({"authority": " "}, NOTICE), ({"territory": ""}, NOTICE),
        ({"subject": "zed"}, NOTICE),
        ({"deadline": "2020-01-01"}, NOTICE), ({}, None), ({}, ("a.pdf", b"  ", "application/pdf")),
    ],
)  # fmt: skip
def test_what_is_no_order_is_refused_and_nothing_is_recorded(
    people: dict[str, Visitor], club: Club, fields: dict[str, str], document: Any
) -> None:
    said = {"kind": "erase", "authority": "ICO", "territory": "GB"} | fields
    answer = send(people[ANNA], "/officer/orders/draft", document, **said)
    assert answer.status_code in (404, 409, 422)
    assert "countenance " not in answer.text.partition("<main")[2].partition("</main>")[0]
    assert club.anna.orders.list() == []


def test_p8_a_draft_is_recorded_by_whoever_made_it_and_as_it_was_counted(
    people: dict[str, Visitor], club: Club
) -> None:
    found = re.search(r'name="draft" value="([^"]+)"', drafted(people[ANNA]).text)
    assert found
    assert people[BEN].act("/officer/orders", draft=found[1]).status_code == 422
    assert people[ANNA].act("/officer/orders", draft=found[1][:-8] + "AAAAAAAA").status_code == 422
    assert people[ANNA].act("/officer/orders").status_code == 422
    assert club.anna.orders.list() == []
    assert people[ANNA].act("/officer/orders", draft=found[1]).headers["location"] == "/officer/orders/O1"
    (made,) = club.anna.orders.list()
    assert (made.kind, made.reference, made.scope) == ("erase", "ENF-1", {"territory": "GB"})
    assert made.evidence_sha256 in people[ANNA].browser.get("/officer/orders/O1").text


def test_p8_two_others_approve_it_each_signing_in_person_and_it_is_executed_and_certified(
    people: dict[str, Visitor], club: Club
) -> None:
    record(people[ANNA])
    own = people[ANNA].act("/officer/orders/O1/approve", sign_password=WORDS[ANNA])
    assert own.status_code == 403
    assert "It waits for your signature" not in people[ANNA].browser.get("/officer/orders/O1").text
    for email in (BEN, CLEO):
        assert "O1" in people[email].browser.get("/approvals").text
        asked = people[email].act("/officer/orders/O1/approve")
        assert (asked.status_code, "Sign this" in asked.text) == (401, True)
        done = people[email].act("/officer/orders/O1/approve", sign_password=WORDS[email])
        assert done.headers["location"] == "/officer/orders/O1"
        assert 'href="/officer/orders/O1"' not in people[email].browser.get("/approvals").text
    assert club.found(0) == []
    assert people[BEN].act("/officer/orders/O1/execute").status_code == 422
    asked = people[BEN].act("/officer/orders/O1/execute", sure="yes")
    assert (asked.status_code, club.anna.orders.get("O1").executing) == (401, False)
    assert people[BEN].act("/officer/orders/O1/execute", sure="yes", sign_password=WORDS[BEN]).status_code == 303
    joined()
    page = people[BEN].browser.get("/officer/orders/O1").text
    assert "Everything in its scope is erased." in page
    assert [each.handle for each in club.anna.subjects.list()] == ["bo"]
    saved = people[BEN].browser.get("/officer/orders/O1/certificate.json")
    assert saved.headers["content-disposition"] == 'attachment; filename="O1.json"'
    key = parse_key(club.anna.context.book.verifier_key)
    assert check_certificate(saved.content, key)["kind"] == "order"
    (number,) = set(re.findall(r"/officer/orders/O1/erasures/(E\d+)\.json", page))
    erasure = people[BEN].browser.get(f"/officer/orders/O1/erasures/{number}.json")
    assert check_certificate(erasure.content, key)["kind"] == "erasure"
    assert people[BEN].browser.get("/officer/orders/O1/erasures/E9.json").status_code == 404
    assert json.loads(saved.content)["body"]["counts"]["subjects_erased"] == 2


def test_p8_an_order_that_nobody_approved_is_not_executed(people: dict[str, Visitor], club: Club) -> None:
    record(people[ANNA])
    answer = people[ANNA].act("/officer/orders/O1/execute", sure="yes", sign_password=WORDS[ANNA])
    assert answer.status_code == 409
    assert len(club.anna.subjects.list()) == 3


def test_p11_an_order_is_set_aside_by_two_with_the_same_document(people: dict[str, Visitor], club: Club) -> None:
    record(people[ANNA], kind="quarantine")
    for email in (BEN, CLEO):
        people[email].act("/officer/orders/O1/approve", sign_password=WORDS[email])
    ruling = ("ruling.pdf", b"%PDF set aside", "application/pdf")
    unsigned = send(people[BEN], "/officer/orders/O1/turn", ruling, act="stay")
    assert unsigned.status_code == 422
    send(people[BEN], "/officer/orders/O1/turn", ruling, act="stay", sign_password=WORDS[BEN])
    assert club.anna.orders.get("O1").state == "in-force"
    assert "To set an order aside" in people[CLEO].browser.get("/approvals").text
    assert "To set an order aside" not in people[BEN].browser.get("/approvals").text
    send(people[CLEO], "/officer/orders/O1/turn", ruling, act="stay", sign_password=WORDS[CLEO])
    assert club.anna.orders.get("O1").state == "stayed"
    assert club.found(0) == ["ada"]
    send(people[BEN], "/officer/orders/O1/turn", ruling, act="revive", sign_password=WORDS[BEN])
    assert club.found(0) == []
    send(people[BEN], "/officer/orders/O1/join", ruling, authority="CNIL")
    assert "ICO, CNIL" in people[BEN].browser.get("/officer/orders/O1").text
    assert send(people[BEN], "/officer/orders/O1/turn", ruling, act="burn").status_code == 422


# --- what waits ------------------------------------------------------------------------------------------------------


def test_p18_all_that_waits_for_one_s_own_signature_is_on_one_page(people: dict[str, Visitor], club: Club) -> None:
    county(club)
    club.anna.activations.propose("purpose", "archive-cataloguing", dpia=dpia(club), signatory="D. Lee")
    propose(club)
    club.basis(club.subject("Dee"), live=False)
    waiting = {each.kind: each.thing for each in club.ben.approvals.waiting()}
    assert sorted(waiting) == ["activation", "agreement", "basis"]
    assert [each.kind for each in club.anna.approvals.waiting()] == ["agreement"]
    for thing in waiting.values():
        assert people[BEN].act(f"/approvals/{thing}").status_code == 401
        assert people[BEN].act(f"/approvals/{thing}", sign_password=WORDS[BEN]).status_code == 303
    assert club.ben.approvals.waiting() == []
    for wrong in ("Z1", "O9", "B99", "x"):
        assert people[BEN].act(f"/approvals/{wrong}", sign_password=WORDS[BEN]).status_code == 404


def test_p3_another_organisation_signs_its_own_agreements_and_sees_nothing_else(club: Club) -> None:
    county(club)
    agreement = propose(club).id
    club.anna.orders.propose("hold", territory="GB", authority="ICO", evidence=club.document())
    dan = Visitor(site_of(club))
    dan.sign_in(DAN)
    text = dan.browser.get("/approvals").text
    assert agreement in text
    assert "ICO" not in text
    assert dan.act("/approvals/O1", sign_password=WORDS[DAN]).status_code == 404
    assert dan.act(f"/approvals/{agreement}", sign_password=WORDS[DAN]).status_code == 303
    assert "Nothing waits." in dan.browser.get("/approvals").text
