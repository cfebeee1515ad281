"""Moving a gallery's records from their file to a PostgreSQL server, for good."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from countenance.errors import BadConfiguration
from countenance.registry import dump
from countenance.registry.alone import nobody_else
from countenance.registry.owning import Owner
from countenance.service.refusing import recording

if TYPE_CHECKING:
    from countenance.service.context import Context

Progress = Callable[[int, int], None]
"""Told how many rows are there, and how many there will be."""


@dataclass(frozen=True, slots=True)
class Moved:
    """What was moved: how many rows, the address to write into the configuration, and where the old file now lies."""

    rows: int
    url: str
    left: Path


def move(context: Context, owner: Owner, role: str, progress: Progress | None = None) -> Moved:
    """Copy every record to a prepared, empty database, compare, and put the old file out of use. A controller's act.

    The gallery is closed by it: open it anew with the new address. The old file holds people who may be erased later,
    so whoever moved deletes it; until then every erasure here finds their bytes in it and says so.

    Raises:
        BadConfiguration: the registry is no file.
        AlreadyExists: there are records in the database.
        Busy: another process has the gallery open.
        Tampered: what arrived is not what was sent; nothing was changed.
    """
    context.own()
    file = context.registry.file
    if file is None:
        raise BadConfiguration("This registry is on a server already.", hint="A backup moves it to another one.")
    owner.prepare(role)
    with recording(context, "registry-move") as connection:
        context.desk.record(connection, "registry-move", "controller", facts={"step": "begun"})
    context.registry.close()
    with nobody_else(file) as alone:
        engine = sa.create_engine("sqlite://", creator=lambda: alone, poolclass=sa.pool.StaticPool)
        # The transaction that keeps others out has begun already, and ends with the connection.
        with closing(engine.connect().execution_options(isolation_level="AUTOCOMMIT")) as source:
            sent = dump.counted(source)
            whole = sum(sent.values())
            tell = (lambda done: progress(done, whole)) if progress else None
            arrived = owner.fill(dump.dump(source), role, context.settings.gallery.organisation, sent, tell)
            left = file.with_name(f"{file.stem}.moved{file.suffix}")
            file.rename(left)
    return Moved(sum(arrived.values()), owner.address_for(role), left)
