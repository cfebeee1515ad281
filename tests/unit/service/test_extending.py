"""Two further months for an answer: once, in time, with a reason that the person is told; what an answer would be."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from clubs import Club
from countenance.backup.reopening import reopen
from countenance.errors import InputError, NotFound, NotSignedIn, RoleRefused
from countenance.registry import schema as t
from countenance.rights.requests import EXTENSIONS, deadline_of

ADA = "ada@example.org"


@pytest.fixture
def ada(club: Club) -> Club:
    club.person("Ada", 1, contact=ADA)
    club.anna.requests.open("access", contact=ADA)
    return club


@pytest.mark.parametrize(
    ("month", "day", "ends"), [(1, 15, "2027-04-15"), (1, 31, "2027-04-30"), (11, 30, "2028-02-29")]
)
def test_two_further_months_end_on_the_same_day_or_the_months_last(month: int, day: int, ends: str) -> None:
    asked = int(datetime(2027, month, day, 12, tzinfo=UTC).timestamp())
    assert datetime.fromtimestamp(deadline_of(asked, months=3) - 1, UTC).date().isoformat() == ends


@pytest.mark.parametrize("reason", EXTENSIONS)
def test_p29_an_answer_is_put_off_once_and_the_person_is_told_why(ada: Club, reason: str) -> None:
    done = ada.anna.requests.extend("R1", reason)
    assert (done.deadline, done.contact) == ("2027-04-15", ADA)
    assert EXTENSIONS[reason] in done.told
    assert "15 April 2027" in done.told
    found = ada.anna.requests.get("R1")
    assert (found.deadline, found.extension, found.state) == ("2027-04-15", reason, "open")
    with pytest.raises(InputError, match="put off once"):
        ada.anna.requests.extend("R1", reason)
    ada.clock.forward(days=60)
    assert not ada.anna.requests.get("R1").overdue
    entry = [each for each in ada.anna.log_entries() if each["facts"].get("step") == "extended"][-1]
    assert entry["facts"] | {"reason": reason, "until": "2027-04-16T00:00:00Z", "request": "R1"} == entry["facts"]
    told = ada.anna.requests.answer("R1")
    assert told.outcome == "answered"


def test_p29_an_answer_is_not_put_off_after_its_month_nor_after_it_was_given(ada: Club) -> None:
    ada.clock.forward(days=32)
    with pytest.raises(InputError, match="overdue"):
        ada.anna.requests.extend("R1", "complex")
    ada.anna.requests.answer("R1")
    with pytest.raises(InputError, match="answered"):
        ada.anna.requests.extend("R1", "complex")
    assert ada.anna.requests.get("R1").deadline == "2027-02-15"


def test_p29_only_an_officer_puts_it_off_and_only_for_a_reason_from_the_list(ada: Club) -> None:
    ada.anna.accounts.add("oda@club.example", roles=["operator"], passphrase="words")
    with pytest.raises(RoleRefused):
        ada.open("oda@club.example").requests.extend("R1", "complex")
    with pytest.raises(NotSignedIn):
        ada.open(None).requests.extend("R1", "complex")
    for reason in ("", "because", "ada is away"):
        with pytest.raises(InputError, match="no reason"):
            ada.anna.requests.extend("R1", reason)
    with pytest.raises(NotFound):
        ada.anna.requests.extend("R7", "complex")
    assert ada.anna.requests.get("R1").extension is None


def test_p29_a_restore_knows_that_an_answer_was_put_off(ada: Club) -> None:
    """The log alone tells it: the backup is older."""
    ada.anna.requests.extend("R1", "many")
    leaves = [each for each in ada.anna.log_entries() if each["act"] == "request"]
    with ada.sql() as connection:
        connection.execute(sa.update(t.requests).values(deadline=1, extended=None, extension=None))
        reopen(connection, leaves, [], ada.anna.context.organisation)
    found = ada.anna.requests.get("R1")
    assert (found.deadline, found.extension) == ("2027-04-15", "many")


# --- what an answer would be -----------------------------------------------------------------------------------------


def test_an_officer_sees_what_an_answer_would_come_to_and_nothing_is_done(ada: Club) -> None:
    ada.anna.receipts.issue("B1")
    seen = ada.anna.requests.show("R1").prospect
    assert seen is not None
    assert (seen.contact, seen.name, seen.templates, seen.kept, seen.held) == (ADA, "Ada", 1, False, False)
    assert seen.ending == ("B1 (consent)",)
    assert [(each.what, each.basis) for each in seen.handed] == [("receipt", "B1")]
    assert ada.anna.requests.get("R1").state == "open"
    assert ada.anna.requests.get("R1").prospect is None
    ada.order("hold", subject=1)
    ada.anna.requests.answer("R1")
    after = ada.anna.requests.show("R1").prospect
    assert after is not None
    assert (after.held, after.kept) == (True, True)


def test_of_nobody_on_record_an_officer_sees_no_more_than_what_was_given(ada: Club) -> None:
    ada.anna.requests.open("erasure", contact="eve@example.org")
    seen = ada.anna.requests.show("R2").prospect
    assert seen is not None
    assert (seen.contact, seen.name, seen.templates, seen.handed) == ("eve@example.org", None, 0, ())
