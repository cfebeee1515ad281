"""The vault as one SQLite file of its own, outside the data folder and never in a backup.

How destroying a key stays physical. A wrapped key lies in a *slot*: a row of fixed size that is never deleted and never
moved, only overwritten where it lies, with zeros when its key is destroyed. (Rows that come and go do move: with SQLite
3.40 and `secure_delete` on, page splits were seen to leave copies of wrapped keys behind.) The rollback journal, which
holds the old bytes while a transaction runs, is truncated as part of each commit; there is no WAL. Every read goes to
the file and nothing is cached, so a key destroyed by another process is gone for this one as well.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import sqlite3
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Self

from countenance.errors import (
    AlreadyExists,
    CountenanceError,
    InputError,
    KeyMissing,
    StorageFull,
    Tampered,
    Unavailable,
)
from countenance.vault.seal import KEY_SIZE, OVERHEAD, seal, unseal
from countenance.vault.secretfile import sync_folder

BUSY_MS = 5000
MAX_ID = 200
_APPLICATION = 0x434E5456  # "CNTV", so that a vault is known from any other SQLite file
_EMPTY = bytes(KEY_SIZE + OVERHEAD)
_CHECK = b"countenance vault"
_CHUNK = 500
_SCHEMA = (
    "CREATE TABLE meta (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID",
    "CREATE TABLE slots (slot INTEGER PRIMARY KEY, wrapped BLOB NOT NULL)",
    "CREATE TABLE keys (id TEXT PRIMARY KEY, slot INTEGER NOT NULL UNIQUE) WITHOUT ROWID",
    "CREATE TABLE free (slot INTEGER PRIMARY KEY)",
    f"PRAGMA application_id = {_APPLICATION}",
    "PRAGMA user_version = 1",
)
_FIND = "SELECT slots.wrapped FROM keys JOIN slots ON slots.slot = keys.slot WHERE keys.id = ?"


def create_vault(path: Path, kek: bytes) -> FileVault:
    """A new, empty vault at ``path`` (mode 0600) under the key-encryption key ``kek``. Raises `AlreadyExists`."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW, 0o600))
        sync_folder(path.parent)
    except OSError as error:
        raise Unavailable(
            f"The vault {path} cannot be written: {error.strerror}.", hint="Check the folder and its permissions."
        ) from None
    database = _connect(path)
    with _closed_on_error(database), _transaction(database):
        if database.execute("SELECT 1 FROM sqlite_master").fetchone():
            raise AlreadyExists(f"There is a vault at {path} already.", hint="Use it; a vault is never overwritten.")
        for statement in _SCHEMA:
            database.execute(statement)
        database.execute("INSERT INTO meta VALUES ('check', ?)", (seal(kek, _CHECK, b"check"),))
    return FileVault(path, kek, database)


def open_vault(path: Path, kek: bytes) -> FileVault:
    """The vault at ``path``, once ``kek`` has been found to be its key-encryption key.

    Raises `KeyMissing` when there is no vault or ``kek`` is another one, `Tampered` when the file is damaged or no
    vault, `Unavailable` when it is busy.
    """
    # An empty file is what a killed `create_vault` leaves: no key was ever in it.
    if not path.is_file() or path.stat().st_size == 0:
        raise KeyMissing(f"There is no vault at {path}.", hint="Put the vault file back where the configuration says.")
    database = _connect(path)
    with _closed_on_error(database), _speaking():
        if database.execute("PRAGMA application_id").fetchone() != (_APPLICATION,):
            raise Tampered(f"{path} is not a vault.")
        row = database.execute("SELECT value FROM meta WHERE name = 'check'").fetchone()
        if row is None:
            raise Tampered(f"The vault {path} has lost its check value.")
        try:
            unseal(kek, row[0], b"check")
        except Tampered:
            raise KeyMissing(
                f"This key-encryption key is not the one that the vault {path} was made with.",
                hint="Put back the key-encryption key that belongs to this vault.",
            ) from None
    return FileVault(path, kek, database)


class FileVault:
    """A `countenance.vault.port.Vault` in one file, made by `create_vault` and opened by `open_vault`."""

    def __init__(self, path: Path, kek: bytes, database: sqlite3.Connection) -> None:
        self.path = path
        self._kek = kek
        self._database = database
        self._lock = threading.RLock()
        self._turned = self._mark()

    def create(self, key_id: str) -> bytes:
        """See the port. Raises `InputError` for a name that is empty, too long or unprintable."""
        if not 0 < len(key_id) <= MAX_ID or not key_id.isprintable():
            raise InputError("The name of a key is empty, too long or unprintable.")
        key = secrets.token_bytes(KEY_SIZE)
        with self._lock, _transaction(self._database) as run:
            self._same_key()
            wrapped = seal(self._kek, key, key_id.encode())
            if run("SELECT 1 FROM keys WHERE id = ?", (key_id,)).fetchone():
                raise AlreadyExists(f"There is a key for {key_id} already.")
            row = run("DELETE FROM free WHERE slot = (SELECT min(slot) FROM free) RETURNING slot").fetchone()
            if row:
                slot = row[0]
                run("UPDATE slots SET wrapped = ? WHERE slot = ?", (wrapped, slot))
            else:
                slot = run("INSERT INTO slots (wrapped) VALUES (?)", (wrapped,)).lastrowid
            run("INSERT INTO keys VALUES (?, ?)", (key_id, slot))
        return key

    def get(self, key_id: str) -> bytes:
        """See the port."""
        wrapped = self.wrapped(key_id)
        if wrapped is None:
            raise KeyMissing(f"There is no key for {key_id}.", hint="What was sealed under it cannot be read any more.")
        return self._unwrap(key_id, wrapped)

    def get_many(self, key_ids: Iterable[str]) -> dict[str, bytes]:
        """See the port."""
        wanted, found = list(dict.fromkeys(key_ids)), {}
        for start in range(0, len(wanted), _CHUNK):
            chunk = wanted[start : start + _CHUNK]
            marks = ",".join("?" * len(chunk))
            for key_id, wrapped in self._rows(
                "SELECT keys.id, slots.wrapped FROM keys JOIN slots ON slots.slot = keys.slot "  # noqa: S608 - marks
                f"WHERE keys.id IN ({marks})",
                chunk,
            ):
                found[key_id] = self._unwrap(key_id, wrapped)
        return found

    def destroy(self, key_id: str) -> bool:
        """See the port."""
        return self.destroy_many([key_id]) == 1

    def destroy_many(self, key_ids: Iterable[str]) -> int:
        """See the port."""
        destroyed = 0
        with self._lock, _transaction(self._database) as run:
            for key_id in dict.fromkeys(key_ids):
                row = run("DELETE FROM keys WHERE id = ? RETURNING slot", (key_id,)).fetchone()
                if row is not None:
                    run("UPDATE slots SET wrapped = ? WHERE slot = ?", (_EMPTY, row[0]))
                    run("INSERT INTO free VALUES (?)", (row[0],))
                    destroyed += 1
        return destroyed

    def exists(self, key_id: str) -> bool:
        """See the port."""
        return self.wrapped(key_id) is not None

    def ids(self) -> list[str]:
        """See the port."""
        return [row[0] for row in self._rows("SELECT id FROM keys ORDER BY id")]

    def wrapped(self, key_id: str) -> bytes | None:
        """See the port."""
        rows = self._rows(_FIND, (key_id,))
        return bytes(rows[0][0]) if rows else None

    def rewrap(self, kek: bytes) -> list[bytes]:
        """Turn the vault to another key-encryption key, in one transaction: every key wrapped anew where it lies.

        Other processes that have it open are told `KeyMissing` from then on. Returns the wrapped keys as they were, to
        be looked for in the file.
        """
        old: list[bytes] = []
        with self._lock, _transaction(self._database) as run:
            self._same_key()
            mark = seal(kek, _CHECK, b"check")
            for key_id, slot in run("SELECT id, slot FROM keys").fetchall():
                wrapped = bytes(run("SELECT wrapped FROM slots WHERE slot = ?", (slot,)).fetchone()[0])
                fresh = seal(kek, self._unwrap(key_id, wrapped), key_id.encode())
                run("UPDATE slots SET wrapped = ? WHERE slot = ?", (fresh, slot))
                old.append(wrapped)
            run("UPDATE meta SET value = ? WHERE name = 'check'", (mark,))
        self._kek, self._turned = kek, mark
        return old

    def rewrite(self) -> None:
        """Write the file anew, so that no page keeps what was overwritten elsewhere."""
        with self._lock, _speaking():
            self._database.execute("VACUUM")

    def copy(self, path: Path) -> None:
        """A copy of the vault in a new file, as it is at one moment, with nothing of what was destroyed."""
        with self._lock, _speaking():
            self._database.execute("VACUUM INTO ?", (str(path),))

    def check(self) -> None:
        """See the port."""
        if self._rows("PRAGMA integrity_check") != [("ok",)]:
            raise Tampered(f"The vault {self.path} is damaged.")
        self.get_many(self.ids())
        stray = self._rows(
            "SELECT count(*) FROM slots LEFT JOIN keys USING (slot) LEFT JOIN free USING (slot) "
            "WHERE (keys.slot IS NULL) = (free.slot IS NULL) OR (free.slot IS NOT NULL) <> (slots.wrapped = ?)",
            (_EMPTY,),
        )
        lost = self._rows("SELECT count(*) FROM keys WHERE slot NOT IN (SELECT slot FROM slots)")
        if stray != [(0,)] or lost != [(0,)]:
            raise Tampered(f"The vault {self.path} holds a key without a name, or a name without a key.")

    def close(self) -> None:
        """See the port."""
        with self._lock:
            self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _unwrap(self, key_id: str, wrapped: bytes) -> bytes:
        try:
            return unseal(self._kek, wrapped, key_id.encode())
        except Tampered:
            self._same_key()
            raise Tampered(f"The key for {key_id} does not open: the vault was changed by something else.") from None

    def _mark(self) -> bytes:
        """The check value, which is another one after each rotation."""
        rows = self._rows("SELECT value FROM meta WHERE name = 'check'")
        return bytes(rows[0][0]) if rows else b""

    def _same_key(self) -> None:
        """Nothing may be wrapped under a key-encryption key that the vault has been turned away from."""
        if self._mark() != self._turned:
            raise KeyMissing(
                "The key-encryption key was rotated while this program had the vault open.",
                hint="Start it again: it then takes the new key.",
            )

    def _rows(self, sql: str, values: Iterable[Any] = ()) -> list[tuple[Any, ...]]:
        with self._lock, _speaking():
            return self._database.execute(sql, tuple(values)).fetchall()


def _connect(path: Path) -> sqlite3.Connection:
    """A connection on which nothing that is deleted lingers, and whose commits have reached the disk."""
    with _speaking():
        database = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode=rw",
            uri=True,
            timeout=BUSY_MS / 1000,
            isolation_level=None,
            check_same_thread=False,
        )
        with _closed_on_error(database):
            for pragma in (
                "journal_mode = TRUNCATE",
                "synchronous = FULL",
                "secure_delete = ON",
                "temp_store = MEMORY",
            ):
                database.execute(f"PRAGMA {pragma}")
    return database


@contextlib.contextmanager
def _transaction(database: sqlite3.Connection) -> Iterator[Any]:
    """One write transaction, wholly done or not at all; yields ``execute``."""
    with _speaking():
        database.execute("BEGIN IMMEDIATE")
        try:
            yield database.execute
            database.execute("COMMIT")
        except BaseException:
            if database.in_transaction:
                database.execute("ROLLBACK")
            raise


@contextlib.contextmanager
def _closed_on_error(database: sqlite3.Connection) -> Iterator[None]:
    try:
        yield
    except BaseException:
        database.close()
        raise


@contextlib.contextmanager
def _speaking() -> Iterator[None]:
    """Turns what SQLite raises into our own errors."""
    try:
        yield
    except sqlite3.Error as error:
        raise _translated(error) from None


def _translated(error: sqlite3.Error) -> CountenanceError:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the low byte is the primary code
    if code in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
        return Unavailable("The vault is being written by another process.")
    if code == sqlite3.SQLITE_FULL:
        return StorageFull("No space is left for the vault.")
    if code in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}:
        return Tampered("The vault file is damaged, or is no vault.")
    name = getattr(error, "sqlite_errorname", "closed")
    return Unavailable(f"The vault cannot be used ({name}).", hint="Check the vault file and its permissions.")
