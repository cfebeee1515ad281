"""Agreements: what lets an organisation search (P3). The owner's own use is one too, and says so (P18)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from countenance.errors import NotFound, PurposeRefused
from countenance.policy.purposes import mask, names, purpose
from countenance.registry import schema as t
from countenance.types import DAY, iso, parse_number, reference_number

if TYPE_CHECKING:
    from countenance.service.context import Context


@dataclass(frozen=True, slots=True)
class Agreement:
    """Whose gallery may be searched by whom, for what, from when to when."""

    id: str
    owner: str
    party: str
    purposes: tuple[str, ...]
    starts: str
    ends: str
    ended: bool
    self_agreement: bool


class Agreements:
    """Make, end and list agreements."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def add(self, purposes: Iterable[str], *, days: int = 365, dpia: str | None = None) -> Agreement:
        """Agree with oneself on the purposes that one's own people may search for.

        Raises `PurposeRefused` for a purpose that is switched off (P24).
        """
        context, now = self._context, self._context.clock()
        wanted = sorted(set(purposes))
        for each in wanted:
            if not purpose(each).on:
                raise PurposeRefused(
                    f"The purpose {each!r} is switched off here.", requirement="P24",
                    hint="It needs two approvers and a data protection impact assessment.",
                )  # fmt: skip
        with context.registry.write() as connection:
            row = connection.execute(
                sa.insert(t.agreements).values(
                    organisation=context.organisation,
                    party=context.organisation,
                    purposes=mask(wanted),
                    territories="*",
                    starts=now,
                    ends=now + days * DAY,
                    dpia=dpia,
                    created=now,
                )
            )
            number = (row.inserted_primary_key or (0,))[0]
            facts = {"agreement": reference_number("A", number), "purposes": wanted, "days": days}
            context.desk.record(connection, "agreement", "controller", facts=facts)
        context.book.publish()
        return self._get(number)

    def end(self, agreement: str) -> Agreement:
        """End an agreement at once: the next search under it is refused."""
        context = self._context
        number = parse_number("A", agreement, "agreement")
        with context.registry.write() as connection:
            changed = connection.execute(
                sa.update(t.agreements)
                .where(
                    t.agreements.c.id == number,
                    t.agreements.c.organisation == context.organisation,
                    t.agreements.c.ended.is_(None),
                )
                .values(ended=context.clock())
            )
            if not changed.rowcount:
                raise NotFound(f"There is no agreement {agreement} in force.")
            context.desk.record(connection, "agreement-ended", "controller", facts={"agreement": agreement})
        context.book.publish()
        return self._get(number)

    def list(self) -> list[Agreement]:
        """All agreements of this gallery."""
        query = sa.select(t.agreements.c.id).where(t.agreements.c.organisation == self._context.organisation)
        with self._context.registry.read() as connection:
            numbers = connection.scalars(query.order_by(t.agreements.c.id)).all()
        return [self._get(number) for number in numbers]

    def _get(self, number: int) -> Agreement:
        with self._context.registry.read() as connection:
            row = connection.execute(sa.select(t.agreements).where(t.agreements.c.id == number)).one()
            name = sa.select(t.organisations.c.name)
            owner = connection.scalar(name.where(t.organisations.c.id == row.organisation))
            party = connection.scalar(name.where(t.organisations.c.id == row.party))
        return Agreement(
            reference_number("A", row.id),
            owner or "",
            party or "",
            tuple(names(row.purposes)),
            iso(row.starts),
            iso(row.ends),
            row.ended is not None,
            row.organisation == row.party,
        )
