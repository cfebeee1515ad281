"""Authorities' orders: proposed, approved by two others, in force at once, stayed and revived, executed (P8 to P11)."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from countenance.errors import InputError, NotFound, OrderError
from countenance.policy.approving import approve, approvers, quorum, quorum_at, signatures
from countenance.registry import schema as t
from countenance.rights import orders as rights
from countenance.rights.orders import KINDS, Event, Instrument, Scope
from countenance.rights.reach import Reach, reach, subjects_of
from countenance.service.evidence import Seen
from countenance.service.instruments import day, document, words, words_or_none
from countenance.service.order import Order, Row, approval_of, number_of, order_row, scope_names
from countenance.service.refusing import recording
from countenance.service.subjects import check_territory
from countenance.types import DAY, AccountId, iso, reference_number

if TYPE_CHECKING:
    from countenance.service.context import Context

__all__ = ["KINDS", "ROLES", "Order", "Orders"]

ROLES = ("officer", "controller")
DAYS = 30
"""Until an order to erase is executed by the purge, where it names no deadline."""


class _Foreseen(Exception):
    """Undoes what was written to count it."""

    def __init__(self, seen: Reach) -> None:
        super().__init__()
        self.reach = seen


class Orders:
    """Propose, approve, stay, revive, join, and look. Executing is `countenance.service.executing`."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def propose(
        self,
        kind: str,
        *,
        authority: str,
        evidence: str | Path | bytes | Seen,
        reference: str | None = None,
        subject: str | None = None,
        source: str | None = None,
        territory: str | None = None,
        supplier: str | None = None,
        deadline: str | date | None = None,
    ) -> Order:
        """Record what an authority ordered. It binds once two others have approved it (solo: everybody else there is).

        Args:
            kind: ``stop``, ``erase``, ``quarantine`` or ``hold``.
            authority: Who ordered it.
            evidence: The document, a file or its bytes; only its SHA-256 is kept.
            reference: The authority's own number.
            subject: A person it bears on. It bears on whatever any of these four covers.
            source: A source, with every appearance kept from it.
            territory: Where people live. Who lives nobody knows where is in the scope of every territory (P9).
            supplier: Everything of this supplier: its sources, and what was kept from them.
            deadline: The day by whose end an order to erase is executed; thirty days from now when left out.

        Raises `EmptyScope`, `NotFound`, `InputError`, `RoleRefused`, `NotSignedIn`; a refusal is logged.
        """
        context, now = self._context, self._context.clock()
        with recording(context, "order") as connection:
            said = (kind, authority, evidence, reference, deadline, (subject, source, territory, supplier))
            instrument = self._instrument(connection, *said)
            number = self._insert(connection, instrument, now)
            scope = instrument.scope
            facts = {"order": reference_number("O", number), "kind": instrument.kind, "scope": scope.kinds}
            facts |= {"territory": scope.territory or "", "evidence": instrument.evidence_sha256}
            context.desk.record(connection, "order", *ROLES, facts=facts)
            if quorum(connection, context.organisation, now) == 0:
                self._enter(connection, self._row(connection, number), 0)
            return self._order(connection, number)

    def approve(self, order: Order | str) -> Order:
        """Sign a proposed order. With the last signature that it needs, it is in force and binds at once.

        An order to erase that a restore brought back from the log is in force already; its approvals are not in the
        backup, so it is signed again before it is executed.

        Raises `OrderError` in any other state; `RoleRefused` for one's own proposal, or a second signature.
        """
        context, number = self._context, number_of(order)
        with recording(context, "approve") as connection:
            row = self._row(connection, number)
            again = row.state == "in-force" and self._lacking(connection, row) > 0
            if not again:
                rights.after(row.kind, row.state, "enter")
            signed = approve(
                context.desk, connection, approval_of(row), *ROLES, not_by=(AccountId(row.proposed_by or 0),)
            )
            if not again and not self._lacking(connection, row):
                self._enter(connection, row, len(signed))
            return self._order(connection, number)

    def stay(self, order: Order | str, *, evidence: str | Path | bytes) -> Order:
        """An authority or a court set the order aside, or lifted it. This loosens, so two accounts sign it (solo: one).

        Each gives the same document. With the second signature it binds nobody any more; what was erased stays erased.
        """
        context, number = self._context, number_of(order)
        with recording(context, "stay") as connection:
            digest = document(evidence)
            row = self._row(connection, number)
            state = rights.after(row.kind, row.state, "stay")
            matter = rights.turning(number, "stay", digest, row.round or 1)
            signed = approve(context.desk, connection, matter, *ROLES)
            wanted = self._stays_with(connection, row)
            if len(signed) >= wanted:
                self._turn(connection, row, state, Event("stayed", context.clock(), digest))
            return self._order(connection, number, waiting=max(wanted - len(signed), 0))

    def revive(self, order: Order | str, *, evidence: str | Path | bytes) -> Order:
        """A stayed order is again what it was: in force at once, with its approvals, or proposed. One signature."""
        context, number = self._context, number_of(order)
        with recording(context, "revive") as connection:
            digest = document(evidence)
            row = self._row(connection, number)
            state = rights.after(row.kind, row.state, "revive", was_in_force=row.in_force is not None)
            approve(context.desk, connection, rights.turning(number, "revive", digest, row.round or 1), *ROLES)
            self._turn(connection, row, state, Event("revived", context.clock(), digest))
            return self._order(connection, number)

    def join(
        self, order: Order | str, *, authority: str, evidence: str | Path | bytes, reference: str | None = None
    ) -> Order:
        """Another authority joins the order; its certificate names all of them."""
        context, number = self._context, number_of(order)
        thing = reference_number("O", number)
        with recording(context, "order-joined") as connection:
            digest = document(evidence)
            row = self._row(connection, number)
            if row.state == "complied":
                raise OrderError(f"{thing} is complied with; nobody can join it any more.")
            name = words("authority", authority)
            entry = {"authority": name, "reference": words_or_none("reference", reference)}
            entry |= {"evidence_sha256": digest, "at": iso(context.clock())}
            joined = [*json.loads(row.joined or "[]"), entry]
            mine = t.orders.c.id == number
            connection.execute(sa.update(t.orders).where(mine).values(joined=json.dumps(joined)))
            context.desk.record(connection, "order-joined", *ROLES, facts={"order": thing, "evidence": digest})
            return self._order(connection, number)

    def dry_run(self, order: Order | str) -> Reach:
        """What the order bears on now, in numbers. Changes nothing."""
        number = number_of(order)
        with self._context.registry.read() as connection:
            return reach(connection, number, self._row(connection, number).kind)

    def get(self, order: Order | str) -> Order:
        """The order by this number. Raises `NotFound`."""
        with self._context.registry.read() as connection:
            return self._order(connection, number_of(order))

    def list(self) -> list[Order]:
        """All orders, in the order of their numbers."""
        query = sa.select(t.orders.c.id).where(t.orders.c.organisation == self._context.organisation)
        with self._context.registry.read() as connection:
            return [self._order(connection, number) for number in connection.scalars(query.order_by(t.orders.c.id))]

    def foresee(
        self,
        kind: str,
        *,
        authority: str,
        evidence: str | Path | bytes | Seen,
        reference: str | None = None,
        subject: str | None = None,
        source: str | None = None,
        territory: str | None = None,
        supplier: str | None = None,
        deadline: str | date | None = None,
    ) -> Reach:
        """What such an order would bear on now, in numbers, before it is recorded. Raises what `propose` would."""
        said = (kind, authority, evidence, reference, deadline, (subject, source, territory, supplier))
        try:
            with self._context.registry.write() as connection:
                instrument = self._instrument(connection, *said)
                number = self._insert(connection, instrument, self._context.clock(), number=0)
                raise _Foreseen(reach(connection, number, instrument.kind))  # which undoes it
        except _Foreseen as seen:
            return seen.reach

    # --- inside ------------------------------------------------------------------------------------------------------

    def _scope(
        self, connection: sa.Connection, subject: str | None, source: str | None, territory: str | None,
        supplier: str | None,
    ) -> Scope:  # fmt: skip
        """The records by their numbers. An empty name names nothing, and is not taken for everything."""
        context = self._context
        if territory is not None:
            check_territory(territory)
            if territory == "unknown":
                raise InputError("An order names a territory.", hint="Unknown residence is in every one's scope (P9).")
        found = None
        if source is not None:
            mine = (t.sources.c.organisation == context.organisation, t.sources.c.name == source)
            found = connection.scalar(sa.select(t.sources.c.id).where(*mine))
            if found is None:
                raise NotFound(f"There is no source {source!r}.", hint="`countenance source list` shows them.")
        person = None if subject is None else context.subject_row(connection, subject).id
        return Scope(person, found, territory, words_or_none("supplier", supplier))

    def _instrument(
        self,
        connection: sa.Connection,
        kind: str,
        authority: str,
        evidence: str | Path | bytes | Seen,
        reference: str | None,
        deadline: str | date | None,
        scope: tuple[str | None, str | None, str | None, str | None],
    ) -> Instrument:
        chosen = rights.kind_of(kind)
        return Instrument(
            chosen,
            words("authority", authority),
            words_or_none("reference", reference),
            document(evidence),
            self._scope(connection, *scope),
            self._deadline(chosen, deadline, self._context.clock()),
        )

    def _deadline(self, kind: str, given: str | date | None, now: int) -> int | None:
        if kind != "erase":
            if given is not None:
                raise InputError("Only an order to erase has a deadline.", hint="Leave --deadline out.")
            return None
        return now + DAYS * DAY if given is None else day(given, now)

    def _insert(self, connection: sa.Connection, instrument: Instrument, now: int, number: int | None = None) -> int:
        scope = instrument.scope
        row = connection.execute(
            sa.insert(t.orders).values(
                **({} if number is None else {"id": number}),
                organisation=self._context.organisation,
                kind=instrument.kind,
                authority=instrument.authority,
                reference=instrument.reference,
                evidence_sha256=instrument.evidence_sha256,
                **{name: getattr(scope, name) for name in scope.kinds},
                state="proposed",
                proposed_by=self._context.account,
                round=1,
                deadline=instrument.deadline,
                created=now,
            )
        )
        return int((row.inserted_primary_key or (0,))[0])

    def _enter(self, connection: sa.Connection, row: Row, signed: int) -> None:
        """In force: whoever it takes out of search is out of the next one, in every process."""
        now = self._context.clock()
        mine = t.orders.c.id == row.id
        connection.execute(sa.update(t.orders).where(mine).values(in_force=now))
        state = rights.after(row.kind, row.state, "enter")
        self._turn(connection, row, state, Event("in-force", now), signed=signed)

    def _turn(self, connection: sa.Connection, row: Row, state: str, event: Event, *, signed: int = 1) -> None:
        """Take a step: the state, its history, the registry's sequence for everybody in scope, and the log."""
        history = [*json.loads(row.history or "[]"), event.as_json()]
        turned = (row.round or 1) + (event.step != "in-force")
        values = {"state": state, "history": json.dumps(history), "round": turned, "executing": None}
        connection.execute(sa.update(t.orders).where(t.orders.c.id == row.id).values(**values))
        people = subjects_of(row.id)
        connection.execute(sa.insert(t.changes).from_select(["subject"], people))
        facts = {"order": reference_number("O", row.id), "kind": row.kind, "step": event.step, "state": state}
        facts |= {"signed": signed, "evidence": event.evidence_sha256 or row.evidence_sha256}
        self._context.desk.write(connection, "order", facts=facts)

    def _stays_with(self, connection: sa.Connection, row: Row) -> int:
        """How many signatures a stay needs: two; where one person was alone when the order bound, and is now, one."""
        ours, now = self._context.organisation, self._context.clock()
        then = quorum_at(connection, ours, row.in_force or row.created)
        return max(quorum(connection, ours, now), then, 1)

    def _lacking(self, connection: sa.Connection, row: Row) -> int:
        """Signatures that it needs still: to come into force, or, to erase, to be executed.

        As many as it takes today: when it came into force, and who was there, is only what its record says.
        """
        if row.state != "proposed" and (row.state, row.kind) != ("in-force", "erase"):
            return 0
        signed = approvers(connection, self._context.desk, approval_of(row))
        return max(quorum(connection, self._context.organisation, self._context.clock()) - len(signed), 0)

    def _row(self, connection: sa.Connection, number: int) -> Row:
        return order_row(self._context, connection, number)

    def _order(self, connection: sa.Connection, number: int, *, waiting: int | None = None) -> Order:
        row = self._row(connection, number)
        signed = signatures(connection, self._context.desk, approval_of(row))
        proposer = connection.scalar(sa.select(t.accounts.c.email).where(t.accounts.c.id == row.proposed_by))
        return Order(
            id=reference_number("O", row.id),
            kind=row.kind,
            authority=row.authority,
            reference=row.reference,
            scope=scope_names(self._context, connection, row),
            state=row.state,
            proposed=iso(row.created),
            in_force=None if row.in_force is None else iso(row.in_force),
            deadline=None if row.deadline is None else iso(row.deadline),
            executing=row.executing is not None,
            proposed_by=proposer or "",
            approvals=len(signed),
            signed=[{"account": each.email, "at": iso(each.at)} for each in signed],
            waiting=self._lacking(connection, row) if waiting is None else waiting,
            joined=json.loads(row.joined or "[]"),
            history=json.loads(row.history or "[]"),
            evidence_sha256=row.evidence_sha256 or "",
            warning=self._warning(connection, row),
        )

    def _warning(self, connection: sa.Connection, row: Row) -> str | None:
        """An order that reaches nothing may name what it bears on in another way than the records do."""
        if row.state not in {"proposed", "in-force"} or not reach(connection, row.id, row.kind).nothing:
            return None
        return "This order bears on nobody and nothing that is recorded here today: check whom or what it names."
