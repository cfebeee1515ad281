"""AI Act Article 12(3): every use with its start and end, reference gallery, input, and who verified the result."""

from __future__ import annotations

import pytest

from clubs import ANNA, BEN, Club
from countenance.errors import RoleRefused
from countenance.vision.contract import embedding_contract


def test_p19_every_use_is_listed_with_the_fields_of_the_ai_act(club: Club) -> None:
    club.person("Ada", 1)
    club.search(1, case="press 12")
    club.verify(1, 2)
    found, compared = club.anna.logbook.uses()
    assert (found.kind, compared.kind) == ("search", "verify")
    assert found.start == found.end == "2027-01-15T08:00:00Z"
    assert found.gallery["id"] == club.anna.context.settings.gallery.id
    assert found.gallery["contract"] == embedding_contract()
    assert found.gallery["sequence"] > 0
    assert (found.account, found.organisation, found.case, found.purpose) == (
        ANNA,
        "Rowing Club",
        "press 12",
        "photo-library",
    )
    (ada,) = found.shown
    assert (ada.subject, ada.state, ada.reviews) == ("ada", "open", ())
    leaf = club.anna.log_entries(found.log_index, 1)[0]
    assert leaf["facts"]["probe"] == found.probe
    assert (leaf["facts"]["start"], leaf["facts"]["end"]) == (found.start, found.end)
    assert leaf["facts"]["contract"] == embedding_contract()


def test_p19_who_verified_a_result_is_listed_with_it(club: Club) -> None:
    club.person("Ada", 1)
    answer = club.search(1)
    club.anna.accounts.add("cleo@club.example", roles=["reviewer"], passphrase="cleo's words")
    cleo = club.open("cleo@club.example")
    cleo.reviewing.show(f"R{answer.search}")
    cleo.reviewing.confirm(f"R{answer.search}", "ada")
    (use,) = club.anna.logbook.uses()
    assert use.shown[0].state == "confirmed"
    assert use.shown[0].reviews == (("cleo@club.example", "confirm", "2027-01-15T08:00:00Z"),)


def test_p20_who_was_erased_is_counted_and_named_no_more(club: Club) -> None:
    club.person("Ada", 1)
    club.search(1)
    club.ben.erase("ada", reason="request")
    (use,) = club.anna.logbook.uses()
    assert (use.candidates, use.shown) == (1, ())


def test_looking_at_the_uses_needs_a_role_and_is_logged(club: Club) -> None:
    club.search(1)
    club.anna.accounts.add("dan@club.example", roles=["operator"], passphrase="words")
    with pytest.raises(RoleRefused):
        club.open("dan@club.example").logbook.uses()
    assert len(club.open(BEN).logbook.uses(start=1, limit=5)) == 1
    last = club.anna.log_entries()[-1]
    assert (last["act"], last["outcome"], last["facts"]) == ("uses-look", "done", {"uses": 1})
