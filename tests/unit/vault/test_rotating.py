"""Another key-encryption key: every key wrapped anew, nothing of the old wrapping left, and every way in told apart."""

from __future__ import annotations

from pathlib import Path

import pytest

from countenance.errors import Busy, InputError, KeyMissing, Tampered
from countenance.vault import kek
from countenance.vault import opening as vault_opening
from countenance.vault.file import create_vault, open_vault
from countenance.vault.opening import next_to, rotating, unlock_vault
from countenance.vault.rotating import rotate

WORDS = "three unrelated words"


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (kek.ENVIRONMENT, kek.NEW_ENVIRONMENT, kek.PASSPHRASE):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kek, "_COST", 2**12)


@pytest.fixture
def place(tmp_path: Path) -> tuple[Path, Path]:
    vault, key = tmp_path / "vault" / "keys.db", tmp_path / "keys" / "kek"
    create_vault(vault, kek.create_kek(key)).close()
    return vault, key


def fill(vault: Path, key: Path) -> dict[str, bytes]:
    with unlock_vault(vault, key) as opened:
        made = {f"subject:{number}": opened.create(f"subject:{number}") for number in range(150)}
        for number in range(0, 150, 3):
            opened.destroy(f"subject:{number}")
            del made[f"subject:{number}"]
    return made


def old_bytes(vault: Path, key: Path) -> list[bytes]:
    with unlock_vault(vault, key) as opened:
        return [opened.wrapped(name) or b"" for name in opened.ids()]


def everything(folder: Path) -> bytes:
    return b"\n".join(file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file())


def test_p30_after_a_rotation_the_old_key_opens_nothing_and_no_old_wrapping_is_left(place: tuple[Path, Path]) -> None:
    vault, key = place
    keys = fill(vault, key)
    wrapped, old = old_bytes(vault, key), bytes.fromhex(key.read_text())
    with unlock_vault(vault, key) as opened:
        assert rotate(opened, key, "file").keys == len(keys) == len(wrapped)
        assert opened.get_many(keys) == keys, "whoever rotated goes on"
        opened.create("subject:900")
    content = everything(vault.parent)
    assert not [each for each in wrapped if each[:16] in content or each[24:40] in content or each[-16:] in content]
    with pytest.raises(KeyMissing, match="not the one"):
        open_vault(vault, old)
    assert key.stat().st_mode & 0o777 == 0o600
    assert not next_to(key).exists()
    with unlock_vault(vault, key) as opened:
        opened.check()
        assert opened.get_many(keys) == keys


def test_another_process_is_told_and_can_wrap_nothing_under_the_old_key(place: tuple[Path, Path]) -> None:
    vault, key = place
    keys = fill(vault, key)
    with unlock_vault(vault, key) as other, unlock_vault(vault, key) as opened:
        rotate(opened, key, "file")
        for act in (
            lambda: other.get("subject:1"),
            lambda: other.create("subject:901"),
            lambda: other.rewrap(bytes(32)),
        ):
            with pytest.raises(KeyMissing, match="was rotated while") as told:
                act()
            assert told.value.hint
        opened.check()
        assert opened.get_many(keys) == keys
        assert not opened.exists("subject:901")


@pytest.mark.usefixtures("quick")
def test_from_a_file_to_a_passphrase_and_back(place: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    vault, key = place
    keys = fill(vault, key)
    with unlock_vault(vault, key) as opened:
        rotate(opened, key, "passphrase", WORDS)
    assert kek.kind_of(key) == "passphrase"
    assert key.read_text().startswith("scrypt salt=")
    with unlock_vault(vault, key, WORDS) as opened:
        assert opened.get_many(keys) == keys
    with pytest.raises(KeyMissing, match="does not open the vault"):
        unlock_vault(vault, key, "other words")
    with pytest.raises(KeyMissing, match="needs its passphrase"):
        unlock_vault(vault, key)
    monkeypatch.setenv(kek.PASSPHRASE, WORDS)
    with unlock_vault(vault, key, lambda: "the environment goes first") as opened:
        rotate(opened, key, "file")
    with unlock_vault(vault, key) as opened:
        assert opened.get_many(keys) == keys


def test_to_the_environment_and_back(place: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    vault, key = place
    keys = fill(vault, key)
    with unlock_vault(vault, key) as opened, pytest.raises(KeyMissing, match="was not given"):
        rotate(opened, key, "environment")
    monkeypatch.setenv(kek.NEW_ENVIRONMENT, "cd" * 32)
    with unlock_vault(vault, key) as opened:
        rotate(opened, key, "environment")
    assert not key.exists()
    with pytest.raises(KeyMissing):
        unlock_vault(vault, key)
    monkeypatch.setenv(kek.ENVIRONMENT, "cd" * 32)
    with unlock_vault(vault, key) as opened:
        assert opened.get_many(keys) == keys
        rotate(opened, key, "file")
    with pytest.raises(KeyMissing) as told:
        unlock_vault(vault, key)
    assert "Unset COUNTENANCE_KEK" in told.value.hint
    monkeypatch.delenv(kek.ENVIRONMENT)
    with unlock_vault(vault, key) as opened:
        assert opened.get_many(keys) == keys


def test_a_rotation_that_stopped_before_the_vault_turned_is_forgotten(place: tuple[Path, Path]) -> None:
    vault, key = place
    keys = fill(vault, key)
    kek.create_kek(next_to(key))
    with unlock_vault(vault, key) as opened:
        assert opened.get_many(keys) == keys
    assert not next_to(key).exists()


@pytest.mark.parametrize("blanked", [False, True])
def test_a_rotation_that_stopped_after_the_vault_turned_is_finished(place: tuple[Path, Path], blanked: bool) -> None:
    vault, key = place
    keys = fill(vault, key)
    fresh = kek.create_kek(next_to(key))
    with unlock_vault_without_finishing(vault, key) as opened:
        opened.rewrap(fresh)
    if blanked:
        key.write_bytes(bytes(65))
    with unlock_vault(vault, key) as opened:
        assert opened.get_many(keys) == keys
    assert bytes.fromhex(key.read_text()) == fresh
    assert not next_to(key).exists()


def unlock_vault_without_finishing(vault: Path, key: Path):
    return open_vault(vault, bytes.fromhex(key.read_text()))


@pytest.mark.usefixtures("quick")
def test_where_neither_key_opens_nothing_is_thrown_away(place: tuple[Path, Path]) -> None:
    vault, key = place
    fill(vault, key)
    fresh = kek.create_stretched(next_to(key), WORDS)
    with unlock_vault_without_finishing(vault, key) as opened:
        opened.rewrap(fresh)
    with pytest.raises(KeyMissing, match="cut short") as told:
        unlock_vault(vault, key, "other words")
    assert "passphrase" in told.value.hint
    assert next_to(key).exists()
    assert key.exists()
    asked = []
    unlock_vault(vault, key, lambda: asked.append(1) or WORDS).close()
    assert asked == [1], "a person is asked once"
    assert kek.kind_of(key) == "passphrase"


def test_one_rotation_at_a_time(place: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vault_opening, "_PATIENCE", 0)
    vault, key = place
    with unlock_vault(vault, key) as opened, rotating(vault), pytest.raises(Busy):
        rotate(opened, key, "file")


def test_what_is_no_place_is_refused(place: tuple[Path, Path]) -> None:
    vault, key = place
    with unlock_vault(vault, key) as opened, pytest.raises(InputError):
        rotate(opened, key, "pocket")


@pytest.mark.parametrize("healed", [True, False])
def test_a_wrapped_key_that_stayed_behind_is_found(
    place: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, healed: bool
) -> None:
    """The search of the file is no formality: what lies in a page that is not in use is found."""
    vault, key = place
    fill(vault, key)
    wrapped = old_bytes(vault, key)[3]
    with unlock_vault(vault, key) as opened:
        with vault.open("ab") as file:
            file.write((wrapped + bytes(4096))[:4096])
        if healed:
            rotate(opened, key, "file")
            assert wrapped[:16] not in vault.read_bytes()
        else:
            monkeypatch.setattr(opened, "rewrite", lambda: None)
            with pytest.raises(Tampered, match="before the rotation"):
                rotate(opened, key, "file")
    unlock_vault(vault, key).close()


def test_a_copy_holds_the_same_keys_and_nothing_of_destroyed_ones(place: tuple[Path, Path], tmp_path: Path) -> None:
    vault, key = place
    with unlock_vault(vault, key) as opened:
        gone = opened.create("subject:1")
        wrapped = opened.wrapped("subject:1") or b""
        kept = opened.create("subject:2")
        opened.destroy("subject:1")
        opened.copy(tmp_path / "copy.db")
    assert gone != kept
    assert wrapped[:16] not in (tmp_path / "copy.db").read_bytes()
    with unlock_vault(tmp_path / "copy.db", key) as copied:
        assert copied.ids() == ["subject:2"]
        assert copied.get("subject:2") == kept
        copied.check()
