"""What a basis still lacks before it finds anybody: each thing with its requirement, in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from countenance.gallery.eligible import permitted
from countenance.policy.bases import is_minor
from countenance.policy.bearing import OUT_OF_SEARCH, in_force, on_subject
from countenance.policy.confirming import BY_A_GUARDIAN
from countenance.registry import schema as t
from countenance.service.basis import Row
from countenance.types import iso, reference_number

if TYPE_CHECKING:
    from countenance.service.context import Context


@dataclass(frozen=True, slots=True)
class Lack:
    """One thing that keeps a basis from finding its person, the requirement that asks for it, and what would do."""

    what: str
    requirement: str
    remedy: str


def lacks(context: Context, connection: sa.Connection, row: Row) -> tuple[Lack, ...]:
    """Everything that keeps this basis from finding its person now. Nothing: whoever may search can find them."""
    now = context.clock()
    person = connection.execute(sa.select(t.subjects).where(t.subjects.c.id == row.subject)).one()
    return (
        *_confirmation(row, person, now),
        *_times(row, now),
        *_notice(connection, row, now),
        *_person(person),
        *_orders(connection, person),
        *_enrolment(connection, row, context.vision.contract),
    )


def _confirmation(row: Row, person: Row, now: int) -> list[Lack]:
    number = reference_number("B", row.id)
    minor = is_minor(person.birth_year, now)
    if row.state == "pending":
        who = "the guardian confirms it" if minor else "the person confirms it"
        remedy = f"{who} (`countenance basis link {number}`), or a second account countersigns the form"
        return [Lack("it is pending: only the operator asserts it", "P1", remedy)]
    if row.state != "live":
        return [Lack(f"it is {row.state}", "P5", "a new basis, when the person agrees again")]
    if permitted(person.birth_year, row.confirmed_how, ~0, now):
        if minor and not permitted(person.birth_year, row.confirmed_how, row.purposes, now):
            return [
                Lack("the person may be a minor", "P1", "a basis for find-my-photos: a minor is found for nothing else")
            ]
        return []
    if row.confirmed_how in BY_A_GUARDIAN:
        return [Lack("the person has come of age, and only their guardian agreed", "P1", "a new basis of their own")]
    return [Lack("the person may be a minor, and no guardian agreed", "P1", "a new basis, which the guardian confirms")]


def _times(row: Row, now: int) -> list[Lack]:
    if row.state == "erased":
        return []
    if now >= row.ends:
        return [Lack(f"it expired on {iso(row.ends)[:10]}", "P13", "a new basis, when the person agrees again")]
    if now < row.starts:
        return [Lack(f"it does not begin before {iso(row.starts)}", "P1", "wait until then")]
    return []


def _notice(connection: sa.Connection, row: Row, now: int) -> list[Lack]:
    notice = connection.execute(sa.select(t.notices).where(t.notices.c.id == row.notice)).first()
    if notice is None:
        remedy = f"record what the person was told: `countenance basis notice {reference_number('B', row.id)} NAME`"
        return [Lack("there is no notice", "P2", remedy)]
    if notice.given > now:
        return [Lack(f"the notice is not given before {iso(notice.given)}", "P2", "wait until then")]
    return []


def _person(person: Row) -> list[Lack]:
    found = []
    if person.state != "active":
        found.append(Lack(f"the person is {person.state}", "P5", "nothing: they have left"))
    if person.restricted is not None:
        remedy = "answer their request, or lift the restriction: `countenance request lift`"
        found.append(Lack("the person has objected, or restricted their record", "P5", remedy))
    return found


def _orders(connection: sa.Connection, person: Row) -> list[Lack]:
    bearing = (
        sa.select(t.orders.c.id, t.orders.c.kind)
        .select_from(t.orders.join(t.subjects, on_subject()))
        .where(t.subjects.c.id == person.id, in_force(*OUT_OF_SEARCH))
        .order_by(t.orders.c.id)
    )
    return [
        Lack(
            f"an authority's order, {reference_number('O', order.id)} ({order.kind}), takes the person out of search",
            "P8", "the order must be stayed or lifted by the authority that made it",
        )
        for order in connection.execute(bearing)
    ]  # fmt: skip


def _enrolment(connection: sa.Connection, row: Row, contract: str) -> list[Lack]:
    contracts = set(connection.scalars(sa.select(t.references.c.contract).where(t.references.c.basis == row.id)))
    if not contracts:
        return [Lack("nobody is enrolled under it", "P1", "enrol a photo: `countenance enrol`")]
    if contract not in contracts:
        return [Lack("the enrolment was made by another model", "P22", "enrol the photo again")]
    return []
