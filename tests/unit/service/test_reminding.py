"""Consents near their end: whom to ask again, and one letter to each, to a real mail server on this machine (P13)."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from clubs import Club
from countenance.errors import InputError, RoleRefused, Unavailable
from countenance.registry import schema as t
from countenance.service.daily import Daily
from outside import Mailbox, free_port, mail_server

UNTIL = "2027-02-01"
"""In force on 2027-01-15 for 17 more days."""


def ending(club: Club, name: str, contact: str | None = None, **more: Any) -> None:
    person = club.subject(name, contact=contact, **more)
    club.basis(person, until=UNTIL)


def with_mail(club: Club, port: int) -> None:
    club.configure(
        "[mail]", 'host = "127.0.0.1"', f"port = {port}", "starttls = false", 'sender = "faces@club.example"'
    )


@pytest.fixture
def mailed(club: Club) -> Iterator[tuple[Club, Mailbox]]:
    """A club with a mail server."""
    with mail_server() as (port, box):
        with_mail(club, port)
        yield club, box


def test_p13_whose_consent_ends_soon_is_listed_and_who_agreed_anew_is_not(club: Club) -> None:
    ending(club, "Ada", "ada@example.org")
    ending(club, "Bo", "+44 20 7946 0000")
    ending(club, "Cy")
    club.basis(club.subject("Dee"))
    club.basis(club.anna.subjects.get("cy"))
    found = club.anna.reminders.expiring(30)
    assert [(each.subject, each.days_left, each.way) for each in found] == [
        ("ada", 17, "e-mail"), ("bo", 17, "another contact"),
    ]  # fmt: skip
    assert club.anna.reminders.expiring(5) == []
    assert len(club.anna.reminders.expiring(36_500)) == 4
    for wrong in (0, -1, 10**9):
        with pytest.raises(InputError, match="number of days"):
            club.anna.reminders.expiring(wrong)


def test_p13_each_is_written_to_once_at_the_contact_on_record(mailed: tuple[Club, Mailbox]) -> None:
    club, box = mailed
    ending(club, "Ada", "ada@example.org")
    ending(club, "Bo")
    assert club.ben.reminders.send() == ["B1"]
    assert club.ben.reminders.send() == []
    (sent,) = box.letters
    assert sent.rcpt_tos == ["ada@example.org"]
    message = email.message_from_bytes(sent.content, policy=email.policy.default)
    assert message["Subject"] == f"Your consent at Rowing Club ends on {UNTIL}"
    assert "photo-library" in message.get_content()
    assert "token" not in message.get_content()
    assert [each.reminded is not None for each in club.anna.reminders.expiring()] == [True, False]
    assert [entry["facts"]["step"] for entry in club.anna.log_entries() if entry["act"] == "remind"] == ["sent"]


def test_p5_who_is_restricted_is_not_written_to_and_a_minors_guardian_is(mailed: tuple[Club, Mailbox]) -> None:
    club, box = mailed
    ending(club, "Ada", "ada@example.org")
    ending(club, "Kim", "kim@example.org", birth_year=2018, guardian="parent@example.org")
    club.anna.requests.open("restriction", subject="ada")
    club.ben.reminders.send()
    assert [each.rcpt_tos for each in box.letters] == [["parent@example.org"]]


def test_a_letter_that_does_not_go_out_is_tried_again_and_said(club: Club) -> None:
    ending(club, "Ada", "ada@example.org")
    with_mail(club, free_port())
    with pytest.raises(Unavailable, match="did not take the letter"):
        club.ben.reminders.send()
    assert club.anna.reminders.expiring()[0].reminded is None
    said: list[str] = []
    daily = Daily(club.ben, said.append)
    daily.run_if_due()
    daily.close()
    assert any("Nobody was reminded" in each for each in said)
    assert "ada@" not in " ".join(said)


def test_what_is_no_address_is_passed_over_and_the_others_are_written_to(mailed: tuple[Club, Mailbox]) -> None:
    club, box = mailed
    ending(club, "Ada", "ada@<b>, eve")
    ending(club, "Bo", "bo@example.org")
    club.ben.reminders.send()
    assert [each.rcpt_tos for each in box.letters] == [["bo@example.org"]]
    assert [each.reminded is not None for each in club.anna.reminders.expiring()] == [False, True]


def test_without_a_mail_server_nobody_is_written_to_and_the_officer_is_told(club: Club) -> None:
    ending(club, "Ada", "ada@example.org")
    assert club.ben.reminders.send() == []
    said: list[str] = []
    daily = Daily(club.ben, said.append)
    daily.run_if_due()
    daily.close()
    assert "Bases that end within 30 days: 1. See `countenance basis list --ending 30`." in said
    assert [entry for entry in club.anna.log_entries() if entry["act"] == "remind"] == []


def test_p21_who_may_not_remind_sends_nothing(mailed: tuple[Club, Mailbox]) -> None:
    club, box = mailed
    ending(club, "Ada", "ada@example.org")
    club.anna.accounts.add("oda@club.example", roles=["reviewer"], passphrase="words")
    with pytest.raises(RoleRefused):
        club.open("oda@club.example").reminders.send()
    assert box.letters == []
    with club.anna.context.registry.read() as connection:
        assert connection.scalar(sa.select(t.bases.c.reminded)) is None
