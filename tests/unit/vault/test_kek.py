"""The key-encryption key: made once, read from file or environment, and missed in plain words."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from countenance.errors import AlreadyExists, InputError, KeyMissing, Unavailable
from countenance.vault import kek
from countenance.vault.kek import ENVIRONMENT, create_kek, load_kek


@pytest.fixture(autouse=True)
def no_key_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(ENVIRONMENT, raising=False)


def test_it_is_made_for_its_owner_alone_and_read_back(tmp_path: Path) -> None:
    path = tmp_path / "secret" / "kek"
    key = create_kek(path)
    assert len(key) == 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert load_kek(path) == key == bytes.fromhex(path.read_text())


def test_it_is_never_overwritten(tmp_path: Path) -> None:
    key = create_kek(tmp_path / "kek")
    with pytest.raises(AlreadyExists):
        create_kek(tmp_path / "kek")
    assert load_kek(tmp_path / "kek") == key


def test_the_environment_goes_before_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    create_kek(tmp_path / "kek")
    monkeypatch.setenv(ENVIRONMENT, "ab" * 32)
    assert load_kek(tmp_path / "kek") == load_kek() == b"\xab" * 32
    monkeypatch.setenv(ENVIRONMENT, "")  # set but empty is a mistake, not "look elsewhere"
    with pytest.raises(KeyMissing):
        load_kek(tmp_path / "kek")


@pytest.mark.parametrize("content", [b"", b"ab" * 31, b"zz" * 32, b"\xff" * 64, b"ab" * 33])
def test_what_is_no_key_is_told_without_showing_it(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "kek").write_bytes(content)
    with pytest.raises(KeyMissing) as told:
        load_kek(tmp_path / "kek")
    assert "abab" not in told.value.message + told.value.hint


def test_a_missing_one_is_told(tmp_path: Path) -> None:
    for path in (tmp_path / "none", tmp_path, None):
        with pytest.raises(KeyMissing):
            load_kek(path)


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Unavailable):
        create_kek(tmp_path / "file" / "kek")


def test_from_a_passphrase_the_file_holds_the_salt_and_no_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kek, "_COST", 2**12)
    path = tmp_path / "secret" / "kek"
    key = kek.create_stretched(path, "three unrelated words")
    assert len(key) == 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert key.hex() not in path.read_text()
    assert load_kek(path, "three unrelated words") == key
    assert load_kek(path, lambda: "three unrelated words") == key
    assert load_kek(path, "three unrelated word") != key
    monkeypatch.setenv(kek.PASSPHRASE, "three unrelated words")
    assert load_kek(path, "not asked for") == key
    assert kek.create_stretched(tmp_path / "other", "three unrelated words") != key, "each has a salt of its own"


def test_stretching_costs_what_it_should() -> None:
    assert kek._COST >= 2**17


def test_a_passphrase_that_is_none_is_refused(tmp_path: Path) -> None:
    for words in ("", "  ", "x" * 2000):
        with pytest.raises(InputError):
            kek.create_stretched(tmp_path / "kek", words)
    assert not (tmp_path / "kek").exists()


@pytest.mark.parametrize(
    "line",
    [
        "scrypt",
        "scrypt salt= n=131072 r=8 p=1",
        "scrypt salt=" + "ab" * 16 + " n=131071 r=8 p=1",
        "scrypt salt=" + "ab" * 16 + " n=99999999 r=99 p=1",
        "scrypt salt=" + "ab" * 16 + " n=131072 r=8 p=0",
        "scrypt salt=" + "zz" * 16 + " n=131072 r=8 p=1",
    ],
)
def test_a_line_that_is_not_ours_is_told(tmp_path: Path, line: str) -> None:
    (tmp_path / "kek").write_text(line)
    with pytest.raises(KeyMissing, match="is no key-encryption key"):
        load_kek(tmp_path / "kek", "words")
