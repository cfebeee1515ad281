"""Receipts: what the person holds, and what it does without an account, a name or a photo (P14)."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from jsonschema import Draft202012Validator

import countenance.rights.receipts
from clubs import DAY, Club
from countenance.check import check_certificate
from countenance.errors import Held, NoBasis, ReceiptRefused, RoleRefused
from countenance.log import note
from countenance.registry import schema as t
from countenance.rights.certificates import sign

SCHEMA = json.loads(Path(countenance.rights.receipts.__file__).with_name("receipt.schema.json").read_text("utf-8"))
Receipt = dict[str, Any]
NOTHING = ("This receipt proves nothing here.", ReceiptRefused.default_hint)
"""What is told of everything that is no receipt: the same, so that a forger learns nothing."""


@pytest.fixture
def held(club: Club) -> tuple[Club, Receipt]:
    """Ada is in force and holds her receipt; Bo is there too."""
    ada = club.person("Ada Lovelace", 1, handle="ada", contact="ada@example.org")
    club.person("Bo", 2)
    return club, club.anna.receipts.issue(club.anna.bases.list(ada)[0])


def file(receipt: Receipt) -> bytes:
    return json.dumps(receipt, indent=2).encode()


def test_p14_a_receipt_follows_the_schema_and_names_nobody(held: tuple[Club, Receipt]) -> None:
    _, receipt = held
    Draft202012Validator.check_schema(SCHEMA)
    Draft202012Validator(SCHEMA).validate(receipt)
    text = file(receipt).decode()
    assert not [word for word in ("Ada", "ada@", "Lovelace") if word in text]
    record = receipt["body"]["record"]
    (process,) = record["dpv:hasProcess"]
    assert record["dpv:hasEntity"] == {"_:controller": {"@type": ["dpv:Organisation"], "dpv:hasName": "Rowing Club"}}
    assert process["dpv:hasLegalBasis"] == ["dpv:ExplicitlyExpressedConsent", "eu-gdpr:A6-1-a", "eu-gdpr:A9-2-a"]
    (purpose,) = process["dpv:hasProcess"]
    assert purpose["dpv:hasPurpose"][0]["skos:broader"] == ["dpv:RecordManagement"]
    (status,) = purpose["dpv:hasConsentStatus"]
    assert status["@type"][0] == "dpv:ConsentGiven"
    assert status["dpv:isExercisedAt"] == "countersigned by a second account"
    assert record["dpv:hasNotice"][0]["dpv:hasIdentifier"] == "notice-2027"


@pytest.mark.parametrize(
    "more",
    [
        {"live": False}, {"notice": None}, {"purposes": ["photo-library", "find-my-photos"]},
        {"purposes": ["visitor-check-in"], "territory": "unknown"}, {"territory": "US-IL"},
    ],
    ids=str,
)  # fmt: skip
def test_p14_every_kind_of_receipt_follows_the_schema(club: Club, more: dict[str, Any]) -> None:
    ada = club.subject("Ada", territory=more.pop("territory", "GB"))
    Draft202012Validator(SCHEMA).validate(club.anna.receipts.issue(club.basis(ada, **more)))


def test_p14_a_receipt_that_is_no_consent_says_so(club: Club) -> None:
    task = club.anna.bases.record(
        club.subject("Ada"), ground="public-task", condition="archiving", purposes=["photo-library"],
        evidence=club.form, notice="notice-2027",
    )  # fmt: skip
    receipt = club.anna.receipts.issue(task)
    Draft202012Validator(SCHEMA).validate(receipt)
    assert receipt["body"]["record"]["@type"] == ["dpv:DataProcessingRecord"]
    assert "dpv:ConsentGiven" not in file(receipt).decode()


def test_p14_the_schema_objects_to_what_is_missing(held: tuple[Club, Receipt]) -> None:
    _, receipt = held
    validator = Draft202012Validator(SCHEMA)
    record = receipt["body"]["record"]
    for part, name in [(record, each) for each in record] + [
        (record["dpv:hasProcess"][0], each) for each in record["dpv:hasProcess"][0] if each != "@type"
    ]:
        lacking = copy.deepcopy(receipt)
        target = lacking["body"]["record"] if part is record else lacking["body"]["record"]["dpv:hasProcess"][0]
        del target[name]
        assert not validator.is_valid(lacking), name


def test_p19_a_receipt_makes_its_subject_a_witness(held: tuple[Club, Receipt]) -> None:
    """`countenance-check` checks it alone; its checkpoint is one held outside."""
    club, receipt = held
    book = club.anna.context.book
    found = check_certificate(file(receipt), None)
    assert found["kind"] == "receipt"
    leaf = receipt["body"]["log"]["leaf"]
    assert (leaf["act"], leaf["facts"]) == ("receipt", {"basis": "B1"})
    seen = note.open_checkpoint(receipt["body"]["log"]["checkpoint"], book.signer().verifier)
    club.subject("Cy")
    assert club.anna.check_log({"ada's receipt": receipt["body"]["log"]["checkpoint"]}).size > seen.size


# --- it acts for its person ------------------------------------------------------------------------------------------


def test_p14_a_receipt_withdraws_by_itself(held: tuple[Club, Receipt]) -> None:
    club, receipt = held
    before = club.anna.context.book.size()
    index = club.ben.withdraw_by_receipt(file(receipt))
    assert club.found(1) == []
    assert club.found(2) == ["bo"]
    decision, effect = club.anna.log_entries(before)[:2]
    assert (decision["act"], decision["outcome"], decision["facts"]["by"]) == ("withdraw", "granted", "receipt")
    assert "account" not in decision
    assert effect["index"] == index


def test_p14_a_withdrawal_that_is_shown_again_does_nothing(held: tuple[Club, Receipt]) -> None:
    club, receipt = held
    club.anna.withdraw_by_receipt(file(receipt))
    with pytest.raises(NoBasis, match="withdrawn already") as refused:
        club.anna.withdraw_by_receipt(file(receipt))
    (entry,) = club.anna.log_entries(refused.value.log_index or 0)[:1]
    assert (entry["act"], entry["outcome"], entry["facts"]["by"]) == ("withdraw", "refused", "receipt")


def test_p14_a_receipt_erases_by_itself_and_proves_nothing_afterwards(held: tuple[Club, Receipt]) -> None:
    club, receipt = held
    certified = club.ben.erase_by_receipt(file(receipt))
    assert certified.certificate["body"]["reason"] == "request"
    assert club.found(1) == []
    assert club.found(2) == ["bo"]
    assert [subject.handle for subject in club.anna.subjects.list()] == ["bo"]
    with pytest.raises(ReceiptRefused):
        club.anna.erase_by_receipt(file(receipt))


def test_p14_a_receipt_needs_no_officer(held: tuple[Club, Receipt], monkeypatch: pytest.MonkeyPatch) -> None:
    club, receipt = held
    club.anna.accounts.add("eve@club.example", roles=["operator"], passphrase="words")
    eve = club.open("eve@club.example")
    with pytest.raises(RoleRefused):
        eve.withdraw("ada")
    eve.withdraw_by_receipt(file(receipt))
    assert club.found(1) == []


def test_p14_an_operator_makes_no_receipt_to_erase_by(held: tuple[Club, Receipt]) -> None:
    club, _ = held
    club.anna.accounts.add("eve@club.example", roles=["operator", "reviewer"], passphrase="words")
    eve = club.open("eve@club.example")
    with pytest.raises(RoleRefused):
        eve.receipts.issue("B1")
    assert club.found(1) == ["ada"]


def test_p14_a_hold_binds_a_receipt_as_well(held: tuple[Club, Receipt]) -> None:
    club, receipt = held
    club.order("hold", territory="GB")
    with pytest.raises(Held):
        club.anna.erase_by_receipt(file(receipt))
    assert club.found(1) == ["ada"]


def test_p14_a_receipt_is_for_its_own_basis_alone(held: tuple[Club, Receipt]) -> None:
    club, receipt = held
    club.enrol(club.anna.subjects.get("ada"), club.basis(club.anna.subjects.get("ada")), 1, photo=1)
    club.anna.withdraw_by_receipt(file(receipt))
    assert [basis.life for basis in club.anna.bases.list(club.anna.subjects.get("ada"))] == ["withdrawn", "in force"]
    assert club.found(1) == ["ada"]


# --- what proves nothing ---------------------------------------------------------------------------------------------


def _edit(path: tuple[str, ...], value: Any) -> Callable[[Receipt], None]:
    def edit(receipt: Receipt) -> None:
        target = receipt
        for step in path[:-1]:
            target = target[step]
        target[path[-1]] = value

    return edit


@pytest.mark.parametrize(
    "edit",
    [
        _edit(("body", "expires"), "2099-01-01T00:00:00Z"),
        _edit(("body", "record", "dpv:hasIdentifier"), "urn:uuid:00000000-0000-0000-0000-000000000000"),
        _edit(("body", "kind"), "erasure"),
        _edit(("body", "more"), 1),
        _edit(("signature", "value"), "AAAA"),
        _edit(("signature", "key"), "other+00000000+AAAA"),
        _edit(("more",), 1),
        _edit(("body",), None),
    ],
)
def test_p14_a_changed_receipt_proves_nothing(held: tuple[Club, Receipt], edit: Callable[[Receipt], None]) -> None:
    club, receipt = held
    edit(receipt)
    assert _refused(club, file(receipt)) == NOTHING


@pytest.mark.parametrize(
    "content", [b"", b"{}", b"[1]", b"null", b"\xff\xfe", b"{" * 5000, b'{"body":{"a":NaN}}', b" " * 2**19]
)
def test_p14_what_is_no_receipt_proves_nothing(held: tuple[Club, Receipt], content: bytes) -> None:
    assert _refused(held[0], content) == NOTHING


def test_p14_a_receipt_of_another_gallery_proves_nothing(held: tuple[Club, Receipt], quick_folder: Path) -> None:
    club, _ = held
    other = Club(quick_folder / "other")
    ada = other.person("Ada", 1)
    foreign = other.anna.receipts.issue(other.anna.bases.list(ada)[0])
    other.close()
    body = foreign["body"] | {"kind": "receipt"}
    assert _refused(club, file(foreign)) == NOTHING
    assert _refused(club, file(sign(club.anna.context.book, body))) == NOTHING, "signed here, and never handed out here"


def test_p14_an_expired_receipt_proves_nothing(held: tuple[Club, Receipt]) -> None:
    club, receipt = held
    club.clock.forward(days=1095 + 29)
    assert club.anna.receipts.accept(file(receipt)).subject == 1
    club.clock.forward(days=1)
    assert _refused(club, file(receipt)) == NOTHING


def test_p14_every_refusal_says_the_same_and_is_logged(held: tuple[Club, Receipt]) -> None:
    club, receipt = held
    said = set()
    changed = copy.deepcopy(receipt)
    changed["body"]["issued"] = "x"
    club.anna.erase("ada", reason="request")
    for content in (b"", file(changed), file(receipt)):
        before = club.anna.context.book.size()
        said.add(_refused(club, content))
        (entry,) = club.anna.log_entries(before)
        assert (entry["act"], entry["outcome"], entry["facts"]["by"]) == ("receipt", "refused", "receipt")
        assert "account" not in entry
    assert len(said) == 1


def test_p14_no_receipt_is_handed_out_for_what_has_ended(held: tuple[Club, Receipt]) -> None:
    club, _ = held
    club.anna.withdraw("ada")
    with pytest.raises(NoBasis, match="withdrawn") as refused:
        club.anna.receipts.issue("B1")
    assert refused.value.requirement == "P1"
    club.clock.forward(days=1095)
    with pytest.raises(NoBasis, match="expired"):
        club.anna.receipts.issue("B2")


def test_p6_an_erasure_takes_the_record_of_the_receipt_along(held: tuple[Club, Receipt]) -> None:
    club, receipt = held
    club.anna.erase("ada", reason="request")
    with club.sql() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(t.receipts)) == 0
    assert receipt["body"]["expires"].startswith("2030-02-13")
    assert DAY == 86_400


def _refused(club: Club, content: bytes) -> tuple[str, str]:
    with pytest.raises(ReceiptRefused) as refused:
        club.anna.receipts.accept(content)
    assert [basis.state for basis in club.anna.bases.list()][-1] == "live"  # nothing was done
    return refused.value.message, refused.value.hint
