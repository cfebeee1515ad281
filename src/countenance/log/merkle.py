"""The Merkle tree of the log: hashing, the compact frontier, inclusion and consistency proofs.

Source: RFC 6962 §2.1 (hashing and proofs) and RFC 9162 §2.1.3.2, §2.1.4.2 (the iterative checks). Every hash is 32
bytes of SHA-256. Nothing here touches a file or a key. Whatever does not check raises `Tampered`.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from countenance.errors import InputError, Tampered

HASH_SIZE = 32
EMPTY_ROOT = sha256(b"").digest()
MAX_SIZE = 2**63 - 1


def leaf_hash(data: bytes) -> bytes:
    """The hash of one log entry: SHA-256(0x00 ‖ data), RFC 6962 §2.1."""
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of two subtrees: SHA-256(0x01 ‖ left ‖ right), RFC 6962 §2.1."""
    return sha256(b"\x01" + left + right).digest()


@dataclass(frozen=True, slots=True)
class Frontier:
    """All that is needed to append to a tree and to tell its root: O(log n) hashes, however many leaves there are.

    Attributes:
        size: The number of leaves.
        hashes: The roots of the perfect subtrees that the leaves fall into, largest (leftmost) first: one for each
            bit set in ``size``.
    """

    size: int = 0
    hashes: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        if not 0 <= self.size <= MAX_SIZE or len(self.hashes) != self.size.bit_count():
            raise Tampered("The frontier of the log does not fit its size.")
        if any(len(h) != HASH_SIZE for h in self.hashes):
            raise Tampered("The frontier of the log holds something that is no SHA-256 hash.")

    def append(self, leaf: bytes) -> Frontier:
        """The frontier after one more leaf, whose `leaf_hash` is given. O(log n)."""
        stack = [*self.hashes, leaf]
        _merge(stack, self.size)
        return Frontier(self.size + 1, tuple(stack))

    def root(self) -> bytes:
        """The Merkle tree hash of all leaves so far; of none, SHA-256 of nothing."""
        return _fold(self.hashes)

    def to_json(self) -> dict[str, Any]:
        """As plain data: ``{"size": n, "hashes": [hex, ...]}``."""
        return {"size": self.size, "hashes": [h.hex() for h in self.hashes]}

    @classmethod
    def from_json(cls, data: Any) -> Frontier:
        """The opposite of `to_json`. Raises `Tampered` for anything else."""
        try:
            size, hashes = data["size"], tuple(bytes.fromhex(h) for h in data["hashes"])
        except (KeyError, TypeError, ValueError):
            raise Tampered("The stored frontier of the log cannot be read.") from None
        if type(size) is not int:
            raise Tampered("The stored frontier of the log has no size.")
        return cls(size, hashes)


def _merge(stack: list[bytes], size: int) -> None:
    """Joins the new last hash with each perfect subtree of equal size; ``size`` is the count before it came."""
    while size & 1:
        right = stack.pop()
        stack[-1] = node_hash(stack[-1], right)
        size >>= 1


def _fold(hashes: Sequence[bytes]) -> bytes:
    """The root over perfect subtrees, largest first."""
    if not hashes:
        return EMPTY_ROOT
    root = hashes[-1]
    for left in reversed(hashes[:-1]):
        root = node_hash(left, root)
    return root


def root_of(hashes: Iterable[bytes]) -> bytes:
    """The Merkle tree hash over these leaf hashes, in one pass. RFC 6962 §2.1."""
    stack: list[bytes] = []
    for size, leaf in enumerate(hashes):
        stack.append(leaf)
        _merge(stack, size)
    return _fold(stack)


def split(size: int) -> int:
    """Where a tree divides: the largest power of two smaller than ``size`` (size > 1)."""
    return 1 << (size - 1).bit_length() - 1


def inclusion_ranges(index: int, size: int) -> list[tuple[int, int]]:
    """The leaves under each hash of an audit path, nearest the leaf first. RFC 6962 §2.1.1.

    Raises `InputError` when there is no such leaf.
    """
    begin, end = 0, size
    if not 0 <= index < end:
        raise InputError(f"The log has no entry {index}.", hint=f"Its entries are 0 to {end - 1}.")
    path: list[tuple[int, int]] = []
    while end - begin > 1:
        middle = begin + split(end - begin)
        if index < middle:
            path.append((middle, end))
            end = middle
        else:
            path.append((begin, middle))
            begin = middle
    return path[::-1]


def inclusion_proof(index: int, hashes: Sequence[bytes]) -> list[bytes]:
    """The audit path of leaf ``index`` in the tree over these leaf hashes. Raises as `inclusion_ranges`."""
    return [root_of(hashes[begin:end]) for begin, end in inclusion_ranges(index, len(hashes))]


def consistency_ranges(old: int, size: int) -> list[tuple[int, int]]:
    """The leaves under each hash of the proof that the first ``old`` are the start of ``size``. RFC 6962 §2.1.2.

    Empty when ``old`` is 0 or the whole. Raises `InputError` when ``old`` is larger than the tree.
    """
    begin, end = 0, size
    if not 0 <= old <= end:
        raise InputError(f"The log was never at {old} entries.", hint=f"It has {end} now.")
    path: list[tuple[int, int]] = []
    while old and old < end:
        middle = begin + split(end - begin)
        if old <= middle:
            path.append((middle, end))
            end = middle
        else:
            path.append((begin, middle))
            begin = middle
    # The old tree itself is left out when it is one whole subtree: who checks already knows its root.
    if begin:
        path.append((begin, end))
    return path[::-1]


def consistency_proof(old: int, hashes: Sequence[bytes]) -> list[bytes]:
    """The proof that the first ``old`` leaves are the start of the tree over these. Raises as `consistency_ranges`."""
    return [root_of(hashes[begin:end]) for begin, end in consistency_ranges(old, len(hashes))]


def verify_inclusion(index: int, size: int, leaf: bytes, proof: Sequence[bytes], root: bytes) -> None:
    """Checks that the leaf with hash ``leaf`` is entry ``index`` of the tree of ``size`` leaves with this ``root``.

    Raises `Tampered` if not. Source: RFC 9162 §2.1.3.2.
    """
    if not (0 <= index < size <= MAX_SIZE and _are_hashes([leaf, root, *proof])):
        raise Tampered("A proof that an entry is in the log is malformed.")
    fn, sn, found = index, size - 1, leaf
    for step in proof:
        if sn == 0:
            raise Tampered("A proof that an entry is in the log is too long.")
        if fn & 1 or fn == sn:
            found = node_hash(step, found)
            fn, sn = _climb(fn, sn)
        else:
            found = node_hash(found, step)
        fn, sn = fn >> 1, sn >> 1
    if sn or not hmac.compare_digest(found, root):
        raise Tampered(f"Entry {index} is not in the log at {size} entries.")


def verify_consistency(old_size: int, new_size: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> None:
    """Checks that the tree at ``old_size`` is the start of the tree at ``new_size``: nothing edited, cut or reordered.

    Raises `Tampered` if not. Source: RFC 9162 §2.1.4.2.
    """
    if not (0 <= old_size <= new_size <= MAX_SIZE and _are_hashes([old_root, new_root, *proof])):
        raise Tampered("A proof that the log only grew is malformed.")
    if old_size in {0, new_size}:
        expected = EMPTY_ROOT if old_size == 0 else new_root
        if proof or old_root != expected:
            raise Tampered(f"The log at {new_size} entries does not continue the log at {old_size}.")
        return
    old_found, new_found, sn = _replay(old_size, new_size, old_root, proof)
    if sn or (old_found, new_found) != (old_root, new_root):
        raise Tampered(f"The log at {new_size} entries does not continue the log at {old_size}.")


def _replay(old_size: int, new_size: int, old_root: bytes, proof: Sequence[bytes]) -> tuple[bytes, bytes, int]:
    """The old and the new root that a consistency proof leads to, and what of the tree it left unclimbed."""
    # An old tree of 2^k leaves is a subtree of the new one, so the proof leaves it out.
    path = [old_root, *proof] if old_size & (old_size - 1) == 0 else list(proof)
    if not path:
        raise Tampered("A proof that the log only grew is empty.")
    fn, sn = old_size - 1, new_size - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    old_found = new_found = path[0]
    for step in path[1:]:
        if sn == 0:
            raise Tampered("A proof that the log only grew is too long.")
        if fn & 1 or fn == sn:
            old_found, new_found = node_hash(step, old_found), node_hash(step, new_found)
            fn, sn = _climb(fn, sn)
        else:
            new_found = node_hash(new_found, step)
        fn, sn = fn >> 1, sn >> 1
    return old_found, new_found, sn


def _climb(fn: int, sn: int) -> tuple[int, int]:
    """Skips the levels on which the last node stands alone and is carried up unhashed."""
    while fn and not fn & 1:
        fn, sn = fn >> 1, sn >> 1
    return fn, sn


def _are_hashes(values: Iterable[bytes]) -> bool:
    return all(isinstance(value, bytes) and len(value) == HASH_SIZE for value in values)
