"""What the log says was taken back after the backup is taken back again: withdrawals, endings, orders (P5, P7, P8).

The log's entries name people by commitments, which only their own keys can make again, so whoever restores finds out
whom an entry is about. What an entry does not tell in full is taken in the way that shows less: unknown means no.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from countenance.backup.naming import Leaf, at, concerned
from countenance.backup.reopening import reopen
from countenance.gallery import correcting, rejecting
from countenance.registry import schema as t
from countenance.types import OrganisationId, parse_number, reference_number
from countenance.vault.keyring import subject_key

WITHDRAWN = frozenset({"withdraw", "decline"})
NOT_THIS, REJECTED = "people-not", "review-reject"
"""A face was taken off somebody; a reviewer said that a searched face is not theirs."""
HARMLESS = frozenset(
    {
        "basis", "confirm", "consent", "enrol", "export", "guest", "ingest", "link", "locate", "look", "notice",
        "people", "people-different", "people-is", "people-same", "receipt", "remind", "review", "review-confirm",
        "search", "subject", "sweep", "verify", "visit", "visit-arrived", "visit-left",
    }
)  # fmt: skip
"""Acts about a person that take nothing back. After any other one the person is out of search until it is looked at."""
ASKING = frozenset({"access", "rectification"})
"""Kinds of request that do not ask to be left out."""
_ENDINGS: dict[str, tuple[sa.Table, str, str, str]] = {
    "activation-ended": (t.activations, "activation", "X", "ended"),
    "account-revoked": (t.accounts, "account", "", "revoked"),
    "agreement-ended": (t.agreements, "agreement", "A", "ended"),
    "case-closed": (t.cases, "case", "C", "closed"),
    "source-stopped": (t.sources, "source", "", "state"),
    "event-closed": (t.events, "event", "G", "closed"),
    "consent": (t.invitations, "invitation", "I", "used"),
    "invitation-voided": (t.invitations, "invitation", "I", "voided"),
}
"""Act → its table, the fact that names the record, the letter of its number, and the column that ends it."""
_BINDS_AS = {"stop": "stop", "quarantine": "quarantine", "hold": "hold", "erase": "quarantine"}


@dataclass(frozen=True, slots=True)
class Repeated:
    """What was taken back again, and what has to be done again by hand.

    ``orders`` are those that came after the backup or changed after it; ``closed`` those among them whose scope the log
    does not tell, so that everybody is under them until two accounts stay them; ``requests`` are those that came after
    the backup and wait for an answer; ``acts`` counts every act since.
    """

    withdrawn: int = 0
    restricted: int = 0
    ended: int = 0
    orders: tuple[str, ...] = ()
    closed: tuple[str, ...] = ()
    requests: tuple[str, ...] = ()
    acts: Mapping[str, int] | None = None


def repeat(
    connection: sa.Connection, leaves: Sequence[Leaf], keys: Mapping[str, bytes], organisation: OrganisationId
) -> Repeated:
    """Go through the entries after the backup. ``keys`` are those of the people in the registry, by name."""
    done = [leaf for leaf in leaves if leaf.get("outcome") == "done"]
    here = connection.scalars(
        sa.select(t.subjects.c.id).where(t.subjects.c.state.not_in(("erasing", "erased"))).order_by(t.subjects.c.id)
    )
    people = [(number, keys[subject_key(number)]) for number in here if subject_key(number) in keys]
    withdrawn, restricted = _people(connection, done, people)
    requests = reopen(connection, done, people, organisation)
    ended = sum(_ended(connection, leaf) for leaf in done)
    orders, closed = _orders(connection, done, organisation)
    acts = Counter(str(leaf.get("act")) for leaf in done)
    restricted -= withdrawn
    told = dict(sorted(acts.items()))
    return Repeated(len(withdrawn), len(restricted), ended, orders, closed, requests, told)


# --- people ----------------------------------------------------------------------------------------------------------


def _people(
    connection: sa.Connection, leaves: Sequence[Leaf], people: Sequence[tuple[int, bytes]]
) -> tuple[set[int], set[int]]:
    withdrawn: set[int] = set()
    restricted: set[int] = set()
    for leaf in leaves:
        if leaf["act"] in HARMLESS or (leaf.get("facts") or {}).get("kind") in ASKING:
            continue
        for number in concerned(leaf, people):
            if leaf["act"] in WITHDRAWN:
                _withdraw(connection, number, at(leaf))
                withdrawn.add(number)
            elif not _said_again(connection, leaf, number):
                mine = (t.subjects.c.id == number, t.subjects.c.restricted.is_(None))
                connection.execute(sa.update(t.subjects).where(*mine).values(restricted=at(leaf)))
                restricted.add(number)
    return withdrawn, restricted


def _said_again(connection: sa.Connection, leaf: Leaf, subject: int) -> bool:
    """Repeat what was said of who is who. False where the entry says something else, or not enough to repeat it."""
    if leaf["act"] == NOT_THIS:
        return _corrected(connection, leaf, subject)
    facts = leaf.get("facts") or {}
    if leaf["act"] != REJECTED or not {"mark", "party"} <= facts.keys():
        return False
    owner = connection.scalar(sa.select(t.subjects.c.organisation).where(t.subjects.c.id == subject))
    values = {"organisation": owner, "party": int(facts["party"]), "account": None, "created": at(leaf)}
    rejecting.reject(connection, values, subject, str(facts["mark"]))
    return True


def _corrected(connection: sa.Connection, leaf: Leaf, subject: int) -> bool:
    """Take faces off a person again. False where a photo came after the backup: it is not known what was in it."""
    named = [parse_number("P", str(each), "photo") for each in (leaf.get("facts") or {}).get("photos", ())]
    query = sa.select(t.photos.c.organisation, t.photos.c.sha256).where(t.photos.c.id.in_(named))
    rows = connection.execute(query).all()
    for organisation, content in rows:
        values = {"organisation": organisation, "account": None, "created": at(leaf)}
        correcting.say(connection, correcting.NOT, subject, [content], values)
    return len(rows) == len(named) > 0


def _withdraw(connection: sa.Connection, subject: int, at: int) -> None:
    """All bases: the log does not say which. The signature goes with it, as in every withdrawal."""
    theirs = (t.bases.c.subject == subject, t.bases.c.state.in_(("pending", "live")))
    values = {"state": "withdrawn", "withdrawn": at, "confirmation": None}
    connection.execute(sa.update(t.bases).where(*theirs).values(**values))


# --- records that ended ----------------------------------------------------------------------------------------------


def _ended(connection: sa.Connection, leaf: Leaf) -> int:
    ending = _ENDINGS.get(str(leaf["act"]))
    if ending is None:
        return 0
    table, fact, letter, column = ending
    named = (leaf.get("facts") or {}).get(fact)
    if named is None:
        return 0
    number = parse_number(letter, str(named), fact) if letter else int(named)
    value: Any = "stopped" if column == "state" else at(leaf)
    return connection.execute(sa.update(table).where(table.c.id == number).values({column: value})).rowcount


def void_invitations(connection: sa.Connection) -> None:
    """Have no invitation of the backup serve: where the log does not tell, each of them may have been used since."""
    c = t.invitations.c
    free = (c.used.is_(None), c.voided.is_(None))
    connection.execute(sa.update(t.invitations).where(*free).values(voided=c.created))


# --- orders ----------------------------------------------------------------------------------------------------------


def _orders(
    connection: sa.Connection, leaves: Sequence[Leaf], organisation: OrganisationId
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    told: dict[str, dict[str, Any]] = {}
    bound: dict[str, dict[str, Any]] = {}
    for leaf in leaves:
        facts = leaf.get("facts") or {}
        if leaf["act"] == "order" and "order" in facts:
            name = str(facts["order"])
            told.setdefault(name, {}).update(facts, at=at(leaf))
            bound.get(name, {}).update(state=facts.get("state"), at=at(leaf))
        if leaf["act"] == "restore":  # it had these bind again, whatever was said of them before
            for name, scope in facts.get("binding", {}).items():
                bound[name] = dict(scope, state="in-force", at=at(leaf))
                told.get(name, {}).update(state="in-force", at=at(leaf))
    closed = []
    for name, facts in sorted(told.items()):
        if facts.get("state") != "in-force":
            continue  # it binds nobody: proposed, stayed or complied with; a stay after the backup is not repeated
        number = parse_number("O", name, "order")
        known = connection.scalar(sa.select(sa.exists().where(t.orders.c.id == number)))
        if known:
            values = {"state": "in-force", "in_force": facts["at"]}
            connection.execute(sa.update(t.orders).where(t.orders.c.id == number).values(**values))
        else:
            _bind(connection, number, facts, organisation)
            closed += [] if _is_told(facts) else [name]
    still = [(name, facts) for name, facts in sorted(bound.items()) if facts["state"] == "in-force"]
    still = [(name, facts) for name, facts in still if _is_told(facts) or name not in closed]
    again = [name for name, facts in still if not _binds(connection, name, facts)]
    for name in again:
        _bind(connection, _free(connection, name), bound[name], organisation)
    return tuple(sorted({*told, *again})), tuple(sorted({*closed, *again}))


def _binds(connection: sa.Connection, name: str, facts: Mapping[str, Any]) -> bool:
    """Whether an order that an earlier restore left in force binds with this backup: it does from now on, if it can.

    Its number may stand for another order here: for the real one, where that restore had closed it over everybody, or
    the other way round. So it is the scope that counts, and of a territory any order over it will do.
    """
    c = t.orders.c
    same = sa.and_(c.kind == facts["kind"], c.territory.is_not_distinct_from(facts["territory"] or None))
    mine = sa.and_(same, c.id == parse_number("O", name, "order"))
    values = {"state": "in-force", "in_force": facts["at"]}
    connection.execute(sa.update(t.orders).where(mine, c.state != "in-force").values(**values))
    alone = sa.and_(same, c.subject.is_(None), c.source.is_(None), c.supplier.is_(None), c.state == "in-force")
    there = sa.or_(mine, alone) if _is_told(facts) else mine
    return bool(connection.scalar(sa.select(sa.exists().where(there))))


def _free(connection: sa.Connection, name: str) -> int | None:
    """The order's own number; None where the backup has another order by it."""
    number = parse_number("O", name, "order")
    return None if connection.scalar(sa.select(sa.exists().where(t.orders.c.id == number))) else number


def _is_told(facts: Mapping[str, Any]) -> bool:
    """Whether the log tells the whole scope: a territory and nothing else."""
    return facts.get("scope") == ["territory"] and bool(facts.get("territory"))


def _bind(
    connection: sa.Connection, number: int | None, facts: Mapping[str, Any], organisation: OrganisationId
) -> None:
    """An order that is not in the backup: as the log tells it, or over everybody where it does not tell whom."""
    name = reference_number("O", number) if number else "an order"
    kind = str(facts.get("kind", "quarantine"))
    if _is_told(facts):
        territories = [str(facts["territory"])]
    else:
        kind = _BINDS_AS.get(kind, "quarantine")
        territories = _territories(connection)
    for place, territory in enumerate(territories):
        connection.execute(
            sa.insert(t.orders).values(
                **({"id": number} if number and place == 0 else {}),
                organisation=organisation,
                kind=kind,
                authority=f"as the log tells of {name}, which is not in the restored backup",
                evidence_sha256=facts.get("evidence"),
                territory=territory,
                state="in-force",
                in_force=facts["at"],
                round=1,
                created=facts["at"],
            )
        )


def _territories(connection: sa.Connection) -> list[str]:
    people = connection.scalars(sa.select(t.subjects.c.territory).distinct())
    sources = connection.scalars(sa.select(t.sources.c.territory).distinct())
    return sorted({*people, *sources, "unknown"})
