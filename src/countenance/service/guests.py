"""A guest's own page: stills, what was found of them, and leaving. It shows one subject, nobody else (DESIGN §10)."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from countenance.errors import InputError, NoBasis
from countenance.gallery.enrolments import Enrolment
from countenance.policy.confirming import BY_STILLS
from countenance.policy.desk import Ask
from countenance.registry import schema as t
from countenance.reports.cover import cover, thumbnail
from countenance.service.coming import absent, guest_by
from countenance.service.confirming import confirm_as_bearer, touch
from countenance.service.events import name_of
from countenance.service.hosting import state_of
from countenance.service.links import hash_of, use_up
from countenance.service.own_pictures import new_among, seen_by
from countenance.service.quotas import Quotas
from countenance.service.receipts import ReceiptHolder
from countenance.service.stills import Challenge, open_asking, pose_of, put_asking
from countenance.types import Appearance, BasisId, Confirm, Enrol, SubjectId, iso, reference_number

if TYPE_CHECKING:
    from countenance.service.context import Context
    from countenance.service.leaving import Certified, Leaving
    from countenance.service.pictures import Pictures
    from countenance.service.receipts import Receipts

HOURLY_STILLS, HOURLY_PICTURES = 20, 1000
"""How often an hour a guest may send stills, and ask for pictures."""
SIDE = 640
"""Pixels of a small picture."""
Row = sa.Row[tuple[object, ...]]


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a guest stands.

    ``state``: ``stills`` are asked for; ``waiting`` for the organiser; ``searching``; ``here``; ``ended``. ``photos``:
    numbers of the pictures found; ``new``: how many of them came since the guest last looked.
    """

    event: str
    day: str
    ends: str
    state: str
    receive: str
    photos: tuple[str, ...] = ()
    new: int = 0


class Guests:
    """What somebody does who has a guest's secret, and no account."""

    def __init__(self, context: Context, pictures: Pictures, leaving: Leaving, receipts: Receipts) -> None:
        self._context = context
        self._pictures = pictures
        self._leaving = leaving
        self._receipts = receipts

    def standing(self, key: str) -> Standing:
        """Where the guest stands, and what was found. That they looked is written down. Raises `NotFound`."""
        context, now = self._context, self._context.clock()
        with context.registry.write() as connection:
            guest, basis, event = guest_by(context, connection, key)
            state = self._state(guest, basis)
            seen = seen_by(context, connection, guest, event) if state in {"searching", "here"} else ()
            new = new_among(connection, guest, seen, guest.looked) if guest.looked is not None else 0
            if seen:
                connection.execute(sa.update(t.guests).where(t.guests.c.id == guest.id).values(looked=now))
                facts = {"step": "looked", "photos": len(seen)}
                self._write(connection, guest, facts)
        if seen:
            context.book.publish()
        return Standing(
            event=name_of(context, event),
            day=iso(event.happened)[:10],
            ends=iso(basis.ends)[:10],
            state=state,
            receive=event.receive,
            photos=tuple(each.photo.id for each in seen),
            new=new,
        )

    # --- stills ------------------------------------------------------------------------------------------------------

    def ask(self, key: str) -> Challenge:
        """Ask for stills, in an order chosen at random. It voids an earlier asking.

        Raises `NotFound`; `InputError` where the stills were taken already; `TooMany`.
        """
        context = self._context
        with context.registry.read() as connection:
            guest, basis, _ = guest_by(context, connection, key)
        self._check_awaited(guest, basis)
        with context.registry.write() as connection:
            made_by = sa.select(t.invitations.c.made_by).where(t.invitations.c.id == guest.invitation)
            challenge = put_asking(context, connection, basis, int(connection.scalar(made_by) or 0))
            facts = {"basis": reference_number("B", basis.id), "kind": "stills"}
            context.desk.write(
                connection, "link", subjects=(SubjectId(guest.subject),), facts=facts, bearer="invitation"
            )
        context.book.publish()
        return challenge

    def answer(self, key: str, token: str, stills: Sequence[bytes]) -> None:
        """Take the stills. Where they fit they are the enrolment, and confirm the consent (P1).

        Where the event's guests are approved, the consent waits for that. Raises as `Stills.answer` does, and
        `NotFound`; nothing of stills that do not fit is kept.
        """
        context = self._context
        with context.registry.read() as connection:
            guest, basis, event = guest_by(context, connection, key)
        self._check_awaited(guest, basis)
        Quotas(context).draw(f"guest-stills {guest.id}", HOURLY_STILLS, seconds=3600)
        link, asked, poses = open_asking(context, token, stills)
        if asked.id != basis.id:
            absent()
        subject, number = SubjectId(guest.subject), BasisId(basis.id)
        ask = Ask(subject=subject, basis=number, link=link, facts={"stills": len(stills)})
        try:
            grant = context.desk.decide(Confirm, ask)
        finally:
            with context.registry.write() as connection:
                use_up(connection, link, context.clock())
        probes = {pose: pose_of(context, still, pose) for pose, still in zip(poses, stills, strict=True)}
        templates = [probe.template for probe, _ in probes.values()]
        if not context.gallery.confirm(subject, None, templates, grant=grant):
            raise NoBasis(
                "These stills are not all of one person.", requirement="P1", hint="Try again, alone and in good light."
            )
        enrol = context.desk.decide(Enrol, Ask(subject=subject, basis=number, guest=guest.id))
        probe, picture = probes["straight"]
        height, width = picture.pixels.shape[:2]
        digest = hashlib.sha256(stills[poses.index("straight")]).hexdigest()
        stored = Enrolment(probe.face, probe.template, "a camera still", digest, None, (width, height))
        with self._taken(int(guest.id)):
            context.gallery.enrol(subject, number, stored, grant=enrol)
        with context.registry.write() as connection:
            if not event.approve:
                confirm_as_bearer(context, connection, _basis(connection, number), BY_STILLS, hash_of(token))
        context.book.publish()

    # --- pictures ----------------------------------------------------------------------------------------------------

    def picture(self, key: str, photo: str, *, small: bool = False) -> tuple[bytes, str]:
        """One picture with its media type. Raises `NotFound` for any but the guest's own, `TooMany`."""
        context = self._context
        with context.registry.read() as connection:
            guest, basis, event = guest_by(context, connection, key)
            shows = self._state(guest, basis) in {"searching", "here"}
            seen = seen_by(context, connection, guest, event) if shows else ()
        wanted = next((each for each in seen if each.photo.id == photo), None)
        if wanted is None:
            absent()
        Quotas(context).draw(f"guest-pictures {guest.id}", HOURLY_PICTURES, seconds=3600)
        if not small:
            with context.registry.write() as connection:
                self._write(connection, guest, {"step": "downloaded", "photo": photo})
            context.book.publish()
        return self._made(wanted, event.receive, small=small)

    def _made(self, wanted: Appearance, receive: str, *, small: bool) -> tuple[bytes, str]:
        if receive == "original" and not small:
            return self._pictures.original(wanted), "application/octet-stream"
        shown = self._pictures.of(wanted)
        pixels = shown.pixels if receive == "original" else cover(shown.pixels, shown.strangers)
        return thumbnail(pixels, SIDE if small else max(pixels.shape[:2])), "image/jpeg"

    # --- leaving -----------------------------------------------------------------------------------------------------

    def leave(self, key: str) -> Certified:
        """Withdraw and be erased, now: the guest's own act, by the receipt that they were given.

        Raises `NotFound`; `Held` where an authority's hold forbids it: then they are withdrawn, and found by nobody.
        """
        context = self._context
        with context.registry.read() as connection:
            guest, _, _ = guest_by(context, connection, key)
            mine = (t.receipts.c.subject == guest.subject, t.receipts.c.basis == guest.basis)
            receipt = connection.scalar(sa.select(sa.func.max(t.receipts.c.id)).where(*mine))
        if receipt is None:
            absent()
        holder = ReceiptHolder(int(receipt), SubjectId(guest.subject), BasisId(guest.basis))
        with contextlib.suppress(NoBasis):  # withdrawn before: what is left to do is to erase
            self._receipts.withdraw(holder)
        return self._leaving.erase_many(
            [SubjectId(guest.subject)], "request", grant=lambda: self._receipts.may_erase(holder)
        )

    # --- inside ------------------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def _taken(self, guest: int) -> Iterator[None]:
        """The guest's stills are taken, once: of two askings that are answered at one time, one is the enrolment."""
        context, c = self._context, t.guests.c
        with context.registry.write() as connection:
            first = sa.update(t.guests).where(c.id == guest, c.stills.is_(None)).values(stills=context.clock())
            if connection.execute(first).rowcount != 1:
                raise InputError("No stills are asked for now.", hint="Go back to your page.")
        try:
            yield
        except BaseException:
            with context.registry.write() as connection:
                connection.execute(sa.update(t.guests).where(c.id == guest).values(stills=None))
            raise

    def _state(self, guest: Row, basis: Row) -> str:
        return state_of(guest, basis, self._context.clock())

    def _check_awaited(self, guest: Row, basis: Row) -> None:
        if self._state(guest, basis) != "stills":
            raise InputError("No stills are asked for now.", hint="Go back to your page.")

    def _write(self, connection: sa.Connection, guest: Row, facts: dict[str, Any]) -> None:
        """Whatever a guest sees is in the log, as an act of theirs; it counts as their own (P13)."""
        touch(connection, guest.subject, self._context.clock())
        subjects = (SubjectId(guest.subject),)
        self._context.desk.write(connection, "guest", subjects=subjects, facts=facts, bearer="invitation")


def _basis(connection: sa.Connection, number: int) -> Row:
    return connection.execute(sa.select(t.bases).where(t.bases.c.id == number)).one()
