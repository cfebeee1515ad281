"""The port to the vault: where the keys of people are made, fetched and destroyed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol


class Vault(Protocol):
    """Random keys of 32 bytes under short names (``subject:7``), wrapped at rest. Safe for threads and processes.

    Destroying a key is what makes everything sealed under it unreadable, in every backup as well, so no
    implementation may keep or copy a key anywhere else. All methods raise `Unavailable` when the store is busy or
    cannot be reached, and `Tampered` when what it holds does not open.
    """

    def create(self, key_id: str) -> bytes:
        """A new random key, stored before this returns. Raises `AlreadyExists`."""

    def get(self, key_id: str) -> bytes:
        """The key. Raises `KeyMissing` when it was destroyed or never there: the words are the same for both."""

    def get_many(self, key_ids: Iterable[str]) -> dict[str, bytes]:
        """The keys that are there, by their name; missing ones are left out."""

    def destroy(self, key_id: str) -> bool:
        """Destroys the key, for every process at once and for good. False when there was none."""

    def destroy_many(self, key_ids: Iterable[str]) -> int:
        """Destroys these keys together, all or none of them. Returns how many there were; missing ones are no error."""

    def exists(self, key_id: str) -> bool:
        """Whether the key is there."""

    def ids(self) -> list[str]:
        """The names of all keys, sorted."""

    def wrapped(self, key_id: str) -> bytes | None:
        """The wrapped key just as it is stored, so that an erasure can scan files for it; None when there is none."""

    def check(self) -> None:
        """Checks that every key opens and that nothing is left of destroyed ones. Raises `Tampered`."""

    def close(self) -> None:
        """Lets go of the store. The vault cannot be used after."""
