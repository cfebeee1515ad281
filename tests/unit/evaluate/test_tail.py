"""A calibration is fitted to what strangers score: each figure beside a slow one, and the promise that it keeps."""

from __future__ import annotations

import numpy as np
import pytest

from countenance.errors import InputError
from countenance.evaluate.scores import Computed
from countenance.evaluate.splits import Faces, always, fitted_apart, try_out
from countenance.evaluate.tail import fit, strangers
from countenance.service.scaling import shipped
from countenance.vision.cards import SFACE
from countenance.vision.contract import embedding_contract

SHIPPED = shipped(SFACE, embedding_contract())


def made_up(people: int, photos: int, *, dimension: int = 32, seed: int = 3) -> Faces:
    """People as random directions, and photos around them. Nobody's face."""
    chance = np.random.default_rng(seed)
    middles = chance.normal(size=(people, dimension))
    persons = np.repeat(np.arange(people), photos)
    vectors = middles[persons] + 0.6 * chance.normal(size=(len(persons), dimension))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return Faces(Computed(vectors.astype(np.float32)), persons.astype(np.int64))


CROWD = made_up(400, 3)


def test_shares_and_pairs_are_those_of_a_slow_count():
    few = made_up(7, 2)
    persons = np.append(few.persons, [6])  # one has a photo more, and weighs no more in a gallery
    vectors = np.concatenate([few.scores.vectors, few.scores.vectors[:1]])  # type: ignore[attr-defined]
    seen = strangers(Computed(vectors), persons)
    table = np.rint((vectors.astype(float) @ vectors.T.astype(float) + 1) * 1e5) / 1e5 - 1
    for limit in (-0.1, 0.0, 0.2):
        reached = total = 0.0
        for one in range(len(persons)):
            for other in range(len(persons)):
                if persons[one] != persons[other]:
                    weight = 1 / (persons == persons[other]).sum()
                    total += weight
                    reached += weight * (table[one, other] >= limit - 1e-9)
        place = round((limit + 1) * 1e5)
        assert seen.share[place] == pytest.approx(reached / total)
        pairs = {
            frozenset((persons[one], persons[other]))
            for one in range(len(persons)) for other in range(len(persons))
            if persons[one] != persons[other] and table[one, other] >= limit - 1e-9
        }  # fmt: skip
        assert seen.pairs[place] == len(pairs)


def test_what_is_fitted_reads_the_rates_off_the_data():
    seen = strangers(CROWD.scores, CROWD.persons)
    made = fit(seen, "x", "made up")
    assert (made.people, made.photos) == (400, 1200)
    for score, rate in made.rates:
        assert seen.share[round((score + 1) * 1e5)] == pytest.approx(rate, rel=0.02)


@pytest.mark.parametrize("asked", [0.1, 0.01])
def test_the_rate_asked_for_is_kept_by_people_whom_it_was_not_fitted_on(asked: float):
    tried = try_out(CROWD, fitted_apart(CROWD), 100, asked, apart=200, splits=12)
    assert asked / 2 < (tried.fpir or 0) < 2 * asked


def test_searches_are_counted_as_slowly_as_can_be():
    few = made_up(12, 2)
    rule = always(fit(strangers(CROWD.scores, CROWD.persons), "x", ""))
    one = try_out(few, rule, 5, 0.3, splits=1)
    assert (one.gallery, one.splits) == (5, 1)
    assert one.fpir is not None
    assert (one.fpir * 14) % 1 == pytest.approx(0, abs=1e-9)  # the photos of seven people are searched for
    assert try_out(few, rule, 5, 0.3, splits=3) == try_out(few, rule, 5, 0.3, splits=3)


def test_few_people_carry_the_shape_of_the_model_on():
    few = made_up(60, 2)
    made = fit(strangers(few.scores, few.persons), "x", "few", SHIPPED)
    own = [pair for pair in made.rates if made.reaches(pair[1])]
    assert 1 <= len(own) < len(made.rates)
    moved = own[-1][0] - SHIPPED.score(own[-1][1])
    assert made.score(1e-5) == pytest.approx(SHIPPED.score(1e-5) + moved, abs=1e-4)
    assert (made.decay, made.spread) == (SHIPPED.decay, SHIPPED.spread)


def test_a_handful_is_no_calibration():
    few = made_up(5, 2)
    with pytest.raises(InputError, match="too few"):
        fit(strangers(few.scores, few.persons), "x", "few", SHIPPED)
