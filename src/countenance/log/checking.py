"""The log recomputed, and compared with what was signed over it."""

from __future__ import annotations

import json
from collections.abc import Sequence

import sqlalchemy as sa

from countenance.errors import Tampered
from countenance.log import merkle, note
from countenance.registry.schema import leaves


def rehash(connection: sa.Connection) -> list[bytes]:
    """Every leaf's hash, computed anew. Raises `Tampered` at the first entry that was changed or moved."""
    hashes: list[bytes] = []
    rows = connection.execute(sa.select(leaves.c.index, leaves.c.leaf, leaves.c.hash).order_by(leaves.c.index))
    for place, (index, leaf, stored) in enumerate(rows):
        hashed = merkle.leaf_hash(bytes(leaf))
        if index != place or hashed != bytes(stored) or _own_index(leaf) != place:
            raise Tampered(f"Log entry {place} was changed after it was written.")
        hashes.append(hashed)
    return hashes


def compare(name: str, text: str, hashes: Sequence[bytes], key: note.VerifierKey) -> None:
    """Compare the log with one signed checkpoint. Raises `Tampered`, or `BadSignature` for another log's."""
    seen = note.open_checkpoint(text, key)
    if seen.size > len(hashes):
        raise Tampered(f"The log was cut: it has {len(hashes)} entries, and {name} was signed over {seen.size}.")
    if merkle.root_of(hashes[: seen.size]) != seen.root:
        raise Tampered(f"The log was rewritten: its first {seen.size} entries are not those of {name}.")


def _own_index(leaf: bytes) -> int | None:
    try:
        index = json.loads(leaf).get("index")
    except (ValueError, AttributeError):
        return None
    return index if isinstance(index, int) else None
