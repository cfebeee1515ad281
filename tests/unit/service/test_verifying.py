"""Verify, 1:1: how often (P3)."""

from __future__ import annotations

import pytest

from clubs import Club, probe
from countenance.errors import TooMany
from countenance.policy.comparing import VERIFY_A_DAY
from countenance.policy.desk import Ask
from countenance.samples import cast
from countenance.types import Verify


def test_p3_new_case_references_do_not_reset_the_cap(club: Club) -> None:
    for other in range(VERIFY_A_DAY):
        club.verify(1, 2 + other, case=f"case {other}")
    with pytest.raises(TooMany) as refused:
        club.verify(1, 40, case="a new one")
    assert refused.value.requirement == "P3"
    club.clock.forward(days=1)
    assert club.verify(1, 1, case="a new one").band == "high"


def test_p3_the_cap_counts_for_a_case_whoever_compares_in_it(club: Club) -> None:
    for other in range(VERIFY_A_DAY):
        club.verify(1, 2 + other)
    anna = club.anna
    try:
        club.anna = club.cleo
        with pytest.raises(TooMany):
            club.verify(1, 40)
        assert club.verify(1, 40, case="of her own").band == "below-threshold"
    finally:
        club.anna = anna


def test_p3_the_same_two_photos_are_one_comparison_whichever_comes_first(club: Club) -> None:
    one, other = (cast().photos(name)[1] for name in ("Ada", "Bruno"))
    for first, second in ((one, other), (other, one), (one, other)):
        club.anna.verify(first, second, purpose="photo-library", case="press 12")
    assert counted(club) == (1, 3)
    club.clock.forward(days=1)
    club.anna.verify(one, other, purpose="photo-library", case="press 12")
    assert counted(club) == (2, 4)  # tomorrow's salt is another one


def counted(club: Club) -> tuple[int, ...]:
    """Distinct pairs of photos, and comparisons."""
    with club.sql() as connection:
        count = "SELECT count(DISTINCT pair_commitment), count(*) FROM searches"
        return tuple(connection.exec_driver_sql(count).one())


def test_p3_no_number_of_comparisons_at_once_gets_past_the_cap(club: Club) -> None:
    for other in range(VERIFY_A_DAY - 1):
        club.verify(1, 2 + other)
    context = club.anna.context
    ask = Ask(purpose="photo-library", case_named=True, case=club.anna.cases.find("press 12", "photo-library"))
    one, other = (context.desk.decide(Verify, ask) for _ in range(2))  # both asked before either is answered
    context.gallery.verify(probe(1), probe(40), grant=one)
    with pytest.raises(TooMany) as refused:
        context.gallery.verify(probe(1), probe(41), grant=other)
    assert (refused.value.requirement, counted(club)) == ("P3", (VERIFY_A_DAY, VERIFY_A_DAY))
