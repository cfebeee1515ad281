"""A CompreFace database (0.6 to 1.2), read and never written: its services, the people in them, and their photos.

The layout is that of CompreFace's own migrations: ``app``, ``model`` (a service), ``subject``, ``embedding`` (an
example) and ``img``. Its embeddings are of other models than ours and are not read; its keys and accounts neither.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from countenance.errors import InputError, Unavailable
from countenance.registry.address import engine_of
from countenance.registry.server import READING, translated

PASSWORD = "COUNTENANCE_IMPORT_PASSWORD"  # noqa: S105 - the variable's name
"""Of the database's role; it stands in no address and on no command line."""
_AT_ONCE = 500
"""People whose names are read in one statement."""
_NEEDED = {
    "app": {"id", "name"},
    "model": {"id", "name", "app_id", "api_key", "type"},
    "subject": {"id", "api_key", "subject_name"},
    "embedding": {"id", "subject_id", "calculator", "img_id"},
    "img": {"id", "content"},
}
_COLUMNS = """
SELECT c.relname, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
WHERE c.relnamespace = 'public'::regnamespace AND c.relname = ANY(:names) AND a.attnum > 0 AND NOT a.attisdropped
"""
_SERVICES = """
SELECT m.id, m.name, a.name AS app, m.type,
    (SELECT count(*) FROM subject s WHERE s.api_key = m.api_key) AS people,
    (SELECT count(*) FROM embedding e JOIN subject s ON s.id = e.subject_id
        WHERE s.api_key = m.api_key AND e.img_id IS NOT NULL) AS photos,
    (SELECT count(*) FROM embedding e JOIN subject s ON s.id = e.subject_id
        WHERE s.api_key = m.api_key AND e.img_id IS NULL) AS without
FROM model m LEFT JOIN app a ON a.id = m.app_id ORDER BY m.id
"""
_ORPHANS = """
SELECT count(*), coalesce(sum(octet_length(i.content)), 0) FROM img i
WHERE NOT EXISTS (SELECT FROM embedding e WHERE e.img_id = i.id)
"""
_OF_NOBODY = "SELECT count(*) FROM embedding e LEFT JOIN subject s ON s.id = e.subject_id WHERE s.id IS NULL"
_OF_NO_SERVICE = """
SELECT count(*) FROM subject s WHERE NOT EXISTS (SELECT FROM model m WHERE m.api_key = s.api_key)
"""
_CALCULATORS = "SELECT calculator, count(*) FROM embedding GROUP BY calculator ORDER BY 2 DESC, 1 LIMIT 20"
_PEOPLE = """
SELECT s.id, s.subject_name FROM subject s JOIN model m ON m.api_key = s.api_key
WHERE m.id = :service AND (CAST(:after AS uuid) IS NULL OR s.id > :after) ORDER BY s.id LIMIT :many
"""
_PHOTOS = """
SELECT e.id, e.img_id, octet_length(i.content) AS size FROM embedding e LEFT JOIN img i ON i.id = e.img_id
WHERE e.subject_id = :person ORDER BY e.id
"""
_CONTENT = "SELECT content FROM img WHERE id = :photo"


@dataclass(frozen=True, slots=True)
class Service:
    """One of CompreFace's services. ``kind``: recognition (``R``) keeps people; detection and verification keep none.

    ``photos``: examples with a photo; ``without``: examples of which only an embedding is kept.
    """

    number: int
    name: str
    app: str
    kind: str
    people: int
    photos: int
    without: int


@dataclass(frozen=True, slots=True)
class Survey:
    """What is in the database. ``orphans``: photos that no example names any more, and their bytes together.

    Deleting a person there deletes the examples and leaves the photos, so that these are of people who were deleted.
    """

    services: tuple[Service, ...]
    orphans: int
    orphan_bytes: int
    of_nobody: int
    of_no_service: int
    calculators: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Person:
    """One ``subject``: a name within a service; None where the row has none."""

    id: UUID
    name: str | None


@dataclass(frozen=True, slots=True)
class Example:
    """One example of a person. ``photo`` is None where only an embedding is kept; ``size`` in bytes."""

    id: UUID
    photo: UUID | None
    size: int | None


class Database:
    """One state of a CompreFace database, throughout a transaction that can write nothing."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection
        names = sorted(_NEEDED)
        found: dict[str, set[str]] = {}
        for table, column in self._rows(_COLUMNS, names=names):
            found.setdefault(table, set()).add(column)
        lacking = [name for name in names if not _NEEDED[name] <= found.get(name, set())]
        if lacking:
            raise InputError(
                f"This is no database of CompreFace 0.6 or later: the table {lacking[0]!r} is not as it is there.",
                hint="Name CompreFace's own database (usually `frs`); an older one is brought up by CompreFace itself.",
            )

    def survey(self) -> Survey:
        """Count what there is."""
        services = tuple(
            Service(row.id, row.name or "", row.app or "", (row.type or "R")[:1], row.people, row.photos, row.without)
            for row in self._rows(_SERVICES)
        )
        (orphans,) = self._rows(_ORPHANS)
        (of_nobody,), (of_no_service,) = self._rows(_OF_NOBODY), self._rows(_OF_NO_SERVICE)
        calculators = tuple((str(name), count) for name, count in self._rows(_CALCULATORS))
        return Survey(services, orphans[0], int(orphans[1]), of_nobody[0], of_no_service[0], calculators)

    def people(self, service: int) -> Iterator[Person]:
        """Everybody in a service, some hundreds at a time."""
        after: UUID | None = None
        while rows := self._rows(_PEOPLE, service=service, after=after, many=_AT_ONCE):
            yield from (Person(row.id, row.subject_name) for row in rows)
            after = rows[-1].id

    def examples(self, person: UUID) -> list[Example]:
        """A person's examples, without their bytes."""
        return [Example(row.id, row.img_id, row.size) for row in self._rows(_PHOTOS, person=person)]

    def photo(self, photo: UUID) -> bytes:
        """One photo's bytes. Whoever asks has looked at its size first."""
        (row,) = self._rows(_CONTENT, photo=photo)
        return bytes(row.content)

    def _rows(self, text: str, **given: Any) -> list[Any]:
        return list(self._connection.execute(sa.text(text), given))


@contextmanager
def reading(url: str) -> Iterator[Database]:
    """Open the database at ``postgresql://ROLE@HOST/DATABASE``, for reading alone; its password is in `PASSWORD`.

    Raises `BadConfiguration` for an address that would travel in clear or holds a password, `Unavailable` where nobody
    answers, `InputError` where it is no CompreFace database.
    """
    if not url.startswith("postgresql:"):
        raise InputError("A CompreFace database is one of PostgreSQL's.", hint="Write postgresql://ROLE@HOST/DATABASE.")
    engine = engine_of(url, busy=0, password=PASSWORD, called="The address")
    try:
        with engine.connect().execution_options(**READING) as connection, connection.begin():
            yield Database(connection)
    except sa.exc.DBAPIError as error:
        told = translated(error)
        what = (
            told.message.replace("The registry", "The database") if told else "It answers otherwise than CompreFace's"
        )
        raise Unavailable(
            what, hint=f"Check the address, the role and {PASSWORD}; nothing in that database was changed."
        ) from None
    finally:
        engine.dispose()
