"""Stills: the person confirms their own consent before the camera, in poses that are asked at random (P1).

Each still shows one face, in the pose asked, and all of them match one another and the enrolment of the basis. They
are kept in memory, are compared with nobody else, and are gone when the answer is there.

**There is no liveness check.** Five landmarks tell how a head is turned, not whether it is one: who holds prepared
pictures of the person in all three poses passes. The poses make a single found photo useless, and no more than that.
So an account stands by and asks for them, and ``confirmed_how`` says on each candidate and receipt how it was done.

Measured on the cast (150 pictures, `countenance.samples`): all 30 portraits, which look straight, lie within 12 degrees
(the most is 11.6); of the 90 pictures with a turned head 61 are told as turned by 15 degrees or more, 14 as neither and
15, turned least, as straight. The yaw is told from the landmarks with a mean error of 5 degrees. Looking up and down
is not asked: the nose's place between eyes and mouth differs as much between two people who look straight (0.52 to 0.70
of the way down) as between two poses (0.47 to 0.66). A tilt to the side is not asked, because any photo can be tilted.
Of 22 sets of three poses (13 people) 20 match throughout at the default high threshold of 0.465; the least scores 0.41.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from countenance.errors import InputError, NoBasis, QualityTooLow, ReceiptRefused
from countenance.policy.bases import is_minor
from countenance.policy.confirming import BY_STILLS
from countenance.policy.desk import Ask
from countenance.registry import schema as t
from countenance.service import probing
from countenance.service.basis import Basis, Row, number_of, row_of
from countenance.service.confirming import check_pending, confirm_as_bearer
from countenance.service.links import hash_of, open_link, use_up
from countenance.service.receipts import log_refused
from countenance.types import BasisId, Confirm, Probe, SubjectId, reference_number

if TYPE_CHECKING:
    from countenance.service.context import Context
    from countenance.vision.decode import Picture

LASTS = 300
"""Seconds from the asking to the answer."""
STRAIGHT, TURNED = 12.0, 15.0
"""Degrees of yaw: at most, to look straight; at least, to be turned. What lies between serves for neither."""
POSES = {
    "straight": "look straight into the camera",
    "left": "turn your head a little to your left",
    "right": "turn your head a little to your right",
}
LIVENESS = "There is no liveness check: prepared pictures of the person in all poses would pass."


@dataclass(frozen=True, slots=True)
class Challenge:
    """What is asked: one still for each pose, in this order, with what to say to the person."""

    token: str
    poses: tuple[str, ...]
    caution: str = LIVENESS

    @property
    def words(self) -> tuple[str, ...]:
        """The poses as they are said to the person."""
        return tuple(POSES[pose] for pose in self.poses)


class Stills:
    """Ask for stills, and take the answer."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def ask(self, basis: Basis | str) -> Challenge:
        """Ask whoever stands before the camera for stills, in an order chosen at random. It voids an earlier asking.

        Raises `NoBasis` unless the basis is a pending consent of an adult with an enrolment, `RoleRefused` without the
        role controller or operator.
        """
        context = self._context
        with context.registry.write() as connection:
            row = row_of(context, connection, number_of(basis))
            _check_may_ask(connection, row, context.clock())
            challenge = put_asking(context, connection, row, context.account)
            facts = {"basis": reference_number("B", row.id), "kind": "stills"}
            roles = ("controller", "operator")
            context.desk.record(connection, "link", *roles, subjects=(SubjectId(row.subject),), facts=facts)
        context.book.publish()
        return challenge

    def answer(self, token: str, stills: Sequence[bytes]) -> Basis:
        """Take the stills, one for each pose in the order asked. If they fit, the basis is live.

        An asking is answered once, whatever comes of it; after a failure, ask again.

        Raises:
            ReceiptRefused: nothing is asked under this token: answered already, too late, or never.
            InputError: another number of stills than was asked for, or the same one twice.
            NoFace, ManyFaces, QualityTooLow, Unreadable: a still cannot serve, or shows another pose.
            NoBasis: the stills are not all of the one person who is enrolled.
        """
        context = self._context
        link, row, poses = open_asking(context, token, stills)
        subject, basis = SubjectId(row.subject), BasisId(row.id)
        ask = Ask(subject=subject, basis=basis, link=link, facts={"stills": len(stills)})
        try:
            grant = context.desk.decide(Confirm, ask)
        finally:
            with context.registry.write() as connection:
                use_up(connection, link, context.clock())
        templates = [pose_of(context, still, pose)[0].template for still, pose in zip(stills, poses, strict=True)]
        if not context.gallery.confirm(subject, basis, templates, grant=grant):
            raise NoBasis(
                "These stills are not all of the one person who is enrolled.", requirement="P1",
                hint="Ask again in better light, or have the form countersigned by a second account.",
            )  # fmt: skip
        with context.registry.write() as connection:
            confirmed = confirm_as_bearer(
                context, connection, row_of(context, connection, basis), BY_STILLS, hash_of(token)
            )
        context.book.publish()
        return confirmed


def put_asking(context: Context, connection: sa.Connection, basis: Row, account: int) -> Challenge:
    """Write down that stills are asked for, in an order chosen at random. It voids an earlier asking."""
    token, now, poses = secrets.token_urlsafe(32), context.clock(), list(POSES)
    secrets.SystemRandom().shuffle(poses)
    void = sa.delete(t.links).where(t.links.c.basis == basis.id, t.links.c.kind == "stills", t.links.c.used.is_(None))
    connection.execute(void)
    connection.execute(
        sa.insert(t.links).values(
            organisation=context.organisation, basis=basis.id, kind="stills", token_hash=hash_of(token),
            poses=json.dumps(poses), made_by=account, expires=now + LASTS, created=now,
        )
    )  # fmt: skip
    return Challenge(token, tuple(poses))


def open_asking(context: Context, token: str, stills: Sequence[bytes]) -> tuple[int, Row, list[str]]:
    """The open asking: its number, its basis, its poses. Raises as `Stills.answer` does."""
    try:
        with context.registry.read() as connection:
            link, row = open_link(context, connection, token, "stills")
    except ReceiptRefused:
        log_refused(context, "link")
        raise
    poses = [f"{pose}" for pose in json.loads(f"{link.poses}")]
    if len(stills) != len(poses):
        raise InputError(f"{len(poses)} stills were asked for, and {len(stills)} came.")
    if len(set(stills)) < len(stills):
        raise InputError("The same still came twice.", hint="Take one for each pose.")
    return int(f"{link.id}"), row, poses


def pose_of(context: Context, still: bytes, pose: str) -> tuple[Probe, Picture]:
    """The one face of a still. Raises `QualityTooLow` where it shows another pose than the one asked."""
    probe, picture = probing.probe(context, probing.take(context, still))
    if seen(probe.face.quality.yaw) != pose:
        raise QualityTooLow(
            f"This still shows another pose than the one asked: {POSES[pose]}.",
            reasons=(f"the head is not turned as asked ({pose})",), hint="Ask again, and take the stills in order.",
        )  # fmt: skip
    return probe, picture


def seen(yaw: float) -> str | None:
    """The pose that a face shows; None between two. Turned to the picture's right is turned to one's own left."""
    if abs(yaw) <= STRAIGHT:
        return "straight"
    if abs(yaw) < TURNED:
        return None
    return "left" if yaw > 0 else "right"


def _check_may_ask(connection: sa.Connection, row: Row, now: int) -> None:
    check_pending(row, now)
    person = connection.execute(sa.select(t.subjects).where(t.subjects.c.id == row.subject)).one()
    enrolled = connection.scalar(sa.select(sa.exists().where(t.references.c.basis == row.id)))
    if is_minor(person.birth_year, now):
        raise NoBasis(
            "A minor's consent is confirmed by their guardian, not by themselves.", requirement="P1",
            hint="Make a link for the guardian: `countenance basis link`.",
        )  # fmt: skip
    if row.ground != "consent":
        raise NoBasis("Only consent is the person's to confirm; another ground is not.", requirement="P1")
    if not enrolled:
        raise NoBasis(
            "Nobody is enrolled under this basis, so there is nothing to match.", requirement="P1",
            hint="Enrol a photo first: `countenance enrol`.",
        )  # fmt: skip
