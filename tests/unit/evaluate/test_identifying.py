"""1:N figures against a slow search by hand, on whole numbers, and the file of raw scores."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from countenance.errors import InputError
from countenance.evaluate.figures import report
from countenance.evaluate.identifying import identification, search_all
from countenance.evaluate.scores import Computed, Listed, Observed, read_scores, write_scores

ABOUT = {
    "statement": "synthetic", "face": "largest", "embedding_contract": "0", "version": "0",
    "model": {"name": "none", "sha256": "0"},
}  # fmt: skip
REMARKS = {
    "seconds": 1.5, "speed": {"photos_per_second": 2.0, "seconds": {"decode": 0.5}}, "repeats": 0, "people": None,
    "unreadable": [[3, "unreadable", "The file is damaged."]], "duplicates": [[4, 5]], "names": "0",
}  # fmt: skip
LISTED = Listed(*np.array([[1, 0, 1], [1, 1, 2], [2, 0, 3], [2, 2, 99]]).T)
Rows = list[tuple[int, ...]]
ROW = st.tuples(*[st.integers(-2, 2)] * 4)
PICTURES = st.lists(st.tuples(st.integers(0, 5), st.booleans(), ROW), min_size=2, max_size=30)


def observed(pictures: list[tuple[int, bool, tuple[int, ...]]], **more: object) -> Observed:
    """Divided by 4, every product is a whole number of sixteenths between -1 and 1: exact on the grid."""
    vectors = np.array([row for _, found, row in pictures if found], np.float32).reshape(-1, 4) / 4
    return Observed(
        tuple(range(len(pictures))), tuple(p for p, _, _ in pictures), tuple(f for _, f, _ in pictures),
        Computed(vectors), **more,  # type: ignore[arg-type]
    )  # fmt: skip


def slow(pictures: list[tuple[int, bool, tuple[int, ...]]]) -> tuple[list[int | None], list[int], list[int]]:
    """Of every mated search its own person's score (None: not there), of every non-mated the best, and the ranks."""
    persons = [person for person, _, _ in pictures]
    enrolled: dict[int, tuple[int, ...] | None] = {}
    mated, strange, ranks = [], [], []
    asked = []
    for person, found, row in pictures:
        if persons.count(person) > 1 and person not in enrolled:
            enrolled[person] = row if found else None
        else:
            asked.append((person, found, row))
    gallery = {person: row for person, row in enrolled.items() if row is not None}
    for person, found, row in asked:
        score = {other: sum(a * b for a, b in zip(row, theirs, strict=True)) for other, theirs in gallery.items()}
        others = [value for other, value in score.items() if other != person]
        own = score.get(person) if found else None
        if persons.count(person) > 1:
            mated.append(own)
            ranks.append(99 if own is None else 1 + sum(value >= own for value in others))
        if found:
            strange.append(max(others, default=-99))
    return mated, strange, ranks


ALIKE, BLANK = (2, 2, 2, 2), (0, 0, 0, 0)
FOUND_ONCE = [(0, True, ALIKE), (0, True, ALIKE), (0, False, BLANK), *((each, True, BLANK) for each in range(1, 12))]
"""Of two searches for a person one has no face; eleven strangers resemble nobody."""


@given(PICTURES)
@example(FOUND_ONCE)
def test_p22_rates_of_identification_are_those_of_a_slow_search(
    pictures: list[tuple[int, bool, tuple[int, ...]]],
) -> None:
    mated, strange, ranks = slow(pictures)
    found = identification(search_all(observed(pictures)))
    assert (found.probes, found.everybody.strangers) == (len(mated), len(strange))
    for rank in (1, 5):
        assert found.within(rank) == (
            pytest.approx(sum(each <= rank for each in ranks) / len(ranks)) if ranks else None
        )
    at = found.everybody.fnir["0.1"]
    if not mated or len(strange) < 10:
        assert at is None
        return
    assert at is not None
    threshold = next(t for t in range(-17, 18) if sum(each >= t for each in strange) <= len(strange) / 10)
    missed = sum(own is None or own < threshold for own in mated)
    assert 1 - at.tar == pytest.approx(missed / len(mated))
    for point in found.everybody.det:
        assert point.false_positive == pytest.approx(
            sum(each / 16 >= point.threshold - 1e-9 for each in strange) / len(strange)
        )


def test_a_probe_without_a_face_and_one_without_an_enrolment_are_not_found() -> None:
    one, other = (4, 0, 0, 0), (0, 4, 0, 0)
    # Person 0 is enrolled and found; person 1's first picture shows no face; one probe of each shows no face.
    pictures = [(0, True, one), (0, True, one), (1, False, other), (1, True, other), (0, False, one), (1, False, one)]
    found = identification(search_all(observed(pictures)))
    assert (found.gallery, found.probes, found.within(1), found.within(5)) == (1, 4, 0.25, 0.25)


def test_a_score_shared_with_another_person_is_not_a_first_place() -> None:
    same = (2, 2, 2, 2)
    found = identification(search_all(observed([(0, True, same), (1, True, same), (0, True, same), (1, True, same)])))
    assert (found.within(1), found.within(5)) == (0.0, 1.0)


@settings(max_examples=15)
@given(PICTURES)
def test_p22_a_report_is_rebuilt_from_its_raw_scores(
    tmp_path_factory: pytest.TempPathFactory, pictures: list[tuple[int, bool, tuple[int, ...]]]
) -> None:
    file = tmp_path_factory.mktemp("scores") / "scores.npz"
    stated = {person: person % 2 for person, _, _ in pictures}
    first = observed(pictures, groups=("a", "b"), stated=stated, about=ABOUT, remarks=REMARKS, listed=LISTED)
    write_scores(first, file)
    again = read_scores(file)
    assert report(again, 2, rounds=5) == report(first, 2, rounds=5)
    assert again.remarks == first.remarks


def test_what_is_no_file_of_scores_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "scores.npz"
    for content in (b"", b"PK\x03\x04", b"x" * 1000):
        file.write_bytes(content)
        with pytest.raises(InputError):
            read_scores(file)
    with pytest.raises(InputError, match="cannot be read"):
        read_scores(tmp_path / "none.npz")
    rows = [(0, True, (4, 0, 0, 0)), (0, True, (0, 4, 0, 0)), (1, True, (1, 1, 1, 1))]
    good = observed(rows, about=ABOUT, remarks=REMARKS)
    write_scores(good, file)
    with np.load(file) as read:
        parts = dict(read)
    read_scores(file)
    said = json.loads(parts["about"].tobytes())
    wrong_numbers = [
        {"scores": parts["scores"][:-1]},
        {"scores": parts["scores"] - 200_001},
        {"persons": parts["persons"][:-1]},
        {"persons": parts["persons"] - 1},
        {"numbers": parts["numbers"][::-1]},
        {"listed": np.array([[1, -1, 0]])},
        {"listed": np.array([1, 2, 3])},
        {"stated": np.array([[0, 7]])},
    ]
    wrong_words: list[dict[str, Any]] = [
        {"v": 1},
        {"about": {}},
        {"about": ABOUT | {"model": {"name": 1, "sha256": "0"}}},
        {"remarks": {}},
        {"remarks": REMARKS | {"unreadable": [[0, 1, 2]]}},
        {"remarks": REMARKS | {"duplicates": [[-1]]}},
        {"remarks": REMARKS | {"people": "all"}},
        {"groups": None},
    ]
    told_wrong = [{"about": np.frombuffer(json.dumps(said | each).encode(), np.uint8)} for each in wrong_words]
    for wrong in (*wrong_numbers, *told_wrong):
        np.savez_compressed(file, **(parts | wrong))
        with pytest.raises(InputError, match="holds no raw scores"):
            read_scores(file)


def test_a_group_of_few_people_is_counted_and_no_more() -> None:
    pictures = [(person, True, (person % 3, 1, person % 2, 2)) for person in range(6) for _ in range(3)]
    stated = {0: 0, 1: 0, 2: 1, 3: 1, 4: 1, 5: 1, 99: 0}  # of the last one no picture was read
    told = report(observed(pictures, groups=("few", "many"), stated=stated), 3, rounds=5)
    assert told["groups"]["few"] == {"people": 2, "note": "fewer than 3 people: no rate is told"}
    assert told["groups"]["many"]["genuine_pairs"] == 4 * 3
    assert told["groups"]["many"]["impostor_pairs"] == 12 * 11 // 2 - 12
    assert told["groups"]["many"]["probes"] == 8
    rates = told["groups"]["many"]["identification"].values()
    assert all(set(at["interval"]) == {"fpir", "fnir"} for at in rates)
