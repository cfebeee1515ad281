"""Signed notes and checkpoints against published keys and notes, and against every one-letter change."""

from __future__ import annotations

from base64 import b64decode, b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countenance.errors import BadSignature, InputError, Tampered
from countenance.log.merkle import EMPTY_ROOT
from countenance.log.note import (
    Checkpoint,
    SignerKey,
    VerifierKey,
    open_checkpoint,
    open_note,
    sign_checkpoint,
    sign_note,
)

# The reference vector of the note format (Go's sumdb/note), which other implementations test against too.
PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
PETER_SECRET = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
SIGNATURE = "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="
NOTE = f"{TEXT}\n— PeterNeumann {SIGNATURE}\n"

KEY = SignerKey.from_seed("club.example/log", bytes(range(32)))
SIGNED = sign_checkpoint("club.example/log", 5, EMPTY_ROOT, KEY)


def test_the_published_note_opens_and_is_signed_again_byte_for_byte() -> None:
    assert open_note(NOTE, VerifierKey.parse(PETER)) == TEXT
    name, _, secret_key = PETER_SECRET.removeprefix("PRIVATE+KEY+").split("+", 2)
    secret = SignerKey.from_seed(name, b64decode(secret_key)[1:])
    assert sign_note(TEXT, secret) == NOTE
    assert str(secret.verifier) == PETER


def test_the_published_key_id() -> None:
    public = bytes.fromhex("e932791ae6e7a840a46164c904786426d5e7821dd8b29a00d61cae72afdd4da4")  # C2SP signed-note
    assert VerifierKey("example.com/foo", public).id.hex() == "530d903a"


def test_the_published_checkpoint_body_is_read_and_written() -> None:
    text = (
        "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"  # C2SP tlog-checkpoint
    )
    checkpoint = Checkpoint.from_text(text)
    assert (checkpoint.origin, checkpoint.size) == ("example.com/behind-the-sofa", 20852163)
    assert checkpoint.to_text() == text


def test_a_checkpoint_comes_back_as_it_was_signed() -> None:
    assert open_checkpoint(SIGNED, KEY.verifier) == Checkpoint("club.example/log", 5, EMPTY_ROOT)


@given(st.data())
def test_no_letter_of_a_checkpoint_can_be_changed(data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(SIGNED) - 1))
    letter = data.draw(st.sampled_from("\n +0123456789ABCabc/=—\x00é"))
    changed = SIGNED[:place] + letter + SIGNED[place + data.draw(st.integers(0, 1)) :]
    if changed != SIGNED:
        with pytest.raises((Tampered, BadSignature)):
            open_checkpoint(changed, KEY.verifier)


def test_signatures_of_others_are_ignored_but_never_enough() -> None:
    witness = SignerKey.from_seed("witness.example", bytes(32))
    text = Checkpoint("club.example/log", 5, EMPTY_ROOT).to_text()
    line = sign_note(text, witness).rpartition("\n\n")[2]
    assert open_checkpoint(SIGNED + line, KEY.verifier).size == 5
    assert open_checkpoint(SIGNED + line, witness.verifier).size == 5
    with pytest.raises(BadSignature):
        open_checkpoint(SIGNED, witness.verifier)
    same_name = SignerKey.from_seed("club.example/log", bytes(32))
    with pytest.raises(BadSignature):
        open_checkpoint(SIGNED, same_name.verifier)


def test_a_bad_signature_spoils_a_note_that_has_a_good_one_too() -> None:
    wrong = b64encode(KEY.verifier.id + bytes(64)).decode()
    with pytest.raises(BadSignature):
        open_checkpoint(f"{SIGNED}— club.example/log {wrong}\n", KEY.verifier)


@pytest.mark.parametrize(
    "body",
    [
        "club\n05\n{root}\n",
        "club\n-1\n{root}\n",
        "club\n٥\n{root}\n",
        "club\n99999999999999999999\n{root}\n",
        "club\n5\nAAAA\n",
        "club\n5\n",
        "\n5\n{root}\n",
        "club\n5\n{root}\n\nmore\n",
    ],
)
def test_a_note_that_is_no_checkpoint_is_told_though_it_is_signed(body: str) -> None:
    note = sign_note(body.format(root=b64encode(EMPTY_ROOT).decode()), KEY)
    with pytest.raises(Tampered):
        open_checkpoint(note, KEY.verifier)


@given(st.integers(0, len(PETER) - 1), st.sampled_from("+ABab09/=\n x"))
def test_no_letter_of_a_key_can_be_changed(place: int, letter: str) -> None:
    changed = PETER[:place] + letter + PETER[place + 1 :]
    if changed.strip() != PETER:
        with pytest.raises(InputError):
            VerifierKey.parse(changed)


def test_names_and_texts_that_would_break_a_note_are_refused() -> None:
    for name in ("", "two words", "a+b", "tab\t", "wide\u3000space"):
        with pytest.raises(InputError):
            SignerKey.from_seed(name, bytes(32))
    for text in ("no newline", "bell\x07\n", "\ud800\n"):
        with pytest.raises(InputError):
            sign_note(text, KEY)
    with pytest.raises(InputError):
        sign_checkpoint("two\nlines", 1, EMPTY_ROOT, KEY)


def test_a_secret_key_is_not_shown_by_repr() -> None:
    assert "seed" not in repr(KEY)
    assert repr(KEY) == "SignerKey(name='club.example/log')"
