"""Bytes of any length, encrypted and authenticated in chunks, so that neither side holds them all in memory.

Source: STREAM of Hoang, Reyhanitabar, Rogaway and Vizár, "Online Authenticated-Encryption and its Nonce-Reuse
Misuse-Resistance" (CRYPTO 2015), with AES-256-GCM. Each file has a key of its own: HKDF-SHA256 (RFC 5869) of the
backup key and a random salt, so a nonce is the chunk's number (11 bytes) and a byte that is 1 for the last chunk
alone. A chunk that was changed, moved, left out or added, and a file that was cut short or made longer, do not open.

The file: the line ``countenance backup 1``, 32 bytes of salt, chunks of 64 KiB and 16 bytes of tag.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from countenance.errors import BadConfiguration, InputError, Tampered

CHUNK = 64 * 2**10
TAG = 16
_NAME = b"countenance backup "
_HEADER = _NAME + b"1\n"
_SALT = 32


class Writer:
    """Encrypts what is written to it. `finish` writes the last chunk, without which the file does not open."""

    def __init__(self, file: BinaryIO, key: bytes) -> None:
        salt = os.urandom(_SALT)
        file.write(_HEADER + salt)
        self._file = file
        self._cipher = _cipher(key, salt)
        self._waiting = bytearray()
        self._number = 0

    def write(self, data: bytes) -> None:
        """Takes some more bytes."""
        self._waiting += data
        while len(self._waiting) > CHUNK:  # never all of it: the last chunk is marked, and is known only at the end
            self._put(bytes(self._waiting[:CHUNK]), last=False)
            del self._waiting[:CHUNK]

    def finish(self) -> None:
        """Writes the last chunk."""
        self._put(bytes(self._waiting), last=True)

    def _put(self, chunk: bytes, *, last: bool) -> None:
        self._file.write(self._cipher.encrypt(_nonce(self._number, last=last), chunk, None))
        self._number += 1


def read(file: BinaryIO, key: bytes) -> Iterator[bytes]:
    """The chunks that a `Writer` with this key has written.

    What comes out before the last chunk has been read may belong to a file that was cut short: go through all of it
    once before acting on any of it.

    Raises `InputError` for a file that is no backup, `BadConfiguration` for one of a newer version and `Tampered` for
    one that was changed or belongs to another key.
    """
    header = file.read(len(_HEADER))
    if not header.startswith(_NAME):
        raise InputError("This file is no backup of Countenance.", hint="Give the file that `countenance backup` made.")
    salt = file.read(_SALT)
    if header != _HEADER:
        raise BadConfiguration("This backup has a format that this version does not know.", hint="Use a newer version.")
    cipher, number = _cipher(key, salt), 0
    chunk = file.read(CHUNK + TAG)
    while True:
        following = file.read(CHUNK + TAG)
        try:
            yield cipher.decrypt(_nonce(number, last=not following), chunk, None)
        except InvalidTag:
            raise Tampered(
                f"The backup does not open at chunk {number}: it was changed or cut, or this vault is not its own.",
                hint="Use another copy of the backup, with the newest vault of the same gallery.",
            ) from None
        if not following:
            return
        chunk, number = following, number + 1


def _cipher(key: bytes, salt: bytes) -> AESGCM:
    return AESGCM(HKDF(algorithm=SHA256(), length=32, salt=salt, info=_HEADER).derive(key))


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])
