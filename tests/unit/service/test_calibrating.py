"""Calibrating on one's own testers: decided, logged, kept beside the configuration, and told with every answer."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from clubs import Club
from countenance.errors import BadConfiguration, PurposeRefused, RoleRefused
from countenance.samples import cast
from countenance.service.calibrating import Wish, calibrate
from countenance.service.scaling import FILE


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Some of the cast, two photos each at a third of their size."""
    root, everybody = tmp_path_factory.mktemp("people"), cast()
    for name in everybody.identities[:24]:
        (root / name).mkdir()
        for shot in (0, 1):
            with Image.open(everybody.photos(name)[shot]) as image:
                image.reduce(3).save(root / name / f"{shot}.jpg", quality=95)
    return root


def by_rate(club: Club) -> None:
    """Take the fixed threshold out of the configuration."""
    file = club.folder / "countenance.toml"
    lines = file.read_text().splitlines()
    file.write_text("\n".join(line for line in lines if not line.startswith(("threshold =", "high ="))) + "\n")
    club.reopen()


def test_the_threshold_follows_from_the_rate_and_is_stated(club: Club) -> None:
    by_rate(club)
    club.person("Ada", 1)
    found = club.search(1, threshold="usual")
    told = found.scale.as_json()
    assert found.threshold == told["threshold"] == pytest.approx(0.4172)
    assert (told["set_by"], told["compared"], told["counted_as"]) == ("rate", 1, 100)
    assert club.anna.status()["search"]["rate"]["fpir"] == pytest.approx(0.01, rel=0.01)


def test_p3_a_calibration_is_logged_and_counts_from_then_on(club: Club, people: Path) -> None:
    by_rate(club)
    told = calibrate(club.anna.context, Wish(people, "synthetic"))
    assert json.loads(json.dumps(told)) == told
    # Rendered people resemble one another more than real ones.
    assert told["after"]["threshold"] > told["before"]["threshold"] + 0.05
    assert [one["asked"] for one in told["tried"]] == [0.1, 0.01]
    club.reopen()
    scale = club.anna.context.scale
    assert scale.threshold == told["after"]["threshold"]
    assert scale.calibration.measured_on == "synthetic people"
    entry = next(line for line in map(json.loads, club.anna.export_log()) if line["index"] == told["logged"]["index"])
    assert (entry["act"], entry["facts"]["calibration"]) == ("calibrate", told["logged"]["sha256"])


def test_p3_a_refusal_is_logged_before_a_photo_is_read(club: Club, people: Path) -> None:
    def read(_: object) -> None:
        pytest.fail("a photo was read")

    club.anna.accounts.add("eve@club.example", roles=["operator"], passphrase="words")
    with club.open("eve@club.example") as eve, pytest.raises(RoleRefused):
        calibrate(eve.context, Wish(people, "synthetic"), read)
    with pytest.raises(PurposeRefused):
        calibrate(club.anna.context, Wish(people, "Maria next door"), read)
    last = json.loads(club.anna.export_log()[-1])
    assert (last["act"], last["outcome"], "Maria" in json.dumps(last)) == ("calibrate", "refused", False)


@pytest.mark.parametrize("content", ["", "{}", '{"calibration": {"rates": 3}}'])
def test_a_calibration_that_is_none_is_refused(club: Club, content: str) -> None:
    (club.folder / FILE).write_text(content)
    file = club.folder / "countenance.toml"
    file.write_text(file.read_text().replace("[search]", '[search]\ncalibration = "calibration.json"', 1))
    with pytest.raises(BadConfiguration, match=r"calibration\.json"):
        club.reopen()
