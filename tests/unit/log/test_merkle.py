"""The Merkle tree against the published vectors of RFC 6962's reference tree, and against the RFC's own recursion."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countenance.errors import InputError, Tampered
from countenance.log import merkle
from rfc6962 import CONSISTENCY, EMPTY, INCLUSION, LEAF_HASHES, LEAVES, ROOTS

HASHES = [merkle.leaf_hash(leaf) for leaf in LEAVES]


def by_definition(hashes: list[bytes]) -> bytes:
    """MTH as RFC 6962 §2.1 writes it."""
    if len(hashes) < 2:
        return hashes[0] if hashes else merkle.EMPTY_ROOT
    k = 1
    while k * 2 < len(hashes):
        k *= 2
    return merkle.node_hash(by_definition(hashes[:k]), by_definition(hashes[k:]))


def some_hashes(size: int) -> list[bytes]:
    return [merkle.leaf_hash(bytes([i])) for i in range(size)]


def test_p19_the_published_leaves_and_roots() -> None:
    assert [each.hex() for each in HASHES] == LEAF_HASHES
    frontier = merkle.Frontier()
    assert frontier.root().hex() == EMPTY
    for size, root in enumerate(ROOTS, 1):
        frontier = frontier.append(HASHES[size - 1])
        assert frontier.root().hex() == merkle.root_of(HASHES[:size]).hex() == root


@pytest.mark.parametrize(("index", "size", "proof"), INCLUSION)
def test_p19_the_published_inclusion_proofs(index: int, size: int, proof: list[str]) -> None:
    made = merkle.inclusion_proof(index, HASHES[:size])
    assert [each.hex() for each in made] == proof
    merkle.verify_inclusion(index, size, HASHES[index], made, bytes.fromhex(ROOTS[size - 1]))


@pytest.mark.parametrize(("old", "new", "proof"), CONSISTENCY)
def test_p19_the_published_consistency_proofs(old: int, new: int, proof: list[str]) -> None:
    made = merkle.consistency_proof(old, HASHES[:new])
    assert [each.hex() for each in made] == proof
    merkle.verify_consistency(old, new, bytes.fromhex(ROOTS[old - 1]), bytes.fromhex(ROOTS[new - 1]), made)


@given(st.integers(0, 70))
def test_frontier_and_root_follow_the_definition(size: int) -> None:
    hashes = some_hashes(size)
    frontier = merkle.Frontier()
    for leaf in hashes:
        frontier = frontier.append(leaf)
    assert frontier.root() == merkle.root_of(hashes) == by_definition(hashes)
    assert len(frontier.hashes) <= 7
    assert merkle.Frontier.from_json(frontier.to_json()) == frontier


@given(st.data(), st.integers(1, 40))
def test_every_entry_is_provably_in_the_log_and_nowhere_else(data: st.DataObject, size: int) -> None:
    hashes = some_hashes(size)
    index, other = data.draw(st.integers(0, size - 1)), data.draw(st.integers(0, size + 3))
    proof, root = merkle.inclusion_proof(index, hashes), merkle.root_of(hashes)
    merkle.verify_inclusion(index, size, hashes[index], proof, root)
    if other != index:
        with pytest.raises(Tampered):
            merkle.verify_inclusion(other, size, hashes[index], proof, root)
    bad = data.draw(st.sampled_from(list(spoiled(proof))))
    with pytest.raises(Tampered):
        merkle.verify_inclusion(index, size, hashes[index], bad, root)
    with pytest.raises(Tampered):
        merkle.verify_inclusion(index, size, merkle.leaf_hash(b"another"), proof, root)


@given(st.data(), st.integers(0, 40))
def test_a_log_that_only_grew_is_told_from_one_rewritten(data: st.DataObject, size: int) -> None:
    hashes = some_hashes(size)
    old = data.draw(st.integers(0, size))
    proof = merkle.consistency_proof(old, hashes)
    old_root, root = merkle.root_of(hashes[:old]), merkle.root_of(hashes)
    merkle.verify_consistency(old, size, old_root, root, proof)
    bad = data.draw(st.sampled_from(list(spoiled(proof))))
    with pytest.raises(Tampered):
        merkle.verify_consistency(old, size, old_root, root, bad)
    with pytest.raises(Tampered):
        merkle.verify_consistency(old, size, merkle.leaf_hash(b"another"), root, proof)
    if old:
        rewritten = [merkle.leaf_hash(b"edited"), *hashes[1:]]
        with pytest.raises(Tampered):
            merkle.verify_consistency(
                old, size, old_root, merkle.root_of(rewritten), merkle.consistency_proof(old, rewritten)
            )


def spoiled(proof: list[bytes]) -> list[list[bytes]]:
    """The proof longer, malformed, shorter, with a bit flipped, out of order."""
    found = [[*proof, merkle.EMPTY_ROOT], [*proof, b"short"]]
    if proof:
        found += [proof[:-1], [bytes([proof[0][0] ^ 1]) + proof[0][1:], *proof[1:]]]
    if len(proof) > 1:
        found += [proof[::-1]]
    return found


def test_what_is_not_there_cannot_be_proved() -> None:
    with pytest.raises(InputError):
        merkle.inclusion_proof(8, HASHES)
    with pytest.raises(InputError):
        merkle.consistency_proof(9, HASHES)
    with pytest.raises(Tampered):
        merkle.verify_consistency(8, 7, bytes.fromhex(ROOTS[7]), bytes.fromhex(ROOTS[6]), [])


@pytest.mark.parametrize(
    "stored", [None, [], {}, {"size": 1}, {"size": True, "hashes": ["00" * 32]}, {"size": 3, "hashes": ["00" * 32]}]
)
def test_a_damaged_frontier_is_told(stored: object) -> None:
    with pytest.raises(Tampered):
        merkle.Frontier.from_json(stored)
    with pytest.raises(Tampered):
        replace(merkle.Frontier(), size=1)
