"""Approvals: what two people must agree to, each signs with their own key (P8, P18).

One way for orders, agreements, activations, collective forms and the release of a paused source. An approval is a
signature over exactly what is approved; it is checked each time it is counted, so that a row written with a database
tool counts for nothing, and a thing changed after it was approved has no approvals any more.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import rfc8785
import sqlalchemy as sa

from countenance.errors import NotFound, NotSignedIn, RoleRefused
from countenance.policy import gather, in_person
from countenance.registry.schema import accounts, approvals
from countenance.types import AccountId, OrganisationId

if TYPE_CHECKING:
    from countenance.policy.desk import Desk

APPROVERS = 2


@dataclass(frozen=True, slots=True)
class Matter:
    """What is approved: ``thing`` by its number (``O12``), ``act`` (``approve``), and everything that it says."""

    thing: str
    act: str
    content: Mapping[str, Any]

    def statement(self, origin: str) -> bytes:
        """The bytes to sign (RFC 8785), bound to one gallery's log."""
        return rfc8785.dumps(
            {"v": 1, "gallery": origin, "thing": self.thing, "act": self.act, "content": dict(self.content)}
        )


@dataclass(frozen=True, slots=True)
class Signed:
    """One approval whose signature checks: whose, and when."""

    account: AccountId
    email: str
    at: int


def approve(
    desk: Desk,
    connection: sa.Connection,
    matter: Matter,
    *roles: str,
    not_by: Collection[AccountId] = (),
    party: OrganisationId | None = None,
) -> tuple[AccountId, ...]:
    """Have the account at the desk sign the matter, log it, and return everybody who has signed it by now.

    Args:
        desk: Who asks, and where it is logged.
        connection: The caller's write transaction.
        matter: What is approved.
        roles: One of them is needed.
        not_by: Accounts that may not approve it: whoever proposed it, whoever approves something else about it.
        party: The organisation whose account this must be; the gallery's owner when left out.

    Raises `RoleRefused` for a self-approval, a second approval by one account or a missing role; `NotFound` for an
    account of another organisation; `NotSignedIn`.
    """
    actor, organisation = desk.actor, party or desk.gallery
    if actor is None:
        raise NotSignedIn("An approval needs a named account.")
    known = gather.account(connection, actor, signed=True)
    if known is None or known.revoked or known.organisation != organisation:
        raise desk.refuse(connection, matter.act, NotFound(f"There is no {matter.thing}."))
    if known.trial or not known.roles & set(roles):
        refusal = RoleRefused(f"An approval needs one of the roles {', '.join(roles)}.", requirement="P18")
        raise desk.refuse(connection, matter.act, refusal)
    if actor.account in not_by:
        refusal = RoleRefused(
            f"Whoever proposed {matter.thing} cannot {matter.act} it.",
            requirement="P18", hint="Another named account signs it with its own key.",
        )  # fmt: skip
        raise desk.refuse(connection, matter.act, refusal)
    if actor.account in approvers(connection, desk, matter):
        refusal = RoleRefused(
            f"{actor.email} has signed {matter.thing} already: two different people are needed.",
            requirement="P18", hint="Another named account signs it with its own key.",
        )  # fmt: skip
        raise desk.refuse(connection, matter.act, refusal)
    statement = matter.statement(desk.origin)
    signature = actor.sign_in_person(statement)
    connection.execute(
        sa.insert(approvals).values(
            organisation=desk.gallery,
            thing=matter.thing,
            act=matter.act,
            account=actor.account,
            statement=statement.decode(),
            signature=signature,
            created=desk.now(),
        )
    )
    signed = approvers(connection, desk, matter)
    if actor.account not in signed:
        raise NotSignedIn(f"The key that was opened is not the key of {actor.email}.")
    desk.write(connection, matter.act, facts={"thing": matter.thing, "signed": len(signed)}, signature=signature)
    return signed


def approvers(connection: sa.Connection, desk: Desk, matter: Matter) -> tuple[AccountId, ...]:
    """Who has signed exactly this, in the order in which they did. Signatures that do not check are not counted."""
    return tuple(dict.fromkeys(each.account for each in signatures(connection, desk, matter)))


def signatures(connection: sa.Connection, desk: Desk, matter: Matter) -> tuple[Signed, ...]:
    """The signatures under exactly this that check, in the order in which they were made."""
    statement = matter.statement(desk.origin)
    rows = connection.execute(
        sa.select(approvals, accounts.c.email)
        .join(accounts, approvals.c.account == accounts.c.id)
        .where(
            approvals.c.organisation == desk.gallery,
            approvals.c.thing == matter.thing,
            approvals.c.act == matter.act,
            approvals.c.statement == statement.decode(),
        )
        .order_by(approvals.c.id)
    ).all()
    return tuple(
        Signed(AccountId(row.account), row.email, row.created)
        for row in rows
        if in_person.signed(connection, row.account, row.signature, statement, row.created)
    )


def quorum(connection: sa.Connection, organisation: OrganisationId, now: int) -> int:
    """How many approvers besides the proposer an order needs: two; in a solo installation, everybody else there is.

    An order must be obeyed by one person as well; the certificate then says ``solo`` (P18). Whoever was revoked in the
    last thirty days still counts: nobody becomes the only one by revoking the others.
    """
    return _of(gather.people(connection, organisation, since=now - gather.LATELY))


def quorum_at(connection: sa.Connection, organisation: OrganisationId, at: int) -> int:
    """How many approvers an order needed at a time (seconds since 1970)."""
    return _of(gather.people(connection, organisation, before=at, since=at - gather.LATELY))


def _of(people: int) -> int:
    return max(min(APPROVERS, people - 1), 0)
