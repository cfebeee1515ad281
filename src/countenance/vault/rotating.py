"""Rotation of the key-encryption key: every key wrapped anew, no template touched.

1. the new key is written beside the old one, as ``kek.next``;
2. the vault is turned to it, in one transaction, each wrapped key overwritten where it lies;
3. the old key's file is overwritten, and the new one takes its place;
4. the vault's file is searched for the old wrapped keys: whoever has the old key, from wherever, opens nothing here.

`countenance.vault.opening` finishes what a crash leaves between any two of these.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from countenance.config.secrets import secret
from countenance.errors import InputError, KeyMissing, Tampered
from countenance.vault import kek
from countenance.vault.file import FileVault
from countenance.vault.opening import next_to, put_in_place, rotating
from countenance.vault.secretfile import blank, sync_folder

_WINDOW = 8
"""Bytes that never agree by chance."""
_CHUNK = 2**20


@dataclass(frozen=True, slots=True)
class Rotated:
    """What was done: how many keys were wrapped anew, and where the new key-encryption key comes from."""

    keys: int
    to: str


def rotate(vault: FileVault, kek_path: Path, to: str, passphrase: str | None = None) -> Rotated:
    """Turn the vault to a new key-encryption key.

    Args:
        vault: The vault, open.
        kek_path: The key-encryption key's file.
        to: Where the new key comes from, one of `countenance.vault.kek.KINDS`.
        passphrase: The new passphrase, for ``passphrase``.

    Raises:
        Busy: another process is rotating.
        KeyMissing: ``to`` is ``environment``, and COUNTENANCE_NEW_KEK holds no key.
        Tampered: an old wrapped key is still in the vault's file; the rotation itself stands.
    """
    if to not in kek.KINDS:
        raise InputError(f"{to!r} is no place for a key.", hint=f"Give one of: {', '.join(kek.KINDS)}.")
    with rotating(vault.path):
        if to == kek.VARIABLE:
            old = vault.rewrap(_from_variable())
            blank(kek_path)
            kek_path.unlink(missing_ok=True)
            if kek_path.parent.is_dir():
                sync_folder(kek_path.parent)
        else:
            fresh = next_to(kek_path)
            fresh.unlink(missing_ok=True)  # an earlier attempt's: the vault opened without it
            old = vault.rewrap(
                kek.create_kek(fresh) if to == kek.FILE else kek.create_stretched(fresh, passphrase or "")
            )
            put_in_place(kek_path)
        if _holds(vault.path, old):
            vault.rewrite()
            if _holds(vault.path, old):
                raise Tampered("A key as it was wrapped before the rotation is still in the vault's file.")
    return Rotated(len(old), to)


def _from_variable() -> bytes:
    text = secret(kek.NEW_ENVIRONMENT)
    if text is None:
        raise KeyMissing(
            "The new key-encryption key was not given.", hint=f"Set {kek.NEW_ENVIRONMENT} to 64 hexadecimal digits."
        )
    return kek.parse_kek(text, f"the variable {kek.NEW_ENVIRONMENT}")


def _holds(vault: Path, wrapped: Collection[bytes]) -> bool:
    """Whether start, middle or end of any of these is in the vault's file or its journal."""
    parts = {part for each in wrapped for part in (each[1:9], each[26:34], each[-_WINDOW:])}
    files = [vault, *(vault.with_name(vault.name + end) for end in ("-journal", "-wal"))]
    return bool(parts) and any(
        not parts.isdisjoint(_windows(content)) for file in files if file.exists() for content in _pieces(file)
    )


def _windows(content: bytes) -> Iterator[bytes]:
    return (content[place : place + _WINDOW] for place in range(len(content) - _WINDOW + 1))


def _pieces(file: Path) -> Iterator[bytes]:
    rest = b""
    with file.open("rb") as opened:
        while chunk := opened.read(_CHUNK):
            yield rest + chunk
            rest = chunk[1 - _WINDOW :]
