"""The key-encryption key: 32 bytes that lie apart from the data and from the vault.

It comes from one of three places. A file holds it as hex text. Or the file holds no key but a line such as
``scrypt salt=… n=131072 r=8 p=1``, and the key is stretched from a passphrase by scrypt (RFC 7914) with what the line
says. Or the variable ``COUNTENANCE_KEK`` holds it as hex, and then no file is read.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Callable
from pathlib import Path

from countenance.config.secrets import is_given, secret
from countenance.errors import InputError, KeyMissing
from countenance.vault.seal import KEY_SIZE
from countenance.vault.secretfile import write_secret

ENVIRONMENT = "COUNTENANCE_KEK"
NEW_ENVIRONMENT = "COUNTENANCE_NEW_KEK"
"""The key that a rotation turns to, where keys come from the environment."""
PASSPHRASE = "COUNTENANCE_KEK_PASSPHRASE"  # noqa: S105 - the variable's name
KINDS = FILE, STRETCHED, VARIABLE = ("file", "passphrase", "environment")
MAX_PASSPHRASE = 1023
"""Bytes."""

Asking = Callable[[], str]
"""Asks a person for a passphrase."""

_COST = 2**17
"""scrypt's N, with r = 8 and p = 1: 128 MiB and about half a second for each guess."""
_LINE = re.compile(r"scrypt salt=([0-9a-f]{32,128}) n=(\d{4,8}) r=(\d{1,2}) p=(\d{1,2})\s*", re.ASCII)
_MEMORY = 2**30
"""Bytes that a stretching may take; a line that asks for more is not ours."""
_LOST = "Put the key back. If it is lost for good, so is everything sealed in this gallery: start a new one."


def create_kek(path: Path) -> bytes:
    """A new key-encryption key, written to ``path`` with mode 0600. Raises `AlreadyExists` rather than overwrite."""
    key = secrets.token_bytes(KEY_SIZE)
    write_secret(path, key.hex().encode() + b"\n", "a key-encryption key")
    return key


def create_stretched(path: Path, passphrase: str) -> bytes:
    """A new key-encryption key from a passphrase. ``path`` gets the salt and the cost, never the key.

    Raises `InputError` for an empty or over-long passphrase and `AlreadyExists` rather than overwrite.
    """
    if not passphrase.strip():
        raise InputError("The passphrase of the key-encryption key is empty.", hint="A few unrelated words will do.")
    if len(_encode(passphrase)) > MAX_PASSPHRASE:
        raise InputError("The passphrase is too long.", hint=f"At most {MAX_PASSPHRASE} bytes.")
    line = f"scrypt salt={secrets.token_hex(16)} n={_COST} r=8 p=1\n"
    write_secret(path, line.encode(), "a key-encryption key")
    return _stretch(line, passphrase) or b""


def load_kek(path: Path | None = None, ask: str | Asking | None = None) -> bytes:
    """The key-encryption key: from the environment (``COUNTENANCE_KEK``, hex) where set, else from the file.

    Args:
        path: The file.
        ask: The passphrase, or how to ask a person for it, where the file wants one and the environment has none.

    Raises `KeyMissing` when it is nowhere, or what is there is no key.
    """
    text = secret(ENVIRONMENT)
    if text is not None:
        return parse_kek(text, f"the variable {ENVIRONMENT}")
    if path is None:
        raise KeyMissing(
            "No key-encryption key is named.", hint=f"Name its file in the configuration or set {ENVIRONMENT}."
        )
    return read_kek(path, ask)


def read_kek(path: Path, ask: str | Asking | None = None) -> bytes:
    """The key-encryption key of this file alone. Raises `KeyMissing`."""
    text = _text(path)
    if text.startswith("scrypt ") and _LINE.fullmatch(text):
        key = _stretch(text, _passphrase(path, ask))
        if key is None:
            raise KeyMissing(f"What lies at {path} is no key-encryption key.", hint=_LOST)
        return key
    return parse_kek(text, str(path))


def parse_kek(text: str, where: str) -> bytes:
    """32 bytes from hex text. Raises `KeyMissing` saying where it stands, and nothing of what stands there."""
    try:
        key = bytes.fromhex(text.strip())
    except ValueError:
        key = b""
    if len(key) != KEY_SIZE:
        raise KeyMissing(f"What lies at {where} is no key-encryption key.", hint=_LOST)
    return key


def kind_of(path: Path) -> str:
    """Where the key comes from: one of `KINDS`."""
    if is_given(ENVIRONMENT):
        return VARIABLE
    try:
        return STRETCHED if _text(path).startswith("scrypt ") else FILE
    except KeyMissing:
        return FILE


def _text(path: Path) -> str:
    try:
        return path.read_text("ascii")
    except FileNotFoundError:
        raise KeyMissing(f"There is no key-encryption key at {path}.", hint=_LOST) from None
    except OSError as error:
        raise KeyMissing(f"The key-encryption key at {path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        return ""


def _passphrase(path: Path, ask: str | Asking | None) -> str:
    known = secret(PASSPHRASE) or ask
    if known is None:
        raise KeyMissing(
            f"The key-encryption key at {path} needs its passphrase.", hint=f"Set {PASSPHRASE}, or use a terminal."
        )
    return known if isinstance(known, str) else known()


def _stretch(line: str, passphrase: str) -> bytes | None:
    """None where the line asks for what scrypt cannot do, or for more memory than is sensible."""
    parts = _LINE.fullmatch(line)
    if parts is None:
        return None
    salt, (cost, blocks, lanes) = bytes.fromhex(parts[1]), map(int, parts.groups()[1:])
    if 128 * blocks * (cost + lanes) > _MEMORY:
        return None
    try:
        return hashlib.scrypt(
            _encode(passphrase), salt=salt, n=cost, r=blocks, p=lanes, maxmem=_MEMORY + 2**20, dklen=KEY_SIZE
        )
    except ValueError:
        return None


def _encode(passphrase: str) -> bytes:
    # What the environment holds need not be UTF-8; the same bytes must come out each time.
    return passphrase.encode("utf-8", "surrogateescape")
