"""Requests that came after the backup are on record again, with their deadline, as far as the log tells (P5, P29).

The log tells their kind, when they are due and, to whoever holds the keys, whose they are. What was written in them is
lost.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from countenance.backup.naming import Leaf, at, concerned
from countenance.registry import schema as t
from countenance.types import OrganisationId, parse_number, reference_number
from countenance.vault.keyring import organisation_key, subject_key


def reopen(
    connection: sa.Connection, leaves: Sequence[Leaf], people: Sequence[tuple[int, bytes]], organisation: OrganisationId
) -> tuple[str, ...]:
    """Put them on record again. Returns those that wait for an answer."""
    made: list[int] = []
    for leaf in leaves:
        facts = leaf.get("facts") or {}
        if leaf["act"] not in {"request", "answer"} or "request" not in facts:
            continue
        number = parse_number("R", str(facts["request"]), "request")
        if "due" in facts:
            made += _record(connection, leaf, facts, number, list(concerned(leaf, people)), organisation)
        elif facts.get("step") == "assigned":
            for subject in concerned(leaf, people):
                _change(connection, number, subject=subject)
        elif facts.get("step") == "extended":
            until = int(datetime.fromisoformat(str(facts["until"])).timestamp())
            _change(connection, number, deadline=until, extended=at(leaf), extension=facts.get("reason"))
        elif "outcome" in facts:
            _change(connection, number, state=facts["outcome"], answered=at(leaf), answer_sha256=facts.get("answer"))
    mine = (t.requests.c.id.in_(made), t.requests.c.state == "open")
    waiting = connection.scalars(sa.select(t.requests.c.id).where(*mine).order_by(t.requests.c.id)).all()
    return tuple(reference_number("R", number) for number in waiting)


def _record(
    connection: sa.Connection,
    leaf: Leaf,
    facts: Mapping[str, Any],
    first: int,
    subjects: Sequence[int],
    organisation: OrganisationId,
) -> list[int]:
    """One for each person whose contact it was, numbered from the first on, as they were; or one for nobody."""
    numbers = []
    for number, subject in enumerate(subjects or (None,), start=first):
        if connection.scalar(sa.select(sa.exists().where(t.requests.c.id == number))):
            continue
        values = {
            "id": number,
            "organisation": organisation,
            "subject": subject,
            "kind": facts["kind"],
            "channel": facts["channel"],
            "state": "open",
            "key": organisation_key(organisation) if subject is None else subject_key(subject),
            "deadline": int(datetime.fromisoformat(str(facts["due"])).timestamp()),
            "created": at(leaf),
        }
        connection.execute(sa.insert(t.requests).values(**values))
        numbers.append(number)
    return numbers


def _change(connection: sa.Connection, number: int, **values: Any) -> None:
    connection.execute(sa.update(t.requests).where(t.requests.c.id == number).values(**values))
