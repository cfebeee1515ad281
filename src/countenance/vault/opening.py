"""Opening the vault with its key-encryption key, also after a rotation of the key that was cut short.

A rotation (`countenance.vault.rotating`) writes the new key beside the old one as ``kek.next``, turns the vault to it
in one transaction, and puts it in the old one's place. After a crash between any two of these, one of the two keys fits
the vault, and which of them does says what is left to do.
"""

from __future__ import annotations

import functools
from pathlib import Path

from filelock import FileLock, Timeout

from countenance.config.secrets import is_given
from countenance.errors import Busy, KeyMissing
from countenance.vault import kek
from countenance.vault.file import FileVault, open_vault
from countenance.vault.secretfile import blank, sync_folder

_PATIENCE = 10.0
"""Seconds to wait for another process' rotation."""


def unlock_vault(path: Path, kek_path: Path, ask: str | kek.Asking | None = None) -> FileVault:
    """The vault, opened by the key-encryption key from the environment or from ``kek_path``.

    Args:
        path: The vault.
        kek_path: The key-encryption key's file.
        ask: The passphrase, or how to ask for it, where the key is stretched from one.

    Raises `KeyMissing` when the key is missing, or another one than the vault's.
    """
    if is_given(kek.ENVIRONMENT):
        return _by_variable(path, kek_path)
    asked = functools.cache(ask) if callable(ask) else ask  # two files may want it; a person is asked once
    if not next_to(kek_path).exists():
        return _by_file(path, kek_path, asked)
    with rotating(path):
        return _after_a_crash(path, kek_path, asked)


def next_to(kek_path: Path) -> Path:
    """Where a new key-encryption key lies until it takes the old one's place."""
    return kek_path.with_name(kek_path.name + ".next")


def rotating(path: Path) -> _Rotating:
    """The lock under which alone a vault is turned to another key. Raises `Busy`."""
    return _Rotating(path)


def put_in_place(kek_path: Path) -> None:
    """The new key takes the old one's place. What opened the vault until now is overwritten first."""
    blank(kek_path)
    next_to(kek_path).replace(kek_path)
    sync_folder(kek_path.parent)


class _Rotating:
    def __init__(self, path: Path) -> None:
        self._lock = FileLock(str(path) + ".lock", timeout=_PATIENCE)

    def __enter__(self) -> None:
        try:
            self._lock.acquire()
        except Timeout:
            raise Busy("Another process is rotating the key-encryption key.") from None

    def __exit__(self, *_: object) -> None:
        self._lock.release()


def _by_variable(path: Path, kek_path: Path) -> FileVault:
    key = kek.load_kek()
    try:
        return open_vault(path, key)
    except KeyMissing as error:
        if not path.is_file() or not (kek_path.exists() or next_to(kek_path).exists()):
            raise
        raise KeyMissing(
            error.message, hint=f"Unset {kek.ENVIRONMENT} if the key in {kek_path} is the one, or give the right one."
        ) from None


def _by_file(path: Path, kek_path: Path, ask: str | kek.Asking | None) -> FileVault:
    key = kek.read_kek(kek_path, ask)
    try:
        return open_vault(path, key)
    except KeyMissing:
        if not path.is_file() or kek.kind_of(kek_path) != kek.STRETCHED:
            raise
        raise KeyMissing(
            f"This passphrase does not open the vault {path}.",
            hint=f"Try again, or correct {kek.PASSPHRASE}. Without it nothing in this gallery can be read.",
        ) from None


def _after_a_crash(path: Path, kek_path: Path, ask: str | kek.Asking | None) -> FileVault:
    """Whichever key fits says how far the rotation came. Where neither does, nothing is touched."""
    fresh = next_to(kek_path)
    try:
        vault = _by_file(path, kek_path, ask)
    except KeyMissing as error:
        if not fresh.exists():  # another process has finished it while this one waited
            raise
        refused = error
    else:
        fresh.unlink(missing_ok=True)  # the vault was never turned to it
        return vault
    try:
        vault = _by_file(path, fresh, ask)
    except KeyMissing:
        raise KeyMissing(
            f"A rotation of the key was cut short, and neither {kek_path.name} nor {fresh.name} opens the vault now.",
            hint="Where the key is a passphrase, try the old one and the new one. " + refused.hint,
        ) from None
    put_in_place(kek_path)
    return vault
