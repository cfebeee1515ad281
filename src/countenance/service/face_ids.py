"""Ids of faces as other products' clients know them: a UUID that says nothing and cannot be guessed."""

from __future__ import annotations

import hashlib
import uuid
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

if TYPE_CHECKING:
    from countenance.vault.keyring import Keyring

_KIND = b"face\0\0\0\0"


class FaceIds:
    """A number becomes one block of AES under a key of the vault, and back: nothing has to be kept or looked up.

    Whoever lacks the key finds the id of another face once in 2^64 guesses: the first half of the block is fixed.
    """

    def __init__(self, keys: Keyring, key: str) -> None:
        self._secret = keys.salt(key, "ids of faces")
        # One block of its own for each number, so that no mode is needed; the same number has to give the same id.
        self._cipher = Cipher(algorithms.AES(self._secret), modes.ECB())  # noqa: S305

    def of(self, number: int) -> str:
        """The id of the face with this number."""
        block = self._cipher.encryptor().update(_KIND + number.to_bytes(8, "big"))
        return str(uuid.UUID(bytes=block))

    def number(self, text: str) -> int:
        """The number behind an id; 0, which is no face's, for anything else."""
        try:
            block = self._cipher.decryptor().update(uuid.UUID(text).bytes)
        except ValueError:
            return 0
        return (
            int.from_bytes(block[8:], "big", signed=True) if block[:8] == _KIND and str(uuid.UUID(text)) == text else 0
        )

    def of_photo(self, sha256: str) -> str:
        """An id for a photo, by its content: the same photo has the same one, in this organisation alone."""
        return str(uuid.UUID(bytes=hashlib.blake2b(sha256.encode(), key=self._secret, digest_size=16).digest()))
