"""The shared words."""

from __future__ import annotations

import dataclasses
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clubs import probe
from countenance.errors import NotFound
from countenance.types import Appearance, Box, Candidate, PhotoRef, Template, iso, parse_number, reference_number


@given(number=st.integers(1, 10**18 - 1), letter=st.sampled_from("ABCEP"))
def test_a_number_is_read_as_it_is_written(number: int, letter: str) -> None:
    assert parse_number(letter, reference_number(letter, number), "record") == number
    assert parse_number(letter, f" {letter.lower()}{number}\n", "record") == number


@given(text=st.text(max_size=12) | st.from_regex(r"[AB]?-?[0-9]{1,20}", fullmatch=True))
def test_whatever_else_is_not_there(text: str) -> None:
    written = re.fullmatch(r"[Bb][1-9][0-9]{0,17}", text.strip())
    if written:
        assert parse_number("B", text, "basis") == int(text.strip()[1:])
        return
    with pytest.raises(NotFound) as missing:
        parse_number("B", text, "basis")
    assert missing.value.hint == "A basis is written like B12."


@pytest.mark.parametrize(("at", "text"), [(0, "1970-01-01T00:00:00Z"), (1_800_000_000, "2027-01-15T08:00:00Z")])
def test_times_are_written_in_utc(at: int, text: str) -> None:
    assert iso(at) == text


def test_a_template_is_never_printed() -> None:
    made = probe(1)
    for shown in (repr(made.template), repr(made), str(made.template)):
        assert "array" not in shown
        assert not any(f"{number:.3f}" in shown for number in made.template.vector[:8])


def test_a_template_survives_sealing_bit_by_bit() -> None:
    template = probe(1).template
    again = Template.from_bytes(template.to_bytes(), template.contract)
    assert again.vector.dtype == np.float32
    assert np.array_equal(again.vector, template.vector)
    assert len(template.to_bytes()) == 512


def test_the_words_cannot_be_changed() -> None:
    box = Box(1.2, 2.6, 3, 4)
    assert box.as_list() == [1, 3, 3, 4]
    with pytest.raises(dataclasses.FrozenInstanceError):
        box.x = 9  # type: ignore[misc]


def test_a_candidate_s_best_is_its_first_appearance() -> None:
    first = Appearance(PhotoRef("P1", "a.jpg", "party"), Box(0, 0, 1, 1), 0.9)
    second = Appearance(PhotoRef("P2", "b.jpg", "party"), Box(0, 0, 1, 1), 0.8)
    assert Candidate(1, "ada", "Ada", 0.9, "high", "B1", "", "", "", (first, second)).best is first
    assert Candidate(1, "ada", "Ada", 0.9, "high", "B1", "", "", "").best is None
