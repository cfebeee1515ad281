"""What a review signs, and what the reviews of one candidate come to.

A review is a signature by the account's own key over the search, the person, the score and the decision. It is checked
each time it is counted, so that a row that was written or changed with a database tool counts for nothing. One
rejection rejects; a confirmation needs as many different accounts as the search demands.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import rfc8785
import sqlalchemy as sa

from countenance.policy import in_person
from countenance.policy.cautions import reviewers_with
from countenance.registry import schema as t
from countenance.types import AccountId, SearchId, SubjectId

CONFIRM, REJECT = DECISIONS = ("confirm", "reject")


@dataclass(frozen=True, slots=True)
class Decided:
    """One review that bears its account's signature."""

    account: AccountId
    email: str
    decision: str
    at: int


@dataclass(frozen=True, slots=True)
class Standing:
    """A candidate of a search, and how far its review has come: ``open``, ``confirmed`` or ``rejected``.

    ``demanded``: how many must confirm it, one more where it carries ``cautions``.
    """

    subject: SubjectId
    score: float
    state: str
    decided: tuple[Decided, ...]
    demanded: int
    cautions: tuple[str, ...] = ()


def statement(
    origin: str, search: SearchId, subject: SubjectId, score: float, decision: str, cautions: tuple[str, ...] = ()
) -> bytes:
    """The bytes to sign (RFC 8785), bound to one gallery's log.

    The cautions that the candidate carries are signed with it: once they are taken away with a database tool, so that
    fewer people would do, the signature is no review any more.
    """
    said: dict[str, Any] = {"v": 1, "gallery": origin, "search": search, "subject": subject}
    said |= {"score": f"{score:.6f}", "decision": decision}
    return rfc8785.dumps(said | {"v": 2, "cautions": list(cautions)} if cautions else said)


def standings(connection: sa.Connection, origin: str, search: SearchId, demanded: int) -> tuple[Standing, ...]:
    """Every candidate that a search showed, best first, with its reviews.

    ``demanded``: how many must confirm one who carries no caution.
    """
    rows = connection.execute(
        sa.select(t.shown.c.subject, t.shown.c.score, t.shown.c.cautions)
        .where(t.shown.c.search == search)
        .order_by(t.shown.c.score.desc(), t.shown.c.subject)
    ).all()
    return tuple(_standing(connection, origin, search, row, demanded) for row in rows)


def _standing(
    connection: sa.Connection, origin: str, search: SearchId, shown: sa.Row[*tuple[Any, ...]], demanded: int
) -> Standing:
    subject, score, carried = SubjectId(shown.subject), float(shown.score), tuple((shown.cautions or "").split())
    demanded = reviewers_with(demanded, carried)
    rows = connection.execute(
        sa.select(t.reviews, t.accounts.c.email)
        .join(t.accounts, t.reviews.c.account == t.accounts.c.id)
        .where(t.reviews.c.search == search, t.reviews.c.subject == subject)
        .order_by(t.reviews.c.id)
    ).all()
    decided = []
    for row in rows:
        signed = statement(origin, search, subject, score, row.decision, carried)
        if in_person.signed(connection, row.account, row.signature, signed, row.created):
            decided.append(Decided(AccountId(row.account), row.email, row.decision, row.created))
    return Standing(subject, score, _state(decided, demanded), tuple(decided), demanded, carried)


def _state(decided: Sequence[Decided], demanded: int) -> str:
    if any(each.decision == REJECT for each in decided):
        return "rejected"
    confirming = {each.account for each in decided if each.decision == CONFIRM}
    return "confirmed" if demanded and len(confirming) >= demanded else "open"
