"""``countenance upgrade``: from an older version's tables to this one's, with a backup before."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from countenance.cli.command import CHECK, command
from countenance.cli.session import Session


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(
        app, "upgrade",
        "countenance upgrade --backup /media/disk/",
        "countenance upgrade --owner postgresql://club_owner@127.0.0.1/club",
        panel=CHECK,
    )(upgrade)  # fmt: skip


def upgrade(
    session: Session,
    backup: Annotated[
        Path | None,
        typer.Option("--backup", metavar="FILE|FOLDER", help="Where the backup goes; backups/ here if left out."),
    ] = None,
    owner: Annotated[
        str | None,
        typer.Option("--owner", metavar="ADDRESS", help="On PostgreSQL: postgresql://OWNER@HOST/DATABASE."),
    ] = None,
) -> None:
    """Bring the records of an older version up to date: a backup first, then the tables, then an entry in the log.

    Stop whatever has the gallery open. Every other command refuses older tables. Cut short, run it again: it goes on
    where it was. The way back is `countenance restore` with the backup and the version that you had.
    """
    from countenance.wiring import upgrade_gallery

    settings = session.settings
    email = session.account or settings.gallery.account
    with session.bar("bytes") as tick:
        done = upgrade_gallery(
            settings.file, owner=owner, backup=backup, account=email, passphrase=session.asks(f"the key of {email}"),
            kek_passphrase=session.asks_kek, progress=tick,
        )  # fmt: skip
    if done.needed:
        session.screen.done(f"The backup of before: {done.backup}")
        session.screen.done(f"The tables are at {done.after}; they were at {done.before}.")
    else:
        session.screen.done(f"The tables are at {done.after} already.")
    session.screen.answer(done.as_json())
