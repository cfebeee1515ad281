"""The closed lists: purposes, grounds, conditions."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countenance.errors import NoBasis, PurposeRefused
from countenance.policy.bases import CONDITIONS, GROUNDS, check_ground
from countenance.policy.purposes import DPV, PURPOSES, mask, names, purpose


def test_bits_are_what_they_were_when_galleries_were_made() -> None:
    """A changed bit would turn one recorded purpose into another."""
    assert {each.name: each.bit for each in PURPOSES.values()} == {
        "find-my-photos": 0, "visitor-check-in": 1, "photo-library": 2, "duplicate-check": 3, "rights-request": 4,
        "archive-cataloguing": 5, "family-tracing": 6,
    }  # fmt: skip


@pytest.mark.parametrize("name", PURPOSES)
def test_each_purpose_is_whole(name: str) -> None:
    each = PURPOSES[name]
    assert each.name == name
    assert each.iri == DPV + each.term
    assert each.iri.startswith("https://w3id.org/dpv#")
    assert each.term.isidentifier()
    assert 0 < each.days <= 1095
    assert each.reviewers in {0, 1, 2}
    assert each.mask.bit_count() == 1


def test_what_touches_lives_is_off_until_it_is_switched_on() -> None:
    assert [each.name for each in PURPOSES.values() if not each.on] == ["archive-cataloguing", "family-tracing"]
    assert all(each.reviewers == 2 for each in PURPOSES.values() if not each.on)


@given(chosen=st.sets(st.sampled_from(sorted(PURPOSES))))
def test_a_mask_holds_exactly_its_purposes(chosen: set[str]) -> None:
    assert set(names(mask(chosen))) == chosen
    assert mask(chosen).bit_count() == len(chosen)


@pytest.mark.parametrize("name", [None, "", "search", "PHOTO-LIBRARY", " photo-library"])
def test_a_purpose_that_is_not_on_the_list_is_none(name: str | None) -> None:
    with pytest.raises(PurposeRefused) as refused:
        purpose(name)
    assert refused.value.requirement == "P3"
    assert all(each in refused.value.hint for each in PURPOSES)


CARRIES = {("consent", "explicit-consent")} | {
    (ground, condition)
    for ground in ("contract", "legal-obligation", "vital-interests", "public-task")
    for condition in ("vital-interests", "substantial-public-interest", "archiving")
}


@pytest.mark.parametrize(
    ("ground", "condition"), list(itertools.product([*GROUNDS, "public", "", "curiosity"], [*CONDITIONS, "", "none"]))
)
def test_only_a_ground_with_its_condition_carries_a_face(ground: str, condition: str) -> None:
    if (ground, condition) in CARRIES:
        check_ground(ground, condition)
        return
    with pytest.raises(NoBasis) as refused:
        check_ground(ground, condition)
    assert refused.value.requirement == "P1"
    assert refused.value.hint


def test_public_is_refused_in_so_many_words() -> None:
    with pytest.raises(NoBasis, match="not a lawful basis"):
        check_ground("public", "explicit-consent")
