"""The search among generated templates."""

from __future__ import annotations

import pytest

from countenance.errors import InputError, NoFace
from countenance.samples import cast
from countenance.service.scale import against_generated
from countenance.vision import Vision


@pytest.fixture(scope="module")
def vision():
    with Vision() as opened:
        yield opened


@pytest.mark.parametrize("engine", ["embedded", "exact"])
def test_a_member_of_the_cast_comes_first_in_the_crowd(vision, engine):
    among = against_generated(vision, cast().photos("Goran")[1], 20_000, engine=engine)
    assert (among.name, among.generated, among.compared, among.engine) == ("Goran", 20_000, 20_030, engine)
    assert among.score > 0.57 > among.nearest_generated > 0
    assert among.seconds > 0


def test_it_takes_no_crowd_of_nobody_and_no_photo_without_a_face(vision):
    with pytest.raises(InputError):
        against_generated(vision, cast().photos("Goran")[1], 0)
    with pytest.raises(NoFace):
        against_generated(vision, cast().no_face()[0], 10)
