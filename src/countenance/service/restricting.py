"""Taking a person out of search because they asked for it, and letting them back in (P5, GDPR Art 18).

A restricted record is kept and not used: no search shows it, no photo is matched with it, nothing is enrolled for it.
"""

from __future__ import annotations

import sqlalchemy as sa

from countenance.registry import schema as t
from countenance.rights.requests import AT_ONCE
from countenance.types import SubjectId


def restrict(connection: sa.Connection, subject: SubjectId, now: int) -> None:
    """From the next search on, this person is not found. The time of an earlier restriction stays."""
    connection.execute(
        sa.update(t.subjects)
        .where(t.subjects.c.id == subject, t.subjects.c.restricted.is_(None))
        .values(restricted=now)
    )
    connection.execute(sa.insert(t.changes).values(subject=subject))


def release(connection: sa.Connection, subject: SubjectId) -> bool:
    """Let the person be found again, unless another request of theirs still restricts the record; whether it did."""
    since = connection.scalar(sa.select(t.subjects.c.restricted).where(t.subjects.c.id == subject))
    if since is None or connection.scalar(sa.select(_others(subject, since))):
        return False
    lift(connection, subject)
    return True


def lift(connection: sa.Connection, subject: SubjectId) -> None:
    """End the restriction, whatever asked for it."""
    connection.execute(sa.update(t.subjects).where(t.subjects.c.id == subject).values(restricted=None))
    connection.execute(sa.insert(t.changes).values(subject=subject))


def _others(subject: SubjectId, since: int) -> sa.Exists:
    """Requests that keep the record restricted: open ones, and restrictions that were granted and not lifted since."""
    kind, state = t.requests.c.kind, t.requests.c.state
    return sa.exists().where(
        t.requests.c.subject == subject,
        sa.or_(
            sa.and_(kind.in_(AT_ONCE), state == "open"),
            sa.and_(kind == "restriction", state == "answered", t.requests.c.created >= since),
        ),
    )
