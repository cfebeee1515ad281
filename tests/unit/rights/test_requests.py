"""A month is a calendar month, and what is no request is refused (P29)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countenance.errors import InputError
from countenance.rights.requests import KINDS, REFUSALS, check_refusal, check_request, days_left, deadline_of, last_day


def at(*when: int) -> int:
    return int(datetime(*when, tzinfo=UTC).timestamp())  # type: ignore[arg-type,misc]


@pytest.mark.parametrize(
    ("asked", "last"),
    [
        ((2027, 1, 15, 8), "15 February 2027"),
        ((2027, 1, 31), "28 February 2027"),
        ((2028, 1, 30, 23, 59, 59), "29 February 2028"),
        ((2027, 12, 31), "31 January 2028"),
        ((2027, 5, 31), "30 June 2027"),
    ],
)
def test_p29_the_deadline_is_a_calendar_month_after_the_request(asked: tuple[int, ...], last: str) -> None:
    deadline = deadline_of(at(*asked))
    assert last_day(deadline) == last
    assert datetime.fromtimestamp(deadline, UTC).strftime("%H:%M:%S") == "00:00:00"


@given(st.integers(at(2020, 1, 1), at(2100, 1, 1)))
def test_p29_a_month_is_28_to_31_days_and_the_days_count_down_to_none(now: int) -> None:
    deadline = deadline_of(now)
    assert 28 <= days_left(deadline, now) <= 31
    assert days_left(deadline, deadline - 1) == 0
    assert days_left(deadline, deadline) == -1


def test_what_is_no_request_is_refused() -> None:
    for kind in KINDS:
        check_request(kind, "anna@example.org", "words")
    for kind, contact, details in (
        ("everything", None, None),
        ("access", "a", None),
        ("access", "a" * 255, None),
        ("access", "anna@example.org\nBcc: all", None),
        ("access", None, "w" * 2001),
    ):
        with pytest.raises(InputError):
            check_request(kind, contact, details)
    for reason in REFUSALS:
        check_refusal(reason)
    with pytest.raises(InputError, match="no reason"):
        check_refusal("we would rather not")
