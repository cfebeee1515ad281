"""Keys by name: who may read what. One key a subject, one an organisation, one for the log, one for backups.

Destroying a subject's key makes every sealed field, template and log opening of that subject unreadable, wherever a
copy of it lies (P6, P30).
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable

from countenance.errors import KeyMissing
from countenance.types import OrganisationId, SubjectId
from countenance.vault.port import Vault
from countenance.vault.seal import derive, seal, unseal

LOG_KEY = "log"
BACKUP_KEY = "backup"
"""Under which backups are encrypted."""

SNAPSHOT_KEY = "snapshot"
"""Under which the list of the index' segments is encrypted. Each segment has a key of its own."""


def subject_key(subject: SubjectId | int) -> str:
    """The name of a subject's key."""
    return f"subject:{subject}"


def organisation_key(organisation: OrganisationId | int) -> str:
    """The name of an organisation's key: case references and who did what."""
    return f"organisation:{organisation}"


def snapshot_key(segment: int) -> str:
    """The name of the key of one segment of the index' snapshot."""
    return f"{SNAPSHOT_KEY}:{segment}"


class Keyring:
    """Seals and opens fields under named keys of a vault."""

    def __init__(self, vault: Vault) -> None:
        self.vault = vault

    def seal(self, key: str, plaintext: bytes, label: str) -> bytes:
        """Encrypt under the named key. ``label`` says what it is, and must be the same when it is opened."""
        return seal(self.vault.get(key), plaintext, _bind(key, label))

    def unseal(self, key: str, sealed: bytes, label: str) -> bytes:
        """Decrypt. Raises `KeyMissing` when the key was destroyed, `Tampered` when the bytes were changed."""
        return unseal(self.vault.get(key), sealed, _bind(key, label))

    @staticmethod
    def open_with(secret: bytes, key: str, sealed: bytes, label: str) -> bytes:
        """Decrypt with the named key's bytes, for whoever has fetched many at once. Raises `Tampered`."""
        return unseal(secret, sealed, _bind(key, label))

    def unseal_many(self, rows: Iterable[tuple[str, bytes]], label: str) -> list[bytes | None]:
        """Decrypt many fields, asking the vault once. ``None`` where the key was destroyed."""
        rows = list(rows)
        keys = self.vault.get_many({key for key, _ in rows})
        return [unseal(keys[key], sealed, _bind(key, label)) if key in keys else None for key, sealed in rows]

    def seal_text(self, key: str, text: str | None, label: str) -> bytes | None:
        """`seal` for text that may be absent."""
        return None if text is None else self.seal(key, _bytes(text), label)

    def unseal_text(self, key: str, sealed: bytes | None, label: str) -> str | None:
        """`unseal` for text that may be absent, or whose key is gone."""
        if sealed is None:
            return None
        try:
            return self.unseal(key, sealed, label).decode("utf-8", "surrogateescape")
        except KeyMissing:
            return None

    def salt(self, key: str, label: str) -> bytes:
        """A salt that only the holder of the key can make again; gone with the key (P20)."""
        return derive(self.vault.get(key), label)

    def keyed_hash(self, key: str, text: str) -> str:
        """A hash for finding ``text`` without storing it; useless to whoever lacks the key."""
        return hmac.new(derive(self.vault.get(key), "find"), _bytes(text), hashlib.sha256).hexdigest()


def _bytes(text: str) -> bytes:
    """UTF-8; bytes of a file name that are not, come out as they went in (PEP 383)."""
    return text.encode("utf-8", "surrogateescape")


def _bind(key: str, label: str) -> bytes:
    return f"{key}/{label}".encode()
