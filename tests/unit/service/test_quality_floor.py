"""The probe's quality floor is enforced: nobody is searched for with a face that cannot be relied on (P22)."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from PIL import Image, ImageFilter

from clubs import Club
from countenance.config import Settings, load
from countenance.errors import BadConfiguration, QualityTooLow
from countenance.samples import cast

POOR: dict[str, Callable[[Image.Image], Image.Image]] = {
    "pixels wide": lambda image: image.resize((image.width // 12, image.height // 12)),
    "blurred": lambda image: image.filter(ImageFilter.GaussianBlur(9)),
    "too dark": lambda image: image.point(lambda value: value * 0.1),
}


def spoilt(reason: str) -> bytes:
    """The portrait, made so poor that the gate says so."""
    out = io.BytesIO()
    with Image.open(cast().portrait("Ada")) as image:
        POOR[reason](image.convert("RGB")).save(out, "PNG")
    return out.getvalue()


@pytest.mark.parametrize("reason", POOR)
def test_p22_a_poor_probe_is_refused_with_what_is_wrong(club: Club, reason: str) -> None:
    club.person("Ada", 1)
    with pytest.raises(QualityTooLow) as refused:
        club.anna.search(spoilt(reason), purpose="photo-library", case="press 12")
    assert reason in refused.value.message
    assert club.anna.status()["counts"]["searches"] == 0
    with pytest.raises(QualityTooLow):
        club.anna.verify(spoilt(reason), cast().portrait("Ada"), purpose="photo-library", case="press 12")


def test_p22_no_setting_lowers_the_floor(club: Club) -> None:
    config = club.folder / "countenance.toml"
    levels = Settings.model_fields["vision"].annotation.model_fields["gate"].annotation  # type: ignore[union-attr]
    assert set(levels.__args__) == {"standard", "strict"}
    text = config.read_text()
    assert 'gate = "standard"' in text
    config.write_text(text.replace('gate = "standard"', 'gate = "off"'))
    with pytest.raises(BadConfiguration, match="gate"):
        load(config)
