"""The encrypted stream: whatever is changed, cut, moved or added does not open."""

from __future__ import annotations

import io

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from countenance.backup import stream
from countenance.backup.stream import CHUNK, TAG, Writer, read
from countenance.errors import BadConfiguration, CountenanceError, InputError, Tampered

KEY = bytes(range(32))
HEAD = len(stream._HEADER) + 32


def sealed(data: bytes, key: bytes = KEY) -> bytes:
    file = io.BytesIO()
    writer = Writer(file, key)
    for start in range(0, len(data), 10_000):
        writer.write(data[start : start + 10_000])
    writer.finish()
    return file.getvalue()


def opened(file: bytes, key: bytes = KEY) -> bytes:
    return b"".join(read(io.BytesIO(file), key))


WHOLE = bytes(index % 251 for index in range(2 * CHUNK + 100))
FILE = sealed(WHOLE)


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 3 * CHUNK + 7])
def test_what_went_in_comes_out(size: int) -> None:
    data = bytes(size)
    file = sealed(data)
    assert opened(file) == data
    assert len(file) == HEAD + size + TAG * max(1, -(-size // CHUNK))


@given(place=st.integers(0, len(FILE) - 1), bit=st.integers(0, 7))
def test_p30_a_flipped_bit_anywhere_is_found(place: int, bit: int) -> None:
    changed = bytearray(FILE)
    changed[place] ^= 1 << bit
    with pytest.raises(CountenanceError):
        opened(bytes(changed))


@given(length=st.integers(0, len(FILE) - 1))
@example(length=HEAD)
@example(length=HEAD + CHUNK + TAG)
@example(length=HEAD + 2 * (CHUNK + TAG))
def test_p30_a_file_that_was_cut_short_anywhere_is_found(length: int) -> None:
    with pytest.raises(CountenanceError):
        opened(FILE[:length])


@given(more=st.binary(min_size=1, max_size=100))
def test_a_longer_file_is_found(more: bytes) -> None:
    with pytest.raises(Tampered):
        opened(FILE + more)


def test_p30_chunks_cannot_be_moved_left_out_or_repeated() -> None:
    head, rest = FILE[:HEAD], FILE[HEAD:]
    one, two, three = rest[: CHUNK + TAG], rest[CHUNK + TAG : 2 * (CHUNK + TAG)], rest[2 * (CHUNK + TAG) :]
    assert opened(head + one + two + three) == WHOLE
    for order in ((two, one, three), (one, three), (two, three), (one, one, two, three), (one, two), (three,), (one,)):
        with pytest.raises(Tampered):
            opened(head + b"".join(order))


def test_chunks_of_two_files_cannot_be_mixed() -> None:
    other = sealed(WHOLE)
    assert other[HEAD : HEAD + 100] != FILE[HEAD : HEAD + 100], "each file has a key of its own"
    with pytest.raises(Tampered):
        opened(FILE[: HEAD + CHUNK + TAG] + other[HEAD + CHUNK + TAG :])


def test_p30_another_key_opens_nothing() -> None:
    with pytest.raises(Tampered, match="changed or cut, or this vault is not its own"):
        opened(FILE, bytes(32))


def test_other_files_and_newer_formats_are_told() -> None:
    with pytest.raises(InputError, match="no backup"):
        opened(b"a letter to somebody")
    with pytest.raises(BadConfiguration, match="does not know"):
        opened(FILE.replace(b"backup 1\n", b"backup 2\n", 1))
