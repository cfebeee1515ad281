"""The key-encryption key: made once, read from file or environment, and missed in plain words."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from countenance.errors import AlreadyExists, KeyMissing, Unavailable
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
