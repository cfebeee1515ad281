"""Sealing and deriving: what goes in comes out, and nothing else does."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countenance.errors import Tampered
from countenance.vault.seal import OVERHEAD, derive, seal, unseal

KEY, OTHER = bytes(32), bytes([1]) * 32


@given(st.binary(max_size=200), st.binary(max_size=40))
def test_what_is_sealed_opens_again(plaintext: bytes, aad: bytes) -> None:
    sealed = seal(KEY, plaintext, aad)
    assert len(sealed) == len(plaintext) + OVERHEAD
    assert unseal(KEY, sealed, aad) == plaintext


@given(st.data(), st.binary(max_size=40))
def test_no_byte_can_be_changed(data: st.DataObject, plaintext: bytes) -> None:
    sealed = bytearray(seal(KEY, plaintext, b"subject:1"))
    sealed[data.draw(st.integers(0, len(sealed) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises(Tampered):
        unseal(KEY, bytes(sealed), b"subject:1")


def test_another_key_another_record_or_a_cut_do_not_open_it() -> None:
    sealed = seal(KEY, b"name", b"subject:1")
    for key, data, aad in (
        (OTHER, sealed, b"subject:1"),
        (KEY, sealed, b"subject:2"),
        (KEY, sealed[:20], b"subject:1"),
    ):
        with pytest.raises(Tampered):
            unseal(key, data, aad)
    with pytest.raises(Tampered):
        unseal(KEY, b"", b"subject:1")


def test_the_same_words_sealed_twice_look_different() -> None:
    assert seal(KEY, b"name", b"") != seal(KEY, b"name", b"")


def test_derived_keys_are_steady_and_apart() -> None:
    assert derive(KEY, "salt") == derive(KEY, "salt")
    assert len({derive(KEY, "salt"), derive(KEY, "find"), derive(OTHER, "salt"), KEY}) == 4
    # RFC 5869 with SHA-256, no salt: so that salts made today are found again by any later version.
    assert derive(KEY, "salt").hex() == "56ea21bdd3db559776686e033eda32482efe0c9fc1e20cba671d9702963b0009"
