"""Account keys: only the passphrase opens one, and a signature is by one person over one text."""

from __future__ import annotations

import hashlib
import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat

from countenance.errors import AlreadyExists, BadSignature, InputError, NotSignedIn
from countenance.vault.accounts import AccountKey, change_passphrase, create_account_key, verify_signature

PASSPHRASE = "four unrelated words, höchstens"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "accounts" / "anna.pem"


def test_who_knows_the_passphrase_can_sign(path: Path) -> None:
    public = create_account_key(path, PASSPHRASE)
    key = AccountKey.open(path, PASSPHRASE)
    assert key.public == public
    verify_signature(public, key.sign(b"search 12"), b"search 12")


def test_a_signature_is_for_one_text_by_one_person(path: Path) -> None:
    public = create_account_key(path, PASSPHRASE)
    signature = AccountKey.open(path, PASSPHRASE).sign(b"search 12")
    other = create_account_key(path.with_name("ben.pem"), PASSPHRASE)
    for who, what, text in ((public, signature, b"search 13"), (other, signature, b"search 12")):
        with pytest.raises(BadSignature):
            verify_signature(who, what, text)
    for who, what in ((public, signature[:-1]), (public, b""), (public[:-1], signature), (b"", signature)):
        with pytest.raises(BadSignature):
            verify_signature(who, what, b"search 12")


def test_without_the_passphrase_nobody_signs_in(path: Path) -> None:
    create_account_key(path, PASSPHRASE)
    for wrong in ("", "another", PASSPHRASE + " "):
        with pytest.raises(NotSignedIn) as told:
            AccountKey.open(path, wrong)
        assert told.value.hint
        assert PASSPHRASE not in told.value.message


def test_a_missing_or_strange_key_file_signs_nobody_in(path: Path) -> None:
    with pytest.raises(NotSignedIn):
        AccountKey.open(path, PASSPHRASE)
    path.parent.mkdir()
    with pytest.raises(NotSignedIn):
        AccountKey.open(path.parent, PASSPHRASE)
    path.write_bytes(b"no key")
    with pytest.raises(NotSignedIn):
        AccountKey.open(path, PASSPHRASE)
    encryption = BestAvailableEncryption(PASSPHRASE.encode())
    path.write_bytes(generate_private_key(SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption))
    with pytest.raises(NotSignedIn):
        AccountKey.open(path, PASSPHRASE)


def test_a_key_file_without_a_passphrase_is_not_taken(path: Path) -> None:
    from cryptography.hazmat.primitives.serialization import NoEncryption

    path.parent.mkdir()
    path.write_bytes(Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    for passphrase in (PASSPHRASE, ""):
        with pytest.raises(NotSignedIn):
            AccountKey.open(path, passphrase)


@pytest.mark.parametrize("passphrase", ["", "   ", "x" * 2000])
def test_a_passphrase_that_is_none_is_refused(path: Path, passphrase: str) -> None:
    with pytest.raises(InputError):
        create_account_key(path, passphrase)
    assert not path.exists()


def test_the_file_is_for_its_owner_alone_and_never_overwritten(path: Path) -> None:
    create_account_key(path, PASSPHRASE)
    before = path.read_bytes()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert b"ENCRYPTED PRIVATE KEY" in before
    with pytest.raises(AlreadyExists):
        create_account_key(path, PASSPHRASE)
    assert path.read_bytes() == before


def test_an_opened_key_does_not_show_its_secret(path: Path) -> None:
    create_account_key(path, PASSPHRASE)
    assert "_private" not in repr(AccountKey.open(path, PASSPHRASE))


def test_a_key_file_of_the_first_release_still_opens(path: Path) -> None:
    """It was stretched with scrypt."""
    private, salt = Ed25519PrivateKey.generate(), bytes(range(16))
    stretched = hashlib.scrypt(PASSPHRASE.encode(), salt=salt, n=2**15, r=8, p=1, maxmem=2**26, dklen=32).hex()
    encryption = BestAvailableEncryption(stretched.encode())
    path.parent.mkdir()
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)
    path.write_bytes(b"Countenance account key, scrypt salt " + salt.hex().encode() + b"\n" + pem)
    assert AccountKey.open(path, PASSPHRASE).public == private.public_key().public_bytes_raw()
    with pytest.raises(NotSignedIn):
        AccountKey.open(path, "another")


def test_another_passphrase_opens_the_same_key_and_the_old_one_no_more(path: Path) -> None:
    public = create_account_key(path, PASSPHRASE)
    assert change_passphrase(path, PASSPHRASE, "other words") == public
    assert AccountKey.open(path, "other words").public == public
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert b"argon2id" in path.read_bytes()
    for old, new in ((PASSPHRASE, "mine"), ("other words", " ")):
        with pytest.raises((NotSignedIn, InputError)):
            change_passphrase(path, old, new)
    assert AccountKey.open(path, "other words").public == public
    assert [each.name for each in path.parent.iterdir()] == [path.name]
