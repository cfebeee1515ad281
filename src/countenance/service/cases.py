"""Cases: the reference that a search belongs to. It is sealed under the key of the organisation whose case it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from countenance.errors import InputError, NotFound, NotSignedIn, Refused
from countenance.policy import agreeing, gather
from countenance.policy.purposes import PURPOSES, purpose
from countenance.registry import schema as t
from countenance.types import CaseId, iso, reference_number

if TYPE_CHECKING:
    from countenance.service.context import Context


@dataclass(frozen=True, slots=True)
class Case:
    """One case, for one purpose."""

    id: str
    reference: str
    purpose: str
    opened: str
    closed: bool


class Cases:
    """Open, close and list cases."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def open(self, reference: str, *, purpose: str) -> Case:
        """Open a case. One by this reference that is there already is returned as it is, open or closed."""
        number = self.find(reference, purpose) or self._open(reference, purpose)
        with self._context.registry.read() as connection:
            return self._get(connection, number)

    def close(self, reference: str, *, purpose: str) -> Case:
        """Close a case: searches under it are refused from here on. Raises `NotFound`."""
        context = self._context
        number = self.find(reference, purpose)
        if number is None:
            raise NotFound(f"There is no case {reference!r} for {purpose!r}.")
        with context.registry.write() as connection:
            connection.execute(sa.update(t.cases).where(t.cases.c.id == number).values(closed=context.clock()))
            facts = {"case": reference_number("C", number)}
            context.desk.record(connection, "case-closed", "operator", facts=facts, party=context.party)
            case = self._get(connection, number)
        context.book.publish()
        return case

    def list(self) -> list[Case]:
        """All cases of this organisation."""
        query = sa.select(t.cases.c.id).where(t.cases.c.organisation == self._context.party)
        with self._context.registry.read() as connection:
            return [self._get(connection, CaseId(i)) for i in connection.scalars(query.order_by(t.cases.c.id)).all()]

    def find(self, reference: str, purpose: str) -> CaseId | None:
        """The number of a case by its reference and purpose, open or closed."""
        with self._context.registry.read() as connection:
            return self._find(connection, reference, purpose)

    def for_search(self, reference: str | None, purpose: str | None) -> CaseId | None:
        """The case that a search names: a new reference opens one, where the agreement covers the purpose.

        None where it cannot be opened; the desk then refuses the search with its reason.
        """
        if not reference or not purpose or purpose not in PURPOSES:
            return None
        known = self.find(reference, purpose)
        if known is not None:
            return known
        context = self._context
        with context.registry.read() as connection:
            if not self._may_open(connection, purpose):
                return None
        try:
            return self._open(reference, purpose)
        except (NotSignedIn, Refused):
            # Who may not open a case may not search either, and the desk's refusal is the one that is logged.
            return None

    # --- inside ------------------------------------------------------------------------------------------------------

    def _may_open(self, connection: sa.Connection, wanted: str) -> bool:
        """Whether it is worth trying: an agreement in force covers the purpose, and a named account has the role."""
        context = self._context
        if context.actor is None:
            return False
        known = gather.account(connection, context.actor, signed=False)
        if known is None or known.revoked or known.trial or "operator" not in known.roles:
            return False
        return agreeing.in_force(connection, context.desk, context.party, wanted, context.clock())

    def _find(self, connection: sa.Connection, reference: str, purpose: str) -> CaseId | None:
        number = connection.scalar(
            sa.select(t.cases.c.id).where(
                t.cases.c.organisation == self._context.party,
                t.cases.c.purpose == purpose,
                t.cases.c.reference_hash == self._hash(reference),
            )
        )
        return None if number is None else CaseId(number)

    def _open(self, reference: str, wanted: str) -> CaseId:
        context, now = self._context, self._context.clock()
        if not reference.strip() or len(reference) > 200:
            raise InputError("A case needs a reference of 1 to 200 characters.")
        with context.registry.write() as connection:
            known = self._find(connection, reference, wanted)
            if known is not None:  # another search opened it in the meantime
                return known
            agreement = connection.scalar(
                sa.select(t.agreements.c.id)
                .where(
                    t.agreements.c.organisation == context.organisation,
                    t.agreements.c.party == context.party,
                    t.agreements.c.purposes.bitwise_and(purpose(wanted).mask) != 0,
                )
                .order_by(t.agreements.c.id.desc())
            )
            if agreement is None:
                raise NotFound(f"No agreement covers {wanted!r}.", hint="`countenance agreement add` makes one.")
            row = connection.execute(
                sa.insert(t.cases).values(
                    organisation=context.party,
                    agreement=agreement,
                    purpose=wanted,
                    reference_hash=self._hash(reference),
                    reference_sealed=context.keys.seal_text(context.party_key, reference, "case"),
                    opened_by=context.account,
                    created=now,
                )
            )
            number = CaseId((row.inserted_primary_key or (0,))[0])
            context.desk.record(connection, "case", "operator", facts={"purpose": wanted}, party=context.party)
        return number

    def _hash(self, reference: str) -> str:
        return self._context.keys.keyed_hash(self._context.party_key, f"case:{reference}")

    def _get(self, connection: sa.Connection, number: CaseId) -> Case:
        row = connection.execute(sa.select(t.cases).where(t.cases.c.id == number)).one()
        reference = self._context.keys.unseal_text(self._context.party_key, row.reference_sealed, "case") or ""
        return Case(reference_number("C", row.id), reference, row.purpose, iso(row.created), row.closed is not None)
