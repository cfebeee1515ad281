"""PostgreSQL's side of the one door: transactions, the lock of the one writer, and who may not come in.

The account that the program uses owns nothing there: row-level security binds it (`countenance.registry.borders`), and
whoever owns the tables would not be bound.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from countenance.errors import BadConfiguration, CountenanceError, InputError, StorageFull, Tampered, Unavailable
from countenance.registry.schema import metadata

WRITERS = 0x636F756E74656E61
"""The number of the advisory lock that every writer holds to the end of its transaction. It orders the leaves of the
log and the registry sequence: what has a higher number was committed later (DESIGN §10)."""
READING = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
"""One state of the records throughout."""
WRITING = {"isolation_level": "READ COMMITTED", "postgresql_readonly": False}
"""Whoever holds the lock is alone, so each statement sees all that was committed before."""
_PREPARE = "Prepare the database as its owner: `countenance registry prepare --help`."
_UPGRADE = "Stop what has the gallery open, then `countenance upgrade --owner postgresql://OWNER@HOST/DATABASE`."
_AUTHORITY = (
    "The server has to prove its name: give it a certificate for it, and name who signed that in [registry] url: "
    "?sslrootcert=/etc/ssl/our-authority.pem"
)
_WHO = """
SELECT r.rolsuper OR r.rolbypassrls OR EXISTS (
    SELECT 1 FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace
    AND c.relname = ANY(:names) AND pg_has_role(session_user, c.relowner, 'USAGE')
) FROM pg_roles r WHERE r.rolname = session_user
"""
_DRAWN = """
SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relname = ANY(:names) AND relrowsecurity
"""
_LOCKED, _FULL, _DAMAGED, _NOT_ALLOWED, _STOPPED = {"55P03", "40P01"}, {"53100"}, {"XX001", "XX002"}, {"42501"}, "57P"


def take_the_lock(connection: sa.Connection, seconds: float) -> None:
    """Be the one writer until this transaction ends. Fails when another has been that for so long."""
    connection.exec_driver_sql(f"SET LOCAL lock_timeout = {int(seconds * 1000)}")
    connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({WRITERS})")


def check_role(connection: sa.Connection, *, drawn: bool = True) -> None:
    """Raise `BadConfiguration` where row-level security is not ``drawn``, or does not bind the role that we are."""
    names = [table.name for table in metadata.sorted_tables]
    if connection.scalar(sa.text(_WHO), {"names": names}):
        raise BadConfiguration(
            "The role in [registry] url owns the tables or may pass over row-level security.",
            hint="Name the application's own role there, which owns nothing: docs/how-to/use-postgresql.md.",
        )
    if drawn and connection.scalar(sa.text(_DRAWN), {"names": names}) != len(names):
        raise BadConfiguration("The registry's tables are not separated by organisation.", hint=_PREPARE)


def not_prepared(current: str | None) -> BadConfiguration:
    """Why a role that owns nothing cannot go on with tables of another migration."""
    if current is None:
        return BadConfiguration("There is no registry in this database.", hint=_PREPARE)
    return BadConfiguration("The registry's tables are of an older version.", hint=_UPGRADE)


def translated(error: sa.exc.DBAPIError) -> CountenanceError | None:
    """What a person can act on; None for what is no matter of the machine."""
    state = str(getattr(error.orig, "sqlstate", None) or "")
    if state in _LOCKED:
        return Unavailable("Another process is writing to this gallery.")
    if state in _FULL:
        return StorageFull("The disk is full; nothing was changed.")
    if state in _DAMAGED:
        return Tampered("The registry's files are damaged.", hint="Restore the newest backup.")
    if state in _NOT_ALLOWED:
        return BadConfiguration("The role in [registry] url may not do this.", hint=_PREPARE)
    if error.connection_invalidated or state.startswith(("08", _STOPPED, "53")):
        return Unavailable("The registry's server stopped answering.")
    if isinstance(error, sa.exc.OperationalError):
        # The first line says whether nobody answers, or the password or the certificate is wrong.
        lines: list[Any] = str(error.orig).strip().splitlines() or ["no reason was given"]
        trusted = "certificate" in lines[0] or "SSL" in lines[0]
        return Unavailable(f"The registry cannot be used: {lines[0].rstrip('.')}.", hint=_AUTHORITY if trusted else "")
    if isinstance(error, sa.exc.DataError):
        return InputError("A text or a number that was given cannot be stored.")
    return None
