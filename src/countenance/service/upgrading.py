"""From an older version's tables to this one's: a backup first, then the migration, then an entry in the log.

Cut short, it goes on where it was: a note in the data folder says which backup was made of which migration.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from countenance.backup.making import Origin, make
from countenance.errors import InputError, RoleRefused
from countenance.log.book import Book
from countenance.registry.database import Registry
from countenance.registry.migrating import HEAD
from countenance.vault.keyring import BACKUP_KEY, Keyring
from countenance.vault.ledger import Ledger

if TYPE_CHECKING:
    from countenance.config import Settings
    from countenance.service.context import Context
    from countenance.vault.port import Vault

Progress = Callable[[int, int], None]
_WHO = sa.text("SELECT roles FROM accounts WHERE email = :email AND revoked IS NULL")


@dataclass(frozen=True, slots=True)
class Upgraded:
    """What an upgrade did: from which migration, to which, and the backup that was made before."""

    before: str
    after: str
    backup: str | None = None
    sha256: str | None = None

    @property
    def needed(self) -> bool:
        """Whether there was anything to do."""
        return self.backup is not None

    def as_json(self) -> dict[str, Any]:
        """The machine-readable answer."""
        return asdict(self) | {"needed": self.needed}


def prepare(
    settings: Settings, vault: Vault, email: str, target: Path | None, now: int, progress: Progress | None = None
) -> Upgraded:
    """Make the backup, unless it was made by an attempt that was cut short.

    Raises:
        RoleRefused: the account is no controller.
        InputError: the place for the backup lies beside the data or the keys.
        BadConfiguration: the registry was written by a newer version.
    """
    with closing(Registry(settings.registry_url, older="kept")) as registry:
        begun = _begun(settings, registry.migration)
        if begun is not None or registry.migration == HEAD:
            return begun or Upgraded(HEAD, HEAD)
        _check_role(registry, email)
        book = Book(registry, Keyring(vault), settings.gallery.id, settings.data / "log")
        ledger = Ledger(settings.ledger_path, settings.gallery.id)
        key = vault.get(BACKUP_KEY) if vault.exists(BACKUP_KEY) else vault.create(BACKUP_KEY)
        origin = Origin(settings.gallery.id, settings.file, registry, book, ledger)
        made = make(origin, _place(settings, target), key, now, progress)
        step = Upgraded(registry.migration, HEAD, str(made.file), made.sha256)
    note = _note(settings)
    fresh = note.with_name(f"{note.name}.new")
    fresh.write_text(json.dumps(asdict(step)), "utf-8")
    fresh.replace(note)
    return step


def finish(context: Context, step: Upgraded) -> None:
    """Write into the log what was done, once. Raises `RoleRefused`."""
    facts = {"from": step.before, "to": step.after, "backup": step.sha256}
    with context.registry.write() as connection:
        context.desk.record(connection, "upgrade", "controller", facts=facts)
    context.book.publish()
    _note(context.settings).unlink(missing_ok=True)


# --- inside ----------------------------------------------------------------------------------------------------------


def _note(settings: Settings) -> Path:
    return settings.data / "upgrade.json"


def _begun(settings: Settings, now_at: str) -> Upgraded | None:
    """What an attempt that was cut short had done; its backup has to be there still, while nothing is migrated."""
    try:
        step = Upgraded(**json.loads(_note(settings).read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        return None
    if now_at == step.after:
        return step
    try:
        with Path(step.backup or "").open("rb") as opened:
            whole = hashlib.file_digest(opened, "sha256").hexdigest() == step.sha256
    except OSError:
        whole = False
    return step if whole and now_at == step.before and step.after == HEAD else None


def _place(settings: Settings, target: Path | None) -> Path:
    if target is None:
        folder = settings.folder / "backups"
        folder.mkdir(mode=0o700, exist_ok=True)
        return folder
    wanted = target.expanduser().resolve()
    for what, folder in (("data folder", settings.data), ("vault's folder", settings.vault_path.parent)):
        if wanted.is_relative_to(folder.resolve()):
            raise InputError(f"{wanted} lies in the {what}.", hint="A backup belongs on another disk (P30).")
    return wanted


def _check_role(registry: Registry, email: str) -> None:
    """Before anything is changed: an older table has these two columns as well."""
    with registry.read() as connection:
        roles = connection.scalar(_WHO, {"email": email})
    if "controller" not in (roles or "").split():
        raise RoleRefused(f"{email} is no controller.", requirement="P18", hint="Name one with --account.")
