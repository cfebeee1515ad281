"""``countenance export``: confirmed names, for an archive."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from countenance.cli.command import MAIN_JOB, command, group
from countenance.cli.console import plural
from countenance.cli.session import Session

if TYPE_CHECKING:
    from countenance.service.exporting import Handed


def register(app: typer.Typer) -> None:
    """Add the group."""
    exports = group(app, "export", "Hand out names that two reviewers confirmed, with what says so.", panel=MAIN_JOB)
    command(
        exports, "names",
        'countenance export names --purpose archive-cataloguing --recipient "City archive" --format xmp --to out/',
        'countenance export names --purpose archive-cataloguing --recipient "City archive" --format csv '
        "--source scans --to out/",
    )(names)  # fmt: skip


def names(
    session: Session,
    purpose: Annotated[str, typer.Option("--purpose", metavar="NAME", help="Of the searches that were reviewed.")],
    recipient: Annotated[str, typer.Option("--recipient", metavar="NAME", help="Who receives the names.")],
    kind: Annotated[
        str, typer.Option("--format", metavar="FORMAT", help="csv, json, or xmp: a sidecar for each photo.")
    ],
    to: Annotated[Path, typer.Option("--to", metavar="FOLDER", help="The folder to write to.")],
    source: Annotated[str | None, typer.Option("--source", metavar="NAME", help="Only photos of this source.")] = None,
    case: Annotated[str | None, typer.Option("--case", metavar="REFERENCE", help="Only searches of this case.")] = None,
) -> None:
    """Write every name that two different people confirmed, with its photo, face, basis, reviewers and log entry.

    People who have withdrawn, whose basis has ended or who were erased are not in it, nor is anybody who never agreed.
    Sidecars lie at the photos' own paths below the folder; no photo is touched, no file of another's is replaced.

    To whom names went stands in the log, and in the answer to whoever asks what is held of them. It cannot be undone.
    """
    with session.signed_in() as c:
        handed = c.exporting.names(purpose=purpose, recipient=recipient, format=kind, source=source, case=case, to=to)
    _tell(session, handed, to)
    session.screen.answer(handed.as_json())


def _tell(session: Session, handed: Handed, to: Path) -> None:
    screen = session.screen
    if handed.names:
        screen.done(
            f"{plural(handed.names, 'name')} in {plural(handed.photos, 'photo')}, of "
            f"{plural(handed.people, 'person', 'people')}: {plural(len(handed.files), 'file')} in {to}."
        )
    else:
        screen.say("No name of these searches was confirmed by two reviewers.")
    if handed.waiting:
        screen.say(f"  {plural(handed.waiting, 'candidate')} waits for a reviewer: `countenance review list --open`.")
    if handed.low:
        screen.say(f"  {plural(handed.low, 'face')} of the low band left out: look at them with `countenance people`.")
    for photo, reason in handed.left_out:
        screen.warn(f"{photo}: {reason}")
    screen.advise(f"Log entry {handed.log_index} says what went to {handed.recipient}. It cannot be taken back.")
