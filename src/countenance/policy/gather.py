"""Facts from the registry. Absent records become ``None``, which no rule accepts."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from countenance.policy import bearing, delegating, sessions
from countenance.policy.actor import Actor
from countenance.policy.facts import (
    AccountFacts,
    BasisFacts,
    CaseFacts,
    GroupFacts,
    LinkFacts,
    ReceiptFacts,
    SourceFacts,
    SubjectFacts,
)
from countenance.registry import schema as t
from countenance.types import DAY, AccountId, BasisId, CaseId, OrganisationId, SourceId, SubjectId


def account(connection: sa.Connection, actor: Actor, *, signed: bool) -> AccountFacts | None:
    """The account as it is now, not as it was when the session began; what an API key or a browser leaves of it."""
    row = connection.execute(sa.select(t.accounts).where(t.accounts.c.id == actor.account)).first()
    if row is None:
        return None
    whole = AccountFacts(
        AccountId(row.id),
        OrganisationId(row.organisation),
        frozenset(row.roles.split()),
        trial=row.trial,
        revoked=row.revoked is not None,
        signed=signed,
    )
    if actor.program is not None:
        return delegating.narrowed(connection, whole, actor.program)
    return whole if actor.session is None else sessions.narrowed(connection, whole, actor.session)


_PART = 500
"""Values that one IN list holds."""
SOLO = 3
"""An installation with fewer named people than this is solo: it says so, and purposes with two reviewers are off."""


LATELY = 30 * DAY
"""How long a revoked account still counts where several must agree: nobody is alone by revoking the others (P18)."""


def people(
    connection: sa.Connection,
    organisation: OrganisationId | int,
    *,
    before: int | None = None,
    since: int | None = None,
) -> int:
    """How many named people an organisation has here. Trial, revoked and system accounts are none (P18).

    ``since`` (seconds since 1970): whoever was revoked later counts as well. ``before``: only who came earlier counts.
    """
    c = t.accounts.c
    live = c.revoked.is_(None) if since is None else sa.or_(c.revoked.is_(None), c.revoked > since)
    mine = [c.organisation == organisation, c.trial.is_(False), c.roles != "system", live]
    if before is not None:
        mine.append(c.created < before)
    return connection.scalar(sa.select(sa.func.count()).select_from(t.accounts).where(*mine)) or 0


def is_solo(connection: sa.Connection, organisation: OrganisationId | int) -> bool:
    """Whether fewer than three named people run this installation (P18)."""
    return people(connection, organisation) < SOLO


def has_long_been_solo(connection: sa.Connection, organisation: OrganisationId | int, now: int) -> bool:
    """Whether it is solo, and not because somebody was revoked in the last thirty days (P18)."""
    return people(connection, organisation, since=now - LATELY) < SOLO


def case(connection: sa.Connection, number: CaseId | None, account: AccountId | None, now: int) -> CaseFacts | None:
    """The case, with the distinct comparisons that it, or this account in whatever case, made today (UTC)."""
    row = connection.execute(sa.select(t.cases).where(t.cases.c.id == number)).first()
    if row is None:
        return None
    made = sa.select(sa.func.count(t.searches.c.pair_commitment.distinct())).where(
        t.searches.c.kind == "verify", t.searches.c.started >= now - now % DAY
    )
    by_case = connection.scalar(made.where(t.searches.c.case == row.id)) or 0
    by_account = connection.scalar(made.where(t.searches.c.account == account)) or 0
    closed = row.closed is not None
    return CaseFacts(CaseId(row.id), OrganisationId(row.organisation), row.purpose, closed, max(by_case, by_account))


def subject(connection: sa.Connection, number: SubjectId | None) -> SubjectFacts | None:
    """The person, with the orders that bear on them."""
    row = connection.execute(sa.select(t.subjects).where(t.subjects.c.id == number)).first()
    if row is None:
        return None
    return SubjectFacts(
        SubjectId(row.id),
        OrganisationId(row.organisation),
        row.state,
        row.territory,
        row.birth_year,
        holds=bearing.holds_on(connection, row.id),
        stops=bearing.stops_on(connection, row.id),
        restricted=row.restricted is not None,
    )


def group(
    connection: sa.Connection,
    organisation: OrganisationId,
    subjects: Sequence[SubjectId],
    bases: Sequence[BasisId] = (),
) -> GroupFacts:
    """People who are to be erased together, or whose bases are; asked for a part at a time, for there may be many."""
    missing, named = 0, set(subjects)
    for start in range(0, len(bases), _PART):
        part = set(bases[start : start + _PART])
        whose = connection.execute(sa.select(t.bases.c.id, t.bases.c.subject).where(t.bases.c.id.in_(part))).all()
        named |= {SubjectId(subject) for _, subject in whose}
        missing += len(part) - len(whose)
    return _counted(connection, organisation, sorted(named), missing)


def _counted(
    connection: sa.Connection, organisation: OrganisationId, named: Sequence[SubjectId], missing: int
) -> GroupFacts:
    here = held = 0
    for start in range(0, len(named), _PART):
        part = named[start : start + _PART]
        mine = sa.and_(
            t.subjects.c.id.in_(part),
            t.subjects.c.organisation == organisation,
            t.subjects.c.state.not_in(("erasing", "erased")),
        )
        counted = sa.select(sa.func.count()).select_from(t.subjects)
        here += connection.scalar(counted.where(mine)) or 0
        held += connection.scalar(counted.where(mine, bearing.held())) or 0
    return GroupFacts(len(named) + missing, here, held)


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


def link(connection: sa.Connection, number: int | None) -> LinkFacts | None:
    """The one-time link that was shown."""
    row = connection.execute(sa.select(t.links).where(t.links.c.id == number)).first()
    if row is None:
        return None
    return LinkFacts(BasisId(row.basis), row.kind, row.expires, used=row.used is not None)


def receipt(connection: sa.Connection, number: int | None) -> ReceiptFacts | None:
    """The receipt that was shown, as it was recorded when it was handed out."""
    row = connection.execute(sa.select(t.receipts).where(t.receipts.c.id == number)).first()
    return None if row is None else ReceiptFacts(SubjectId(row.subject), BasisId(row.basis), row.expires)


def source(connection: sa.Connection, number: SourceId | None) -> SourceFacts | None:
    """The source, with the orders that stop it."""
    row = connection.execute(sa.select(t.sources).where(t.sources.c.id == number)).first()
    if row is None:
        return None
    return SourceFacts(
        SourceId(row.id),
        OrganisationId(row.organisation),
        row.purposes,
        row.state,
        row.reason,
        row.statement,
        row.unknown_faces,
        stops=bearing.stops_on_source(connection, row.id),
    )
