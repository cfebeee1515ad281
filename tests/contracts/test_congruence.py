"""The same searches on every engine give the same candidates, once they are scored exactly as the registry does it.

All purposes, territories, times and selectivities, for people who are enrolled and for strangers. What an engine that
estimates may miss is stated: nothing above the threshold, and at the most one in a hundred of the ten nearest.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from conftest import LONG
from countenance.evaluate.crowd import generated_templates
from countenance.index import ENGINES, NO_ID, Eligibility, Index, Rows
from milvuses import KINDS

DIMENSION, PEOPLE, FACES = 128, 600, 3
SEARCHES = 1000 if LONG else 100
NOW = 1_800_000_000
THRESHOLD = 0.45
FETCH = 200
RECALL = 0.99
PLACES = (0, 1_000, 1_001, 2_000, 52_000)


@dataclass(frozen=True)
class Crowd:
    """People with a few faces each, their rows, and what each search asks."""

    rows: Rows
    asked: list[tuple[np.ndarray, Eligibility]]


@pytest.fixture(scope="module")
def crowd() -> Crowd:
    random = np.random.default_rng(20261123)
    centres = np.concatenate(list(generated_templates(PEOPLE + SEARCHES, DIMENSION, seed=11)))
    people = np.repeat(np.arange(1, PEOPLE + 1), FACES)
    count = len(people)
    begin = NOW + random.integers(-100, 20, count)
    rows = Rows(
        ids=np.arange(1, count + 1, dtype=np.int64),
        vectors=np.stack([near(centres[person], random) for person in people]),
        subjects=people.astype(np.int64),
        organisations=random.choice([1, 1, 1, 2, 3], count).astype(np.int64),
        # From everybody's purpose to one that one row in a hundred may serve, up to the last bit.
        purposes=sum(
            (random.random(count) < share).astype(np.uint32) << np.uint32(bit) for bit, share in SHARES.items()
        ).astype(np.uint32),
        not_before=begin.astype(np.int64),
        expires=(begin + random.integers(1, 300, count)).astype(np.int64),
        territories=random.choice(PLACES, count).astype(np.int64),
    )
    return Crowd(rows, [question(number, centres, random) for number in range(SEARCHES)])


SHARES = {0: 1.0, 1: 0.5, 2: 0.3, 5: 0.1, 9: 0.1, 17: 0.03, 31: 0.01}


def near(centre: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Another photo of the same person: a cosine of about 0.65 to any other of theirs."""
    noise = random.standard_normal(DIMENSION)
    noise -= noise @ centre * centre
    vector = centre + 0.73 * noise / np.linalg.norm(noise)
    return (vector / np.linalg.norm(vector)).astype(np.float32)


def question(number: int, centres: np.ndarray, random: np.random.Generator) -> tuple[np.ndarray, Eligibility]:
    """Somebody who is enrolled, or every fourth time nobody who is."""
    who = PEOPLE + number if number % 4 == 0 else int(random.integers(1, PEOPLE + 1))
    bits = random.choice(list(SHARES), random.integers(1, 3), replace=False)
    several = frozenset(random.integers(1, PEOPLE + 1, random.choice([1, 20, 400])).tolist())
    spans = [None, frozenset({(1_000, 2_000)}), frozenset({(1_001, 1_002), (52_000, 53_000)})]
    eligible = Eligibility(
        purposes=int(sum(1 << int(bit) for bit in bits)),
        organisations=frozenset(random.choice([1, 2, 3], random.integers(1, 4), replace=False).tolist()),
        at=NOW + int(random.integers(0, 60)),
        subjects=several if random.random() < 0.25 else None,
        territories=spans[random.integers(0, 3)],
    )
    return near(centres[who], random), eligible


def candidates(index: Index, crowd: Crowd) -> list[list[tuple[int, float]]]:
    """For each search the people it shows, best first, by the exact score of their best face."""
    told = []
    for vector, eligible in crowd.asked:
        ids = index.search(vector[None, :], FETCH, eligible).ids[0]
        best: dict[int, float] = {}
        for number in ids[ids != NO_ID]:
            person, score = int(crowd.rows.subjects[number - 1]), float(crowd.rows.vectors[number - 1] @ vector)
            best[person] = max(score, best.get(person, -1.0))
        told.append(sorted(best.items(), key=lambda each: (-each[1], each[0]))[:10])
    return told


@pytest.fixture(scope="module")
def exactly(crowd: Crowd) -> list[list[tuple[int, float]]]:
    index = ENGINES["exact"](DIMENSION)
    index.add(crowd.rows)
    found = candidates(index, crowd)
    # The searches are worth something: they find people, many, few and none, and strangers find nobody.
    above = [sum(score >= THRESHOLD for _, score in line) for line in found]
    assert {0, 1} <= set(above)
    assert sum(map(bool, above)) > SEARCHES / 10
    assert {len(line) for line in found} >= {0, 10}
    return found


def test_the_embedded_engine_gives_the_candidates_of_the_exact_one(crowd: Crowd, exactly) -> None:
    index = ENGINES["embedded"](DIMENSION)
    index.add(crowd.rows)
    there = same = 0
    for here, exact in zip(candidates(index, crowd), exactly, strict=True):
        assert [each for each in here if each[1] >= THRESHOLD] == [each for each in exact if each[1] >= THRESHOLD]
        there += len(exact)
        same += len({person for person, _ in here} & {person for person, _ in exact})
    assert same >= RECALL * there


@pytest.mark.parametrize("kind", KINDS)
def test_milvus_gives_the_candidates_of_the_exact_one(crowd: Crowd, exactly, kind: str, milvuses) -> None:
    index = milvuses.index(kind, DIMENSION)
    index.add(crowd.rows)
    assert candidates(index, crowd) == exactly
