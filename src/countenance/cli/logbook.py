"""``countenance log``: the tamper-evident record, to read, to check and to take outside."""

from __future__ import annotations

import contextlib
import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from countenance.cli import witnessing
from countenance.cli.command import CHECK, command, group
from countenance.cli.console import plural
from countenance.cli.session import Session
from countenance.errors import InputError, StorageFull


def register(app: typer.Typer) -> None:
    """Add the group."""
    log = group(app, "log", "The tamper-evident record of every decision.", panel=CHECK)
    command(log, "show", "countenance log show", "countenance log show --start 0 --limit 100")(show)
    command(log, "check", "countenance log check", "countenance log check --against march.txt --against erasure.json")(
        check
    )
    command(log, "export", "countenance log export leaves.jsonl")(export)
    witnessing.register(log)
    command(log, "checkpoint", "countenance log checkpoint", "countenance log checkpoint --to march.txt")(checkpoint)


def show(
    session: Session,
    start: Annotated[
        int | None, typer.Option("--start", min=0, help="The first entry; the newest ones if left out.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="How many.")] = 20,
) -> None:
    """Show entries: who did what, when, for which purpose, and what became of it."""
    with session.open() as c:
        first = max(c.context.book.size() - limit, 0) if start is None else start
        entries = c.log_entries(first, limit)
    rows = (
        (
            entry["index"],
            entry["at"].replace("T", " ").rstrip("Z"),
            entry["act"],
            entry["outcome"] + (f" ({entry['facts']['requirement']})" if entry["facts"].get("requirement") else ""),
            entry.get("purpose", ""),
            entry["opened"].get("account", ""),
            entry["opened"].get("os_user", ""),
        )
        for entry in entries
    )
    session.screen.table(
        ("#", "at (UTC)", "act", "outcome", "purpose", "account", "system user"),
        rows,
        empty="The log has no such entries.",
    )
    session.screen.answer(entries)


def check(
    session: Session,
    against: Annotated[
        list[Path] | None,
        typer.Option(
            "--against",
            metavar="FILE|FOLDER",
            help="A checkpoint, receipt or certificate that was kept outside, or a folder: the newest in it.",
        ),
    ] = None,
) -> None:
    """Recompute the whole log, and compare it with checkpoints that were held elsewhere.

    Exit 0 when everything adds up, 70 when an entry was changed, moved, cut off or added.
    """
    outside = dict(
        _newest_in(place) if place.is_dir() else (str(place), _checkpoint_in(place)) for place in against or ()
    )
    with session.open() as c:
        seen = c.check_log(outside)
    session.screen.done(f"The log checks: {plural(seen.size, 'entry', 'entries')}, root {seen.root.hex()[:16]}….")
    if outside:
        session.screen.done(f"It agrees with {plural(len(outside), 'checkpoint')} from outside.")
    else:
        session.screen.advise(
            "Compare it with a checkpoint that somebody else keeps, --against FILE: `countenance log send` sends one."
        )
    session.screen.answer({"ok": True, "size": seen.size, "root": seen.root.hex(), "compared_with": list(outside)})


def export(
    session: Session, file: Annotated[Path, typer.Argument(metavar="FILE", help="One entry a line; no personal data.")]
) -> None:
    """Write the log's exact entries to a file, which anybody can check without us."""
    with session.open() as c:
        lines, key = c.export_log(), c.context.book.verifier_key
    _write(file, "".join(f"{line}\n" for line in lines))
    session.screen.done(f"{plural(len(lines), 'entry', 'entries')} in {file}. To check them elsewhere:")
    session.screen.command(f"countenance-check log {file} --key {key}")
    session.screen.answer({"file": str(file), "size": len(lines), "key": key})


def checkpoint(
    session: Session,
    to: Annotated[Path | None, typer.Option("--to", metavar="FILE", help="Write it to a file.")] = None,
) -> None:
    """Print the signed state of the log. Kept by somebody else, it makes every later change to the past visible."""
    with session.open() as c:
        text, key = c.context.book.checkpoint(), c.context.book.verifier_key
    if to is not None:
        _write(to, text)
        session.screen.done(f"The checkpoint is in {to}. Give it to somebody else to keep.")
    elif not session.json:
        sys.stdout.write(text)
    session.screen.answer({"checkpoint": text, "key": key})


def _newest_in(folder: Path) -> tuple[str, str]:
    """The checkpoint over the most entries in a folder, such as `countenance log send` fills."""
    found: list[tuple[int, str, str]] = []
    for file in (each for each in sorted(folder.iterdir()) if each.is_file()):
        with contextlib.suppress(InputError, ValueError, IndexError):
            text = _checkpoint_in(file)
            found.append((int(text.split("\n")[1]), str(file), text))
    if not found:
        raise InputError(f"{folder} holds no checkpoint.", hint="Give a checkpoint, a certificate, or their folder.")
    return max(found)[1:]


def _checkpoint_in(file: Path) -> str:
    """The checkpoint in a file: as it is, or inside a certificate or receipt."""
    try:
        text = file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is no text"
        raise InputError(f"{file} cannot be read: {why}.", hint="Give a checkpoint or a certificate.") from None
    if text.lstrip().startswith("{"):
        try:
            document: Any = json.loads(text)
            text = str(document["checkpoint"] if "checkpoint" in document else document["body"]["log"]["checkpoint"])
        except (ValueError, KeyError, TypeError):
            text = ""
    if "\n\n\u2014 " not in text:  # a signed note's text ends with an empty line, and its signatures begin so
        raise InputError(f"{file} holds no checkpoint.", hint="Give a checkpoint or a certificate.")
    return text


def _write(file: Path, text: str) -> None:
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        kind = StorageFull if error.errno == 28 else InputError
        raise kind(f"{file} cannot be written: {error.strerror}.") from None
