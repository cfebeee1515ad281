"""Who outside holds a checkpoint of this log (P19)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from countenance.errors import Tampered
from countenance.log.merkle import root_of
from countenance.log.note import Checkpoint
from countenance.registry.schema import witnesses
from countenance.types import iso

UNWITNESSED = "unwitnessed"


def witness(connection: sa.Connection) -> str | dict[str, Any]:
    """The newest checkpoint that was sent outside: to whom, how many entries it covers, and when; or `UNWITNESSED`."""
    row = connection.execute(sa.select(witnesses).order_by(witnesses.c.id.desc()).limit(1)).first()
    return {"name": row.name, "size": row.size, "at": iso(row.created)} if row else UNWITNESSED


def record(connection: sa.Connection, name: str, seen: Checkpoint, proof: bytes | None, now: int) -> None:
    """Write that a checkpoint was sent, and what came back for it."""
    values = {"name": name, "size": seen.size, "root": seen.root.hex(), "proof": proof, "created": now}
    connection.execute(sa.insert(witnesses).values(**values))


def check(connection: sa.Connection, hashes: Sequence[bytes]) -> None:
    """Compare the log with the states that we ourselves sent outside. Raises `Tampered`."""
    for row in connection.execute(sa.select(witnesses).order_by(witnesses.c.id)):
        if row.size > len(hashes) or root_of(hashes[: row.size]).hex() != row.root:
            raise Tampered(f"The log is not the one whose first {row.size} entries were sent to {row.name}.")
