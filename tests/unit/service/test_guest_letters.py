"""Guests who left an address are told of later pictures, by a real mail server on this machine (DESIGN §10, P13)."""

from __future__ import annotations

import email
import email.policy
import shutil
import threading
from collections.abc import Iterator
from email.message import EmailMessage

import pytest
import sqlalchemy as sa

from clubs import Club
from countenance.config import FILE_NAME
from countenance.errors import NotFound, RoleRefused, Unavailable
from countenance.registry import schema as t
from countenance.samples import cast
from countenance.service.guest_letters import QUIET, GuestLetters
from countenance.service.guest_sweeps import AFTER_A_FAILURE, GuestSweeps
from outside import Mailbox, mail_server
from unit.service.test_guests import (
    ADDRESS,
    DAY,
    MAIL,
    SOURCE,
    Party,
    _seen,  # noqa: F401 - the fixture
    hosted,  # noqa: F401 - the fixture
    invited,
    party,  # noqa: F401 - the fixture
    welcomed,
)


def later(here: Party, picture: int = 3) -> None:
    """A picture of Farah comes, a while after she has looked, and has been there for some minutes."""
    club = here.club
    club.clock.forward(seconds=60)
    shutil.copyfile(cast().photos("Farah")[picture], club.root / f"source-{SOURCE}" / f"later-{picture}.jpg")
    club.anna.ingest(SOURCE)
    club.clock.forward(seconds=QUIET)


def served_at(club: Club, port: int) -> None:
    config = club.folder / FILE_NAME
    config.write_text(config.read_text().replace("port = 1\n", f"port = {port}\n"))
    club.reopen()


def send(club: Club) -> int:
    return GuestLetters(club.anna.context).send()


def told(club: Club) -> int | None:
    with club.sql() as connection:
        return connection.scalar(sa.select(t.guests.c.told).order_by(t.guests.c.id))


def steps(club: Club) -> list[str]:
    return [each["facts"]["step"] for each in club.anna.log_entries() if each["act"] == "guest"]


def read(box: Mailbox, number: int = -1) -> EmailMessage:
    return email.message_from_bytes(box.letters[number].content, policy=email.policy.default)


@pytest.fixture
def waiting(party: Party) -> Party:  # noqa: F811 - the fixture
    """Farah has looked, and one picture of her came since. Nobody answers for the mail server."""
    party.club.anna.guests.standing(party.key)
    later(party)
    return party


@pytest.fixture
def mailed(waiting: Party) -> Iterator[tuple[Party, Mailbox]]:
    with mail_server() as (port, box):
        served_at(waiting.club, port)
        yield waiting, box


def test_p13_one_letter_a_day_tells_of_later_pictures(mailed: tuple[Party, Mailbox]) -> None:
    here, box = mailed
    club = here.club
    assert send(club) == 1
    assert send(club) == 0
    assert [each.rcpt_tos for each in box.letters] == [[ADDRESS]]
    later(here, 2)
    assert send(club) == 0, "a second one on the same day"
    club.clock.forward(days=1)
    assert send(club) == 1
    assert "2 new pictures" in read(box).get_content(), "she has looked at neither"
    club.clock.forward(days=1)
    assert send(club) == 0, "nothing came since"
    assert steps(club) == ["looked", "told", "told"]


def test_p3_the_letter_names_nobody_and_holds_neither_a_picture_nor_the_way_in(
    mailed: tuple[Party, Mailbox],
) -> None:
    here, box = mailed
    send(here.club)
    message = read(box)
    assert message.get_content_type() == "text/plain"
    assert message["Subject"] == "1 new picture at Rowing Club"
    text = f"{message.items()} {message.get_content()}"
    for kept_back in ("Summer", "Ada", "Farah", "later", "jpg", "http", "/mine", here.key, "anna@", "guest-"):
        assert kept_back not in text.replace(ADDRESS, ""), kept_back
    for said in (f"event of {DAY}", "1 new picture came", "the link that you kept", "To leave", "2027-04-15"):
        assert said in " ".join(text.split()), said


def test_an_ingest_that_goes_on_is_told_of_at_its_end(mailed: tuple[Party, Mailbox]) -> None:
    here, box = mailed
    here.club.clock.forward(seconds=-QUIET // 2)
    assert send(here.club) == 0
    here.club.clock.forward(seconds=QUIET)
    assert send(here.club) == 1
    assert len(box.letters) == 1


def test_who_has_looked_meanwhile_is_not_written_to(mailed: tuple[Party, Mailbox]) -> None:
    here, box = mailed
    here.club.anna.guests.standing(here.key)
    assert send(here.club) == 0
    assert box.letters == []


def left(here: Party) -> None:
    here.club.anna.guests.leave(here.key)


def withdrawn(here: Party) -> None:
    with here.club.sql() as connection:
        connection.execute(sa.update(t.bases).values(state="withdrawn"))


def closed(here: Party) -> None:
    here.club.anna.events.close("G1")


def over(here: Party) -> None:
    here.club.clock.forward(days=91)


def restricted(here: Party) -> None:
    (guest, *_) = here.club.anna.hosting.guests("G1")
    here.club.anna.requests.open("restriction", subject=guest.subject)


def never_promised(here: Party) -> None:
    with here.club.sql() as connection:
        connection.execute(sa.update(t.guests).values(told=None))


def forged(here: Party) -> None:
    with here.club.sql() as connection:
        connection.execute(sa.update(t.guests).values(signature=b"x"))


@pytest.mark.parametrize("what", [left, withdrawn, closed, over, restricted, never_promised, forged])
def test_p5_nobody_is_written_to_who_left_or_is_restricted_or_whose_event_is_over(
    mailed: tuple[Party, Mailbox], what
) -> None:
    here, box = mailed
    what(here)
    assert send(here.club) == 0
    assert box.letters == []


def test_p13_two_who_serve_send_one_letter(mailed: tuple[Party, Mailbox], monkeypatch) -> None:
    here, box = mailed
    both, waits = threading.Barrier(2), GuestLetters._waiting
    due: list[list[int]] = []

    def together(letters: GuestLetters) -> list[int]:
        due.append(waits(letters))
        both.wait(10)
        return due[-1]

    monkeypatch.setattr(GuestLetters, "_waiting", together)
    galleries = [here.club.anna, here.club.ben]
    workers = [threading.Thread(target=GuestLetters(each.context).send) for each in galleries]
    for each in workers:
        each.start()
    for each in workers:
        each.join()
    assert due == [[1], [1]], "both saw that she waits"
    assert len(box.letters) == 1


def test_p13_a_mail_server_that_is_down_loses_nothing_and_stops_nothing(waiting: Party) -> None:
    club, said = waiting.club, list[str]()
    sweeps = GuestSweeps(club.anna, said.append)
    for _ in range(2):
        sweeps.run_if_due()
        sweeps.run_if_due()
        club.clock.forward(seconds=AFTER_A_FAILURE)
    assert len(said) == 1
    assert "mail server" in said[0]
    assert ADDRESS not in said[0]
    assert told(club) == 0
    assert club.anna.guests.standing(waiting.key).state == "here"
    later(waiting, 2)
    with pytest.raises(Unavailable):
        send(club)
    assert steps(club) == ["looked", "told", "not-told", "told", "not-told", "looked", "told", "not-told"]
    with mail_server() as (port, box):
        served_at(club, port)
        GuestSweeps(club.anna, said.append).run_if_due()
    assert said[1:] == ["Told by e-mail that pictures of them came: 1."]
    assert len(box.letters) == 1


@pytest.mark.parametrize(("answer", "again"), [("550 nobody", 0), ("450 full", 1)])
def test_an_address_that_the_server_does_not_know_is_not_tried_again_and_a_full_one_is(
    mailed: tuple[Party, Mailbox], answer: str, again: int
) -> None:
    here, box = mailed

    async def refuses(*_: object) -> str:
        return answer

    box.handle_RCPT = refuses  # type: ignore[attr-defined] # the library finds it by its name
    if again:
        with pytest.raises(Unavailable):
            send(here.club)
    else:
        assert send(here.club) == 0
    del box.handle_RCPT  # type: ignore[attr-defined]
    assert send(here.club) == again


def test_p21_who_may_not_write_to_guests_sends_nothing(mailed: tuple[Party, Mailbox]) -> None:
    here, box = mailed
    here.club.anna.accounts.add("rev@club.example", roles=["reviewer"], passphrase="words")
    with pytest.raises(RoleRefused):
        GuestLetters(here.club.open("rev@club.example").context).send()
    assert (box.letters, told(here.club)) == ([], 0)


def test_p1_the_consent_page_says_whether_letters_come_and_only_then_they_do(hosted: Club) -> None:  # noqa: F811
    assert not hosted.anna.coming.look(invited(hosted)).letters
    welcomed(hosted, contact=ADDRESS)
    hosted.configure(*MAIL)
    assert hosted.anna.coming.look(invited(hosted)).letters
    for contact in (ADDRESS, "+44 20 7946 0000", None):
        welcomed(hosted, contact=contact)
    with hosted.sql() as connection:
        assert list(connection.scalars(sa.select(t.guests.c.told).order_by(t.guests.c.id))) == [None, 0, None, None]
    with pytest.raises(NotFound):
        hosted.anna.coming.look("x" * 43)
