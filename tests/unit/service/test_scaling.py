"""By what a model's thresholds are set: what ships with it, what its card carries, or its card's thresholds."""

from __future__ import annotations

from typing import Any

import pytest

import toys
from countenance.errors import ModelRefused
from countenance.service.scaling import shipped
from countenance.vision.cards import SFACE, ModelCard
from countenance.vision.contract import contract_of
from countenance.vision.manifest import Manifest

CONTRACT = "ab" * 32
TOLD: dict[str, Any] = {
    "rates": [[0.4, 1e-2], [0.6, 1e-4]], "decay": 30.0, "spread": 1.5, "measured_on": "toys", "people": 40,
    "photos": 90, "measured_to": 1e-3,
}  # fmt: skip


def card(**changes: Any) -> ModelCard:
    return Manifest.model_validate(toys.manifest(**changes)).card()


def test_what_a_manifest_carries_counts_before_its_thresholds() -> None:
    made = shipped(card(calibration=TOLD), CONTRACT)
    assert (made.contract, made.fmr(0.5), made.measured_on) == (CONTRACT, pytest.approx(1e-3), "toys")
    assert shipped(card(calibration=TOLD, thresholds=[]), CONTRACT) == made


def test_without_one_its_thresholds_count_and_without_these_the_model_is_refused() -> None:
    assert shipped(card(), CONTRACT).fmr(0.95) == pytest.approx(1e-4)
    with pytest.raises(ModelRefused, match="Nobody knows how often"):
        shipped(card(thresholds=[]), CONTRACT)


def test_the_default_model_has_its_own() -> None:
    plain, flipped = shipped(SFACE, contract_of()), shipped(SFACE, contract_of(flip=True), flip=True)
    assert min(plain.people, flipped.people) > 1000
    assert plain.contract != flipped.contract
    assert plain.rates != flipped.rates


def test_p22_thresholds_of_plain_templates_say_nothing_of_those_with_the_mirror_image() -> None:
    with pytest.raises(ModelRefused, match="no calibration for them"):
        shipped(card(calibration=TOLD), CONTRACT, flip=True)
    told = TOLD | {"rates": [[0.5, 1e-2], [0.7, 1e-4]]}
    made = card(calibration=TOLD, calibration_flipped=told)
    assert shipped(made, CONTRACT, flip=True).fmr(0.6) == pytest.approx(1e-3)
    assert shipped(made, CONTRACT).fmr(0.5) == pytest.approx(1e-3)


@pytest.mark.parametrize(
    "wrong",
    [{"rates": [[0.4, 1e-4], [0.6, 1e-2]]}, {"rates": [[0.4, 1e-2]]}, {"decay": 0}, {"people": 1}, {"more": 1}],
    ids=str,
)
def test_numbers_that_make_no_sense_are_refused_with_the_manifest(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="calibration"):
        card(calibration=TOLD | wrong)
