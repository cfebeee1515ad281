"""Erasing a subject, in steps that each can be repeated (DESIGN §6, P6, P7).

1. tombstone: one transaction of state, ledger and log; the subject is out of the next search.
2. delete: rows and log openings, overwritten with zeros by SQLite's ``secure_delete``.
3. scrub: the write-ahead log is truncated, which VACUUM alone would not do.
4. index: the entries leave memory.
5. key: destroyed; every copy of their sealed bytes, in any backup, is unreadable from here on.
6. scan: every file is searched for their bytes. ``secure_delete`` can miss a copy that a page split left behind; if
   one is found, the registry's file is written anew, and searched again.

A crash after any step is made good at the next start, from the ledger.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from countenance.errors import KeyMissing, Tampered, Unavailable
from countenance.gallery.appearing import shown_path
from countenance.gallery.mirror import TEMPLATE
from countenance.policy.desk import Desk
from countenance.registry import schema as t
from countenance.registry.database import Registry
from countenance.types import AccountId, SubjectId
from countenance.vault.keyring import Keyring, subject_key

_WINDOW = 24
"""Bytes of a marker that are looked for: long enough never to occur by chance, short enough to survive page breaks."""
_CHUNK = 4 * 2**20
"""Bytes of a file that are searched at a time."""
_PATIENCE = 5.0
"""Seconds to wait for readers that keep the write-ahead log from being truncated."""


@dataclass(frozen=True, slots=True)
class Scan:
    """What was looked for, and where."""

    markers: int
    files: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Erased:
    """What was erased. ``originals`` are the operator's own files, not ours to delete; for the screen only."""

    number: int
    references: int
    appearances: int
    decision: int
    scan: Scan
    whole_scan: bool
    residuals: list[dict[str, object]]
    originals: tuple[str, ...]

    @property
    def faces(self) -> int:
        """Templates and appearances together."""
        return self.references + self.appearances


def tombstone(
    registry: Registry,
    keys: Keyring,
    desk: Desk,
    subject: SubjectId,
    reason: str,
    *,
    account: AccountId | None,
    decision: int,
    now: int,
) -> int:
    """Step 1, ordered by ``account`` and decided in log entry ``decision``. Returns its number in the ledger."""
    with registry.write() as connection:
        references = _count(connection, t.references, subject)
        appearances = _count(connection, t.appearances, subject)
        residuals = _residuals(_originals(connection, keys, subject))
        ledger = {"references": references, "appearances": appearances, "residuals": residuals}
        row = connection.execute(
            sa.insert(t.erasures).values(
                organisation=desk.gallery,
                subject=subject,
                reason=reason,
                state="tombstoned",
                ordered_by=account,
                faces=references + appearances,
                log_index=decision,
                residuals=json.dumps(ledger),
                created=now,
            )
        )
        connection.execute(sa.update(t.subjects).where(t.subjects.c.id == subject).values(state="erasing"))
        connection.execute(sa.insert(t.changes).values(subject=subject))
        desk.effect(connection, "erase", decision, subjects=(subject,), facts={"step": "tombstoned"})
    return int((row.inserted_primary_key or (0,))[0])


def carry_out(registry: Registry, keys: Keyring, number: int, places: Sequence[Path]) -> Erased:
    """Steps 2, 3, 5 and 6. Repeats what a crash cut short; what is done already does no harm to do again."""
    with registry.read() as connection:
        row = connection.execute(sa.select(t.erasures).where(t.erasures.c.id == number)).one()
        markers = _markers(connection, keys, row.subject)
        originals = _originals(connection, keys, row.subject)
    _delete(registry, row.subject, number)
    _scrub(registry)
    if row.state != "tombstoned":
        # An earlier attempt deleted the rows, and with them what could be looked for: write the whole file anew.
        registry.rewrite()
    keys.vault.destroy(subject_key(row.subject))
    scan = _scan(registry, markers, places)
    ledger = json.loads(row.residuals)
    return Erased(
        number,
        ledger["references"],
        ledger["appearances"],
        row.log_index,
        scan,
        row.state == "tombstoned",
        ledger["residuals"],
        tuple(shown_path(path) for path in originals),
    )


def _delete(registry: Registry, subject: int, number: int) -> None:
    with registry.write() as connection:
        for table in (t.appearances, t.references, t.shown, t.requests):
            connection.execute(sa.delete(table).where(table.c.subject == subject))
        connection.execute(sa.delete(t.bases).where(t.bases.c.subject == subject))
        connection.execute(sa.delete(t.openings).where(t.openings.c.key == subject_key(subject)))
        connection.execute(
            sa.update(t.subjects)
            .where(t.subjects.c.id == subject)
            .values(
                state="erased",
                handle_hash=f"erased:{subject}",
                handle_sealed=None,
                name_sealed=None,
                contact_hash=None,
                contact_sealed=None,
                birth_year=None,
                territory="unknown",
            )
        )
        connection.execute(
            sa.update(t.erasures)
            .where(t.erasures.c.id == number, t.erasures.c.state == "tombstoned")
            .values(state="deleted")
        )


def _scrub(registry: Registry) -> None:
    """Truncate the write-ahead log, waiting a little for readers."""
    until = time.monotonic() + _PATIENCE
    while True:
        try:
            registry.scrub()
        except Unavailable:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)
        else:
            return


def _count(connection: sa.Connection, table: sa.Table, subject: int) -> int:
    return connection.scalar(sa.select(sa.func.count()).select_from(table).where(table.c.subject == subject)) or 0


def _originals(connection: sa.Connection, keys: Keyring, subject: int) -> list[bytes]:
    """The operator's own files that show the person: photos they appear in and photos they were enrolled with."""
    photos = sa.select(t.sources.c.root, t.photos.c.path).select_from(
        t.appearances.join(t.photos, t.appearances.c.photo == t.photos.c.id).join(
            t.sources, t.photos.c.source == t.sources.c.id
        )
    )
    found = connection.execute(photos.where(t.appearances.c.subject == subject))
    paths = [os.path.join(os.fsencode(root), bytes(path)) for root, path in found]  # noqa: PTH118 - not always UTF-8
    for sealed in connection.scalars(sa.select(t.references.c.photo_sealed).where(t.references.c.subject == subject)):
        name = keys.unseal_text(subject_key(subject), sealed, "photo")
        if name is not None:
            paths.append(name.encode("utf-8", "surrogateescape"))
    return sorted(set(paths))


def _residuals(originals: Sequence[bytes]) -> list[dict[str, object]]:
    """What remains and is not ours to delete: by count and salted hash, so that a certificate names nobody (P12)."""
    salt = secrets.token_bytes(16)
    return [
        {
            "what": "the operator's own original files",
            "count": len(originals),
            "salt": salt.hex(),
            "sha256": sorted(hashlib.sha256(salt + path).hexdigest() for path in originals),
        }
    ]


# --- the byte scan ---------------------------------------------------------------------------------------------------


def _markers(connection: sa.Connection, keys: Keyring, subject: int) -> list[bytes]:
    """Bytes that only this subject's records hold: sealed fields, plain templates, the key, bare and wrapped."""
    key = subject_key(subject)
    person = connection.execute(sa.select(t.subjects).where(t.subjects.c.id == subject)).one()
    found: list[bytes | None] = [
        person.handle_hash.encode(),
        (person.contact_hash or "").encode(),
        person.handle_sealed,
        person.name_sealed,
        person.contact_sealed,
        keys.vault.wrapped(key),
    ]
    for row in connection.execute(sa.select(t.references).where(t.references.c.subject == subject)):
        found += [row.template_sealed, row.photo_sealed, row.face_sealed, _plain(keys, key, row.template_sealed)]
    openings = sa.select(t.openings.c.sealed).where(t.openings.c.key == key)
    found += [bytes(sealed) for sealed in connection.scalars(openings)]
    with contextlib.suppress(KeyMissing):
        found.append(keys.vault.get(key))
    return [marker for marker in found if marker and len(marker) >= _WINDOW]


def _plain(keys: Keyring, key: str, sealed: bytes) -> bytes | None:
    try:
        return keys.unseal(key, sealed, TEMPLATE)
    except KeyMissing:
        return None


def look_for(markers: Sequence[bytes], places: Sequence[Path]) -> Scan:
    """Search every file for the start, middle and end of every marker. Raises `Tampered` naming a file that has one."""
    windows = sorted({window for marker in markers for window in _windows(marker)})
    files = total = 0
    for file in _files(places):
        size, held = _searched(file, windows)
        files, total = files + 1, total + size
        if held:
            raise Tampered(
                f"Bytes of the erased person are still in {file.name}.",
                hint="The erasure is unfinished; it is tried again at the next start.",
            )
    return Scan(len(markers), files, total)


def _scan(registry: Registry, markers: Sequence[bytes], places: Sequence[Path]) -> Scan:
    """Look for the bytes; where SQLite left a stale copy in the slack of a split page, write the whole file anew."""
    try:
        return look_for(markers, places)
    except Tampered:
        registry.rewrite()
        return look_for(markers, places)


def _windows(marker: bytes) -> Iterator[bytes]:
    middle = (len(marker) - _WINDOW) // 2
    for start in (0, middle, len(marker) - _WINDOW):
        yield marker[start : start + _WINDOW]


def _searched(file: Path, windows: Sequence[bytes]) -> tuple[int, bool]:
    """A file's size and whether it holds a window. Read, not mapped: others may cut the file short meanwhile."""
    size, held, rest = 0, False, b""
    # What is gone by now holds nothing: others put their own files in place here.
    with contextlib.suppress(FileNotFoundError), file.open("rb") as opened:
        while chunk := opened.read(_CHUNK):
            size += len(chunk)
            content = rest + chunk
            held = held or any(window in content for window in windows)
            rest = content[1 - _WINDOW :]
    return size, held


def _files(places: Sequence[Path]) -> Iterator[Path]:
    for place in places:
        yield from (file for file in sorted(place.rglob("*")) if file.is_file())
