"""Every comparison under an agreement, for the owner who let it be made: who, when, which case, what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from countenance.policy.purposes import reviewers
from countenance.registry import schema as t
from countenance.review import deciding
from countenance.types import AgreementId, SearchId, iso, reference_number

if TYPE_CHECKING:
    from countenance.service.context import Context


@dataclass(frozen=True, slots=True)
class Searched:
    """One comparison. The case is told by its number: its reference is the asking organisation's own."""

    id: str
    at: str
    kind: str
    account: str
    case: str
    purpose: str
    shown: int
    reviewers: int
    confirmed: int
    rejected: int


def made_under(connection: sa.Connection, context: Context, agreement: AgreementId) -> tuple[Searched, ...]:
    """The comparisons under an agreement, the oldest first, with what their reviews have come to."""
    rows = connection.execute(
        sa.select(t.searches, t.accounts.c.email, t.accounts.c.organisation.label("party"))
        .join(t.accounts, t.searches.c.account == t.accounts.c.id)
        .where(t.searches.c.organisation == context.organisation, t.searches.c.agreement == agreement)
        .order_by(t.searches.c.id)
    ).all()
    found = []
    for row in rows:
        demanded = reviewers(row.purpose, own=row.party == row.organisation)
        states = [
            each.state for each in deciding.standings(connection, context.desk.origin, SearchId(row.id), demanded)
        ]
        found.append(
            Searched(
                reference_number("S", row.id),
                iso(row.started),
                row.kind,
                row.email,
                reference_number("C", row.case),
                row.purpose,
                row.candidates,
                demanded,
                states.count("confirmed"),
                states.count("rejected"),
            )
        )
    return tuple(found)
