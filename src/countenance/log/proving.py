"""Proofs without reading every leaf: whole subtrees come from the log's tiles, and the rest from the registry.

Tiles are only files, so what comes from them is believed no further than it leads to the root that the registry holds.
Where it does not, the same proof is made from the registry alone.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import sqlalchemy as sa

from countenance.errors import InputError, Tampered
from countenance.log import merkle, tiles
from countenance.registry.schema import leaves


class Subtrees:
    """Roots over ranges of leaves. Without a folder, from the registry alone."""

    def __init__(self, connection: sa.Connection, folder: Path | None) -> None:
        self._connection = connection
        self._folder = folder

    def root(self, begin: int, end: int) -> bytes:
        """The Merkle tree hash over the leaves from ``begin`` up to, not including, ``end``."""
        hashes = self._tile(begin, end - begin)
        if hashes is None and end - begin > tiles.WIDTH:
            middle = begin + merkle.split(end - begin)
            return merkle.node_hash(self.root(begin, middle), self.root(middle, end))
        return merkle.root_of(hashes or self._rows(begin, end))

    def roots(self, ranges: Sequence[tuple[int, int]]) -> list[bytes]:
        """One for each range: a proof."""
        return [self.root(begin, end) for begin, end in ranges]

    def _tile(self, begin: int, size: int) -> list[bytes] | None:
        """The full tile over exactly these leaves, if there is one."""
        level, wide = 0, tiles.WIDTH
        while wide < size:
            level, wide = level + 1, wide * tiles.WIDTH
        if self._folder is None or wide != size or begin % wide:
            return None
        return tiles.read_tile(tiles.path(self._folder, level, begin // wide))

    def _rows(self, begin: int, end: int) -> list[bytes]:
        query = sa.select(leaves.c.hash).where(leaves.c.index >= begin, leaves.c.index < end).order_by(leaves.c.index)
        return [bytes(hashed) for hashed in self._connection.scalars(query)]


def inclusion(
    connection: sa.Connection, folder: Path, frontier: merkle.Frontier, index: int, size: int
) -> tuple[bytes, list[bytes]]:
    """Entry ``index``, and the proof that it is in the log's first ``size`` entries (RFC 6962 §2.1.1)."""
    ranges = merkle.inclusion_ranges(index, _known(size, frontier))
    leaf = connection.execute(sa.select(leaves).where(leaves.c.index == index)).one()
    for subtrees, root in _sound(connection, folder, frontier, size):
        proof = subtrees.roots(ranges)
        with contextlib.suppress(Tampered):
            merkle.verify_inclusion(index, size, bytes(leaf.hash), proof, root)
            return bytes(leaf.leaf), proof
    raise Tampered(f"Log entry {index} is not under the log's recorded state.")


def consistency(connection: sa.Connection, folder: Path, frontier: merkle.Frontier, old: int, new: int) -> list[bytes]:
    """The proof that the log at ``old`` entries is the start of the log at ``new`` (RFC 6962 §2.1.2)."""
    ranges = merkle.consistency_ranges(old, _known(new, frontier))
    for subtrees, root in _sound(connection, folder, frontier, new):
        proof = subtrees.roots(ranges)
        with contextlib.suppress(Tampered):
            merkle.verify_consistency(old, new, subtrees.root(0, old), root, proof)
            return proof
    raise Tampered("The log's entries do not add up to its recorded state.")


def _known(size: int, frontier: merkle.Frontier) -> int:
    if not 0 <= size <= frontier.size:
        raise InputError(f"The log was never at {size} entries.", hint=f"It has {frontier.size} now.")
    return size


def _sound(
    connection: sa.Connection, folder: Path, frontier: merkle.Frontier, size: int
) -> Iterator[tuple[Subtrees, bytes]]:
    """Where subtrees may come from, with the root at ``size`` that they lead to: one that the log has grown from."""
    for place in (folder, None):
        subtrees = Subtrees(connection, place)
        root = subtrees.root(0, size)
        grown = subtrees.roots(merkle.consistency_ranges(size, frontier.size))
        with contextlib.suppress(Tampered):
            merkle.verify_consistency(size, frontier.size, root, frontier.root(), grown)
            yield subtrees, root
