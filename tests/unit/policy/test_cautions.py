"""Cautions follow from what is on record, and from nothing else."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from countenance.policy.cautions import (
    ALIKE,
    APART,
    CAUTIONS,
    CHILD,
    COVERED,
    YEARS_APART,
    Compared,
    cautions,
    reviewers_with,
    year_of,
)

NOW = 1_800_000_000
"""15 January 2027."""
YEARS = st.floats(1900, 2027)


def test_p17_nothing_on_record_raises_no_caution() -> None:
    assert cautions(Compared(None, 2027.0, [2026.5])) == ()
    assert cautions(Compared(None, 2027.0, [])) == ()


def test_p17_a_child_at_any_of_the_photos_is_cautioned_of() -> None:
    assert cautions(Compared(2015, 2027.0, [2026.5])) == (CHILD,)
    assert cautions(Compared(1990, 2027.0, [2026.5])) == ()
    assert cautions(Compared(2005, 2027.0, [2023.9])) == (CHILD,), "18 at most when enrolled"
    assert cautions(Compared(2005, 2027.0, [2024.0])) == ()
    assert cautions(Compared(2003, 2027.0, [2026.0], [2021.5])) == (CHILD,), "in a photo that they appear in"


def test_p17_years_between_two_photos_are_cautioned_of() -> None:
    assert cautions(Compared(None, 2027.0, [2020.9])) == (APART,)
    assert cautions(Compared(None, 2027.0, [2021.0])) == ()
    assert cautions(Compared(None, 2010.0, [2026.0])) == (APART,), "the old one may be the one that was searched for"
    assert cautions(Compared(None, 2027.0, [2026.0], [2019.0])) == (APART,)
    assert cautions(Compared(None, 2027.0, [2010.0, 2026.0])) == (), "a newer enrolment makes up for an old one"


def test_p17_a_face_that_is_hardly_seen_and_a_lookalike_are_cautioned_of() -> None:
    assert cautions(Compared(None, 2027.0, [2026.0], seen=0.79)) == (COVERED,)
    assert cautions(Compared(None, 2027.0, [2026.0], seen=0.80, parted=True)) == (ALIKE,)


@given(
    st.none() | st.integers(1900, 2027),
    YEARS,
    st.lists(YEARS, max_size=3),
    st.lists(YEARS, max_size=3),
    st.floats(0, 1),
    st.booleans(),
    st.integers(0, 3),
)
def test_p18_a_caution_never_lowers_how_many_must_confirm(
    born: int | None, asked: float, enrolled: list[float], photos: list[float], seen: float, parted: bool, demanded: int
) -> None:
    carried = cautions(Compared(born, asked, enrolled, photos, seen, parted))
    assert set(carried) <= set(CAUTIONS)
    assert len(set(carried)) == len(carried)
    assert reviewers_with(demanded, carried) == demanded + bool(carried and demanded)
    if born is None:
        assert CHILD not in carried, "no age is inferred"
    more = Compared(born, asked, enrolled, [*photos, asked - YEARS_APART - 1], seen, True)
    assert set(carried) <= set(cautions(more)), "what is known besides takes no caution away"


def test_dates_are_read_as_a_camera_or_a_manifest_writes_them() -> None:
    assert year_of("2026", NOW) == 2026
    assert year_of("2026-07", NOW) == 2026.5
    assert 2026.5 < (year_of("2026-07-20T10:00:00+02:00", NOW) or 0) < 2026.6
    assert [year_of(told, NOW) for told in (None, "", "soon", "0000-00-00", "1700", "2027-06-01", "9999")] == [None] * 7
