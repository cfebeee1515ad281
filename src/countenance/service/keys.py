"""The keys of a gallery: another key-encryption key, a check of all of them, and the one copy of the vault."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from countenance.backup.checking import Checked, check_keys
from countenance.errors import InputError, StorageFull, Unavailable
from countenance.service.refusing import recording
from countenance.vault import kek
from countenance.vault.file import FileVault
from countenance.vault.rotating import Rotated, rotate
from countenance.vault.secretfile import put_over

if TYPE_CHECKING:
    from countenance.service.context import Context


@dataclass(frozen=True, slots=True)
class Copied:
    """The copy that was made: its files."""

    folder: Path
    files: tuple[str, ...]
    older: bool
    """Whether there was an older copy in the folder, which is overwritten now."""

    def as_json(self) -> dict[str, Any]:
        """The machine-readable answer."""
        return {"folder": str(self.folder), "files": list(self.files), "replaced": self.older}


class Keys:
    """What is done with the vault and its key-encryption key."""

    def __init__(self, context: Context) -> None:
        self._context = context

    @property
    def kind(self) -> str:
        """Where the key-encryption key comes from: ``file``, ``passphrase`` or ``environment``."""
        return kek.kind_of(self._context.settings.kek_path)

    def rotate(self, to: str | None = None, passphrase: str | None = None) -> Rotated:
        """Make a new key-encryption key and wrap every key under it. No template is written anew.

        Args:
            to: ``file``, ``passphrase`` or ``environment`` (COUNTENANCE_NEW_KEK); as it is now when left out.
            passphrase: The new one, for ``passphrase``.

        Raises `RoleRefused`, `Busy`, `KeyMissing`; see `countenance.vault.rotating.rotate`.
        """
        wanted = to or self.kind
        with recording(self._context, "keys-rotated") as connection:
            self._context.desk.record(connection, "keys-rotated", "controller", facts={"to": wanted})
        return rotate(self._vault(), self._context.settings.kek_path, wanted, passphrase)

    def check(self, *, destroy_strays: bool = False, progress: Callable[[int, int], None] | None = None) -> Checked:
        """Look at every key and every sealed field. See `countenance.backup.checking.check_keys`.

        Args:
            destroy_strays: Destroy the keys that have no record, which a controller does.
            progress: Told how many fields have been opened, and how many there are.
        """
        context = self._context
        checked = check_keys(context.registry, context.keys, progress)
        if not (destroy_strays and checked.strays):
            return checked
        with recording(context, "strays-destroyed") as connection:
            facts = {"keys": len(checked.strays)}
            context.desk.record(connection, "strays-destroyed", "controller", facts=facts)
        context.keys.vault.destroy_many(checked.strays)
        return check_keys(context.registry, context.keys, progress)

    def copy(self, folder: str | Path) -> Copied:
        """Make the one current copy of the vault, the erasure ledger and the configuration in a folder elsewhere.

        An older copy in it is overwritten. The vault is as sealed there as here: the key-encryption key is not copied.
        """
        context, target = self._context, Path(folder).expanduser().resolve()
        self._elsewhere(target)
        with recording(context, "keys-copied") as connection:
            context.desk.record(connection, "keys-copied", "controller", "system")
        settings = context.settings
        # The vault first: a ledger that is newer than its vault is whole, one that is older lacks an erasure.
        sources = (settings.vault_path, settings.ledger_path, settings.file)
        older = (target / settings.vault_path.name).exists()
        try:
            target.mkdir(mode=0o700, parents=True, exist_ok=True)
            for source in sources:
                self._copy_one(source, target / source.name)
        except OSError as error:
            kind = StorageFull if error.errno == 28 else InputError
            raise kind(f"{target} cannot be written: {error.strerror}.") from None
        return Copied(target, tuple(source.name for source in sources), older)

    def _copy_one(self, source: Path, target: Path) -> None:
        fresh = target.with_name(f"{target.name}.new")
        fresh.unlink(missing_ok=True)
        try:
            handle = os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW, 0o600)
            with os.fdopen(handle, "wb") as file:
                if source == self._context.settings.vault_path:
                    self._vault().copy(fresh)
                else:
                    file.write(source.read_bytes())
                    file.flush()
                os.fsync(file.fileno())
            put_over(fresh, target)
        finally:
            fresh.unlink(missing_ok=True)

    def _elsewhere(self, target: Path) -> None:
        """A copy beside the data, or beside the key that opens it, would be no copy of keys kept apart (P30)."""
        settings = self._context.settings
        places = {"the data folder": settings.data, "the vault's own folder": settings.vault_path.parent}
        places["the folder of the key-encryption key"] = settings.kek_path.parent
        for what, place in places.items():
            if target.resolve().is_relative_to(place.resolve()):
                raise InputError(f"{target} lies in {what}.", hint="Name a folder on another disk (P30).")

    def _vault(self) -> FileVault:
        vault = self._context.keys.vault
        if not isinstance(vault, FileVault):
            raise Unavailable("This vault is no file.", hint="Use the tools of the service that holds the keys.")
        return vault
