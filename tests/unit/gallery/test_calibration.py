"""What a threshold stands for: rates follow from a calibration, and the threshold from a rate and a gallery's size."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from countenance.errors import InputError
from countenance.gallery.calibration import Calibration, from_thresholds
from countenance.gallery.scale import Scaling
from countenance.service.scaling import shipped
from countenance.vision.cards import SFACE
from countenance.vision.contract import embedding_contract

SHIPPED = shipped(SFACE, embedding_contract())


def test_the_shipped_one_is_read_back_as_it_was():
    assert Calibration.from_plain(json.loads(json.dumps(SHIPPED.as_plain()))) == SHIPPED


def test_measured_rates_are_told_as_measured_and_the_tail_falls_on():
    for cosine, rate in SHIPPED.rates:
        assert SHIPPED.fmr(cosine) == pytest.approx(rate)
        assert SHIPPED.score(rate) == pytest.approx(cosine)
    last, least = SHIPPED.rates[-1]
    assert SHIPPED.fmr(last + 0.1) == pytest.approx(least * 2.718281828 ** (-4.133), rel=1e-6)
    assert SHIPPED.fmr(-1) == 1
    assert SHIPPED.reaches(least)
    assert not SHIPPED.reaches(least / 2)


@given(st.floats(1e-9, 0.5), st.floats(1e-9, 0.5))
def test_a_rarer_rate_needs_a_higher_score_and_back_again(one: float, other: float):
    assert SHIPPED.fmr(SHIPPED.score(one)) == pytest.approx(one, rel=1e-6)
    assert (one < other) <= (SHIPPED.score(one) >= SHIPPED.score(other))


@given(st.floats(1e-5, 0.5), st.integers(1, 10**8))
def test_the_threshold_keeps_the_rate_whatever_the_size(fpir: float, compared: int):
    at = SHIPPED.threshold(fpir, compared)
    if -1 < at < 1:
        assert SHIPPED.fpir(at, compared) == pytest.approx(fpir, rel=1e-6)


def test_the_rate_of_a_gallery_agrees_with_searches_that_are_drawn():
    """An independent calculation: probes whose rates are gamma-distributed, and collisions of each that are drawn."""
    chance = np.random.default_rng(7)
    for cosine, compared in ((0.38, 100), (0.42, 800), (0.45, 20_000)):
        rates = chance.gamma(SHIPPED.spread, SHIPPED.fmr(cosine) / SHIPPED.spread, 400_000)
        shown = (chance.poisson(compared * rates) > 0).mean()
        assert SHIPPED.fpir(cosine, compared) == pytest.approx(shown, rel=0.03)


def test_p27_a_larger_gallery_has_a_higher_threshold():
    rule = Scaling(SHIPPED)
    assert rule.at(1).threshold == rule.at(100).threshold == pytest.approx(0.417, abs=1e-3)
    assert rule.at(100).threshold < rule.at(800).threshold < rule.at(10_000).threshold < rule.at(10**7).threshold < 1
    assert rule.at(800).fpir() == pytest.approx(0.01, rel=0.01)
    assert rule.at(800).calibration.fpir(rule.at(800).high, 800) == pytest.approx(0.001, rel=0.01)


def test_what_was_never_measured_is_marked():
    rule = Scaling(SHIPPED)
    assert not rule.at(800).as_json()["extrapolated"]
    assert rule.at(3_000).as_json()["extrapolated"]
    assert "extrapolated" in rule.at(3_000).says()


def test_a_fixed_threshold_says_what_it_stands_for():
    scale = Scaling(SHIPPED, threshold=0.415).at(800)
    told = scale.as_json()
    assert (scale.threshold, scale.high, told["set_by"]) == (0.415, 0.465, "configuration")
    assert told["fpir"] == pytest.approx(0.084, abs=0.003)
    beyond = Scaling(SHIPPED, threshold=0.57).at(800)
    assert beyond.stated == 1e-5 > beyond.fmr


def test_a_band_says_how_many_strangers_score_so():
    scale = Scaling(SHIPPED).at(100)
    assert scale.meaning("low") == "scores between 0.4172 and 0.4693; 1 in 9,900 strangers scores so much. Look twice"
    assert "1 in 100,000 strangers" in scale.meaning("high")
    far = Scaling(SHIPPED, threshold=0.57).at(100)
    assert "; fewer than 1 in 10,000,000 strangers" in far.meaning("high")
    assert "less than 0.01% of searches" in far.says()
    assert [scale.band(score) for score in (0.4, 0.42, 0.5)] == ["below-threshold", "low", "high"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"rates": [[0.2, 0.1]]},
        {"rates": [[0.2, 0.1], [0.1, 0.01]]},
        {"rates": [[0.2, 0.1], [0.3, 0.1]]},
        {"rates": [[0.2, 0.1], [1.3, 0.01]]},
        {"rates": [["x", 0.1], [0.3, 0.01]]},
        {"rates": [[0.2, 0.1], [0.3, float("nan")]]},
        {"decay": 0},
        {"decay": float("nan")},
        {"spread": -1},
        {"people": 1},
        {"measured_to": 0},
        {"contract": None, "rates": None},
    ],
)
def test_numbers_that_make_no_sense_are_refused(wrong: dict[str, object]):
    with pytest.raises(InputError):
        Calibration.from_plain(SHIPPED.as_plain() | wrong)


def test_a_models_card_alone_gives_a_calibration():
    made = from_thresholds("x", [(0.358, 1e-3), (0.415, 1e-4), (0.465, 1e-5)], "a card")
    assert made.fmr(0.415) == pytest.approx(1e-4)
    assert made.fmr(0.515) == pytest.approx(1e-6)
