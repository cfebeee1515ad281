"""Facts from the registry. Absent records become ``None``, which no rule accepts."""

from __future__ import annotations

import sqlalchemy as sa

from countenance.policy.actor import Actor
from countenance.policy.facts import AccountFacts, AgreementFacts, BasisFacts, CaseFacts, SourceFacts, SubjectFacts
from countenance.policy.purposes import PURPOSES
from countenance.registry import schema as t
from countenance.types import DAY, AccountId, BasisId, CaseId, OrganisationId, SourceId, SubjectId


def account(connection: sa.Connection, actor: Actor, *, signed: bool) -> AccountFacts | None:
    """The account as it is now, not as it was when the session began."""
    row = connection.execute(sa.select(t.accounts).where(t.accounts.c.id == actor.account)).first()
    if row is None:
        return None
    return AccountFacts(
        AccountId(row.id),
        OrganisationId(row.organisation),
        frozenset(row.roles.split()),
        trial=row.trial,
        revoked=row.revoked is not None,
        signed=signed,
    )


SOLO = 3
"""An installation with fewer named people than this is solo: it says so, and purposes with two reviewers are off."""


def people(connection: sa.Connection, organisation: OrganisationId | int) -> int:
    """How many named people an organisation has here. Trial, revoked and system accounts are none (P18)."""
    mine = (t.accounts.c.organisation == organisation, t.accounts.c.revoked.is_(None), t.accounts.c.trial.is_(False))
    persons = t.accounts.c.roles != "system"
    return connection.scalar(sa.select(sa.func.count()).select_from(t.accounts).where(*mine, persons)) or 0


def is_solo(connection: sa.Connection, organisation: OrganisationId | int) -> bool:
    """Whether fewer than three named people run this installation (P18)."""
    return people(connection, organisation) < SOLO


def agreement(
    connection: sa.Connection, owner: OrganisationId, party: OrganisationId, purpose: str | None, now: int
) -> AgreementFacts | None:
    """The agreement that serves best: one in force that covers the purpose, else any, so that a refusal can say why."""
    rows = connection.execute(
        sa.select(t.agreements)
        .where(t.agreements.c.organisation == owner, t.agreements.c.party == party)
        .order_by(t.agreements.c.id)
    ).all()
    found = [AgreementFacts(owner, party, row.purposes, row.starts, row.ends, row.ended is not None) for row in rows]
    wanted = PURPOSES[purpose].mask if purpose in PURPOSES else 0

    def serves(each: AgreementFacts) -> tuple[bool, bool]:
        return not each.ended and each.starts <= now < each.ends, bool(each.purposes & wanted)

    return max(found, key=serves, default=None)


def case(connection: sa.Connection, number: CaseId | None, now: int) -> CaseFacts | None:
    """The case, with the comparisons that it made today (UTC)."""
    row = connection.execute(sa.select(t.cases).where(t.cases.c.id == number)).first()
    if row is None:
        return None
    today = connection.scalar(
        sa.select(sa.func.count())
        .select_from(t.searches)
        .where(t.searches.c.case == row.id, t.searches.c.kind == "verify", t.searches.c.started >= now - now % DAY)
    )
    return CaseFacts(CaseId(row.id), OrganisationId(row.organisation), row.purpose, row.closed is not None, today or 0)


def subject(connection: sa.Connection, number: SubjectId | None) -> SubjectFacts | None:
    """The person, with the orders that bear on them."""
    row = connection.execute(sa.select(t.subjects).where(t.subjects.c.id == number)).first()
    if row is None:
        return None
    bearing = sa.or_(t.orders.c.subject == row.id, ordered_in(sa.literal(row.territory)))
    return SubjectFacts(
        SubjectId(row.id),
        OrganisationId(row.organisation),
        row.state,
        row.territory,
        row.birth_year,
        holds=_orders(connection, row.organisation, "hold", bearing),
        stops=_orders(connection, row.organisation, "stop", bearing),
    )


def basis(connection: sa.Connection, number: BasisId | None) -> BasisFacts | None:
    """Why the person's face may be held."""
    row = connection.execute(sa.select(t.bases).where(t.bases.c.id == number)).first()
    if row is None:
        return None
    return BasisFacts(
        BasisId(row.id),
        SubjectId(row.subject),
        row.purposes,
        row.state,
        row.starts,
        row.ends,
    )


def source(connection: sa.Connection, number: SourceId | None) -> SourceFacts | None:
    """The source, with the orders that stop it."""
    row = connection.execute(sa.select(t.sources).where(t.sources.c.id == number)).first()
    if row is None:
        return None
    bearing = sa.or_(t.orders.c.source == row.id, ordered_in(sa.literal(row.territory)))
    return SourceFacts(
        SourceId(row.id),
        OrganisationId(row.organisation),
        row.purposes,
        row.state,
        row.reason,
        row.statement,
        row.unknown_faces,
        stops=_orders(connection, row.organisation, "stop", bearing),
    )


def ordered_in(territory: sa.ColumnElement[str]) -> sa.ColumnElement[bool]:
    """The order's territory bears on this one: the same, a part of it, or one that it may be a part of (P9).

    An order for GB binds GB-SCT; one for US-IL binds US, whose part is not known; and all bind ``unknown``.
    """
    ordered = t.orders.c.territory
    return sa.and_(
        ordered.is_not(None),
        sa.or_(
            territory == "unknown",
            territory == ordered,
            territory.like(ordered.concat("-%")),
            ordered.like(territory.concat("-%")),
        ),
    )


def _orders(connection: sa.Connection, organisation: int, kind: str, bearing: sa.ColumnElement[bool]) -> int:
    """How many orders of a kind are in force and bear on the record."""
    query = (
        sa.select(sa.func.count())
        .select_from(t.orders)
        .where(
            t.orders.c.organisation == organisation,
            t.orders.c.kind == kind,
            t.orders.c.state == "in-force",
            bearing,
        )
    )
    return connection.scalar(query) or 0
