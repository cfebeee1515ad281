"""An order as it is shown: what was ordered, by whom, about whom, and where it stands (P8)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from countenance.errors import NotFound
from countenance.registry import schema as t
from countenance.rights import orders as rights
from countenance.rights.orders import Instrument, Scope
from countenance.types import parse_number, reference_number
from countenance.vault.keyring import subject_key

if TYPE_CHECKING:
    from countenance.service.context import Context

Row = sa.Row[tuple[object, ...]]


@dataclass(frozen=True, slots=True)
class Order:
    """An authority's order as it stands. ``waiting`` says how many signatures its next step still needs.

    ``signed`` says who has approved it, and when. ``scope`` names the handle, the source, the territory or the
    supplier; a person who is gone has no handle any more. ``warning`` says so where nobody and nothing is in its scope.
    """

    id: str
    kind: str
    authority: str
    reference: str | None
    scope: dict[str, str]
    state: str
    proposed: str
    in_force: str | None
    deadline: str | None
    executing: bool
    proposed_by: str
    approvals: int
    signed: list[dict[str, str]]
    waiting: int
    joined: list[dict[str, Any]]
    history: list[dict[str, Any]]
    evidence_sha256: str
    warning: str | None = None

    def __str__(self) -> str:
        return self.id


def number_of(order: Order | str) -> int:
    """The number in ``O12``. Raises `NotFound`."""
    return parse_number("O", str(order), "order")


def order_row(context: Context, connection: sa.Connection, number: int) -> Row:
    """The order's row. Raises `NotFound`: absent, or not yours."""
    mine = (t.orders.c.id == number, t.orders.c.organisation == context.organisation)
    row = connection.execute(sa.select(t.orders).where(*mine)).first()
    if row is None:
        raise NotFound(f"There is no order {reference_number('O', number)}.", hint="`countenance order list`.")
    return row


def approval_of(row: Row) -> Any:
    """What the approvers of this order sign."""
    scope = Scope(row.subject, row.source, row.territory, row.supplier)
    instrument = Instrument(row.kind, row.authority, row.reference, row.evidence_sha256 or "", scope, row.deadline)
    return rights.approval(row.id, instrument, row.proposed_by, row.created)


def scope_names(context: Context, connection: sa.Connection, row: Row) -> dict[str, str]:
    """The order's scope in the words that people use here; a person by handle, while there is one."""
    found: dict[str, str] = {}
    if row.subject is not None:
        person = connection.execute(sa.select(t.subjects).where(t.subjects.c.id == row.subject)).one()
        key = subject_key(row.subject)
        found["subject"] = context.keys.unseal_text(key, person.handle_sealed, "handle") or "(erased)"
    if row.source is not None:
        found["source"] = connection.scalar(sa.select(t.sources.c.name).where(t.sources.c.id == row.source)) or ""
    found |= {name: getattr(row, name) for name in ("territory", "supplier") if getattr(row, name) is not None}
    return found
