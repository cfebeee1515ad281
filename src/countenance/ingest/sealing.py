"""What was seen, sealed to one reader: from where it was seen to where it is used, nobody on the way can read it.

HPKE (RFC 9180) with X25519, HKDF-SHA256 and AES-256-GCM. Every message is sealed under a key of its own.
"""

from __future__ import annotations

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

_SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
_WHAT = b"countenance seen 1\0"


class Reader:
    """A key pair that lives as long as this object. The private half is in memory only, and never leaves it."""

    def __init__(self) -> None:
        self._key = X25519PrivateKey.generate()
        self.public = self._key.public_key().public_bytes_raw()
        """What those who seal are given."""

    def open(self, sealed: bytes, about: bytes) -> bytes:
        """The opposite of `seal`. Raises `ValueError` for what was not sealed to us, or not as being about this."""
        try:
            return bytes(_SUITE.decrypt(sealed, self._key, _WHAT + about))
        except InvalidTag:
            raise ValueError("This was not sealed to us.") from None


def seal(data: bytes, public: bytes, about: bytes) -> bytes:
    """Seal something to the `Reader` with this public key. It can be opened only as being about the same thing."""
    return bytes(_SUITE.encrypt(data, X25519PublicKey.from_public_bytes(public), _WHAT + about))
