"""Average linkage: the groups of the definition, in whatever order the vectors come, at whatever threshold."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from countenance.gallery.grouping import group, mean_cosine


def unit(rows: np.ndarray) -> np.ndarray:
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def drawn(seed: int, people: int, faces: int, spread: float, dimension: int = 12) -> np.ndarray:
    """Faces of so many people, some of whom lie near one another."""
    random = np.random.default_rng(seed)
    centres = random.standard_normal((people, dimension))
    rows = centres[random.integers(0, people, faces)] + spread * random.standard_normal((faces, dimension))
    return unit(rows)


def by_the_definition(vectors: np.ndarray, threshold: float) -> set[frozenset[int]]:
    """Merge the two likest groups as long as the mean cosine of all pairs between them reaches the threshold."""
    cosine = vectors.astype(np.float64) @ vectors.astype(np.float64).T
    groups = [[place] for place in range(len(vectors))]
    while len(groups) > 1:
        pairs = [(a, b) for a in range(len(groups)) for b in range(a)]
        mean = [cosine[np.ix_(groups[a], groups[b])].mean() for a, b in pairs]
        best = int(np.argmax(mean))
        if mean[best] < threshold:
            break
        a, b = pairs[best]
        groups[b] += groups.pop(a)
    return {frozenset(each) for each in groups}


def as_sets(labels: np.ndarray) -> set[frozenset[int]]:
    return {frozenset(np.flatnonzero(labels == label).tolist()) for label in np.unique(labels)}


FACES = {
    "seed": st.integers(0, 10_000),
    "people": st.integers(1, 5),
    "faces": st.integers(1, 24),
    "spread": st.floats(0.05, 1.5),
    "threshold": st.floats(-0.2, 0.95),
}


@settings(max_examples=60)
@given(**FACES)
def test_the_groups_are_those_of_the_definition(
    seed: int, people: int, faces: int, spread: float, threshold: float
) -> None:
    vectors = drawn(seed, people, faces, spread)
    assert as_sets(group(vectors, threshold)) == by_the_definition(vectors, threshold)


@settings(max_examples=60)
@given(**FACES, shuffle=st.integers(0, 1000), doubled=st.booleans())
def test_the_order_of_the_faces_does_not_matter(
    seed: int, people: int, faces: int, spread: float, threshold: float, shuffle: int, doubled: bool
) -> None:
    vectors = drawn(seed, people, faces, spread)
    vectors = np.concatenate([vectors, vectors]) if doubled else vectors
    order = np.random.default_rng(shuffle).permutation(len(vectors))
    there = as_sets(group(vectors, threshold))
    assert {frozenset(order[list(each)].tolist()) for each in as_sets(group(vectors[order], threshold))} == there


@settings(max_examples=40)
@given(**FACES, more=st.floats(0, 0.5))
def test_a_higher_threshold_only_takes_groups_apart(
    seed: int, people: int, faces: int, spread: float, threshold: float, more: float
) -> None:
    vectors = drawn(seed, people, faces, spread)
    coarse = as_sets(group(vectors, threshold))
    assert all(any(fine <= each for each in coarse) for fine in as_sets(group(vectors, threshold + more)))


def test_people_who_do_not_resemble_one_another_are_told_apart_and_numbered_as_they_come() -> None:
    random = np.random.default_rng(7)
    centres, _ = np.linalg.qr(random.standard_normal((128, 128)))
    people = random.integers(0, 40, 3000)
    vectors = unit(centres[people] + 0.06 * random.standard_normal((3000, 128)))
    labels = group(vectors, 0.4)
    _, first = np.unique(people, return_index=True)
    numbers = {int(people[place]): number for number, place in enumerate(sorted(first))}
    assert labels.tolist() == [numbers[int(each)] for each in people]


@pytest.mark.parametrize("many", [0, 1])
def test_nobody_and_one_alone(many: int) -> None:
    assert group(drawn(1, 1, many, 0.1) if many else np.zeros((0, 128), np.float32), 0.4).tolist() == [0] * many


def test_the_mean_of_all_pairs() -> None:
    one, other = drawn(3, 2, 5, 0.4), drawn(4, 2, 3, 0.4)
    assert mean_cosine(one, other) == pytest.approx(float((one.astype(float) @ other.astype(float).T).mean()))
