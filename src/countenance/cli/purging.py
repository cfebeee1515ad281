"""``countenance purge`` and ``countenance originals``: what has to go, and what an erasure left to you."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from countenance.cli.command import RIGHTS, command
from countenance.cli.console import plural
from countenance.cli.session import Session

if TYPE_CHECKING:
    from countenance.service.leaving import Certified
    from countenance.service.purging import Purged


def register(app: typer.Typer) -> None:
    """Add the commands."""
    command(app, "purge", "countenance purge --dry-run", "countenance purge --json", panel=RIGHTS)(purge)
    command(
        app, "originals", "countenance originals E3 pictures/party.jpg", "countenance originals E3 --json *.jpg",
        panel=RIGHTS,
    )(originals)  # fmt: skip


def purge(
    session: Session,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only list what would go, since when and why.")] = False,
) -> None:
    """Erase everything whose time has come: what was withdrawn, has expired, was never confirmed or is long quiet.

    `countenance serve` does it once a day; a timer can do it with an account of the role officer or system.
    What an authority's hold forbids stays, and is listed. The real run does exactly what the dry run lists.
    """
    with session.open() as c:
        if not dry_run:
            c.sign_in()
        purged = c.purge(dry_run=dry_run)
        kept = [_keep(session, each, c.context.settings.folder / "certificates") for each in purged.certified]
    _tell(session, purged, [place for place in kept if place])
    session.screen.answer(purged.as_json())


def originals(
    session: Session,
    erasure: Annotated[str, typer.Argument(metavar="ERASURE", help="The erasure, such as E3.")],
    files: Annotated[list[str], typer.Argument(metavar="FILE...", help="Files of yours; s3://bucket/key for objects.")],
) -> None:
    """Tell which of these files an erasure's certificate counts among your own originals that remain.

    The certificate has only salted hashes of their paths; the salt is sealed for your organisation.
    """
    with session.signed_in() as c:
        found = {file: c.is_original(erasure, file) for file in files}
    session.screen.table(
        ("file", f"an original of {erasure}"),
        [(file, "yes" if original else "no") for file, original in found.items()],
        empty="No files were named.",
    )
    session.screen.answer(found)


def _keep(session: Session, certified: Certified, folder: Path) -> Path | None:
    """What is gone is gone whatever happens to the file; the certificate is in the registry as well."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return certified.save(folder / f"{certified.certificate['body']['number']}.json")
    except OSError as error:
        session.screen.warn(f"Erased, but the certificate could not be written to {folder}: {error.strerror}")
        return None


def _tell(session: Session, purged: Purged, places: Iterable[Path]) -> None:
    screen = session.screen
    columns = ("what", "whose", "since", "why", "#")
    screen.table(columns, purged.rows(), empty="Nothing is due.")
    if purged.blocked:
        screen.say("Due as well, and kept:", "bold")
        screen.table((*columns, "by"), purged.rows(blocked=True), empty="")
    if purged.dry_run:
        if purged.due:
            screen.advise("Nothing was changed. To do exactly this:")
            screen.command("countenance purge")
        return
    if purged.due:
        screen.done(f"Purged: {plural(len(purged.due), 'item')}, as listed.")
    for place in places:
        screen.say(f"  Certificate: {place}")
    for order in purged.orders:
        screen.say(f"  Order {order.order}: {order.state}")
