"""``countenance keys``: the vault, the key that opens it, and whether a backup could be restored."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from countenance.cli import apikeys
from countenance.cli.command import CHECK, command, group
from countenance.cli.console import plural
from countenance.cli.session import NEW_KEK_PASSPHRASE, Session
from countenance.errors import Tampered


def register(app: typer.Typer) -> None:
    """Add the group."""
    keys = group(app, "keys", "The vault with everybody's keys, and the key-encryption key.", panel=CHECK)
    command(keys, "check", "countenance keys check", "countenance keys check --json")(check)
    command(keys, "rotate", "countenance keys rotate", "countenance keys rotate --to passphrase")(rotate)
    command(keys, "copy", "countenance keys copy /media/safe/countenance")(copy)
    command(
        keys, "drill", "countenance keys drill /media/disk/club.backup --ledger vault/erasures.ledger"
    )(drill)  # fmt: skip
    apikeys.register(keys)


def check(
    session: Session,
    *,
    destroy_strays: Annotated[
        bool, typer.Option("--destroy-strays", help="Destroy the keys that have no record. They do not come back.")
    ] = False,
) -> None:
    """Look at every key and every sealed field: each key opens, has its record, and opens what is sealed under it.

    Exit 0 when everything fits together, 70 when something does not; what to do about it is said.
    """
    with session.open() as c, session.bar("sealed fields") as tick:
        checked = c.keys.check(destroy_strays=destroy_strays, progress=tick)
    for fault in checked.faults:
        session.screen.warn(fault.what)
        session.screen.advise(fault.do)
    if not checked.faults:
        session.screen.done(
            f"{plural(checked.keys, 'key')} and {plural(checked.sealed, 'sealed field')}: they fit together."
        )
    told = [{"what": fault.what, "do": fault.do} for fault in checked.faults]
    session.screen.answer({"ok": not told, "keys": checked.keys, "sealed": checked.sealed, "faults": told})
    if told:
        raise typer.Exit(Tampered.exit_code)


def rotate(
    session: Session,
    to: Annotated[
        str | None,
        typer.Option(
            "--to",
            metavar="file|passphrase|environment",
            help="Where the new key comes from; as it is now when left out. environment takes COUNTENANCE_NEW_KEK.",
        ),
    ] = None,
) -> None:
    """Make a new key-encryption key and wrap every key in the vault under it. No template is written anew.

    The old one opens nothing here any more. Other programs that have the gallery open have to be started again. A new
    passphrase is taken from COUNTENANCE_NEW_KEK_PASSPHRASE, or typed.
    """
    with session.open() as c:
        wanted = to or c.keys.kind
        passphrase = None
        if wanted == "passphrase":
            passphrase = session.new_passphrase("the key-encryption key", NEW_KEK_PASSPHRASE)
        done = c.keys.rotate(wanted, passphrase)
        was, place = c.keys.kind, c.context.settings.kek_path
    session.screen.done(f"{plural(done.keys, 'key')} wrapped under a new key-encryption key.")
    if wanted == "environment":
        session.screen.warn("From now on COUNTENANCE_KEK has to hold what COUNTENANCE_NEW_KEK holds now.")
    elif was == "environment":
        session.screen.warn(f"Unset COUNTENANCE_KEK: the key is {place} now.")
    session.screen.advise("Copies of the vault from before open with the old key. Make a new copy, and destroy them:")
    session.screen.command("countenance keys copy FOLDER")
    session.screen.answer({"keys": done.keys, "to": done.to})


def copy(
    session: Session,
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="On another disk; an older copy is overwritten.")],
) -> None:
    """Make the one current copy of the vault, the erasure ledger and the configuration. The keys in it stay sealed.

    Do it after each erasure, or daily: with a lost vault everything is lost. The key-encryption key is not in it; keep
    that elsewhere.
    """
    with session.open() as c:
        copied = c.keys.copy(folder)
    session.screen.done(f"{', '.join(copied.files)} in {copied.folder}.")
    session.screen.warn(
        "Older copies of the vault, wherever they lie, hold the keys of people who were erased since. Destroy them."
    )
    session.screen.answer(copied.as_json())


def drill(
    session: Session,
    backup: Annotated[Path, typer.Argument(metavar="BACKUP", help="The file that `countenance backup` made.")],
    ledger: Annotated[Path, typer.Option("--ledger", metavar="FILE", help="The newest erasure ledger.")],
) -> None:
    """Restore a backup beside the gallery, look whether it would do, and remove it. The gallery is not touched.

    Looks at the log, every key, every sealed field, and that nobody who was erased is there. Exit 70 if it would not
    do.
    """
    with session.open() as c, session.bar("bytes") as tick:
        drilled = c.backups.drill(backup, ledger, progress=tick)
    told = drilled.as_json()
    for fault in drilled.faults:
        session.screen.warn(fault.what)
        session.screen.advise(fault.do)
    if not drilled.faults:
        session.screen.done(f"The backup of {told['made']} can be restored.")
    session.screen.facts(
        [
            ("Records in it", ", ".join(plural(count, name.rstrip("s")) for name, count in drilled.restored.items())),
            ("Erased since", plural(drilled.erased, "person", "people") + ", and not in it any more"),
            ("Sealed fields that opened", drilled.checked),
        ]
    )
    session.screen.answer(told)
    if drilled.faults:
        raise typer.Exit(Tampered.exit_code)
