"""Carrying an order to erase out, whole, also after a crash; and certifying any order (P8, P12).

1. The order is marked as being executed, with the log's checkpoint from before: one transaction, signed and logged.
2. Everybody in scope whom no hold keeps is erased; then each source in scope. A grant is made for each step, and only
   while the order is in force: a stay takes effect in between, and what was erased stays erased.
3. When nothing is left the order is complied with. When a hold keeps somebody, it stays in force, and whoever is kept
   is in no search; `execute` finishes it once the hold is lifted.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from countenance.errors import CountenanceError, OrderError, Tampered
from countenance.gallery.only_one import OnlyOne
from countenance.log.book import Written
from countenance.log.witness import witness
from countenance.policy.approving import approvers
from countenance.policy.gather import is_solo
from countenance.registry import schema as t
from countenance.rights import orders as rights
from countenance.rights.certificates import Circumstances, issued_by, log_part, sign
from countenance.rights.order_certificate import order_body
from countenance.rights.orders import Event
from countenance.rights.reach import reach, sources_to_forget, to_erase
from countenance.service.order import Order, Row, approval_of, number_of, order_row
from countenance.service.orders import ROLES, Orders
from countenance.service.refusing import recording
from countenance.types import AccountId, reference_number

if TYPE_CHECKING:
    from countenance.service.context import Context
    from countenance.service.leaving import Leaving

_AT_ONCE = 10_000
"""People who are erased in one pass."""
_PATIENCE = 30.0
"""Seconds to wait for another process that executes an order."""


@dataclass(frozen=True, slots=True)
class Executed:
    """What became of an order: its state, its certificate, and those of the erasures that it names."""

    order: str
    state: str
    certificate: dict[str, Any]
    erasures: tuple[dict[str, Any], ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The machine-readable answer (``countenance order execute --json``)."""
        counts = self.certificate["body"]["counts"]
        return {"order": self.order, "state": self.state, "counts": counts, "certificate": self.certificate}


@dataclass(frozen=True, slots=True)
class Standing:
    """How far an order to erase is: ``left`` people of ``of`` are still here."""

    state: str
    executing: bool
    left: int
    of: int


class Executing(Orders):
    """Orders, and what carries them out: execute orders to erase, finish what was cut short, certify."""

    def __init__(self, context: Context, leaving: Leaving) -> None:
        super().__init__(context)
        self._leaving = leaving

    def execute(
        self, order: Order | str, *, progress: Callable[[int, int], None] | None = None, roles: tuple[str, ...] = ROLES
    ) -> Executed:
        """Erase everything in the scope of an order in force, now.

        Args:
            order: An order to erase.
            progress: Told how many people are erased, and of how many.
            roles: Of whom one is needed; the purge's timer has its own.

        Raises `OrderError` for another kind or state, `Tampered` when its approvals do not check, `RoleRefused`.
        """
        number = number_of(order)
        with self._only_one(_PATIENCE):
            self._mark(number, roles)
            return self._carry_out(number, progress)

    def begin(self, order: Order | str) -> Order:
        """Mark an order as being executed, signed and logged: `carry_on` then needs nobody's key. Raises as above."""
        with self._only_one(_PATIENCE):
            self._mark(number_of(order), ROLES)
        return self.get(order)

    def carry_on(self, order: Order | str) -> Executed | None:
        """Erase what an order that was begun has left. None where another process has done so meanwhile."""
        number = number_of(order)
        with self._only_one(_PATIENCE):
            if not self.get(order).executing:
                return None
            return self._carry_out(number, None)

    def standing(self, order: Order | str) -> Standing:
        """How far an order is carried out. Counts, and names nobody."""
        with self._context.registry.read() as connection:
            row = order_row(self._context, connection, number_of(order))
            left = len(to_erase(connection, row.id)) if row.kind == "erase" else 0
        of = int(json.loads(row.progress or "{}").get("people", left))
        return Standing(row.state, row.executing is not None, left, max(of, left))

    def erasures(self, order: Order | str) -> tuple[dict[str, Any], ...]:
        """The certificates of the erasures under an order, which its own certificate names."""
        return self._erasures(number_of(self.get(order)))

    def execute_due(self) -> list[Executed]:
        """Execute orders whose deadline has passed, as far as no hold keeps everything; the purge calls this."""
        with self._context.registry.read() as connection:
            numbers = [row.id for row in self.due(connection)]
        done, unsigned = [], []
        for number in numbers:
            try:
                done.append(self.execute(reference_number("O", number), roles=(*ROLES, "system")))
            except Tampered as error:  # the others must not wait for it
                unsigned.append(error)
        if unsigned:
            raise unsigned[0]
        return done

    def due(self, connection: sa.Connection) -> list[Row]:
        """Orders whose deadline has passed and that would erase something now."""
        due = (
            t.orders.c.organisation == self._context.organisation,
            t.orders.c.kind == "erase",
            t.orders.c.state == "in-force",
            t.orders.c.deadline <= self._context.clock(),
        )
        rows = connection.execute(sa.select(t.orders).where(*due).order_by(t.orders.c.id)).all()
        return [row for row in rows if self._something_to_do(connection, row.id)]

    def finish(self) -> list[Executed | CountenanceError]:
        """Carry out what a crash cut short. Called whenever a gallery is opened; nobody's key is needed for it."""
        context = self._context
        mine = (t.orders.c.organisation == context.organisation, t.orders.c.kind == "erase")
        running = sa.and_(t.orders.c.state == "in-force", t.orders.c.executing.is_not(None))
        uncertified = sa.and_(t.orders.c.state == "complied", t.orders.c.certificate.is_(None))
        query = sa.select(t.orders.c.id).where(*mine, sa.or_(running, uncertified)).order_by(t.orders.c.id)
        with context.registry.read() as connection:
            numbers = list(connection.scalars(query))
        return [self._finish_one(number) for number in numbers]

    def certificate(self, order: Order | str) -> dict[str, Any]:
        """The certificate of an order as it stands: the final one when it is complied with, else a new one of now.

        Raises `OrderError` for an order that never was in force.
        """
        context, number = self._context, number_of(order)
        thing = reference_number("O", number)
        with recording(context, "order-certificate") as connection:
            row = order_row(context, connection, number)
            if row.certificate:
                return dict(json.loads(row.certificate))
            if row.in_force is None:
                raise OrderError(f"{thing} was never in force, so there is nothing to certify.")
            facts = {"order": thing, "state": row.state}
            written = context.desk.record(connection, "order-certificate", *ROLES, facts=facts)
            body = self._body(connection, row)
        return self._signed(body, written, None)

    # --- inside ------------------------------------------------------------------------------------------------------

    def _mark(self, number: int, roles: tuple[str, ...]) -> None:
        context = self._context
        before = context.book.checkpoint()
        with recording(context, "order-execute") as connection:
            row = order_row(context, connection, number)
            rights.after(row.kind, row.state, "comply")
            self._check_approved(connection, row)
            done = {"before": before} | json.loads(row.progress or "{}") | {"by": context.account}
            done["people"] = len(to_erase(connection, number))
            values = {"executing": context.clock(), "progress": json.dumps(done)}
            connection.execute(sa.update(t.orders).where(t.orders.c.id == number).values(**values))
            context.desk.record(connection, "order-execute", *roles, facts={"order": reference_number("O", number)})

    def _finish_one(self, number: int) -> Executed | CountenanceError:
        try:
            with self._only_one(0):
                with self._context.registry.read() as connection:
                    row = order_row(self._context, connection, number)
                return self._certify(number) if row.state == "complied" else self._carry_out(number, None)
        except CountenanceError as error:
            return error

    def _carry_out(self, number: int, progress: Callable[[int, int], None] | None) -> Executed:
        erased = 0
        while True:
            with self._context.registry.read() as connection:
                row = order_row(self._context, connection, number)
                people, sources = to_erase(connection, number), sources_to_forget(connection, number)
            if row.state != "in-force":
                raise OrderError(f"{reference_number('O', number)} was stayed meanwhile; what was erased stays erased.")
            account = AccountId(json.loads(row.progress or "{}").get("by", 0))
            if not people and not sources:
                if (closed := self._close(number)) is not None:
                    return closed
            elif people:
                some = people[:_AT_ONCE]
                permit = partial(self._context.desk.under_order, number, subjects=some, account=account)
                self._leaving.erase_many(some, "order", under=number, grant=permit)
                erased += len(some)
                if progress:
                    progress(erased, erased + len(people) - len(some))
            else:
                grant = self._context.desk.under_order(number, source=sources[0], account=account)
                self._context.gallery.forget_source(sources[0], number, grant=grant)

    def _close(self, number: int) -> Executed | None:
        """Complied with, or in force still where a hold keeps somebody. None when somebody has come since."""
        context, thing = self._context, reference_number("O", number)
        context.registry.scrub()  # the photos' records leave the write-ahead log
        with context.registry.write() as connection:
            row = order_row(context, connection, number)
            if to_erase(connection, number) or sources_to_forget(connection, number):
                return None
            left = reach(connection, number, row.kind)
            kept = left.subjects or left.photos or left.sources_held
            state = "in-force" if kept else rights.after(row.kind, row.state, "comply")
            event = Event("executed as far as holds allow" if kept else "complied", context.clock())
            history = [*json.loads(row.history or "[]"), event.as_json()]
            facts = {"order": thing, "kind": row.kind, "step": event.step, "state": state, "held": left.held}
            written = context.desk.write(connection, "order", facts=facts)
            progress = json.loads(row.progress or "{}") | {"index": written.index}
            values = {"state": state, "executing": None, "history": json.dumps(history)}
            values |= {"progress": json.dumps(progress)}
            connection.execute(sa.update(t.orders).where(t.orders.c.id == number).values(**values))
        context.book.publish()
        return self._certify(number)

    def _certify(self, number: int) -> Executed:
        """The certificate of an execution; kept with the order when it is final."""
        context = self._context
        with context.registry.read() as connection:
            row = order_row(context, connection, number)
            body = self._body(connection, row)
        told = json.loads(row.progress or "{}")
        certificate = self._signed(body, Written(int(told["index"]), ""), told.get("before"))
        if row.state == "complied":
            with context.registry.write() as connection:
                mine = t.orders.c.id == number
                connection.execute(sa.update(t.orders).where(mine).values(certificate=json.dumps(certificate)))
        return Executed(reference_number("O", number), row.state, certificate, self._erasures(number))

    def _erasures(self, order: int) -> tuple[dict[str, Any], ...]:
        """The certificates of the erasures under an order, the first one first."""
        mine = (t.erasures.c.under == order, t.erasures.c.certificate.is_not(None))
        query = sa.select(t.erasures.c.certificate).where(*mine).order_by(t.erasures.c.id)
        with self._context.registry.read() as connection:
            return tuple(json.loads(text) for text in connection.scalars(query))

    def _body(self, connection: sa.Connection, row: Row) -> dict[str, Any]:
        context = self._context
        row = order_row(context, connection, row.id)
        said = Circumstances(context.clock(), is_solo(connection, context.organisation), witness(connection))
        approvals = len(approvers(connection, context.desk, approval_of(row)))
        return order_body(connection, row, approvals, said.now) | issued_by(said)

    def _signed(self, body: dict[str, Any], written: Written, before: str | None) -> dict[str, Any]:
        book = self._context.book
        return sign(book, body | {"log": log_part(book, written, before)})

    def _something_to_do(self, connection: sa.Connection, number: int) -> bool:
        left = reach(connection, number, "erase")
        waiting = to_erase(connection, number) or sources_to_forget(connection, number)
        return bool(waiting) or not (left.held or left.sources_held or left.photos)

    def _check_approved(self, connection: sa.Connection, row: Row) -> None:
        """An order that somebody put into force with a database tool is not executed."""
        if self._lacking(connection, row):
            number = reference_number("O", row.id)
            raise Tampered(
                f"{number} is in force without its approvals: a restore brought it back from the log, more people have "
                "joined since, or its record was changed with another program.",
                hint=f"Look at `countenance log show`. If it is right, two accounts sign it: `order approve {number}`.",
            )

    def _only_one(self, wait: float) -> OnlyOne:
        place = self._context.settings.data / "locks" / "order.lock"
        return OnlyOne(place, "Another process is executing an order.", wait=wait)
