"""Certificates: signed proof that an erasure was carried out, with no personal data in it (P12).

``countenance-check certificate FILE --key KEY`` checks one offline. The signature is Ed25519 over the RFC 8785 bytes of
``body``, by the key that signs the log's checkpoints.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from pathlib import Path
from typing import Any

import rfc8785

from countenance.gallery.erasing import Erased
from countenance.log import note
from countenance.log.book import Book, Written
from countenance.types import iso
from countenance.version import VERSION

_METHOD = [
    "rows deleted and overwritten with zeros (SQLite secure_delete)",
    "write-ahead log truncated (wal_checkpoint TRUNCATE)",
    "index entries removed from memory",
    "the person's key destroyed: every copy of their sealed records is unreadable",
    "every file of the data folder and the vault searched for the person's bytes",
]
_OUTSIDE = "blocks that a disk or file system keeps by itself: SSD remapping, copy-on-write snapshots, swap"


def certify_erasure(
    book: Book, erased: Erased, *, reason: str, now: int, before: str, written: Written, solo: bool
) -> dict[str, Any]:
    """The certificate of one erasure.

    Args:
        book: The log, which signs.
        erased: What was erased.
        reason: From the closed list.
        now: The time of issue.
        before: The log's signed checkpoint from before the erasure.
        written: The log entry that closes the erasure.
        solo: Fewer than three named people run this installation (P18).
    """
    checkpoint = book.checkpoint()
    size = note.open_checkpoint(checkpoint, book.signer().verifier).size
    leaf, inclusion = book.inclusion(written.index, size)
    body = {
        "v": 1,
        "kind": "erasure",
        "number": f"E{erased.number}",
        "issued": iso(now),
        "reason": reason,
        "counts": {"references": erased.references, "appearances": erased.appearances},
        "method": _METHOD,
        "scan": {
            "markers": erased.scan.markers,
            "files": erased.scan.files,
            "bytes": erased.scan.bytes,
            "found": 0,
            "complete": erased.whole_scan,
        },
        "residuals": [*erased.residuals, {"what": _OUTSIDE}],
        "solo": solo,
        "witness": "unwitnessed",
        "program": {"version": VERSION, "sha256": build_hash()},
        "log": {
            "decision": erased.decision,
            "index": written.index,
            "before": before,
            "checkpoint": checkpoint,
            "leaf": leaf,
            "inclusion": inclusion,
        },
    }
    return sign(book, body)


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
