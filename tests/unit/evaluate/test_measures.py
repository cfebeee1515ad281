"""The figures against a count of every single pair, done the slow way on whole numbers."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from countenance.evaluate import measures
from countenance.evaluate.measures import Pairs, compare_all, histogram, uncertain, verification
from countenance.evaluate.scores import STEP, Computed

Rows = list[tuple[int, ...]]


@st.composite
def labelled(draw: st.DrawFn) -> tuple[Rows, list[int]]:
    """Up to 40 vectors of small whole numbers, so that equal scores abound, and whose each of them is."""
    count = draw(st.integers(2, 40))
    row = st.tuples(*[st.integers(-2, 2)] * 4)
    rows = draw(st.lists(row, min_size=count, max_size=count))
    return rows, draw(st.lists(st.integers(0, 6), min_size=count, max_size=count))


def as_vectors(rows: Rows) -> np.ndarray:
    """Divided by 4, every product is a whole number of sixteenths between -1 and 1: exact in 32 bits."""
    return np.array(rows, np.float32).reshape(-1, 4) / 4


def product(one: tuple[int, ...], other: tuple[int, ...]) -> int:
    return sum(a * b for a, b in zip(one, other, strict=True))


def counted(rows: Rows, labels: list[int]) -> tuple[list[int], list[int]]:
    genuine, impostor = [], []
    for (one, own), (other, whose) in combinations(zip(rows, labels, strict=True), 2):
        (genuine if own == whose else impostor).append(product(one, other))
    return genuine, impostor


@settings(max_examples=25)
@given(labelled(), st.integers(5, 20))
def test_every_pair_is_counted_once_whatever_the_block(data: tuple[Rows, list[int]], block: int) -> None:
    rows, labels = data
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(measures, "BLOCK", block)
        pairs = compare_all(Computed(as_vectors(rows)), labels)
    genuine, impostor = counted(rows, labels)
    for counts, scores in ((pairs.genuine, genuine), (pairs.impostor, impostor)):
        found = {round((place * STEP - 1) * 16): int(counts[place]) for place in np.flatnonzero(counts)}
        assert found == {score: scores.count(score) for score in set(scores)}


@given(labelled())
def test_rates_are_those_of_a_slow_count(data: tuple[Rows, list[int]]) -> None:
    rows, labels = data
    genuine, impostor = counted(rows, labels)
    found = verification(compare_all(Computed(as_vectors(rows)), labels))
    assert (found.genuine_pairs, found.impostor_pairs) == (len(genuine), len(impostor))
    if not genuine or not impostor:
        assert (found.eer, found.best_accuracy, set(found.tar.values())) == (None, None, {None})
        return
    thresholds = range(-17, 18)
    tar = {t: sum(score >= t for score in genuine) / len(genuine) for t in thresholds}
    far = {t: sum(score >= t for score in impostor) / len(impostor) for t in thresholds}
    nearest = min(abs(far[t] - 1 + tar[t]) for t in thresholds)
    assert found.eer in [
        pytest.approx((far[t] + 1 - tar[t]) / 2)
        for t in thresholds
        if abs(far[t] - 1 + tar[t]) == pytest.approx(nearest)
    ]
    assert found.best_accuracy == pytest.approx(max((tar[t] + 1 - far[t]) / 2 for t in thresholds))
    at = found.tar["1e-2"]
    if len(impostor) < 100:
        assert at is None
    else:
        assert at is not None
        assert at.tar == tar[min(t for t in thresholds if far[t] <= 0.01)]


def test_the_threshold_is_the_score_from_which_pairs_are_accepted() -> None:
    genuine, impostor = np.zeros(200_001, np.int64), np.zeros(200_001, np.int64)
    impostor[110_000] = 990
    impostor[140_000] = 10  # cosine 0.4: one in a hundred
    genuine[[125_000, 140_000, 160_000]] = 1
    at = verification(Pairs(genuine, impostor)).tar
    assert at["1e-2"] is not None
    assert at["1e-3"] is not None
    assert (at["1e-2"].threshold, at["1e-2"].tar) == (pytest.approx(0.10001), 1.0)
    assert (at["1e-3"].threshold, at["1e-3"].tar) == (pytest.approx(0.40001), pytest.approx(1 / 3))
    assert at["1e-4"] is None  # a thousand pairs cannot tell one in ten thousand


@pytest.mark.parametrize(("impostors", "told"), [(2_999_999, False), (3_000_000, True)])
def test_a_rate_that_rests_on_few_errors_is_marked(impostors: int, told: bool) -> None:
    genuine, impostor = np.zeros(200_001, np.int64), np.zeros(200_001, np.int64)
    genuine[150_000], impostor[100_000] = 1, impostors
    found = verification(Pairs(genuine, impostor))
    assert ("1e-5" not in uncertain(found.tar, impostors)) is told
    assert "1e-4" not in uncertain(found.tar, impostors)


def test_a_histogram_holds_every_score_once() -> None:
    counts = np.zeros(200_001, np.int64)
    counts[[0, 1_999, 2_000, 199_999, 200_000]] = 1, 2, 4, 8, 16
    bars = histogram(counts)
    assert (len(bars), bars[0], bars[1], bars[-1], sum(bars)) == (100, 3, 4, 24, 31)
