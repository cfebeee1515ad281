"""The log goes on where it was: entries that were written after the backup, from the log's own files.

Those files (C2SP tlog-tiles) are no secret and hold no personal data, so they may be kept anywhere. Entries are taken
from them only as far as a checkpoint that our own log key signed reaches, and only where they continue the backup's.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from countenance.backup.manifest import Manifest
from countenance.errors import CountenanceError, InputError, Tampered
from countenance.log import merkle, note
from countenance.log.tiles import WIDTH, read_leaves, read_tail
from countenance.registry.database import Registry
from countenance.registry.schema import leaves, log_state


@dataclass(frozen=True, slots=True)
class Continued:
    """The entries after the backup; and why there are none, or not all."""

    leaves: tuple[dict[str, Any], ...] = ()
    short: str = ""


def check_log(registry: Registry, manifest: Manifest, verifier: note.VerifierKey) -> merkle.Frontier:
    """The restored log must be the one that our own key signed when the backup was made. Raises `Tampered`."""
    signed = note.open_checkpoint(manifest.checkpoint, verifier)
    frontier = merkle.Frontier()
    with registry.read() as connection:
        for index, leaf in connection.execute(sa.select(leaves.c.index, leaves.c.leaf).order_by(leaves.c.index)):
            if index != frontier.size:
                raise Tampered(f"The log in the backup lacks entry {frontier.size}.")
            frontier = frontier.append(merkle.leaf_hash(bytes(leaf)))
    if (frontier.size, frontier.root()) != (signed.size, signed.root):
        raise Tampered("The log in the backup is not the one that was signed.")
    return frontier


def continue_log(
    registry: Registry, frontier: merkle.Frontier, verifier: note.VerifierKey, folder: Path, *, named: bool
) -> Continued:
    """Append what the log's files hold beyond the backup.

    Args:
        registry: The restored registry.
        frontier: Its log.
        verifier: Our own log key.
        folder: A tlog-tiles folder with its ``checkpoint``.
        named: Whether a person named this folder; then it has to fit.

    Raises `Tampered` or `InputError` where a folder that was named does not fit.
    """
    try:
        return _continued(registry, frontier, verifier, folder)
    except CountenanceError as error:
        if named:
            raise
        return Continued(short=error.message)


def _continued(registry: Registry, start: merkle.Frontier, verifier: note.VerifierKey, folder: Path) -> Continued:
    try:
        text = (folder / "checkpoint").read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        raise InputError(f"There are no files of a log in {folder}.", hint="Name the folder of its tiles.") from None
    signed = note.open_checkpoint(text, verifier)
    if signed.size < start.size:
        raise InputError(f"The log's files in {folder} are older than the backup.", hint="Name the newest ones.")
    found: list[dict[str, Any]] = []
    frontier, joins = merkle.Frontier(), start.size == 0
    with registry.write() as connection:
        for leaf in _until(_every(folder), signed.size):
            if frontier.size >= start.size:
                found.append(_content(leaf, frontier.size))
                row = {"index": frontier.size, "leaf": leaf, "hash": merkle.leaf_hash(leaf)}
                connection.execute(sa.insert(leaves).values(**row))
            frontier = frontier.append(merkle.leaf_hash(leaf))
            if frontier.size == start.size:
                joins = frontier.root() == start.root()
        if not joins or (frontier.size, frontier.root()) != (signed.size, signed.root):
            raise Tampered(
                f"The log's files in {folder} do not continue the backup's log up to their checkpoint.",
                hint="Name the newest copy of the log's own files, tiles and checkpoint together.",
            )
        if found:
            _set_state(connection, frontier)
    return Continued(tuple(found))


def _set_state(connection: sa.Connection, frontier: merkle.Frontier) -> None:
    state = json.dumps(frontier.to_json())
    if not connection.execute(sa.update(log_state).where(log_state.c.id == 1).values(frontier=state)).rowcount:
        connection.execute(sa.insert(log_state).values(id=1, frontier=state))


def _every(folder: Path) -> Iterator[bytes]:
    """The entries in tiles and, beyond them, in the tail that no tile holds yet."""
    count = 0
    for leaf in read_leaves(folder):
        yield leaf
        count += 1
    yield from read_tail(folder)[count % WIDTH :]


def _until(every: Iterable[bytes], size: int) -> Iterable[bytes]:
    return (leaf for _, leaf in zip(range(size), every, strict=False))


def _content(leaf: bytes, index: int) -> dict[str, Any]:
    try:
        content = json.loads(leaf)
        if content["index"] == index:
            return dict(content)
    except (ValueError, KeyError, TypeError):
        pass
    raise Tampered(f"Entry {index} in the log's files is no entry of this log.")
