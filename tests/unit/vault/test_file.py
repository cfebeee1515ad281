"""The file vault: what lies on the disk, what a wrong key or a damaged file is told as, and erasure to the byte."""

from __future__ import annotations

import random
import sqlite3
import stat
from pathlib import Path

import pytest

from countenance.errors import AlreadyExists, InputError, KeyMissing, StorageFull, Tampered, Unavailable
from countenance.vault import file as vault_file
from countenance.vault.file import FileVault, create_vault, open_vault

KEK = bytes(range(32))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keys" / "vault.sqlite"


def bytes_in(folder: Path) -> bytes:
    return b"\n".join(file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file())


def test_only_its_owner_can_read_it(path: Path) -> None:
    vault = create_vault(path, KEK)
    vault.create("subject:1")
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in [path.parent, *path.parent.iterdir()]}
    vault.close()
    assert set(modes.values()) <= {0o600, 0o700}


def test_no_key_lies_in_the_clear(path: Path) -> None:
    vault = create_vault(path, KEK)
    keys = [vault.create(f"subject:{i}") for i in range(20)]
    content = bytes_in(path.parent)
    vault.close()
    assert KEK not in content
    assert not any(key in content for key in keys)


def test_destroying_leaves_no_wrapped_byte_anywhere(path: Path) -> None:
    """Many keys of many lengths come and go, so pages fill, split and empty; after each, every file is scanned."""
    vault, chance, live, scanned = create_vault(path, KEK), random.Random(7), [], 0  # noqa: S311 - only an order
    for number in range(400):
        if chance.random() < 0.65 or not live:
            key_id = f"subject:{number}:" + "x" * chance.randint(0, 150)
            vault.create(key_id)
            live.append(key_id)
            continue
        key_id = live.pop(chance.randrange(len(live)))
        wrapped = vault.wrapped(key_id)
        assert wrapped is not None
        assert wrapped in bytes_in(path.parent)
        vault.destroy(key_id)
        content = bytes_in(path.parent)
        # Not the whole and not any part of it: eight bytes never agree by chance.
        assert not any(wrapped[i : i + 8] in content for i in range(len(wrapped) - 8))
        scanned += 1
    vault.check()
    vault.close()
    assert scanned > 100


def test_a_wrong_key_encryption_key_is_told_when_it_opens(path: Path) -> None:
    create_vault(path, KEK).close()
    with pytest.raises(KeyMissing, match="not the one"):
        open_vault(path, bytes(32))


def test_a_vault_is_never_made_over_another(path: Path) -> None:
    vault = create_vault(path, KEK)
    key = vault.create("subject:1")
    with pytest.raises(AlreadyExists):
        create_vault(path, bytes(32))
    assert vault.get("subject:1") == key
    vault.close()


def test_a_missing_or_unfinished_vault_is_told_and_may_be_made(path: Path) -> None:
    with pytest.raises(KeyMissing):
        open_vault(path, KEK)
    path.parent.mkdir()
    path.touch()  # what a killed `create_vault` leaves
    with pytest.raises(KeyMissing):
        open_vault(path, KEK)
    create_vault(path, KEK).close()
    open_vault(path, KEK).close()


def test_a_file_that_is_no_vault_is_told(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"not a database, but long enough to be taken for one" * 100)
    with pytest.raises(Tampered):
        open_vault(path, KEK)
    path.unlink()
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE t (x)")
    other.close()
    with pytest.raises(Tampered):
        open_vault(path, KEK)
    with pytest.raises(AlreadyExists):
        create_vault(path, KEK)


@pytest.mark.parametrize(
    "harm",
    [
        "UPDATE slots SET wrapped = (SELECT wrapped FROM slots WHERE slot = 2) WHERE slot = 1",
        "UPDATE slots SET wrapped = zeroblob(61) WHERE slot = 1",
        "DELETE FROM slots WHERE slot = 1",
        "DELETE FROM keys WHERE id = 'subject:1'",
        "INSERT INTO free VALUES (1)",
        "UPDATE keys SET id = 'subject:9' WHERE id = 'subject:1'",
    ],
)
def test_what_something_else_changed_is_found(path: Path, harm: str) -> None:
    vault = create_vault(path, KEK)
    for number in (1, 2):
        vault.create(f"subject:{number}")
    vault.check()
    meddler = sqlite3.connect(path)
    meddler.execute(harm)
    meddler.commit()
    meddler.close()
    with pytest.raises(Tampered):
        vault.check()
    vault.close()


def test_a_name_that_is_none_is_refused(path: Path) -> None:
    vault = create_vault(path, KEK)
    for key_id in ("", "two\nlines", "x" * 201):
        with pytest.raises(InputError):
            vault.create(key_id)
    assert vault.ids() == []
    vault.close()


def test_a_vault_held_by_another_process_is_unavailable_and_nothing_is_half_done(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vault_file, "BUSY_MS", 50)
    vault = create_vault(path, KEK)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(Unavailable):
        vault.create("subject:1")
    other.execute("ROLLBACK")
    other.close()
    assert not vault.exists("subject:1")
    vault.create("subject:1")
    vault.close()


def test_a_full_disk_is_told_and_nothing_is_half_done(path: Path) -> None:
    vault = create_vault(path, KEK)
    vault._database.execute("PRAGMA max_page_count = 12")
    made: list[str] = []

    def fill() -> None:
        for number in range(5000):
            vault.create(f"subject:{number}")
            made.append(f"subject:{number}")

    with pytest.raises(StorageFull):
        fill()
    assert vault.ids() == sorted(made)
    vault.check()
    vault.destroy(made[0])
    vault.close()


def test_a_closed_vault_says_so(path: Path) -> None:
    vault: FileVault = create_vault(path, KEK)
    vault.close()
    with pytest.raises(Unavailable):
        vault.get("subject:1")
