"""Every figure of a report against an independent calculation on the same scores (`tests/independent.py`)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import independent
from countenance.evaluate.bootstrap import draws, interval
from countenance.evaluate.figures import report
from countenance.evaluate.scores import Computed, Listed, Observed
from independent import NEVER, Picture

PEOPLE, DIMENSION = 24, 16


def made(seed: int) -> Observed:
    """Twenty-four made-up people, some with one picture; two pictures show no face. Scores lie on the grid."""
    chance = np.random.default_rng(seed)
    persons = np.repeat(np.arange(PEOPLE), chance.integers(1, 6, PEOPLE))
    centres = chance.standard_normal((PEOPLE, DIMENSION))
    rows = centres[persons] + 0.75 * chance.standard_normal((len(persons), DIMENSION))
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    found = np.ones(len(persons), bool)
    found[chance.choice(len(persons), 2, replace=False)] = False
    folds = chance.integers(1, 6, PEOPLE)
    first, second = np.array(
        [(i, j) for i in range(len(persons)) for j in range(i) if folds[persons[i]] == folds[persons[j]]]
    ).T
    kept = chance.choice(len(first), 150, replace=False)
    kept = np.union1d(kept, np.flatnonzero(persons[first] == persons[second])[:60])
    listed = Listed(folds[persons[first[kept]]], first[kept], second[kept])
    return Observed(
        tuple(range(len(persons))), tuple(persons.tolist()), tuple(found.tolist()),
        Computed(rows[found].astype(np.float32)), listed=listed,
    )  # fmt: skip


def in_the_open(observed: Observed) -> tuple[list[Picture], list[list[float]]]:
    faces = np.cumsum(observed.found) - 1
    everybody = zip(observed.persons, observed.found, faces.tolist(), strict=True)
    pictures = [Picture(person, face if found else None) for person, found, face in everybody]
    every = np.arange(observed.scores.count)
    return pictures, (observed.scores.places(every, every) / 100_000 - 1).tolist()


@pytest.mark.parametrize(("seed", "enrol"), [(0, 1), (1, 1), (2, 1), (0, 2), (1, 3)])
def test_p22_a_report_agrees_with_an_independent_calculation(seed: int, enrol: int) -> None:
    observed = replace(made(seed), remarks={"enrol": enrol})
    told = report(observed, 20, rounds=20)
    pictures, table = in_the_open(observed)
    genuine, impostor = independent.pairs(pictures, table)
    verified, identified = told["verification"], told["identification"]
    assert (verified["genuine_pairs"], verified["impostor_pairs"]) == (len(genuine), len(impostor))
    for far, found in verified["tar"].items():
        expected = independent.tar(genuine, impostor, float(far))
        assert found == (None if expected is None else pytest.approx(expected, abs=1e-6))
    assert verified["eer"] == pytest.approx(independent.eer(genuine, impostor), abs=1e-6)
    assert sum(verified["histogram"]["genuine"]) == len(genuine)
    assert sum(verified["histogram"]["impostor"]) == len(impostor)

    searches = independent.searches(pictures, table, enrol)
    mated = [search for search in searches if search.mated]
    assert identified["enrolled_by"] == enrol
    assert (identified["probes"], identified["unmated"]) == (len(mated), sum(search.seen for search in searches))
    assert identified["not_enrolled"]["unmated"] == sum(search.seen and not search.mated for search in searches)
    for rank, found in enumerate(identified["cmc"], 1):
        assert found == pytest.approx(sum(search.rank <= rank for search in mated) / len(mated), abs=1e-6)
    assert [identified["rank1"], identified["rank5"]] == [identified["cmc"][0], identified["cmc"][4]]
    for told_by, alone in ((identified, False), (identified["not_enrolled"], True)):
        for fpir, found in told_by["fnir"].items():
            expected = independent.fnir(searches, float(fpir), not_enrolled=alone)
            assert found == (None if expected is None else pytest.approx(expected, abs=1e-6))


@pytest.mark.parametrize("seed", range(3))
def test_p22_a_report_agrees_with_scikit_learn(seed: int) -> None:
    """Its ROC curve over the same scores: the best true rate at which the false rate is no higher than asked."""
    from sklearn.metrics import roc_curve

    def best(own: list[float], strange: list[float], most: float) -> float | None:
        kept = [1] * len(own) + [0] * len(strange)
        false, true, _ = roc_curve(kept, own + strange, drop_intermediate=False)
        return float(true[false <= most + 1e-12].max()) if most * len(strange) >= 1 else None

    observed = made(seed)
    told = report(observed, 20, rounds=5)
    pictures, table = in_the_open(observed)
    genuine, impostor = independent.pairs(pictures, table)
    for far, found in told["verification"]["tar"].items():
        expected = best(genuine, impostor, float(far))
        assert found == (None if expected is None else pytest.approx(expected, abs=1e-6))
    false, true, _ = roc_curve([1] * len(genuine) + [0] * len(impostor), genuine + impostor, drop_intermediate=False)
    at = np.argmin(np.abs(1 - true - false))
    assert told["verification"]["eer"] == pytest.approx((1 - true[at] + false[at]) / 2, abs=0.01)

    searches = independent.searches(pictures, table)
    own = [search.own for search in searches if search.mated]
    tops = [max(search.others, default=NEVER) for search in searches if search.seen]
    for fpir, found in told["identification"]["fnir"].items():
        expected = best(own, tops, float(fpir))
        assert found == (None if expected is None else pytest.approx(1 - expected, abs=1e-6))


@pytest.mark.parametrize("seed", range(2))
def test_p22_the_accuracy_over_folds_agrees_too(seed: int) -> None:
    observed = made(seed)
    pictures, table = in_the_open(observed)
    assert observed.listed is not None
    scored = []
    for fold, i, j in zip(observed.listed.fold, observed.listed.first, observed.listed.second, strict=True):
        one, other = pictures[i], pictures[j]
        score = table[one.face][other.face] if one.face is not None and other.face is not None else NEVER
        scored.append((score, one.person == other.person, int(fold)))
    accuracy, sd = independent.mean_and_sd(independent.fold_accuracies(scored))
    for alone in (False, True):
        told = report(replace(observed, listed_alone=alone), 20, rounds=5)["verification"]
        assert (told["accuracy"], told["accuracy_sd"]) == (
            pytest.approx(accuracy, abs=1e-6),
            pytest.approx(sd, abs=1e-6),
        )
        assert told["interval"]["accuracy"][0] <= told["accuracy"] <= told["interval"]["accuracy"][1]
        assert told["pairs"]["listed"] == told["pairs"]["compared"] == len(scored)
        assert told["pairs"]["without_face"] == sum(score == NEVER for score, _, _ in scored)
    # What was listed alone is compared alone.
    assert told["genuine_pairs"] == sum(same for _, same, _ in scored)
    assert told["compared"] == "listed pairs"


def test_p22_intervals_are_those_of_people_drawn_one_by_one() -> None:
    observed, rounds = made(9), 25
    told = report(observed, 20, rounds=rounds)
    pictures, table = in_the_open(observed)
    people = sorted(set(observed.persons))
    searches = independent.searches(pictures, table)
    drawn: dict[str, list[float]] = {"1e-2": [], "eer": [], "rank1": [], "0.1": []}
    for weight in draws(len(people), rounds):
        genuine, impostor = _pairs_drawn(pictures, table, dict(zip(people, weight.tolist(), strict=True)))
        drawn["1e-2"].append(independent.tar(genuine, impostor, 0.01) or 0.0)
        drawn["eer"].append(independent.eer(genuine, impostor))
        again = [search for search in searches for _ in range(weight[people.index(search.person)])]
        mated = [search for search in again if search.mated]
        drawn["rank1"].append(sum(search.rank == 1 for search in mated) / len(mated))
        drawn["0.1"].append(independent.fnir(again, 0.1) or 0.0)
    verified, identified = told["verification"], told["identification"]
    for name, found, rate in (
        ("1e-2", verified["interval"]["tar"]["1e-2"], verified["tar"]["1e-2"]),
        ("eer", verified["interval"]["eer"], verified["eer"]),
        ("rank1", identified["interval"]["rank1"], identified["rank1"]),
        ("0.1", identified["interval"]["fnir"]["0.1"], identified["fnir"]["0.1"]),
    ):
        assert found == pytest.approx(interval(np.array(drawn[name]), rate, len(people)), abs=1e-6), name


def _pairs_drawn(
    pictures: list[Picture], table: list[list[float]], times: dict[int, int]
) -> tuple[list[float], list[float]]:
    """Pairs of people who were drawn; of somebody drawn twice the copies are not strangers to each other."""
    genuine, impostor = [], []
    for at, one in enumerate(pictures):
        for other in pictures[:at]:
            if one.face is None or other.face is None:
                continue
            if one.person == other.person:
                genuine += [table[one.face][other.face]] * times[one.person]
            else:
                impostor += [table[one.face][other.face]] * (times[one.person] * times[other.person])
    return genuine, impostor


def test_people_are_drawn_as_often_as_there_are_people_and_the_same_each_time() -> None:
    drawn = draws(30, 50)
    assert drawn.shape == (50, 30)
    assert set(drawn.sum(axis=1).tolist()) == {30}
    assert (drawn == draws(30, 50)).all()
    assert not (drawn[0] == drawn[1]).all()
    # PCG64's raw stream: these numbers stay, whatever NumPy is installed.
    assert draws(5, 2).tolist() == [[1, 0, 1, 2, 1], [1, 1, 1, 2, 0]]


def test_where_no_error_was_seen_the_rule_of_three_speaks() -> None:
    without = np.zeros(100)
    assert interval(without, 0.0, 300) == [0.0, 0.01]
    assert interval(1 - without, 1.0, 300) == [0.99, 1.0]
    assert interval(np.full(100, np.nan), 0.5, 300) is None
    assert interval(without, None, 300) is None


def test_only_the_best_impostors_are_kept_of_many_and_nothing_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    from countenance.evaluate import pairing

    observed = made(3)
    whole = report(observed, 20, rounds=30)
    monkeypatch.setattr(pairing, "FEW", 100)
    monkeypatch.setattr(pairing, "BLOCK", 17)
    assert not pairing.all_pairs(observed).whole
    monkeypatch.setattr(pairing, "_SHARE", 0.5)
    assert report(observed, 20, rounds=30) == whole
