"""What the byte scan looks for: bytes that only the erased records hold, gathered before their rows go (P6)."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from countenance.errors import KeyMissing, Tampered
from countenance.gallery.eligible import parts
from countenance.gallery.removing import keys_of, searches_that_showed
from countenance.gallery.rows import TEMPLATE
from countenance.gallery.scanning import WINDOW, Wanted
from countenance.registry import schema as t
from countenance.vault.keyring import Keyring, subject_key


@dataclass(frozen=True, slots=True)
class Markers:
    """What is looked for. ``secret`` are bare keys and templates in clear; ``keys`` are the keys' names."""

    open: tuple[bytes, ...]
    secret: tuple[bytes, ...]
    keys: tuple[str, ...] = ()

    def wanted(self) -> Wanted:
        """The same, ready to be looked for."""
        return Wanted.of(self.open, self.secret, self.keys)


def of_subjects(connection: sa.Connection, keys: Keyring, subjects: Sequence[int]) -> Markers:
    """Sealed fields, keyed hashes, log openings, plain templates, keys (bare and wrapped) of these people."""
    names = keys_of(connection, subjects)
    found: list[bytes | None] = [keys.vault.wrapped(name) for name in names]
    plain: list[bytes] = []
    found += _hashes(connection, subjects)
    for part in parts(subjects):
        sealed = t.subjects.c
        columns = (sealed.handle_sealed, sealed.name_sealed, sealed.contact_sealed, sealed.guardian_sealed)
        found += _values(connection, sa.select(*columns).where(t.subjects.c.id.in_(part)))
        found += _values(connection, sa.select(t.requests.c.details_sealed).where(t.requests.c.subject.in_(part)))
        probes = sa.select(t.probes.c.sealed).where(t.probes.c.search.in_(searches_that_showed(part)))
        found += _values(connection, probes)
        mine = t.openings.c.key.in_([subject_key(subject) for subject in part])
        found += _values(connection, sa.select(t.openings.c.sealed).where(mine))
        found += _signatures(connection, t.bases.c.subject.in_(part))
        sealed_faces, plain_faces = _references(connection, keys, t.references.c.subject.in_(part))
        found += sealed_faces
        plain += plain_faces
    plain += keys.vault.get_many(names).values()
    return Markers(_long(found), _long(plain), tuple(names))


def of_bases(connection: sa.Connection, keys: Keyring, bases: Sequence[int]) -> Markers:
    """Sealed and plain templates, sealed boxes and signatures under these bases. No key goes with them."""
    found: list[bytes | None] = []
    plain: list[bytes] = []
    for part in parts(bases):
        found += _signatures(connection, t.bases.c.id.in_(part))
        sealed_faces, plain_faces = _references(connection, keys, t.references.c.basis.in_(part))
        found += sealed_faces
        plain += plain_faces
    return Markers(_long(found), _long(plain))


def _long(found: Sequence[bytes | None]) -> tuple[bytes, ...]:
    return tuple(marker for marker in found if marker and len(marker) >= WINDOW)


def _values(connection: sa.Connection, query: sa.Select[tuple[bytes | None, ...]]) -> list[bytes | None]:
    return [bytes(value) for row in connection.execute(query) for value in row if value]


def _signatures(connection: sa.Connection, which: sa.ColumnElement[bool]) -> list[bytes | None]:
    return _values(connection, sa.select(t.bases.c.confirmation, t.bases.c.notice_signature).where(which))


def _references(
    connection: sa.Connection, keys: Keyring, which: sa.ColumnElement[bool]
) -> tuple[list[bytes | None], list[bytes]]:
    """The sealed bytes of the references, and their templates in clear."""
    rows = connection.execute(sa.select(t.references).where(which)).all()
    sealed: list[bytes | None] = []
    for row in rows:
        sealed += [row.template_sealed, row.photo_sealed, row.face_sealed]
    return sealed, opened(keys, [(subject_key(row.subject), row.template_sealed) for row in rows], TEMPLATE)


def opened(keys: Keyring, rows: Sequence[tuple[str, bytes]], label: str) -> list[bytes]:
    """What opens of these fields: one that was damaged does not keep the others, or itself, from being erased."""
    try:
        found = keys.unseal_many(rows, label)
    except Tampered:
        found = []
        for key, sealed in rows:
            with contextlib.suppress(KeyMissing, Tampered):
                found.append(keys.unseal(key, sealed, label))
    return [each for each in found if each is not None]


def _hashes(connection: sa.Connection, subjects: Sequence[int]) -> list[bytes | None]:
    """Keyed hashes of handles and contacts. A contact that somebody else has on record as well is not theirs alone."""
    here = set(subjects)
    theirs: set[str] = set()
    contacts: set[str] = set()
    for part in parts(subjects):
        for row in connection.execute(sa.select(t.subjects).where(t.subjects.c.id.in_(part))):
            theirs.add(row.handle_hash)
            contacts |= {each for each in (row.contact_hash, row.guardian_hash) if each}
    shared: set[str] = set()
    for wanted in parts(sorted(contacts)):
        for column in (t.subjects.c.contact_hash, t.subjects.c.guardian_hash):
            rows = connection.execute(sa.select(t.subjects.c.id, column).where(column.in_(wanted)))
            shared |= {held for subject, held in rows if subject not in here}
    return [each.encode() for each in sorted(theirs | (contacts - shared))]
