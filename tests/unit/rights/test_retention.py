"""What retention says has to go: pure, from facts, at a time."""

from __future__ import annotations

from dataclasses import replace

import pytest

from countenance.policy.purposes import mask
from countenance.rights.retention import (
    HOLD,
    QUIET,
    Item,
    Kept,
    Person,
    Shown,
    basis_due,
    doable,
    of_people,
    of_photos,
)
from countenance.types import DAY

NOW = 1_900_000_000
LIVE = Kept(7, "live", mask(["photo-library"]), NOW - 10 * DAY, NOW + 10 * DAY, None, None)
ADA = Person(1, NOW - 10 * DAY, NOW - 10 * DAY, asking=False, blocked=None, bases=(LIVE,))


def items(person: Person, now: int = NOW) -> list[Item]:
    return list(of_people([person], now))


def test_p13_nothing_goes_before_its_time() -> None:
    assert items(ADA) == []


@pytest.mark.parametrize(
    ("basis", "due", "why"),
    [
        (replace(LIVE, ends=NOW), NOW, "expired"),
        (replace(LIVE, purposes=mask(["find-my-photos"]), starts=NOW - 90 * DAY), NOW, "purpose find-my-photos"),
        (replace(LIVE, purposes=mask(["photo-library", "visitor-check-in"])), NOW - 9 * DAY, "visitor-check-in has"),
        (replace(LIVE, state="withdrawn", withdrawn=NOW - 30 * DAY), NOW, "withdrawn thirty days ago"),
        (replace(LIVE, state="pending", face=NOW - 7 * DAY), NOW, "never confirmed within seven days"),
    ],
)
def test_p13_the_earliest_of_all_ends_decides(basis: Kept, due: int, why: str) -> None:
    assert basis_due(basis)[0] == due
    assert why in basis_due(basis)[1]
    (item,) = items(replace(ADA, bases=(basis,)), due)
    assert (item.what, item.number, item.due) == ("subject", 1, due)
    assert why in item.why
    assert "no other basis is left" in item.why
    assert items(replace(ADA, bases=(basis,)), due - 1) == []


def test_p14_nobody_goes_while_their_own_request_is_open() -> None:
    quiet = replace(ADA, last_interaction=NOW - QUIET, asking=True, bases=(replace(LIVE, ends=NOW + QUIET),))
    assert items(quiet) == []
    assert items(replace(quiet, bases=())) == []
    assert [item.what for item in items(replace(quiet, asking=False))] == ["subject"]


def test_p13_three_years_after_the_last_own_act_even_a_live_basis_goes() -> None:
    ages = replace(LIVE, starts=NOW, ends=NOW + QUIET * 2)
    quiet = replace(ADA, last_interaction=NOW - QUIET, bases=(ages,))
    (item,) = items(quiet)
    assert (item.what, item.due) == ("subject", NOW)
    assert "own last act" in item.why
    assert items(replace(quiet, last_interaction=NOW - QUIET + 1)) == []


def test_another_standing_basis_keeps_the_person() -> None:
    gone = replace(LIVE, number=8, ends=NOW - 1)
    (item,) = items(replace(ADA, bases=(LIVE, gone)))
    assert (item.what, item.number, item.subject) == ("basis", 8, 1)


def test_an_open_request_keeps_the_record_and_not_the_face() -> None:
    (item,) = items(replace(ADA, asking=True, bases=(replace(LIVE, ends=NOW),)))
    assert item.what == "basis"
    assert items(replace(ADA, asking=True, bases=())) == []


def test_p3_a_person_without_a_basis_has_seven_days() -> None:
    new = replace(ADA, created=NOW - 7 * DAY + 1, bases=())
    assert items(new) == []
    (item,) = items(new, NOW + 1)
    assert "no basis was recorded" in item.why


def test_p3_a_pending_basis_without_a_face_may_wait_for_its_person() -> None:
    assert items(replace(ADA, bases=(replace(LIVE, state="pending"),))) == []


def test_p8_what_is_blocked_is_listed_and_not_done() -> None:
    (item,) = items(replace(ADA, blocked=HOLD, bases=(replace(LIVE, ends=NOW),)))
    assert item.blocked == HOLD
    assert doable([item], "subject") == []
    assert item.as_json()["blocked"] == HOLD


@pytest.mark.parametrize(
    ("photo", "why"),
    [
        (Shown(3, 2, NOW - 20 * DAY, 20, gone=False, blocked=None), "keeps for 20 days"),
        (Shown(3, 2, NOW, 1000, gone=True, blocked=None), "file is gone"),
        (Shown(3, 2, NOW - 20 * DAY, 21, gone=False, blocked=None), None),
    ],
)
def test_p13_appearances_go_with_their_source_s_time_or_their_file(photo: Shown, why: str | None) -> None:
    found = list(of_photos([photo], NOW))
    assert [item.count for item in found] == ([2] if why else [])
    assert all(why and why in item.why for item in found)
