"""The Merkle tree against the published vectors of RFC 6962's reference tree, and against the RFC's own recursion."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countenance.errors import InputError, Tampered
from countenance.log import merkle

LEAVES = [bytes.fromhex(h) for h in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657")] + [
    bytes.fromhex("606162636465666768696a6b6c6d6e6f")
]
HASHES = [merkle.leaf_hash(leaf) for leaf in LEAVES]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


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


def test_the_published_roots() -> None:
    frontier = merkle.Frontier()
    assert frontier.root().hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    for size, root in enumerate(ROOTS, 1):
        frontier = frontier.append(HASHES[size - 1])
        assert frontier.root().hex() == merkle.root_of(HASHES[:size]).hex() == root


def test_the_published_proofs() -> None:
    assert [h.hex() for h in merkle.inclusion_proof(0, HASHES)] == [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ]
    assert [h.hex() for h in merkle.consistency_proof(6, HASHES)] == [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]
    assert [h.hex() for h in merkle.consistency_proof(2, HASHES[:5])] == [
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ]


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
