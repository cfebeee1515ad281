"""What waits for one's own signature: orders, activations, agreements, bases; each signed with one's own key (P18)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from countenance.errors import NotFound
from countenance.policy import activating
from countenance.policy.approving import approvers
from countenance.registry import schema as t
from countenance.rights.orders import turning
from countenance.service.orders import ROLES
from countenance.types import iso, parse_number, reference_number
from countenance.vault.keyring import subject_key

if TYPE_CHECKING:
    from countenance.service.activations import Activations
    from countenance.service.agreements import Agreements
    from countenance.service.bases import Bases
    from countenance.service.context import Context
    from countenance.service.orders import Orders

MOST = 200
"""Bases that are listed; the others come when these are signed."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """One thing that this account may sign. ``what`` and ``about`` say what; ``signed`` of ``needed`` have.

    ``kind``: order, stay, activation, agreement or basis. A stay is signed with its document, on the order's own page.
    """

    thing: str
    kind: str
    what: str
    about: str
    by: str | None
    since: str
    signed: int
    needed: int


class Approvals:
    """What waits for the account that is signed in, and signing it."""

    def __init__(
        self, context: Context, orders: Orders, activations: Activations, agreements: Agreements, bases: Bases
    ) -> None:
        self._context = context
        self._orders = orders
        self._activations = activations
        self._agreements = agreements
        self._bases = bases

    def waiting(self) -> list[Waiting]:
        """All of it, orders first. Another organisation's account sees the agreements that it is to sign."""
        roles = self._roles()
        agreements = list(self._of_agreements()) if "controller" in roles else []
        if self._context.party != self._context.organisation:
            return agreements
        if not roles & set(ROLES):
            return []
        return [
            *self._of_orders(), *self._of_stays(), *self._of_activations(), *agreements, *self._of_bases()
        ]  # fmt: skip

    def sign(self, thing: str) -> None:
        """Sign one of them with one's own key: the account itself decides, and is refused what is not its to sign."""
        acts = {
            "O": self._orders.approve,
            "X": self._activations.approve,
            "A": self._agreements.sign,
            "B": self._bases.countersign,
        }
        act = acts.get(thing[:1])
        if act is None or (thing[:1] != "A" and self._context.party != self._context.organisation):
            raise NotFound("There is nothing of this number to sign.", hint="The list of approvals shows what waits.")
        act(thing)

    # --- inside ------------------------------------------------------------------------------------------------------

    def _roles(self) -> set[str]:
        with self._context.registry.read() as connection:
            query = sa.select(t.accounts.c.roles).where(t.accounts.c.id == self._context.account)
            return set((connection.scalar(query) or "").split())

    def _email(self) -> str:
        return self._context.actor.email if self._context.actor else ""

    def _of_orders(self) -> Iterator[Waiting]:
        mine = self._email()
        for each in self._orders.list():
            signed = [one["account"] for one in each.signed]
            if not each.waiting or each.proposed_by == mine or mine in signed:
                continue
            about = "; ".join((each.authority, *(f"{name} {value}" for name, value in each.scope.items())))
            needed = each.waiting + each.approvals
            yield Waiting(each.id, "order", each.kind, about, each.proposed_by, each.proposed, each.approvals, needed)

    def _of_stays(self) -> Iterator[Waiting]:
        """Orders that somebody else wants set aside, by a document that this account has not shown yet."""
        context, c = self._context, t.approvals.c
        turns = {"proposed", "in-force"}
        with context.registry.read() as connection:
            query = sa.select(t.approvals, t.accounts.c.email).join(t.accounts, c.account == t.accounts.c.id)
            rows = connection.execute(query.where(c.organisation == context.organisation, c.act == "stay")).all()
            for row in rows:
                number = parse_number("O", row.thing, "order")
                order = connection.execute(sa.select(t.orders).where(t.orders.c.id == number)).first()
                if order is None or order.state not in turns:
                    continue
                said = json.loads(row.statement)["content"]
                matter = turning(number, "stay", str(said.get("evidence")), order.round or 1)
                signed = approvers(connection, context.desk, matter)
                if row.account in signed and context.account not in signed:
                    at = iso(row.created)
                    yield Waiting(row.thing, "stay", order.kind, order.authority, row.email, at, len(signed), 2)

    def _of_activations(self) -> Iterator[Waiting]:
        context, c = self._context, t.activations.c
        with context.registry.read() as connection:
            query = sa.select(t.activations, t.accounts.c.email).join(t.accounts, c.proposed_by == t.accounts.c.id)
            rows = connection.execute(query.where(c.organisation == context.organisation, c.ended.is_(None))).all()
            for row in rows:
                needed, signed = (
                    activating.NEEDED[row.kind],
                    approvers(connection, context.desk, activating.matter(row)),
                )
                if needed < 2 or len(signed) >= needed or context.account in (*signed, row.proposed_by):
                    continue
                thing, about = reference_number("X", row.id), f"{row.value}; {row.signatory}"
                yield Waiting(thing, "activation", row.kind, about, row.email, iso(row.created), len(signed), needed)

    def _of_agreements(self) -> Iterator[Waiting]:
        ours = self._context.party_name
        for each in self._agreements.list():
            if each.state == "proposed" and ours in each.waits_for:
                about = ", ".join((*each.purposes, *each.territories))
                signed = 2 - len(each.waits_for)
                yield Waiting(each.id, "agreement", each.party, about, None, each.starts, max(signed, 0), 2)

    def _of_bases(self) -> Iterator[Waiting]:
        context, c = self._context, t.bases.c
        pending = (c.organisation == context.organisation, c.state == "pending", c.ends > context.clock())
        guests = sa.exists().where(t.guests.c.basis == c.id)  # they confirm with stills, and are approved by event
        query = (
            sa.select(t.bases, t.accounts.c.email, t.subjects.c.handle_sealed)
            .join(t.accounts, c.recorded_by == t.accounts.c.id)
            .join(t.subjects, c.subject == t.subjects.c.id)
            .where(*pending, ~guests, c.recorded_by != context.account)
        )
        with context.registry.read() as connection:
            rows = connection.execute(query.order_by(c.id).limit(MOST)).all()
        for row in rows:
            handle = context.keys.unseal_text(subject_key(row.subject), row.handle_sealed, "handle") or ""
            thing = reference_number("B", row.id)
            yield Waiting(thing, "basis", row.ground, handle, row.email, iso(row.created), 0, 1)
