"""The key of a named account: an Ed25519 key pair in a file that only its passphrase opens.

The file is PKCS #8 in PEM (RFC 5958, encrypted) after a line with the salt. PKCS #8's own stretching of a passphrase is
weak as `cryptography` writes it (2,048 rounds of PBKDF2), so the passphrase goes through Argon2id first (RFC 9106); in
files of the first release, which still open, through scrypt (RFC 7914). A signature (RFC 8032) is 64 bytes.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from countenance.errors import BadSignature, InputError, NotSignedIn
from countenance.vault.secretfile import put_over, write_secret

MAX_PASSPHRASE = 1023
"""Bytes."""
_SALT = b"Countenance account key, argon2id salt "
_FIRST_SALT = b"Countenance account key, scrypt salt "
_PRIME = 2**255 - 19
_EIGHTH = 0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7
_SMALL = frozenset({0, 1, _PRIME - 1, _EIGHTH, _PRIME - _EIGHTH})
"""The y of the eight points of small order (RFC 8032): under such a key one constant signature fits every text."""
_MEMORY, _PASSES = 46 * 1024, 1
"""Argon2id: 46 MiB, one pass, one lane (OWASP's first choice); about a tenth of a second for each guess."""
_FIRST_COST = 2**15
"""scrypt's N, with r = 8 and p = 1: 32 MiB."""


def create_account_key(path: Path, passphrase: str) -> bytes:
    """A new key pair, written to ``path`` with mode 0600 under ``passphrase``. Returns the public key, 32 bytes.

    Raises `InputError` for an empty or over-long passphrase and `AlreadyExists` rather than overwrite.
    """
    private = Ed25519PrivateKey.generate()
    _write(path, private, passphrase)
    return private.public_key().public_bytes_raw()


def change_passphrase(path: Path, passphrase: str, wanted: str) -> bytes:
    """Put the key under another passphrase, in its place; the old file's bytes are overwritten. Returns the public key.

    Raises `NotSignedIn` when the old one does not open it, `InputError` for a new one that is none.
    """
    key, fresh = AccountKey.open(path, passphrase), path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)  # of an attempt that was cut short
    key.write(fresh, wanted)
    put_over(fresh, path)
    return key.public


def try_in_vain(passphrase: str) -> None:
    """The work of a guess where there is no key to guess at, so that its time does not tell whether there is one."""
    _stretch(passphrase, bytes(16))


def _write(path: Path, private: Ed25519PrivateKey, passphrase: str) -> None:
    if not passphrase.strip():
        raise InputError(
            "The passphrase of an account key is empty.", hint="Choose one; a few unrelated words will do."
        )
    if len(_encode(passphrase)) > MAX_PASSPHRASE:
        raise InputError("The passphrase of an account key is too long.", hint=f"At most {MAX_PASSPHRASE} bytes.")
    salt = secrets.token_bytes(16)
    stretched = BestAvailableEncryption(_stretch(passphrase, salt))
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, stretched)
    write_secret(path, _SALT + salt.hex().encode() + b"\n" + pem, "an account key")


@dataclass(frozen=True, slots=True)
class AccountKey:
    """An account's key, opened: it can sign as that person. ``repr`` shows the public half alone."""

    public: bytes
    _private: Ed25519PrivateKey = field(repr=False)

    @classmethod
    def open(cls, path: Path, passphrase: str) -> AccountKey:
        """Opens the key file. Raises `NotSignedIn` when it is missing, is no such file or the passphrase is wrong."""
        if not passphrase:
            raise NotSignedIn("No passphrase was given for the account key.")
        try:
            first, _, pem = path.read_bytes().partition(b"\n")
            salt = bytes.fromhex(first.removeprefix(_SALT).removeprefix(_FIRST_SALT).decode())
            stretch = _stretch_first if first.startswith(_FIRST_SALT) else _stretch
            private = load_pem_private_key(pem, stretch(passphrase, salt))
        except FileNotFoundError:
            raise NotSignedIn(
                f"There is no account key at {path}.", hint="Name the account whose key file lies on this machine."
            ) from None
        except OSError as error:
            raise NotSignedIn(f"The account key at {path} cannot be read: {error.strerror}.") from None
        except (ValueError, TypeError, UnsupportedAlgorithm):
            raise NotSignedIn(f"The account key at {path} does not open with this passphrase.") from None
        if not isinstance(private, Ed25519PrivateKey):
            raise NotSignedIn(f"The key at {path} is not an account key of ours.")
        return cls(private.public_key().public_bytes_raw(), private)

    def write(self, path: Path, passphrase: str) -> None:
        """Write the key to a new file, under another passphrase. Raises what `create_account_key` does."""
        _write(path, self._private, passphrase)

    def sign(self, data: bytes) -> bytes:
        """The signature of this account over ``data``: 64 bytes."""
        return self._private.sign(data)


def check_public_key(text: str) -> bytes:
    """The public half of an account's key, from hexadecimal. Raises `InputError` for anything that is none."""
    try:
        public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(text.strip())).public_bytes_raw()
    except (ValueError, UnsupportedAlgorithm):
        public = b""
    if not public or _is_weak(public):
        raise InputError(
            "This is no public key of an account.",
            hint="Give the 64 hexadecimal digits that `countenance account key FILE` printed.",
        )
    return public


def verify_signature(public: bytes, signature: bytes, data: bytes) -> None:
    """Checks that the account with this ``public`` key signed ``data``. Raises `BadSignature`."""
    if _is_weak(public):
        raise BadSignature("This account's key is one that a single signature fits to every text.")
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, data)
    except (InvalidSignature, ValueError):
        raise BadSignature("The signature does not fit this account and this text.") from None


def _is_weak(public: bytes) -> bool:
    """Whether this is a point of small order, or one that is written in another way than the one there is."""
    y = int.from_bytes(public, "little") & (2**255 - 1)
    return y >= _PRIME or y in _SMALL


def _stretch(passphrase: str, salt: bytes) -> bytes:
    from argon2.exceptions import HashingError
    from argon2.low_level import Type, hash_secret_raw

    try:
        return hash_secret_raw(_encode(passphrase), salt, _PASSES, _MEMORY, 1, 32, Type.ID).hex().encode()
    except HashingError:
        raise ValueError("This salt is none.") from None


def _stretch_first(passphrase: str, salt: bytes) -> bytes:
    cost = {"n": _FIRST_COST, "r": 8, "p": 1, "maxmem": 2**26, "dklen": 32}
    return hashlib.scrypt(_encode(passphrase), salt=salt, **cost).hex().encode()


def _encode(passphrase: str) -> bytes:
    # What the environment holds need not be UTF-8; the same bytes must come out each time.
    return passphrase.encode("utf-8", "surrogateescape")
