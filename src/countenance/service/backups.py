"""Backups of a gallery while it is in use, and a drill that shows that one can be restored."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from countenance.backup import placing
from countenance.backup.checking import Fault, check_keys
from countenance.backup.making import Made, Origin, make
from countenance.backup.restoring import Place, Staged, Wish, staged
from countenance.errors import BadConfiguration, InputError
from countenance.gallery.only_one import OnlyOne
from countenance.policy.desk import Desk
from countenance.registry import schema as t
from countenance.service.refusing import recording
from countenance.types import iso, reference_number
from countenance.vault.keyring import BACKUP_KEY, subject_key
from countenance.vault.ledger import Ledger

if TYPE_CHECKING:
    from countenance.config import Settings
    from countenance.service.context import Context
    from countenance.vault.port import Vault

__all__ = ["Backups", "Drilled", "Staged", "log_restore", "place"]

Progress = Callable[[int, int], None]
_SCOPE = ("subject", "source", "territory", "supplier")
_PATIENCE = 30.0
"""Seconds to wait for an erasure that is under way."""
_ANOTHER = "Do not restore this backup. Make a new one, try that one out, and report this fault to whoever wrote this."


@dataclass(frozen=True, slots=True)
class Drilled:
    """What a drill found: nothing in ``faults``, or the backup would not do."""

    made: int
    erased: int
    checked: int
    restored: dict[str, int]
    faults: tuple[Fault, ...]

    def as_json(self) -> dict[str, Any]:
        """The machine-readable answer."""
        told = {"ok": not self.faults, "made": iso(self.made), "erased_since": self.erased}
        return told | {
            "sealed_fields": self.checked,
            "restored": self.restored,
            "faults": [asdict(fault) for fault in self.faults],
        }


class Backups:
    """Make a backup; try one out."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def make(self, target: str | Path, *, progress: Progress | None = None) -> Made:
        """Back up the registry, log and configuration to a new file, or into a folder. Others go on working.

        Keys are never in it. Logged twice: that it began, and what came of it, with the file's SHA-256.

        Raises `AlreadyExists`, `StorageFull`, `InputError` for a place beside the data, `RoleRefused`, `Busy`.
        """
        context, settings = self._context, self._context.settings
        wanted = Path(target).expanduser().resolve()
        self._elsewhere(wanted)
        one = OnlyOne(settings.data / "locks" / "backup.lock", "Another process is making a backup.")
        with one:
            with recording(context, "backup") as connection:
                begun = context.desk.record(connection, "backup", "controller", "system", facts={"step": "begun"})
            vault = context.keys.vault
            key = vault.get(BACKUP_KEY) if vault.exists(BACKUP_KEY) else vault.create(BACKUP_KEY)
            origin = Origin(settings.gallery.id, settings.file, context.registry, context.book, context.ledger)
            made = make(origin, wanted, key, context.clock(), progress)
            with context.registry.write() as connection:
                facts = {"step": "done", "sha256": made.sha256, "bytes": made.bytes}
                context.desk.effect(connection, "backup", begun.index, facts=facts)
        context.book.publish()
        return made

    def drill(self, backup: str | Path, ledger: str | Path, *, progress: Progress | None = None) -> Drilled:
        """Restore a backup beside the gallery, look at it, and remove it again. The gallery itself is not touched.

        Raises as a restore would, where the backup cannot be restored at all.
        """
        context, data = self._context, self._context.settings.data
        with recording(context, "drill") as connection:
            begun = context.desk.record(connection, "drill", "controller", "officer", "system", facts={"step": "begun"})
        wish = Wish(Path(backup).expanduser(), Path(ledger).expanduser())
        # An erasure searches every file beside the gallery, and must not meet a copy that is about to go.
        erasing = OnlyOne(data / "locks" / "erasure.lock", "Another process is erasing.", wait=_PATIENCE)
        with erasing, placing.alone(data):
            placing.tidy_alone(data)
            with staged(place(context.settings, context.keys.vault, drill=True), wish, self._email(), progress) as made:
                drilled = self._judge(made)
        with context.registry.write() as connection:
            facts = {"step": "done", "faults": len(drilled.faults), "erased": drilled.erased}
            context.desk.effect(connection, "drill", begun.index, facts=facts)
        context.book.publish()
        return drilled

    # --- inside ------------------------------------------------------------------------------------------------------

    def _judge(self, made: Staged) -> Drilled:
        checked = check_keys(made.registry, self._context.keys)
        # Keys of people who came after the backup have no record in it; that is no fault of the backup.
        faults = [fault for fault in checked.faults if not fault.what.startswith("No record")]
        with made.registry.read() as connection:
            faults += [Fault(what, _ANOTHER) for what in _remains(connection, made)]
            if connection.exec_driver_sql("PRAGMA integrity_check").scalar() != "ok":
                faults.append(Fault("The restored registry is damaged.", _ANOTHER))
        return Drilled(made.manifest.made, made.replayed.people, checked.sealed, made.manifest.counts, tuple(faults))

    def _elsewhere(self, target: Path) -> None:
        settings = self._context.settings
        for what, folder in (("data folder", settings.data), ("vault's folder", settings.vault_path.parent)):
            if target.resolve().is_relative_to(folder.resolve()):
                raise InputError(f"{target} lies in the {what}.", hint="A backup belongs on another disk (P30).")

    def _email(self) -> str:
        return self._context.actor.email if self._context.actor else ""


def place(settings: Settings, vault: Vault, *, drill: bool = False) -> Place:
    """Where a backup of this gallery is restored to; a drill needs no more than a file, wherever the registry is.

    Raises `BadConfiguration` for a registry that lies elsewhere than in the data folder.
    """
    file = Path(settings.registry_url.removeprefix("sqlite:///"))
    if drill and not settings.registry_url.startswith("sqlite:///"):
        file = settings.data / "registry.db"
    elif not settings.registry_url.startswith("sqlite:///") or not file.is_relative_to(settings.data):
        raise BadConfiguration(
            "[registry] url names no file in the data folder.",
            hint='Restore to one (url = "sqlite:///data/registry.db"), then `countenance registry move` it again.',
        )
    ledger = Ledger(settings.ledger_path, settings.gallery.id)
    return Place(settings.gallery.id, settings.gallery.organisation, settings.data, file, vault, ledger)


def log_restore(desk: Desk, made: Staged) -> None:
    """The restore as an entry of the restored log, by the account that asks for it. Raises `RoleRefused`.

    Orders that bind from now on are named, and their scope as far as an order's own entry tells it. One may have been
    stayed after the backup, or closed over everybody; should another backup be restored next, nothing else tells that.
    """
    with made.registry.write() as connection:
        desk.record(connection, "restore", "controller", facts=made.facts() | {"binding": _binding(connection)})


def _binding(connection: sa.Connection) -> dict[str, dict[str, Any]]:
    found = {}
    query = sa.select(t.orders).where(t.orders.c.state == "in-force").order_by(t.orders.c.id)
    for row in connection.execute(query).mappings():
        kinds = [each for each in _SCOPE if row[each] is not None]
        found[reference_number("O", row["id"])] = {
            "kind": row["kind"],
            "scope": kinds,
            "territory": row["territory"] or "",
        }
    return found


def _remains(connection: sa.Connection, made: Staged) -> list[str]:
    """Whoever the ledger names as erased has no row and no key in what was restored."""
    people = {line.subject for line in made.lines if line.basis is None}
    bases = {line.basis for line in made.lines if line.basis is not None}
    found = []
    for table in t.metadata.sorted_tables:
        if table in t.NUMBER_ALONE:
            continue
        for column, gone in (("subject", people), ("basis", bases)):
            if column in table.columns:
                left = set(connection.scalars(sa.select(table.c[column]).distinct())) & gone
                found += [f"{_erased(len(left))} in {table.name.rstrip('_')}."] if left else []
    names = {subject_key(number) for number in people}
    sealed = set(connection.scalars(sa.select(t.openings.c.key).distinct())) & names
    return found + ([f"{_erased(len(sealed))} named by the log."] if sealed else [])


def _erased(count: int) -> str:
    return "1 person who was erased is still" if count == 1 else f"{count} people who were erased are still"
