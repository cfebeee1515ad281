"""Sealing bytes under a key: AES-256-GCM (NIST SP 800-38D), and keys derived from keys: HKDF-SHA256 (RFC 5869)."""

from __future__ import annotations

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from countenance.errors import Tampered

KEY_SIZE = 32
_VERSION = b"\x01"
_NONCE_SIZE = 12
_TAG_SIZE = 16
OVERHEAD = len(_VERSION) + _NONCE_SIZE + _TAG_SIZE
"""How many bytes a sealed text is longer than the plain one."""


def seal(key: bytes, plaintext: bytes, aad: bytes) -> bytes:
    """``plaintext`` sealed under ``key`` (32 bytes): version byte, 12-byte random nonce, ciphertext with its tag.

    ``aad`` is not stored but bound in: the same must be given to `unseal`, so a sealed value cannot be moved from one
    record to another.
    """
    nonce = os.urandom(_NONCE_SIZE)
    return _VERSION + nonce + AESGCM(key).encrypt(nonce, plaintext, aad)


def unseal(key: bytes, sealed: bytes, aad: bytes) -> bytes:
    """The opposite of `seal`. Raises `Tampered` when key, ``aad`` or any byte is not what it was sealed with."""
    if len(sealed) < OVERHEAD or sealed[:1] != _VERSION:
        raise Tampered("Something sealed is cut short or of an unknown version.")
    nonce, body = sealed[1 : 1 + _NONCE_SIZE], sealed[1 + _NONCE_SIZE :]
    try:
        return AESGCM(key).decrypt(nonce, body, aad)
    except InvalidTag:
        raise Tampered("Something sealed does not open with its key.") from None


def derive(key: bytes, label: str) -> bytes:
    """32 bytes derived from ``key`` for the use that ``label`` names, such as a salt. Gone when the key is gone."""
    return HKDF(algorithm=SHA256(), length=KEY_SIZE, salt=None, info=label.encode()).derive(key)
