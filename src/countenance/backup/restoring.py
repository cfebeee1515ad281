"""Restoring a gallery from a backup (P7, P30): nothing opens before the erasure ledger has been replayed on it.

1. the backup is opened whole and compared with its manifest; gallery, ledger and keys must be those that belong to it;
2. a new registry is filled in a folder of its own, and its log must be the one that was signed;
3. the log goes on as far as its own files reach, and what they say was taken back since is taken back again;
4. every erasure that the ledger names is carried out on it; those keys are destroyed, where they are not gone;
5. the registry's file is written anew, so that no page holds their bytes;
6. only then does the folder take its place, in one step.

A crash before the last step leaves what was there; the same command does it all again.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from countenance.backup import placing
from countenance.backup.continuing import Continued, check_log, continue_log
from countenance.backup.making import Progress
from countenance.backup.manifest import Manifest
from countenance.backup.reading import registry_lines, verify
from countenance.backup.repeating import Repeated, repeat, void_invitations
from countenance.backup.replaying import GAP, Replayed, pass_over, replay, take_out_unreadable, without_a_key
from countenance.errors import (
    AlreadyExists,
    BadConfiguration,
    InputError,
    KeyMissing,
    LedgerTooOld,
    NotSignedIn,
)
from countenance.log.note import SignerKey
from countenance.registry import schema as t
from countenance.registry.alone import nobody_else
from countenance.registry.database import Registry
from countenance.registry.dump import load
from countenance.types import AccountId, OrganisationId
from countenance.vault.keyring import BACKUP_KEY, LOG_KEY, organisation_key, subject_key
from countenance.vault.ledger import Ledger, Line
from countenance.vault.port import Vault


@dataclass(frozen=True, slots=True)
class Place:
    """The gallery that a backup is restored for. ``registry`` is the file; it lies in ``data``."""

    gallery: str
    organisation: str
    data: Path
    registry: Path
    vault: Vault
    ledger: Ledger


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be restored: the backup, the newest erasure ledger, perhaps a folder with the log's own files."""

    backup: Path
    ledger: Path
    log: Path | None = None
    forget_unreadable: bool = False


@dataclass(frozen=True, slots=True)
class Staged:
    """A restored registry that is not in its place yet."""

    registry: Registry
    folder: Path
    manifest: Manifest
    organisation: OrganisationId
    account: AccountId
    lines: tuple[Line, ...]
    replayed: Replayed
    repeated: Repeated
    continued: Continued
    unreadable: int
    strays: int

    @property
    def passed_over(self) -> int:
        """How many numbers of each kind are not given out: nobody knows which of them were, after the backup."""
        return GAP if self.continued.short else len(self.continued.leaves)

    def facts(self) -> dict[str, int]:
        """The counts, for the log."""
        return {
            "backup_log_size": self.manifest.log_size,
            "backup_made": self.manifest.made,
            "entries_after": len(self.continued.leaves),
            "erasures": self.replayed.lines,
            "people": self.replayed.people,
            "bases": self.replayed.bases,
            "withdrawn": self.repeated.withdrawn,
            "restricted": self.repeated.restricted,
            "orders": len(self.repeated.orders),
            "closed": len(self.repeated.closed),
            "requests": len(self.repeated.requests),
            "unreadable": self.unreadable,
        }


def restore(
    place: Place,
    wish: Wish,
    account: str,
    finish: Callable[[Staged], None],
    *,
    replace: bool = False,
    progress: Progress | None = None,
) -> Staged:
    """Restore the gallery. ``finish`` writes the restore to the log of the new registry, by the account that asks.

    Raises:
        AlreadyExists: the data folder holds a registry, and ``replace`` was not said.
        Busy: another process has the gallery open, or restores it.
        LedgerTooOld, KeyMissing, Tampered, InputError: see the steps; nothing was changed.
    """
    with placing.alone(place.data), ExitStack() as held:
        placing.tidy_alone(place.data)
        if place.registry.exists():
            if not replace:
                raise AlreadyExists(
                    f"{place.data} holds a registry.",
                    hint="It is newer than any backup. To go back to the backup all the same: --replace.",
                )
            held.enter_context(nobody_else(place.registry))
        with staged(place, wish, account, progress) as made:
            place.ledger.follow(made.lines)
            place.vault.destroy_many(made.replayed.keys)
            finish(made)
            made.registry.rewrite()
            made.registry.close()
            placing.put_in_place(place.data)
    return made


@contextmanager
def staged(place: Place, wish: Wish, account: str, progress: Progress | None = None) -> Iterator[Staged]:
    """The backup as it would be restored, in a folder of its own beside the data folder, which is removed at the end.

    Changes nothing else: not the vault, not the ledger.
    """
    key, lines = _key(place), _ledger(place, wish.ledger)
    manifest = verify(wish.backup, key, progress)
    _belongs(place, manifest, Ledger(wish.ledger, place.gallery))
    folder = placing.fresh(place.data)
    try:
        folder.mkdir(mode=0o700)
        file = folder / place.registry.relative_to(place.data)
        file.parent.mkdir(parents=True, exist_ok=True)
        url = f"sqlite:///{file}"
        with closing(Registry(url, create=True, revision=manifest.migration)) as registry:
            load(registry, registry_lines(wish.backup, key))
        with closing(Registry(url, older="upgraded")) as registry:
            yield _filled(place, wish, account, registry, manifest, lines)
    finally:
        with suppress(FileNotFoundError):
            shutil.rmtree(folder)


def _filled(
    place: Place, wish: Wish, account: str, registry: Registry, manifest: Manifest, lines: list[Line]
) -> Staged:
    vault, folder = place.vault, placing.fresh(place.data)
    verifier = SignerKey.from_seed(f"countenance/{place.gallery}", vault.get(LOG_KEY)).verifier
    log = wish.log or place.data / "log"
    continued = continue_log(registry, check_log(registry, manifest, verifier), verifier, log, named=bool(wish.log))
    names = vault.ids()
    since = None if continued.short else len(continued.leaves)
    with registry.write() as connection:
        organisation, number = _organisation(connection, place), _account(connection, account)
        if organisation_key(organisation) not in names:
            raise KeyMissing("The vault lacks the key of this organisation.", hint="Put back the newest vault.")
        pass_over(connection, lines, names, since)
        lost = without_a_key(connection, lines, set(names))
        take_out_unreadable(connection, lost, agreed=wish.forget_unreadable)
        replayed = replay(connection, lines, organisation, number)
        repeated = repeat(connection, continued.leaves, _keys(connection, vault, continued), organisation)
        if continued.short:
            void_invitations(connection)
        strays = _strays(connection, names)
    return Staged(
        registry, folder, manifest, organisation, number, tuple(lines), replayed, repeated, continued, len(lost), strays
    )  # fmt: skip


# --- what has to fit -------------------------------------------------------------------------------------------------


def _key(place: Place) -> bytes:
    if not place.vault.exists(BACKUP_KEY):
        raise KeyMissing(
            "This vault holds no key for backups: no backup was made with it.",
            hint="Put back the newest copy of the vault of the gallery that the backup is of.",
        )
    return place.vault.get(BACKUP_KEY)


def _ledger(place: Place, file: Path) -> list[Line]:
    """The lines of the ledger that was given, which must be no older than the one beside the vault."""
    if not file.is_file():
        raise InputError(f"There is no erasure ledger at {file}.", hint="Name it: it lies beside the vault.")
    given = Ledger(file, place.gallery)
    lines, (count, head) = given.lines(), place.ledger.head()
    if not given.covers(count, head):
        ours = place.ledger.covers(*given.head())
        raise LedgerTooOld(
            f"This ledger has {len(lines)} lines, and the one beside the vault has {count}."
            if ours
            else "This ledger and the one beside the vault tell of different erasures."
        )
    return lines


def _belongs(place: Place, manifest: Manifest, ledger: Ledger) -> None:
    if manifest.gallery != place.gallery:
        raise InputError("This backup is of another gallery.", hint="Name a backup of this one.")
    if not ledger.covers(manifest.ledger_lines, manifest.ledger_head):
        have = ledger.head()[0]
        older = have < manifest.ledger_lines
        raise LedgerTooOld(
            f"The ledger has {have} lines; when the backup was made, it had {manifest.ledger_lines}."
            if older
            else "The backup was made with another ledger than this one."
        )


def _organisation(connection: sa.Connection, place: Place) -> OrganisationId:
    number = connection.scalar(sa.select(t.organisations.c.id).where(t.organisations.c.name == place.organisation))
    if number is None:
        raise BadConfiguration(f"The backup knows no organisation {place.organisation!r}.")
    return OrganisationId(number)


def _account(connection: sa.Connection, email: str) -> AccountId:
    mine = (t.accounts.c.email == email, t.accounts.c.revoked.is_(None))
    number = connection.scalar(sa.select(t.accounts.c.id).where(*mine))
    if number is None:
        raise NotSignedIn(f"There is no live account {email} in the backup.", hint="Name one that there was then.")
    return AccountId(number)


def _keys(connection: sa.Connection, vault: Vault, continued: Continued) -> dict[str, bytes]:
    """The keys of everybody in the registry, where there are entries that may be about them."""
    if not continued.leaves:
        return {}
    return vault.get_many(subject_key(number) for number in connection.scalars(sa.select(t.subjects.c.id)).all())


def _strays(connection: sa.Connection, names: list[str]) -> int:
    """Keys of people who are not in the backup: they came after it."""
    here = set(connection.scalars(sa.select(t.subjects.c.id).where(t.subjects.c.state != "erased")))
    return sum(name.startswith("subject:") and int(name.partition(":")[2]) not in here for name in names)
