"""``countenance registry``: records on a PostgreSQL server."""

from __future__ import annotations

from typing import Annotated

import typer

from countenance.cli.command import CHECK, command, group
from countenance.cli.console import plural
from countenance.cli.session import Session

Owner = Annotated[
    str,
    typer.Option(
        "--owner",
        metavar="ADDRESS",
        help="postgresql://OWNER@HOST/DATABASE; its password: COUNTENANCE_REGISTRY_OWNER_PASSWORD or ~/.pgpass.",
    ),
]
Role = Annotated[str, typer.Option("--role", metavar="NAME", help="The login role of the program, which owns nothing.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    registry = group(app, "registry", "Keep the records on a PostgreSQL server.", panel=CHECK)
    command(
        registry,
        "prepare",
        "countenance registry prepare --owner postgresql://club_owner@127.0.0.1/club --role club_app",
    )(prepare)
    command(
        registry, "move", "countenance registry move --owner postgresql://club_owner@127.0.0.1/club --role club_app"
    )(move)
    command(registry, "tidy", "countenance registry tidy --owner postgresql://club_owner@127.0.0.1/club")(tidy)


def prepare(
    session: Session,
    owner: Owner,
    role: Role,
    organisation: Annotated[
        str | None,
        typer.Option(
            "--organisation", metavar="NAME", help="Whose rows the role works with, where a gallery is there."
        ),
    ] = None,
) -> None:
    """Make the tables, or bring them up to date, as their owner; separate organisations; admit the program's role.

    Run it once before `countenance init --registry`; a new version's tables are made by `countenance upgrade`. Needs no
    gallery.
    """
    from countenance.wiring import prepare_registry

    migration = prepare_registry(owner, role, organisation)
    session.screen.done(f"The tables are there, and {role} may work with them.")
    session.screen.answer({"role": role, "migration": migration, "organisation": organisation})


def move(session: Session, owner: Owner, role: Role) -> None:
    """Move this gallery's records from their file to an empty database, and put the file out of use.

    Nobody else may have the gallery open. Vault, keys, log files and photos stay where they are.
    """
    from countenance.wiring import move_registry

    with session.signed_in() as c, session.bar("rows") as tick:
        moved = move_registry(c, owner, role, tick)
    screen = session.screen
    screen.done(f"{plural(moved.rows, 'row')} are on the server.")
    screen.advise("Write into countenance.toml, under [registry]:")
    screen.command(f'url = "{moved.url}"')
    screen.warn(f"Look at the gallery (`countenance log check`), then delete {moved.left}: no erasure reaches into it.")
    screen.answer({"rows": moved.rows, "url": moved.url, "left": str(moved.left)})


def tidy(session: Session, owner: Owner) -> None:
    """Have every table written anew, so that the server's files keep no row that was erased. Each is locked meanwhile.

    Run it after erasures, as often as your certificates promise. The server's write-ahead log, archives, replicas and
    backups are yours to recycle.
    """
    from countenance.wiring import tidy_registry

    with session.bar("tables") as tick:
        names = tidy_registry(owner, tick)
    session.screen.done(f"{plural(len(names), 'table')} written anew.")
    session.screen.answer({"tables": names})
