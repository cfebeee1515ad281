"""Certificates: signed proof that something was carried out, with no personal data in it (P12).

``countenance-check certificate FILE --key KEY`` checks one offline. The signature is Ed25519 over the RFC 8785 bytes of
``body``, by the key that signs the log's checkpoints. Orders and receipts are signed in the same way: `sign`, with a
body of their own that has `log_part` in it.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import rfc8785

from countenance.gallery.erasing import Erased
from countenance.gallery.originals import published
from countenance.log import note
from countenance.log.book import Book, Written
from countenance.types import iso, reference_number
from countenance.version import VERSION

_OUTSIDE = "blocks that a disk or file system keeps by itself: SSD remapping, copy-on-write snapshots, swap"
_VAULTS = "older copies of the vault, if you kept any: they hold the wrapped keys of whoever was erased since"
_BACKUPS = (
    "backups from before: what was erased is sealed in them under the key of a person who stays; "
    "a restore erases it again, from the ledger"
)

_SEGMENTS = (
    "the segments of the index on disk that held them: their keys destroyed before the rows, so that no copy of those "
    "files can be opened; they are written anew, under new keys, without them"
)
_SERVER = (
    "the database server's own files, which are not searched: dead rows in its tables until its owner has them written "
    "anew (`countenance registry tidy`), its write-ahead log until it is recycled, its archives, replicas and backups; "
    "what was sealed there is unreadable where its key is destroyed"
)


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a certificate says of the installation that issues it."""

    now: int
    solo: bool
    """Fewer than three named people run it (P18)."""
    witness: str | dict[str, Any]
    """Who outside holds a checkpoint of the log, or ``unwitnessed`` (P19)."""


def erasure_body(book: Book, erased: Erased, before: str, written: Written, said: Circumstances) -> dict[str, Any]:
    """What the certificate of an erasure says, of one person or of many.

    Args:
        book: The log.
        erased: What was erased.
        before: The log's signed checkpoint from before the erasure.
        written: The log entry that closes the erasure.
        said: About the installation.
    """
    return {
        "v": 1,
        "kind": "erasure",
        "number": reference_number("E", erased.number),
        "issued": iso(said.now),
        "reason": erased.reason,
        "order": reference_number("O", erased.under) if erased.under else None,
        "scope": "whole persons" if erased.subjects else "what was kept under single bases",
        "counts": {
            "subjects": erased.subjects,
            "bases": erased.bases,
            "references": erased.references,
            "appearances": erased.appearances,
        },
        "method": _method(erased),
        "index": _index(erased),
        "keys": {"destroyed": erased.keys, "checked": True},
        "scan": {
            "markers": erased.scan.markers,
            "files": erased.scan.files,
            "bytes": erased.scan.bytes,
            "found": 0,
            "complete": erased.whole_scan,
        },
        "residuals": [
            *(published(each) for each in erased.residuals),
            {"what": _VAULTS if erased.subjects else _BACKUPS},
            *([{"what": _SERVER}] if erased.on_server else []),
            {"what": _OUTSIDE},
        ],
        **issued_by(said),
        "log": {"decision": erased.decision, **log_part(book, written, before)},
    }


def issued_by(said: Circumstances) -> dict[str, Any]:
    """What every certificate says of the installation and of the program."""
    return {
        "solo": said.solo,
        "witness": said.witness,
        "program": {"version": VERSION, "sha256": build_hash()},
    }


def log_part(book: Book, written: Written, before: str | None = None) -> dict[str, Any]:
    """What ties a document to the log: its closing entry, proven to stand in the log as it is signed now (P12, P19).

    Args:
        book: The log.
        written: The entry that the document is about.
        before: A signed checkpoint from before the act; the log of today is then proven to continue that one.
    """
    checkpoint = book.checkpoint()
    size = _size(book, checkpoint)
    leaf, inclusion = book.inclusion(written.index, size)
    part = {"index": written.index, "checkpoint": checkpoint, "leaf": leaf, "inclusion": inclusion}
    if before is not None:
        part |= {"before": before, "consistency": book.consistency(_size(book, before), size)}
    return part


def sign(book: Book, body: dict[str, Any]) -> dict[str, Any]:
    """A signed document: ``body`` and its signature, which names the key in C2SP form."""
    signature = book.signer().sign(rfc8785.dumps(body))
    value = base64.b64encode(signature).decode()
    return {"body": body, "signature": {"algorithm": "Ed25519", "key": book.verifier_key, "value": value}}


@cache
def build_hash() -> str:
    """SHA-256 over this program's own source files, so that a certificate says which program made it."""
    root = Path(__file__).parents[1]
    digest = hashlib.sha256()
    for file in sorted(root.rglob("*.py")):
        digest.update(str(file.relative_to(root)).encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()


def _size(book: Book, checkpoint: str) -> int:
    return note.open_checkpoint(checkpoint, book.signer().verifier).size


def _index(erased: Erased) -> dict[str, Any]:
    """Which index it was, how many parts of its files became unreadable, and what a server says of its own files."""
    states = [each["state"] for each in erased.residuals if "state" in each]
    said: dict[str, Any] = {"engine": erased.engine, "segments_destroyed": erased.segments}
    return said | ({"server": "; ".join(states)} if states else {})


def _method(erased: Erased) -> list[str]:
    keys = "the keys destroyed, and the vault asked again: every copy of what was sealed under them is unreadable"
    kept = "no key destroyed: these people stay, on another basis"
    rows = (
        ["rows deleted, and the server's tables asked again: none holds any (PostgreSQL)"]
        if erased.on_server
        else [
            "rows deleted and overwritten with zeros (SQLite secure_delete)",
            "write-ahead log truncated (wal_checkpoint TRUNCATE)",
        ]
    )
    return [
        "the erasure written to the ledger beside the vault, so that a restored backup is erased again",
        *rows,
        erased.removal,
        *([_SEGMENTS] if erased.segments else []),
        keys if erased.subjects else kept,
        "every file of the gallery's folder, the data folder and the vault's searched for the bytes, except in sources",
    ]
