"""How closely a photo was looked at is on record, and whoever looks again looks no less closely."""

from __future__ import annotations

from dataclasses import replace

import pytest
import sqlalchemy as sa

from clubs import Club, looked
from countenance import errors
from countenance.registry import schema as t
from countenance.service.engines import at_hand
from made_up import Party


@pytest.fixture
def party(club: Club) -> Party:
    """Ada (1) agreed; 7 is a stranger."""
    club.person("Ada", 1)
    made = Party(club)
    made.put("a.jpg", 1, 7)
    made.put("b.jpg", 7)
    made.put("copy.jpg", 1, 7)
    made.put("broken.jpg").write_bytes(b"no photo")
    return made


def recorded(party: Party) -> dict[str, str | None]:
    with party.club.anna.context.registry.read() as connection:
        return {bytes(row.path).decode(): row.detect for row in connection.execute(sa.select(t.photos))}


def test_p22_a_photo_is_looked_at_again_when_it_was_looked_at_less_closely(party: Party) -> None:
    first = party.ingest(detect="quick")
    assert (first.detect, first.new, first.duplicates) == ("quick", 3, 1)
    assert recorded(party) == {"a.jpg": "quick", "b.jpg": "quick", "copy.jpg": "quick", "broken.jpg": None}
    party.ingest(detect="quick")
    assert party.engine.opened == []
    closer = party.ingest(detect="thorough")
    assert (closer.new, closer.already_known, closer.duplicates, closer.faces_kept) == (3, 1, 1, 2)
    assert party.engine.looked == [b"a.jpg", b"b.jpg"], "one look for each content, and none at what was refused"
    assert set(recorded(party).values()) == {"thorough", None}
    for less in ("standard", "quick"):
        assert party.ingest(detect=less).new == 0
        assert party.engine.opened == []
    assert party.shown(1) == ["a.jpg", "copy.jpg"]


def test_what_is_on_record_from_before_was_looked_at_in_the_standard_way(party: Party) -> None:
    party.ingest()
    with party.club.anna.context.registry.write() as connection:
        connection.execute(sa.update(t.photos).values(detect=None))
    assert party.ingest(detect="standard").new == 0
    assert party.ingest(detect="thorough").new == 3


def test_a_copy_of_a_photo_that_was_looked_at_closely_is_not_looked_at(party: Party) -> None:
    party.ingest(detect="thorough")
    party.put("later.jpg", 1, 7)
    assert party.ingest(detect="quick").duplicates == 1
    assert party.engine.looked == []
    assert recorded(party)["later.jpg"] == "thorough"


def test_a_file_that_moved_is_looked_at_more_closely_under_its_new_name(party: Party) -> None:
    party.ingest(detect="quick")
    (party.folder / "b.jpg").rename(party.folder / "moved.jpg")
    report = party.ingest(detect="thorough")
    assert (report.moved, report.missing) == (1, 0)
    assert recorded(party)["moved.jpg"] == "thorough"


def test_p22_whoever_looks_again_looks_as_closely_as_before(club: Club) -> None:
    number, context = club.source("party"), club.anna.context
    source = club.anna.sources.get("party")
    photos = [replace(looked(f"{how}.jpg", [1]), detect=how) for how in ("quick", "thorough")]
    for photo, expected in zip(photos, ("standard", "thorough"), strict=True):
        club.ingest(number, [photo])
        with at_hand(context, source) as parts:
            assert parts.detect == expected
        with at_hand(context, source, detect="quick") as parts:
            assert parts.detect == "quick"


def test_a_way_of_looking_that_there_is_not_is_refused(club: Club) -> None:
    club.source("party")
    with pytest.raises(errors.InputError, match="no way of looking 'closely'"):
        club.anna.ingest("party", detect="closely")
