"""The gate is monotone, and each of its reasons is one that a person can act on."""

from __future__ import annotations

import re
from dataclasses import fields, replace

from hypothesis import given
from hypothesis import strategies as st

from countenance.types import Box, Face, Quality
from countenance.vision.quality import GATES, LEVEL, USES, apart, nose, reasons

POINTS = st.tuples(st.floats(0, 200), st.floats(0, 200))
FACES = st.builds(
    Face,
    st.builds(Box, st.just(0.0), st.just(0.0), st.floats(5, 300), st.floats(5, 300)),
    st.tuples(POINTS, POINTS, POINTS, POINTS, POINTS),
    st.floats(0, 1),
    st.builds(
        Quality,
        width=st.floats(5, 300),
        sharpness=st.floats(0, 500),
        brightness=st.floats(0, 1),
        yaw=st.floats(-90, 90),
        roll=st.floats(-180, 180),
        clipped=st.floats(0, 1),
        nose=st.floats(-1, 2),
        apart=st.floats(0, 180),
        cut_off=st.booleans(),
    ),
)
GOOD = Face(
    Box(0, 0, 200, 240),
    ((60, 80), (140, 80), (100, 126), (66, 160), (134, 160)),
    0.93,
    Quality(200, 300, 0.5, 0, 0),
)


@given(FACES)
def test_p22_a_stricter_gate_refuses_all_that_a_laxer_one_refuses(face: Face) -> None:
    for use in USES:
        lax, strict = (len(reasons(face, level, use)) for level in ("standard", "strict"))
        assert lax <= strict
        assert reasons(face, "off", use) == ()
    for level in ("standard", "strict"):
        assert len(reasons(face, level, "probe")) <= len(reasons(face, level, "enrolment"))


@given(FACES)
def test_p22_each_reason_says_what_is_needed_and_what_to_do(face: Face) -> None:
    for level in ("standard", "strict"):
        for use in USES:
            for reason in reasons(face, level, use):
                measured, _, act = reason.rpartition(": ")
                assert act
                assert re.search(r"(is|are) (needed|allowed)", measured)
                assert re.search(r"\d", measured) or "both eyes, the nose and the mouth" in measured
                assert "face" in reason or "eyes" in reason


def test_a_good_face_passes_every_gate() -> None:
    assert {reasons(GOOD, level, use) for level in GATES for use in USES} == {()}


def test_every_limit_is_stricter_for_an_enrolment_and_at_a_stricter_level() -> None:
    standard, strict = GATES["standard"], GATES["strict"]
    assert standard
    assert strict
    pairs = [(standard[use], strict[use]) for use in USES]
    pairs += [(level["probe"], level["enrolment"]) for level in (standard, strict)]
    least = {"width", "sharpness", "darkest", "seen"}
    for lax, hard in pairs:
        for each in fields(lax):
            one, other = getattr(lax, each.name), getattr(hard, each.name)
            assert (one <= other) if each.name in least else (one >= other), each.name


def test_p22_an_enrolment_is_refused_where_a_probe_is_not() -> None:
    turned = replace(GOOD, quality=replace(GOOD.quality, yaw=45))
    assert reasons(turned, "standard", "probe") == ()
    (reason,) = reasons(turned, "standard", "enrolment")
    assert "45.0 degrees; 40 are allowed" in reason


def test_where_the_nose_is_and_how_far_eyes_and_mouth_are_apart() -> None:
    assert nose(GOOD.landmarks) == LEVEL + 0.005
    assert apart(GOOD.landmarks) == 0
    tilted = (*GOOD.landmarks[:3], (66.0, 160.0), (134.0, 182.0))
    assert 15 < apart(tilted) < 20
