"""What an agreement's signature signs, who has signed, and the agreement that a search is made under (P3, P18).

An agreement is in force when an account of the gallery's owner and an account of the other organisation have signed
exactly what it says, each with its own key. The signatures are checked at every search: one that was edited with a
database tool has none any more. An agreement of the owner with itself needs the owner's alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from countenance.policy import approving, territories
from countenance.policy.approving import Matter
from countenance.policy.facts import AgreementFacts
from countenance.policy.purposes import PURPOSES, names
from countenance.registry import schema as t
from countenance.types import DAY, AgreementId, OrganisationId, iso, reference_number

if TYPE_CHECKING:
    from countenance.policy.desk import Desk

Row = sa.Row[tuple[object, ...]]


def matter(row: Row) -> Matter:
    """Everything that an agreement says, as it is signed."""
    content: dict[str, Any] = {
        "owner": row.organisation,
        "party": row.party,
        "purposes": names(row.purposes),
        "territories": sorted(row.territories.split()),
        "starts": iso(row.starts),
        "ends": iso(row.ends),
        "quota": row.quota,
        "dpia": row.dpia,
        "signatory": row.dpia_signatory,
        "mandate": row.mandate,
    }
    return Matter(reference_number("A", row.id), "sign", content)


def signatories(connection: sa.Connection, desk: Desk, row: Row) -> dict[OrganisationId, str]:
    """Which organisations have signed exactly this, and by whom. Other organisations' signatures count for nothing."""
    try:
        signed = approving.approvers(connection, desk, matter(row))
    except (ValueError, OverflowError):  # what it says is not even a date: nobody has signed that
        return {}
    query = sa.select(t.accounts.c.organisation, t.accounts.c.email).where(
        t.accounts.c.id.in_(signed), t.accounts.c.organisation.in_((row.organisation, row.party))
    )
    return {OrganisationId(found.organisation): found.email for found in connection.execute(query)}


def agreement(
    connection: sa.Connection, desk: Desk, party: OrganisationId, purpose: str | None, now: int
) -> AgreementFacts | None:
    """The agreement that serves best: one in force that covers the purpose, else any, so that a refusal can say why."""
    rows = connection.execute(
        sa.select(t.agreements)
        .where(t.agreements.c.organisation == desk.gallery, t.agreements.c.party == party)
        .order_by(t.agreements.c.id)
    ).all()
    wanted = PURPOSES[purpose].mask if purpose in PURPOSES else 0
    found = [_facts(connection, desk, row, now) for row in rows]

    def serves(each: AgreementFacts) -> tuple[bool, bool, bool]:
        running = not each.ended and each.starts <= now < each.ends
        return running and each.signed, bool(each.purposes & wanted), running

    return max(found, key=serves, default=None)


def in_force(connection: sa.Connection, desk: Desk, party: OrganisationId, purpose: str, now: int) -> bool:
    """Whether an agreement is in force that covers the purpose."""
    found = agreement(connection, desk, party, purpose, now)
    return bool(
        found
        and found.signed
        and not found.ended
        and found.starts <= now < found.ends
        and found.purposes & PURPOSES[purpose].mask
    )


def made_today(connection: sa.Connection, number: AgreementId, now: int) -> int:
    """How many comparisons were made under an agreement today (UTC)."""
    mine = (t.searches.c.agreement == number, t.searches.c.started >= now - now % DAY)
    return connection.scalar(sa.select(sa.func.count()).select_from(t.searches).where(*mine)) or 0


def _facts(connection: sa.Connection, desk: Desk, row: Row, now: int) -> AgreementFacts:
    return AgreementFacts(
        AgreementId(row.id),
        OrganisationId(row.organisation),
        OrganisationId(row.party),
        row.purposes,
        row.starts,
        row.ends,
        row.ended is not None,
        signed=set(signatories(connection, desk, row)) == {row.organisation, row.party},
        territories=territories.read(row.territories),
        quota=row.quota,
        made_today=made_today(connection, AgreementId(row.id), now),
        assessed=bool(row.dpia and row.dpia_signatory),
    )
