"""The gate's level: configured, and by an option that asks for more and never for less (P22)."""

from __future__ import annotations

from pathlib import Path

import pytest

from clubs import Club
from countenance.config import VisionSection
from countenance.errors import InputError, QualityTooLow, Refused
from countenance.samples import cast
from countenance.service.evaluating import Wish, evaluate
from countenance.service.gates import ENROLMENT, PROBE, level_for

TURNED = cast().photos("Ada")[5]
"""A head that is turned away: standard lets it search, and not enrol."""


def test_p22_an_option_asks_for_more_and_never_for_less() -> None:
    strict = VisionSection(gate="strict")
    for use in (PROBE, ENROLMENT):
        assert level_for(VisionSection(), use) == "standard"
        assert level_for(VisionSection(), use, "strict") == "strict"
        for lower in ("off", "standard"):
            with pytest.raises(Refused, match="no option lowers it") as refused:
                level_for(strict, use, lower)
            assert refused.value.requirement == "P22"
    with pytest.raises(InputError, match="no quality gate"):
        level_for(strict, PROBE, "none")


def test_p22_enrolment_may_have_a_level_of_its_own() -> None:
    wanted = VisionSection(enrolment_gate="strict")
    assert (level_for(wanted, ENROLMENT), level_for(wanted, PROBE)) == ("strict", "standard")
    with pytest.raises(Refused):
        level_for(wanted, ENROLMENT, "standard")


def test_p22_more_is_asked_of_an_enrolment_and_a_stricter_search_refuses_more(club: Club) -> None:
    ada = club.subject("Ada")
    basis = club.basis(ada)
    with pytest.raises(QualityTooLow, match="turned too far to the side") as told:
        club.anna.enrol(ada, TURNED, basis=basis)
    assert "40 are allowed" in told.value.message
    club.anna.enrol(ada, cast().portrait("Ada"), basis=basis, gate="strict")
    asked = {"purpose": "photo-library", "case": "press 12"}
    club.anna.search(TURNED, **asked)
    with pytest.raises(QualityTooLow, match="30 are allowed"):
        club.anna.search(TURNED, gate="strict", **asked)
    club.anna.verify(cast().portrait("Ada"), TURNED, **asked)
    with pytest.raises(QualityTooLow, match="30 are allowed"):
        club.anna.verify(cast().portrait("Ada"), TURNED, gate="strict", **asked)
    before = club.anna.context.book.size()
    with pytest.raises(Refused, match="lowers"):
        club.anna.search(TURNED, gate="off", **asked)
    with pytest.raises(Refused, match="lowers"):
        club.anna.verify(TURNED, TURNED, gate="off", **asked)
    assert club.anna.context.book.size() == before, "before anything was decided"


def test_an_evaluation_refuses_a_gate_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no quality gate"):
        evaluate(Wish(tmp_path, "synthetic", gate="severe"))
