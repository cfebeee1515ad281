"""Making a backup: the registry as it is at one moment and the configuration, encrypted, in one file.

Never in it: the vault, the erasure ledger, the key-encryption key, account keys. A stolen backup shows nothing without
the vault, and nothing of an erased person with it (P30). Nothing of it lies on the disk in clear while it is made.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

import sqlalchemy as sa

from countenance.backup.manifest import CONFIG, REGISTRY, Manifest
from countenance.backup.stream import Writer
from countenance.errors import AlreadyExists, InputError, StorageFull
from countenance.log import note
from countenance.log.book import Book
from countenance.log.merkle import Frontier
from countenance.registry import schema as t
from countenance.registry.database import Registry
from countenance.registry.dump import dump, found_in, snapshot
from countenance.registry.migrating import HEAD
from countenance.types import iso
from countenance.vault.ledger import Ledger
from countenance.vault.secretfile import sync_folder
from countenance.version import VERSION

Progress = Callable[[int, int], None]
"""Told how many bytes are done, and about how many there will be."""
_STEP = 2**20


@dataclass(frozen=True, slots=True)
class Origin:
    """What is backed up: the parts of an open gallery."""

    gallery: str
    config: Path
    registry: Registry
    book: Book
    ledger: Ledger


@dataclass(frozen=True, slots=True)
class Made:
    """A backup that was made, and the SHA-256 of its file."""

    file: Path
    bytes: int
    sha256: str
    manifest: Manifest


def make(origin: Origin, target: Path, key: bytes, now: int, progress: Progress | None = None) -> Made:
    """Write the backup to ``target`` (a new file, or a folder that gets one), whole or not at all.

    Others may go on using the gallery meanwhile.

    Raises:
        AlreadyExists: there is such a file; a backup is never overwritten.
        StorageFull: the disk is full; no half of a backup is left.
    """
    file = _named(origin, target, now)
    with _whole(file, f".{origin.gallery}.backup.part") as part:
        manifest = _write(origin, part, key, now, progress or (lambda _done, _total: None))
    content = file.stat().st_size
    with file.open("rb") as opened:
        digest = hashlib.file_digest(opened, "sha256").hexdigest()
    return Made(file, content, digest, manifest)


def _named(origin: Origin, target: Path, now: int) -> Path:
    if target.is_dir():
        target /= f"{origin.gallery}-{iso(now).replace(':', '').replace('-', '')}.backup"
    if target.exists():
        raise AlreadyExists(f"There is a file {target} already.", hint="A backup is never overwritten; name another.")
    return target


def _write(origin: Origin, part: BinaryIO, key: bytes, now: int, progress: Progress) -> Manifest:
    stream = _Lines(Writer(part, key))
    config = origin.config.read_bytes()
    stream.put({"member": CONFIG, "text": config.decode("utf-8")})
    with snapshot(origin.registry) as connection:
        # After the moment of the snapshot, so that the ledger is never behind the registry that it is compared with.
        lines, head = origin.ledger.head()
        manifest = _manifest(origin, connection, now)
        total = origin.registry.file.stat().st_size if origin.registry.file else 0
        digest, told = hashlib.sha256(), 0
        older = origin.registry.migration != HEAD
        for line in dump(connection, found_in(connection)) if older else dump(connection):
            digest.update(stream.put(line))
            if stream.written - told > _STEP:
                told = stream.written
                progress(told, max(total, told))
    members = {CONFIG: hashlib.sha256(config).hexdigest(), REGISTRY: digest.hexdigest()}
    manifest = replace(manifest, ledger_lines=lines, ledger_head=head, members=members)
    stream.put({"manifest": manifest.as_json()})
    stream.writer.finish()
    progress(stream.written, stream.written)
    return manifest


def _manifest(origin: Origin, connection: sa.Connection, now: int) -> Manifest:
    state = connection.scalar(sa.select(t.log_state.c.frontier).where(t.log_state.c.id == 1))
    frontier = Frontier.from_json(json.loads(state)) if state else Frontier()
    root = frontier.root()
    signed = note.sign_checkpoint(origin.book.origin, frontier.size, root, origin.book.signer())
    here = t.subjects.c.state.not_in(("erasing", "erased"))
    counted: dict[str, tuple[sa.Table, sa.ColumnElement[bool]]] = {
        "subjects": (t.subjects, here),
        "references": (t.references, sa.true()),
        "photos": (t.photos, sa.true()),
        "erasures": (t.erasures, sa.true()),
    }
    counts = {
        name: connection.scalar(sa.select(sa.func.count()).select_from(table).where(which)) or 0
        for name, (table, which) in counted.items()
    }
    return Manifest(
        origin.gallery, VERSION, origin.registry.migration, now, frontier.size, root.hex(), signed, 0, "", counts=counts
    )


class _Lines:
    """Lines of JSON into a stream."""

    def __init__(self, writer: Writer) -> None:
        self.writer = writer
        self.written = 0

    def put(self, line: object) -> bytes:
        text = json.dumps(line, separators=(",", ":")).encode() + b"\n"
        self.writer.write(text)
        self.written += len(text)
        return text


@contextmanager
def _whole(file: Path, name: str) -> Iterator[BinaryIO]:
    """A file that is there whole, on disk, or not at all. What a killed attempt left under ``name`` is written over."""
    part = file.with_name(name)
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(os.open(part, os.O_CREAT | os.O_TRUNC | os.O_WRONLY | os.O_NOFOLLOW, 0o600), "wb") as opened:
            yield opened
            opened.flush()
            os.fsync(opened.fileno())
        part.replace(file)
        sync_folder(file.parent)
    except OSError as error:
        part.unlink(missing_ok=True)
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise StorageFull("The disk is full; no backup was made.") from None
        raise InputError(f"The backup {file} cannot be written: {error.strerror}.") from None
    except BaseException:
        part.unlink(missing_ok=True)
        raise
