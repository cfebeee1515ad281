"""What pages tell of photos and sources, and what a browser checks the log with."""

from __future__ import annotations

from dataclasses import replace

import pytest

from clubs import WORDS, Club, looked
from countenance.errors import InputError, NotFound, RoleRefused
from countenance.log import merkle, note
from county import county

HEX = bytes.fromhex
REX = "rex@club.example"
WORDS[REX] = "rex's words"


@pytest.fixture
def party(club: Club) -> Club:
    """Ada and a stranger in one photo, and a file that could not be read."""
    club.person("Ada", 1)
    club.person("Bela", 2)
    broken = replace(looked("broken.jpg", ()), code="unreadable", reason="It was cut off.")
    club.ingest(club.source(), [looked("both.jpg", (1, 50)), broken])
    return club


def test_p19_a_photo_names_who_may_be_named_and_the_log_says_who_looked(party: Club) -> None:
    record = party.anna.photographs.look("P1")
    assert (record.path, record.source, record.faces_found) == ("both.jpg", "party", 2)
    assert [(each.subject, each.name) for each in record.named] == [("ada", "Ada")]
    entry = party.anna.log_entries()[-1]
    assert (entry["act"], entry["outcome"]) == ("photo-look", "done")
    assert entry["facts"]["photo"] == "P1"


def test_p5_who_has_withdrawn_is_named_in_no_photo(party: Club) -> None:
    party.anna.withdraw("ada")
    assert party.anna.photographs.look("P1").named == ()


def test_p21_a_photo_is_shown_to_its_owners_operators_and_officers_alone(party: Club) -> None:
    party.anna.accounts.add(REX, roles=["reviewer"], passphrase=WORDS[REX])
    with pytest.raises(RoleRefused):
        party.open(REX).photographs.look("P1")
    other = county(party)
    other.agree()
    for ask in (
        lambda c: c.photographs.look("P1"), lambda c: c.photographs.standing("party"),
        lambda c: c.photographs.skipped("party", "unreadable"), lambda c: c.subjects.find("ada"),
    ):  # fmt: skip
        with pytest.raises(NotFound):
            ask(other.dan)


def test_what_is_no_photo_is_not_found(party: Club) -> None:
    for number in ("P99", "P0", "1", "P-1", "B1"):
        with pytest.raises(NotFound):
            party.anna.photographs.look(number)


def test_a_source_is_counted_and_what_was_skipped_is_told_by_reason(party: Club) -> None:
    told = party.anna.photographs.standing("party")
    assert (told.photos, told.faces_found, told.faces_kept, told.skipped) == (1, 2, 1, {"unreadable": 1})
    assert told.as_json()["skipped"] == 1
    assert party.anna.photographs.skipped("party", "unreadable") == (("broken.jpg", "It was cut off."),)
    assert party.anna.photographs.skipped("party", "video") == ()
    with pytest.raises(NotFound):
        party.anna.photographs.standing("parties")


def test_p15_the_record_of_a_person_tells_every_search_that_showed_them(party: Club) -> None:
    party.search(1)
    (told,) = party.anna.look("ada").searches
    assert (told["account"], told["purpose"]["name"]) == ("anna@club.example", "photo-library")
    assert party.anna.look("bela").searches == ()


def test_people_are_found_by_a_part_of_their_name_or_handle(club: Club) -> None:
    for name in ("Ada Lovelace", "Bela", "Clara"):
        club.subject(name)
    find = club.anna.subjects.find
    assert [each.name for each in find("LOVE")[0]] == ["Ada Lovelace"]
    assert ([each.name for each in find("", start=1, limit=1)[0]], find("")[1]) == (["Bela"], 3)


def test_p19_the_log_of_now_is_proven_to_continue_an_earlier_one(club: Club) -> None:
    book = club.anna.context.book
    held = note.open_checkpoint(book.checkpoint(), book.signer().verifier)
    club.subject("Ada")
    told = club.anna.logbook.grown_from(held.size)
    now = note.open_checkpoint(told["checkpoint"], note.VerifierKey.parse(told["key"]))
    merkle.verify_consistency(held.size, now.size, held.root, now.root, [HEX(each) for each in told["consistency"]])
    for size in (0, -1, now.size + 1):
        with pytest.raises(InputError):
            club.anna.logbook.grown_from(size)
