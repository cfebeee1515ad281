"""What a quality gate does to the figures: with nobody refused nothing, and refusing is no merit by itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from countenance.errors import InputError
from countenance.evaluate.figures import report
from countenance.evaluate.gating import gated
from countenance.evaluate.identifying import identification, search_all
from countenance.evaluate.scores import Computed, Observed, read_scores, write_scores

ABOUT = {
    "statement": "synthetic", "face": "largest", "embedding_contract": "0", "version": "0",
    "model": {"name": "none", "sha256": "0"},
}  # fmt: skip
REMARKS = {
    "seconds": 1.5, "speed": {"photos_per_second": 2.0, "seconds": {}}, "repeats": 0, "people": None,
    "unreadable": [], "duplicates": [], "names": "0",
}  # fmt: skip
NOBODY: dict[str, list[int]] = {"probe": [], "enrolment": []}
PICTURES = st.lists(
    st.tuples(st.integers(0, 5), st.booleans(), st.tuples(*[st.integers(-2, 2)] * 4)), min_size=2, max_size=24
)


def observed(pictures: list[tuple[int, bool, tuple[int, ...]]], **remarks: Any) -> Observed:
    vectors = np.array([row for _, found, row in pictures if found], np.float32).reshape(-1, 4) / 4
    return Observed(
        tuple(range(len(pictures))), tuple(p for p, _, _ in pictures), tuple(f for _, f, _ in pictures),
        Computed(vectors), about=ABOUT, remarks=REMARKS | remarks,
    )  # fmt: skip


def row(*person: int) -> tuple[int, ...]:
    return tuple(2 if place in person else 0 for place in range(4))


PEOPLE = [
    (0, True, row(0)), (0, True, row(0)), (0, True, row(1)),  # the third looks like somebody else
    (1, True, row(1)), (1, True, row(1)),
    (2, True, row(2)),
]  # fmt: skip


@settings(max_examples=12)
@given(PICTURES)
def test_p22_a_gate_that_refuses_nobody_changes_nothing(pictures: list[tuple[int, bool, tuple[int, ...]]]) -> None:
    seen = observed(pictures)
    bare = identification(search_all(seen))
    told = gated(seen, "off", NOBODY)
    for name in ("probes", "enrolment", "both"):
        each = told[name]
        assert (each["people_not_enrolled"], each["searches_refused"]) == (0, 0)
        assert (each["gallery"], each["probes"], each["unmated"]) == (
            bare.gallery, bare.probes, bare.everybody.strangers,
        )  # fmt: skip
        expected = {rate: None if at is None else round(1 - at.tar, 6) for rate, at in bare.everybody.fnir.items()}
        assert each["fnir"] == each["fnir_of_all"] == expected


def test_p22_a_refused_search_is_no_miss_of_those_made_and_a_miss_of_all() -> None:
    told = gated(observed(PEOPLE), "strict", {"probe": [2], "enrolment": [2]})["probes"]
    assert (told["searches_refused"], told["probes"], told["gallery"]) == (1, 2, 2)
    assert identification(search_all(observed(PEOPLE))).probes == 3


def test_p22_whoever_is_refused_gives_another_picture_or_is_not_enrolled() -> None:
    told = gated(observed(PEOPLE), "strict", {"probe": [], "enrolment": [0, 3, 4]})["enrolment"]
    assert (told["people_not_enrolled"], told["gallery"], told["probes"]) == (1, 1, 2), "their searches cannot be made"
    both = gated(observed(PEOPLE), "strict", {"probe": [0], "enrolment": [0, 3, 4]})["both"]
    assert (both["searches_refused"], both["probes"]) == (1, 1)


def test_p22_refusing_all_that_fail_does_not_lower_the_misses_of_all() -> None:
    many = [(person, True, row(person % 4)) for person in range(4) for _ in range(4)]
    many += [
        (10 + number, True, (1, 0, 0, 0)) for number in range(12)
    ]  # strangers, less alike than anybody to themselves
    seen = observed(many)
    told = gated(seen, "strict", {"probe": [1, 2, 5], "enrolment": []})["probes"]
    assert (told["fnir"]["0.1"], told["probes"]) == (0.0, 9)
    assert told["fnir_of_all"]["0.1"] == 0.25, "three of twelve"


def test_p22_a_report_with_a_gate_is_rebuilt_from_its_raw_scores(tmp_path: Path) -> None:
    seen = observed(PEOPLE, gate={"level": "strict", "probe": [2], "enrolment": [0]})
    first = report(seen, 1, rounds=20)
    assert first["gate"]["level"] == "strict"
    write_scores(seen, tmp_path / "scores.npz")
    assert json.dumps(report(read_scores(tmp_path / "scores.npz"), 1, rounds=20)) == json.dumps(first)
    assert "gate" not in report(observed(PEOPLE), 1, rounds=20)


def test_raw_scores_with_a_gate_that_is_none_are_refused(tmp_path: Path) -> None:
    for lie in ({"level": 3, "probe": [], "enrolment": []}, {"level": "strict", "probe": [-1], "enrolment": []}, {}):
        file = tmp_path / "scores.npz"
        write_scores(observed(PEOPLE, gate=lie), file)
        with pytest.raises(InputError, match="no raw scores"):
            read_scores(file)
