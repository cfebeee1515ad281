"""Settings → adapters → service: the only place that builds adapters."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from countenance.backup import placing
from countenance.config import Settings, load
from countenance.config.secrets import secret
from countenance.errors import BadConfiguration, NotSignedIn, Unavailable
from countenance.gallery.following import Beside, Following
from countenance.gallery.gallery import Gallery
from countenance.gallery.mirror import Mirror, Progress
from countenance.gallery.outbox import Outbox
from countenance.gallery.snapshot import FOLDER, Snapshot
from countenance.index import TOKEN, Lasting, Place, Segmented, open_index
from countenance.log.book import Book
from countenance.policy.actor import Actor
from countenance.policy.desk import Desk
from countenance.policy.facts import FOUNDER_ROLES
from countenance.registry import schema as t
from countenance.registry.database import Registry
from countenance.service.context import Context, erasure_tools
from countenance.service.countenance import Countenance
from countenance.service.entrance import guarded
from countenance.service.scaling import scaling
from countenance.types import AccountId, Clock, OrganisationId, system_clock
from countenance.vault import kek
from countenance.vault.accounts import AccountKey, create_account_key
from countenance.vault.file import create_vault
from countenance.vault.keyring import LOG_KEY, Keyring, organisation_key
from countenance.vault.ledger import Ledger
from countenance.vault.opening import unlock_vault
from countenance.vault.port import Vault
from countenance.vision.apart import Apart
from countenance.vision.decode import Limits
from countenance.vision.engine import Vision

if TYPE_CHECKING:
    from countenance.backup.restoring import Staged
    from countenance.service.founding import Plan
    from countenance.service.relocating import Moved
    from countenance.service.upgrading import Upgraded

Asking = Callable[[], str]
"""Asks a person for a passphrase, when a key is needed and none was given."""


def open_gallery(
    config: Path,
    *,
    account: str | None = None,
    passphrase: str | Asking | None = None,
    clock: Clock = system_clock,
    kek_passphrase: str | Asking | None = None,
    building: Progress | None = None,
    apart: bool = False,
) -> Countenance:
    """Open the gallery of a configuration file. See `countenance.open`.

    ``kek_passphrase`` is for a key-encryption key that is stretched from one (COUNTENANCE_KEK_PASSPHRASE goes first).
    ``building`` is told how far it is while the index of a large gallery is built anew, which the first search does.
    ``apart``: photos are looked at in a process beside this one, as a service wants it.
    """
    settings = load(config)
    placing.tidy(settings.data)
    with ExitStack() as opening:
        registry = Registry(settings.registry_url)
        opening.callback(registry.close)
        vault = unlock_vault(settings.vault_path, settings.kek_path, kek_passphrase)
        opening.callback(vault.close)
        Ledger(settings.ledger_path, settings.gallery.id).begin()
        organisation = _organisation(registry, settings)
        actor = _actor(registry, settings, account or settings.gallery.account, passphrase)
        opened = _assemble(
            settings, registry, vault, organisation, actor, clock, opening.pop_all(), building, apart=apart
        )
    opened.context.book.catch_up()
    opened.finish_erasures()
    opened.finish_orders()
    return guarded(opened)


def restore_gallery(
    config: Path,
    backup: Path,
    ledger: Path,
    *,
    log: Path | None = None,
    replace: bool = False,
    forget_unreadable: bool = False,
    account: str | None = None,
    passphrase: str | Asking | None = None,
    kek_passphrase: str | Asking | None = None,
    clock: Clock = system_clock,
    progress: Callable[[int, int], None] | None = None,
) -> Staged:
    """Restore a gallery whose data folder is lost. See `countenance.backup.restoring.restore`.

    Args:
        config: The configuration, which says where vault and key-encryption key lie.
        backup: The file that `countenance backup` made.
        ledger: The newest erasure ledger.
        log: A folder with the log's own files (tiles); those in the data folder when left out.
        replace: The data folder holds a registry, which the backup shall replace.
        forget_unreadable: Go on without the people whose keys the vault does not hold.
        account: Who restores; a controller, by the backup's own records.
        passphrase: Of the account's key.
        kek_passphrase: Of the key-encryption key.
        clock: The time.
        progress: Told how many bytes have been read, and how many there are.
    """
    from countenance.backup.restoring import Wish, restore
    from countenance.service.backups import log_restore, place

    settings = load(config)
    email = account or settings.gallery.account or ""
    with unlock_vault(settings.vault_path, settings.kek_path, kek_passphrase) as vault:

        def finish(made: Staged) -> None:
            book = Book(made.registry, Keyring(vault), settings.gallery.id, made.folder / "log")
            actor = _actor(made.registry, settings, email, passphrase)
            log_restore(Desk(made.registry, book, clock, made.organisation, actor, ""), made)
            book.publish()
            book.check()

        wish = Wish(backup, ledger, log, forget_unreadable)
        return restore(place(settings, vault), wish, email, finish, replace=replace, progress=progress)


def prepare_registry(owner: str, role: str, organisation: str | None = None) -> str:
    """Make a PostgreSQL registry's tables, as their owner. See `countenance.registry.owning.Owner.prepare`."""
    from countenance.registry.owning import Owner

    with Owner(owner) as owning:
        return owning.prepare(role, organisation)


def upgrade_gallery(
    config: Path,
    *,
    owner: str | None = None,
    backup: Path | None = None,
    account: str | None = None,
    passphrase: str | Asking | None = None,
    kek_passphrase: str | Asking | None = None,
    clock: Clock = system_clock,
    progress: Callable[[int, int], None] | None = None,
) -> Upgraded:
    """Bring a gallery of an older version up to date, with a backup before. See `countenance.service.upgrading`.

    ``owner``: the address of the role that owns a server's tables. ``backup``: a file or a folder.
    """
    from countenance.registry.alone import nobody_else
    from countenance.service import upgrading

    settings = load(config)
    email, url = account or settings.gallery.account or "", settings.registry_url
    at_server = url.startswith("postgresql")
    if at_server and owner is None:
        raise BadConfiguration(
            "Only the owner of a server's tables can change them.",
            hint="Give --owner postgresql://OWNER@HOST/DATABASE.",
        )
    words = _passphrase(passphrase, email)
    AccountKey.open(settings.account_key(email), words)  # whoever signs is known before anything is changed
    with unlock_vault(settings.vault_path, settings.kek_path, kek_passphrase) as vault:
        if not at_server:
            with nobody_else(Path(url.removeprefix("sqlite:///"))):
                pass
        step = upgrading.prepare(settings, vault, email, backup, clock(), progress)
    if not step.needed:
        return step
    if at_server and owner is not None:
        prepare_registry(owner, sa.make_url(url).username or "")
    else:
        Registry(url, older="upgraded").close()
    with open_gallery(config, account=email, passphrase=words, kek_passphrase=kek_passphrase, clock=clock) as opened:
        upgrading.finish(opened.context, step)
    return step


def tidy_registry(owner: str, progress: Callable[[int, int], None] | None = None) -> list[str]:
    """Have a PostgreSQL registry's tables written anew. See `countenance.registry.owning.Owner.tidy`."""
    from countenance.registry.owning import Owner

    with Owner(owner) as owning:
        return owning.tidy(progress)


def move_registry(
    opened: Countenance, owner: str, role: str, progress: Callable[[int, int], None] | None = None
) -> Moved:
    """Move the records of an open gallery to PostgreSQL, which closes it. See `countenance.service.relocating.move`."""
    from countenance.registry.owning import Owner
    from countenance.service.relocating import move

    with Owner(owner) as owning:
        return move(opened.context, owning, role, progress)


def found_gallery(plan: Plan, *, clock: Clock = system_clock) -> Countenance:
    """Make a new gallery, with its first account and a self-agreement on its purposes, and open it."""
    from countenance.service.founding import write_config

    fresh = [write_config(plan)]
    try:
        settings = load(fresh[0])
        keys = settings.vault_path, settings.ledger_path, settings.kek_path, settings.account_key(plan.account)
        fresh += [place for place in (settings.data, *keys) if not place.exists()]
        return _found(plan, settings, clock)
    except BaseException as error:
        # Nothing half-made stands in the way of the next attempt.
        for place in fresh:
            with suppress(OSError):
                shutil.rmtree(place) if place.is_dir() else place.unlink()
        if isinstance(error, OSError):
            raise Unavailable(f"The gallery cannot be written: {error.strerror}.") from None
        raise


def _found(plan: Plan, settings: Settings, clock: Clock) -> Countenance:
    from countenance.service.accounts import insert_account

    with ExitStack() as opening:
        settings.data.mkdir(mode=0o700, parents=True)
        registry = Registry(settings.registry_url, create=True)
        opening.callback(registry.close)
        vault = create_vault(settings.vault_path, _new_kek(plan, settings))
        opening.callback(vault.close)
        Ledger(settings.ledger_path, settings.gallery.id).begin()
        vault.create(LOG_KEY)
        public = create_account_key(settings.account_key(plan.account), plan.passphrase)
        with registry.write() as connection:
            organisation = OrganisationId(registry.found(connection, settings.gallery.organisation, clock()))
        vault.create(organisation_key(organisation))
        founding = _assemble(settings, registry, vault, organisation, None, clock, ExitStack())
        with registry.write() as connection:
            insert_account(connection, founding.context, plan.account, tuple(plan.roles or FOUNDER_ROLES), public)
            values = {"kind": "model", "value": founding.context.vision.contract, "created": clock()}
            connection.execute(sa.insert(t.activations).values(organisation=organisation, **values))
        founding.context.vision.close()
        actor = _actor(registry, settings, plan.account, plan.passphrase)
        opened = _assemble(settings, registry, vault, organisation, actor, clock, opening.pop_all())
    founded = guarded(opened)
    founded.agreements.add(plan.purposes, territories=plan.territories)
    return founded


def _new_kek(plan: Plan, settings: Settings) -> bytes:
    """Where the environment holds the key, no file is made."""
    if kek.kind_of(settings.kek_path) == kek.VARIABLE:
        return kek.load_kek()
    if plan.kek == kek.STRETCHED:
        return kek.create_stretched(settings.kek_path, plan.kek_passphrase or "")
    return kek.create_kek(settings.kek_path)


def _assemble(
    settings: Settings,
    registry: Registry,
    vault: Vault,
    organisation: OrganisationId,
    actor: Actor | None,
    clock: Clock,
    closing: ExitStack,
    building: Progress | None = None,
    *,
    apart: bool = False,
) -> Countenance:
    vision = _vision(settings, Apart if apart else Vision)
    closing.callback(vision.close)
    keys = Keyring(vault)
    book = Book(registry, keys, settings.gallery.id, settings.data / "log")
    rule = scaling(settings, vision.card, vision.contract, flip=vision.flip)
    follow = partial(_follow, settings, registry, keys, vision, clock, building)
    servers = ("milvus",) if settings.milvus else ()
    followed = _followed(settings.index.engine, servers, follow)
    closing.callback(followed.close)
    tools = erasure_tools(settings, registry, keys)

    def acting(who: Actor | None) -> Context:
        desk = Desk(registry, book, clock, organisation, who, vision.contract)
        gallery = Gallery(registry, keys, followed, desk, clock, rule, vision.contract, tools)
        return Context(
            settings, registry, keys, book, desk, gallery, vision, rule, clock, organisation, who, follow, acting,
            servers,
        )  # fmt: skip

    return Countenance(acting(actor), closing)


def _followed(engine: str, servers: tuple[str, ...], follow: Callable[[str], Following]) -> Following:
    """The index that is searched, and beside it every server that is configured and not searched."""
    with ExitStack() as opening:
        followed = follow(engine)
        opening.callback(followed.close)
        for name in servers:
            server = follow(name) if name != engine else None
            if isinstance(server, Outbox):
                followed = Beside(followed, server)
        opening.pop_all()
    return followed


def _follow(
    settings: Settings,
    registry: Registry,
    keys: Keyring,
    vision: Vision,
    clock: Clock,
    building: Progress | None,
    engine: str,
) -> Following:
    index, snapshot = open_index(engine, vision.dimension, _place(settings, vision.contract)), None
    if isinstance(index, Lasting):
        return Outbox(registry, keys, index, vision.contract, clock, building)
    if isinstance(index, Segmented) and settings.index.snapshot:
        belongs = f"{settings.gallery.id}/{vision.contract}"
        folder = settings.data / FOLDER
        snapshot = Snapshot(folder, registry, keys, index, belongs, settings.index.snapshot)
    return Mirror(registry, keys, index, vision.contract, clock, snapshot, building)


def _place(settings: Settings, contract: str) -> Place | None:
    wanted = settings.milvus
    if wanted is None:
        return None
    certificates = None if wanted.certificates is None else settings.folder / wanted.certificates.expanduser()
    token, gallery = secret(TOKEN), settings.gallery.id
    return Place(wanted.address, gallery, contract, wanted.encrypted_disk, wanted.index, certificates, token)


def _vision(settings: Settings, kind: type[Vision] = Vision) -> Vision:
    wanted = settings.vision
    limits = Limits(max_bytes=wanted.max_bytes, max_pixels=wanted.max_pixels, seconds=wanted.seconds)
    return kind(
        backend=wanted.backend,
        threads=wanted.threads,
        limits=limits,
        gate=wanted.gate,
        recogniser=wanted.recogniser,
        detector=wanted.detector,
        flip=wanted.flip,
    )


def _organisation(registry: Registry, settings: Settings) -> OrganisationId:
    query = sa.select(t.organisations.c.id).where(t.organisations.c.name == settings.gallery.organisation)
    with registry.read() as connection:
        number = connection.scalar(query)
    if number is None:
        raise BadConfiguration(f"The registry knows no organisation {settings.gallery.organisation!r}.")
    return OrganisationId(number)


def _actor(registry: Registry, settings: Settings, email: str | None, passphrase: str | Asking | None) -> Actor | None:
    """The account that acts. Its key is opened when it first has to sign, so that looking needs no passphrase."""
    if email is None:
        return None
    with registry.read() as connection:
        row = connection.execute(
            sa.select(t.accounts).where(t.accounts.c.email == email, t.accounts.c.revoked.is_(None))
        ).first()
    if row is None:
        raise NotSignedIn(f"There is no live account {email}.", hint="`countenance account list` shows them.")
    opened: list[AccountKey] = []

    def sign(data: bytes) -> bytes:
        if not opened:
            opened.append(AccountKey.open(settings.account_key(email), _passphrase(passphrase, email)))
        return opened[0].sign(data)

    return Actor(AccountId(row.id), OrganisationId(row.organisation), email, sign)


def _passphrase(given: str | Asking | None, email: str) -> str:
    if isinstance(given, str):
        return given
    known = secret("COUNTENANCE_PASSPHRASE")
    if known:
        return known
    if given is None:
        raise NotSignedIn(f"The key of {email} needs its passphrase.", hint="Set COUNTENANCE_PASSPHRASE, or give it.")
    return given()
