"""The key-encryption key: 32 random bytes, as hex text, in a file that lies apart from the data and from the vault."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from countenance.errors import KeyMissing
from countenance.vault.seal import KEY_SIZE
from countenance.vault.secretfile import write_secret

ENVIRONMENT = "COUNTENANCE_KEK"
_LOST = "Put the key back. If it is lost for good, so is everything sealed in this gallery: start a new one."


def create_kek(path: Path) -> bytes:
    """A new key-encryption key, written to ``path`` with mode 0600. Raises `AlreadyExists` rather than overwrite."""
    key = secrets.token_bytes(KEY_SIZE)
    write_secret(path, key.hex().encode() + b"\n", "a key-encryption key")
    return key


def load_kek(path: Path | None = None) -> bytes:
    """The key-encryption key: from the environment (``COUNTENANCE_KEK``, hex) where set, else from the file.

    Raises `KeyMissing` when it is in neither, or is not 32 bytes of hex.
    """
    text = os.environ.get(ENVIRONMENT)
    if text is not None:
        return _parse(text, f"the variable {ENVIRONMENT}")
    if path is None:
        raise KeyMissing(
            "No key-encryption key is named.", hint=f"Name its file in the configuration or set {ENVIRONMENT}."
        )
    try:
        text = path.read_text("ascii")
    except FileNotFoundError:
        raise KeyMissing(f"There is no key-encryption key at {path}.", hint=_LOST) from None
    except OSError as error:
        raise KeyMissing(f"The key-encryption key at {path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        text = ""
    return _parse(text, str(path))


def _parse(text: str, where: str) -> bytes:
    try:
        key = bytes.fromhex(text.strip())
    except ValueError:
        key = b""
    if len(key) != KEY_SIZE:
        raise KeyMissing(f"What lies at {where} is no key-encryption key.", hint=_LOST)
    return key
