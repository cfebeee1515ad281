"""Stills: the person before the camera confirms their own consent, in poses asked at random (P1)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from clubs import Club
from countenance.errors import InputError, ManyFaces, NoBasis, QualityTooLow, ReceiptRefused, RoleRefused, Tampered
from countenance.policy.confirming import BY_STILLS
from countenance.registry import schema as t
from countenance.samples import cast
from countenance.service.stills import POSES, Challenge, seen

SHOT = {"straight": 3, "left": 2, "right": 1}
"""Which of Farah's pictures shows which pose; her portrait is the enrolment."""


def stills(poses: Sequence[str], name: str = "Farah", shots: dict[str, int] | None = None) -> list[bytes]:
    photos = cast().photos(name)
    return [photos[(shots or SHOT)[pose]].read_bytes() for pose in poses]


@pytest.fixture
def standing(club: Club) -> Club:
    """Farah is enrolled under a pending consent, and stands before the camera."""
    farah = club.subject("Farah")
    club.anna.enrol(farah, cast().portrait("Farah"), basis=club.basis(farah, live=False))
    return club


def ask(club: Club) -> Challenge:
    return club.anna.stills.ask("B1")


def test_p1_stills_in_the_poses_asked_confirm(standing: Club) -> None:
    challenge = ask(standing)
    assert sorted(challenge.poses) == sorted(POSES)
    assert "no liveness check" in challenge.caution
    assert len(challenge.words) == 3
    before = standing.anna.context.book.size()
    basis = standing.anna.stills.answer(challenge.token, stills(challenge.poses))
    assert (basis.life, basis.confirmed_how) == ("in force", BY_STILLS)
    acts = [(each["act"], each["outcome"], each["facts"].get("by")) for each in standing.anna.log_entries(before)]
    assert acts == [("confirm", "granted", "link"), ("confirm", "done", None), ("confirm", "done", "link")]
    (hit,) = standing.anna.search(cast().photos("Farah")[3], purpose="photo-library", case="press 12")
    assert (hit.subject, hit.confirmed_how) == ("farah", BY_STILLS)
    assert standing.anna.reports.public()["confirmations"] == {BY_STILLS: 1}
    with standing.sql() as connection:
        connection.execute(sa.update(t.bases).values(ends=2**40))
    with pytest.raises(Tampered):
        standing.anna.search(cast().photos("Farah")[3], purpose="photo-library", case="press 12")


def test_p1_stills_of_somebody_else_confirm_nothing(standing: Club) -> None:
    challenge = ask(standing)
    with pytest.raises(NoBasis, match="not all of the one person") as refused:
        standing.anna.stills.answer(challenge.token, stills(challenge.poses, "Wen"))
    assert refused.value.requirement == "P1"
    again = ask(standing)
    mixed = stills(again.poses)
    mixed[again.poses.index("right")] = cast().photos("Wen")[1].read_bytes()
    with pytest.raises(NoBasis, match="not all of the one person"):
        standing.anna.stills.answer(again.token, mixed)
    assert standing.anna.bases.get("B1").state == "pending"


def test_p1_stills_in_another_order_confirm_nothing(standing: Club) -> None:
    challenge = ask(standing)
    with pytest.raises(QualityTooLow, match="another pose"):
        standing.anna.stills.answer(challenge.token, stills(challenge.poses)[::-1])
    assert standing.anna.bases.get("B1").state == "pending"
    with pytest.raises(ReceiptRefused):  # an asking is answered once, whatever came of it
        standing.anna.stills.answer(challenge.token, stills(challenge.poses))


def test_p1_an_asking_is_answered_once_in_time_and_in_full(standing: Club) -> None:
    first, second = ask(standing), ask(standing)
    with pytest.raises(ReceiptRefused):
        standing.anna.stills.answer(first.token, stills(first.poses))
    with pytest.raises(InputError, match="3 stills were asked for"):
        standing.anna.stills.answer(second.token, stills(second.poses)[:2])
    with pytest.raises(InputError, match="came twice"):
        standing.anna.stills.answer(second.token, stills(second.poses)[:1] * 3)
    standing.clock.forward(seconds=300)
    with pytest.raises(ReceiptRefused):
        standing.anna.stills.answer(second.token, stills(second.poses))
    third = ask(standing)
    crowd = [cast().party()[0].path.read_bytes(), *stills(third.poses)[1:]]
    with pytest.raises(ManyFaces):
        standing.anna.stills.answer(third.token, crowd)
    link = standing.anna.context
    assert link.book.size()
    assert standing.anna.bases.get("B1").state == "pending"


def test_p16_stills_leave_no_byte(standing: Club) -> None:
    challenge = ask(standing)
    given = stills(challenge.poses)
    standing.anna.stills.answer(challenge.token, given)
    standing.close()
    held = b"".join(file.read_bytes() for place in standing.places for file in place.rglob("*") if file.is_file())
    assert not [still for still in given if still[200:264] in held]
    assert challenge.token.encode() not in held


def test_p1_stills_are_asked_only_of_who_may_confirm(club: Club) -> None:
    ada = club.subject("Ada")
    basis = club.basis(ada, live=False)

    def refused(which: Any, words: str) -> None:
        with pytest.raises(NoBasis, match=words) as caught:
            club.anna.stills.ask(which)
        assert caught.value.requirement == "P1"

    refused(basis, "Nobody is enrolled")
    kid = club.subject("Kid", birth_year=2012)
    young = club.basis(kid, ["find-my-photos"], live=False)
    club.enrol(kid, young, 2)
    refused(young, "guardian")
    club.enrol(ada, basis, 1)
    club.ben.bases.countersign(basis)
    refused(basis, "only a pending one")
    club.anna.accounts.add("eve@club.example", roles=["reviewer"], passphrase="words")
    bo = club.subject("Bo")
    pending = club.basis(bo, live=False)
    club.enrol(bo, pending, 3)
    with pytest.raises(RoleRefused):
        club.open("eve@club.example").stills.ask(pending)


@given(st.floats(-90, 90))
def test_p1_no_face_shows_two_poses(yaw: float) -> None:
    assert seen(yaw) in {*POSES, None}
    assert (seen(yaw) == "left") == (seen(-yaw) == "right") == (yaw >= 15)
    assert (seen(yaw) == "straight") == (abs(yaw) <= 12)
