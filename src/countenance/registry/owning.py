"""What the owner of a PostgreSQL registry does, and nobody else: make the tables, admit the application, clean up.

The program itself never has the owner's password.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Self

import sqlalchemy as sa

from countenance.errors import AlreadyExists, BadConfiguration, NotFound, Tampered
from countenance.registry import borders, dump, migrating, server
from countenance.registry import schema as t
from countenance.registry.address import OWNER_PASSWORD, engine_of
from countenance.registry.database import BUSY_SECONDS, plain_errors

OLDEST = 15
"""The oldest version of PostgreSQL that will do: before it, anybody may make tables in ``public``."""
_KEEN = "autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 0"
"""Told of every table: begin to clean with the first deleted row, not with the fifth part of the table."""


class Owner:
    """A connection as the role that owns the tables (or will, in an empty database).

    Args:
        url: ``postgresql://ROLE@HOST/DATABASE``; the password comes from COUNTENANCE_REGISTRY_OWNER_PASSWORD or
            ``~/.pgpass``.

    Raises `BadConfiguration` for an address of anything else.
    """

    def __init__(self, url: str) -> None:
        self._engine = engine_of(url, busy=BUSY_SECONDS, password=OWNER_PASSWORD)
        if self._engine.dialect.name != "postgresql":
            raise BadConfiguration(
                "Only a registry on PostgreSQL has an owner.", hint="Give postgresql://OWNER@HOST/DATABASE."
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._engine.dispose()

    def prepare(self, role: str, organisation: str | None = None) -> str:
        """Make the tables or bring them up to date, draw the borders, and admit a role. May be done again at any time.

        Args:
            role: The application's login role.
            organisation: Whose rows it works with. Left out, the role founds a gallery in an empty database.

        Returns the migration that the tables are at. Raises `NotFound`, `BadConfiguration`.
        """
        with plain_errors(), self._engine.begin() as connection:
            server.take_the_lock(connection, BUSY_SECONDS)
            self._check(connection, role)
            before = migrating.current(connection)
            if before != migrating.HEAD:
                migrating.upgrade(connection, before, migrating.HEAD)
            borders.draw(connection)
            borders.admit(connection, role)
            for table in t.metadata.sorted_tables:
                connection.exec_driver_sql(f'ALTER TABLE public."{table.name}" SET ({_KEEN})')
            if organisation is not None:
                borders.bind(connection, role, self._number(connection, organisation))
        return migrating.HEAD

    def fill(
        self,
        lines: Iterable[dump.Line],
        role: str,
        organisation: str,
        sent: Mapping[str, int],
        progress: Callable[[int], None] | None = None,
    ) -> dict[str, int]:
        """Fill an empty, prepared registry with the rows of another one, in one transaction, and bind the role.

        Args:
            lines: The rows.
            role: The application's login role.
            organisation: Whose gallery it is.
            sent: How many rows each table has there.
            progress: Told how many rows are in.

        Returns how many rows each table has. Raises `AlreadyExists` where there are records, `Tampered` where not all
        has arrived.
        """
        with plain_errors(), self._engine.begin() as connection:
            server.take_the_lock(connection, BUSY_SECONDS)
            if connection.scalar(sa.select(sa.exists().select_from(t.organisations))):
                raise AlreadyExists("The database holds a gallery already.", hint="Make an empty one for this gallery.")
            dump.fill(connection, lines, progress)
            number = self._number(connection, organisation)
            borders.bind(connection, role, number)
            borders.host(connection, number)
            arrived = dump.counted(connection)
            for name, count in sent.items():
                if arrived[name] != count:
                    raise Tampered(f"{arrived[name]} of {count} rows of {name} arrived.", hint="Try again.")
            return arrived

    def address_for(self, role: str) -> str:
        """The address by which the application comes in."""
        return self._engine.url.set(drivername="postgresql", username=role).render_as_string()

    def tidy(self, progress: Callable[[int, int], None] | None = None) -> list[str]:
        """Write every table anew that has lost rows or versions of rows, so that none of its files keeps them.

        Each table is locked while it is written. Returns the tables' names.
        """
        with plain_errors(), self._engine.connect() as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT")
            names = [table.name for table in t.metadata.sorted_tables]
            for done, name in enumerate(names):
                connection.exec_driver_sql(f'VACUUM (FULL, ANALYZE) public."{name}"')
                if progress is not None:
                    progress(done + 1, len(names))
            # What was erased is in the server's log as well, until it is recycled: that begins with a checkpoint.
            if connection.scalar(sa.text("SELECT pg_has_role(session_user, 'pg_checkpoint', 'USAGE')")):
                connection.exec_driver_sql("CHECKPOINT")
        return names

    def _check(self, connection: sa.Connection, role: str) -> None:
        facts = connection.execute(sa.text(_FACTS), {"role": role}).one()
        if facts.version < OLDEST * 10_000:
            raise BadConfiguration(f"PostgreSQL {OLDEST} or newer is needed.", hint="Upgrade the server.")
        if facts.encoding != "UTF8":
            raise BadConfiguration("The database is not in UTF-8.", hint="CREATE DATABASE … ENCODING 'UTF8'.")
        if not facts.there:
            raise NotFound(f"The server knows no role {role!r}.", hint="Make it first: docs/how-to/use-postgresql.md.")
        if facts.owns:
            raise BadConfiguration(
                f"The role {role!r} would not be bound by row-level security.",
                hint="Name a role that owns nothing here, is no member of the owner and may not pass over it.",
            )

    def _number(self, connection: sa.Connection, organisation: str) -> int:
        number = connection.scalar(sa.select(t.organisations.c.id).where(t.organisations.c.name == organisation))
        if number is None:
            raise NotFound(f"The registry knows no organisation {organisation!r}.")
        return int(number)


_FACTS = """
SELECT current_setting('server_version_num')::int AS version, current_setting('server_encoding') AS encoding,
    EXISTS (SELECT 1 FROM pg_roles WHERE rolname = :role) AS there,
    coalesce((SELECT rolsuper OR rolbypassrls OR pg_has_role(oid, session_user, 'USAGE')
              FROM pg_roles WHERE rolname = :role), false) AS owns
"""
