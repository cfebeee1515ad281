"""``countenance backup`` and ``countenance restore``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from countenance.cli.command import CHECK, command
from countenance.cli.console import plural
from countenance.cli.session import Session

if TYPE_CHECKING:
    from countenance.service.backups import Staged

_BY_HAND = {"account-revoked", "source-paused", "approve", "agreement", "activation"}
"""Acts of which the log does not tell enough to repeat them."""


def register(app: typer.Typer) -> None:
    """Add the commands."""
    command(
        app, "backup", "countenance backup /media/disk/", "countenance backup club.backup --json", panel=CHECK
    )(backup)  # fmt: skip
    command(
        app, "restore",
        "countenance restore /media/disk/club.backup --ledger vault/erasures.ledger",
        "countenance restore club.backup --ledger /media/safe/erasures.ledger --log log-copy/",
        panel=CHECK,
    )(restore)  # fmt: skip


def backup(
    session: Session,
    target: Annotated[Path, typer.Argument(metavar="FILE|FOLDER", help="A new file, or a folder that gets one.")],
) -> None:
    """Make a backup while the gallery is in use: records, log and configuration, encrypted, in one file.

    Keys are never in it: without the vault nobody can open it. Keep the vault's own copy elsewhere (`countenance keys
    copy`). Photos are not in it either; they are your own files.
    """
    with session.open() as c, session.bar("bytes") as tick:
        made = c.backups.make(target, progress=tick)
    counts = made.manifest.counts
    session.screen.done(f"{made.file}: {plural(counts['subjects'], 'person', 'people')}, {made.bytes} bytes.")
    session.screen.advise("It opens with this gallery's vault alone. Try it out now and then:")
    from countenance.types import iso

    ledger = c.context.settings.ledger_path
    session.screen.command(f"countenance keys drill {made.file} --ledger {ledger}")
    manifest = made.manifest.as_json() | {"made": iso(made.manifest.made)}
    session.screen.answer(
        {"file": str(made.file), "bytes": made.bytes, "sha256": made.sha256, "manifest": manifest}
    )  # fmt: skip


def restore(
    session: Session,
    file: Annotated[Path, typer.Argument(metavar="BACKUP", help="The file that `countenance backup` made.")],
    ledger: Annotated[
        Path,
        typer.Option("--ledger", metavar="FILE", help="The newest erasure ledger: it lies beside the vault."),
    ],
    *,
    log: Annotated[
        Path | None,
        typer.Option("--log", metavar="FOLDER", help="The log's own files (tiles); those in the data folder if any."),
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="The data folder holds a registry; the backup takes its place.")
    ] = False,
    forget_unreadable: Annotated[
        bool,
        typer.Option("--forget-unreadable", help="Go on without the people whose keys the vault does not hold."),
    ] = False,
) -> None:
    """Restore a gallery whose data folder is lost. Needs its configuration, its vault and its key-encryption key.

    Whoever the ledger names as erased is erased from the backup again before anything opens. Where the log's own files
    are still there, the log goes on unbroken, and withdrawals, endings and orders since the backup are repeated.
    """
    from countenance.wiring import restore_gallery

    settings = session.settings
    email = session.account or settings.gallery.account
    with session.bar("bytes") as tick:
        done = restore_gallery(
            settings.file,
            file,
            ledger,
            log=log,
            replace=replace,
            forget_unreadable=forget_unreadable,
            account=email,
            passphrase=session.asks(f"the key of {email}"),
            kek_passphrase=session.asks_kek,
            progress=tick,
        )
    _tell(session, done)
    session.screen.answer(_answer(done))


def _tell(session: Session, done: Staged) -> None:
    from countenance.types import iso

    screen, repeated = session.screen, done.repeated
    counts = done.manifest.counts
    screen.done(f"Restored as of {iso(done.manifest.made)}: {plural(counts['subjects'], 'person', 'people')}.")
    erased = plural(done.replayed.people, "person", "people"), plural(done.replayed.bases, "basis", "bases")
    again = plural(repeated.withdrawn, "withdrawal"), plural(repeated.ended, "ending")
    screen.facts(
        [
            ("Erased from it again", ", ".join(erased)),
            ("Log entries since the backup", len(done.continued.leaves)),
            ("Repeated from them", ", ".join([*again, plural(len(repeated.orders), "order")])),
        ]
    )
    _warn(session, done)
    if done.passed_over:
        screen.advise(
            f"New records go on {done.passed_over} numbers further (A…, B…, R…): a number that was given out after the "
            "backup is given to nobody else."
        )
    screen.advise("Look at it before anybody searches: `countenance log check`, `countenance keys check`.")


def _warn(session: Session, done: Staged) -> None:
    """What is lost, and what has to be done again."""
    screen, repeated = session.screen, done.repeated
    if done.continued.short:
        screen.warn(
            f"The log is shorter than it was ({done.continued.short.rstrip('.')}). Withdrawals, orders and all else "
            "since the backup are not known: record them again before anybody searches. Checkpoints from after it do "
            "not fit."
        )
    if repeated.restricted:
        screen.warn(
            f"After the backup {plural(repeated.restricted, 'person', 'people')} asked for something or was put right: "
            "out of search until you have looked. `countenance request list`, then `countenance request lift`."
        )
    if repeated.requests:
        screen.warn(
            f"On record again, without what was written in them: {', '.join(repeated.requests)}. They wait for an "
            "answer: `countenance request list`."
        )
    if repeated.orders:
        screen.warn(f"Orders since the backup: {', '.join(repeated.orders)}. Compare each: `countenance order list`.")
    if repeated.closed:
        screen.warn(
            f"Whom {', '.join(repeated.closed)} bears on is not in the log, so it bears on everybody until two "
            "accounts stay it: propose the order anew first, then `countenance order stay`."
        )
    if done.unreadable:
        screen.warn(f"{plural(done.unreadable, 'person', 'people')} left out: the vault does not hold their keys.")
    if done.strays:
        screen.warn(f"{plural(done.strays, 'key')} of people who came after the backup: `countenance keys check`.")
    by_hand = {act: count for act, count in (repeated.acts or {}).items() if act in _BY_HAND}
    if by_hand:
        screen.warn("To be done again by hand: " + ", ".join(f"{count} {act}" for act, count in by_hand.items()) + ".")


def _answer(done: Staged) -> dict[str, Any]:
    repeated = done.repeated
    from countenance.types import iso

    return {
        **done.facts(),
        "made": iso(done.manifest.made),
        "log_short": done.continued.short,
        "orders": list(repeated.orders),
        "closed": list(repeated.closed),
        "requests": list(repeated.requests),
        "acts_since": dict(repeated.acts or {}),
        "strays": done.strays,
        "numbers_passed_over": done.passed_over,
    }
