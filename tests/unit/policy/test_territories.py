"""Where people live, as numbers for the index: spans of numbers say the same as lists of codes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countenance.policy import territories

PLACES = [
    "GB", "GB-SCT", "GB-1", "GB-01", "GB-10", "GG", "GA", "US", "US-IL", "US-IN", "AD", "ZW", "ZW-ZZZ",
    "unknown", "", "XX", "gb", "GB-", "GB-ABCD", "GB-sct",
]  # fmt: skip


def reached(codes: frozenset[str], place: str) -> bool:
    here = territories.number(place)
    return any(start <= here < end for start, end in territories.spans(codes))


@given(codes=st.frozensets(st.sampled_from(PLACES), max_size=4), place=st.sampled_from(PLACES))
def test_p4_the_index_reaches_exactly_where_an_agreement_does(codes: frozenset[str], place: str) -> None:
    assert reached(codes, place) == territories.covers(codes, place)


def test_everywhere_is_no_span_at_all() -> None:
    assert territories.spans(None) is None
    assert territories.spans(frozenset()) == frozenset()


@pytest.mark.parametrize("place", ["unknown", "", "XX", "XX-1", "gb", "GB-ABCD", "*"])
def test_a_place_that_nobody_knows_has_no_number(place: str) -> None:
    assert territories.number(place) == 0


def test_two_places_never_share_a_number() -> None:
    known = [place for place in PLACES if territories.is_code(place)]
    assert len({territories.number(place) for place in known}) == len(known)
    assert all(0 < territories.number(place) < 2**31 for place in known)
