"""What every vault promises. A new kind of vault joins by adding its opener to ``VAULTS``."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from countenance.errors import AlreadyExists, KeyMissing
from countenance.vault.file import create_vault, open_vault
from countenance.vault.port import Vault

KEK = bytes(range(32))
Opener = Callable[[], Vault]


def file_vault(folder: Path) -> Opener:
    """Opens the one store again and again, as several processes do."""
    create_vault(folder / "vault.sqlite", KEK).close()
    return lambda: open_vault(folder / "vault.sqlite", KEK)


VAULTS = {"file": file_vault}


@pytest.fixture(params=sorted(VAULTS))
def opener(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Opener]:
    opened: list[Vault] = []
    make = VAULTS[request.param](tmp_path)

    def open_again() -> Vault:
        opened.append(make())
        return opened[-1]

    yield open_again
    for vault in opened:
        vault.close()


@pytest.fixture
def vault(opener: Opener) -> Vault:
    return opener()


def test_a_key_comes_back_as_it_was_made(vault: Vault, opener: Opener) -> None:
    key = vault.create("subject:1")
    assert len(key) == 32
    assert vault.get("subject:1") == opener().get("subject:1") == key
    assert vault.exists("subject:1")
    vault.check()


def test_every_key_is_another_one(vault: Vault) -> None:
    assert len({vault.create(f"subject:{i}") for i in range(20)}) == 20


def test_a_key_is_never_overwritten(vault: Vault) -> None:
    key = vault.create("subject:1")
    with pytest.raises(AlreadyExists):
        vault.create("subject:1")
    assert vault.get("subject:1") == key


def test_destroyed_and_never_there_are_told_in_the_same_words(vault: Vault) -> None:
    vault.create("subject:1")
    assert vault.destroy("subject:1") is True
    with pytest.raises(KeyMissing) as destroyed:
        vault.get("subject:1")
    assert vault.destroy("subject:1") is False
    with pytest.raises(KeyMissing) as never:
        vault.get("subject:2")
    assert str(destroyed.value).replace("subject:1", "subject:2") == str(never.value)
    assert destroyed.value.hint == never.value.hint
    assert not vault.exists("subject:1")


def test_a_destroyed_key_does_not_come_back_under_its_name(vault: Vault) -> None:
    key = vault.create("subject:1")
    vault.destroy("subject:1")
    assert vault.create("subject:1") != key
    vault.check()


def test_destroying_reaches_every_process_at_once(vault: Vault, opener: Opener) -> None:
    other = opener()
    for key_id in ("subject:1", "subject:2"):
        vault.create(key_id)
        other.get(key_id)
    vault.destroy("subject:1")
    with pytest.raises(KeyMissing):
        other.get("subject:1")
    assert set(other.get_many(["subject:1", "subject:2"])) == {"subject:2"}
    assert not other.exists("subject:1")
    assert other.wrapped("subject:1") is None


def test_many_keys_at_once(vault: Vault) -> None:
    keys = {f"subject:{i}": vault.create(f"subject:{i}") for i in range(30)}
    assert vault.get_many([*keys, "subject:99", "subject:1"]) == keys
    assert vault.get_many(iter(())) == {}
    assert vault.get_many(f"subject:{i}" for i in range(2000)) == keys


def test_many_keys_are_destroyed_together(vault: Vault, opener: Opener) -> None:
    for i in range(30):
        vault.create(f"subject:{i}")
    assert vault.destroy_many([f"subject:{i}" for i in range(5, 40)]) == 25
    assert opener().ids() == sorted(f"subject:{i}" for i in range(5))
    assert vault.destroy_many(iter(())) == 0
    assert vault.destroy_many(["subject:1", "subject:1"]) == 1
    vault.check()


def test_ids_are_told_in_order(vault: Vault) -> None:
    assert vault.ids() == []
    for key_id in ("subject:2", "log", "organisation:1"):
        vault.create(key_id)
    assert vault.ids() == ["log", "organisation:1", "subject:2"]


def test_the_wrapped_key_is_not_the_key(vault: Vault) -> None:
    key = vault.create("subject:1")
    wrapped = vault.wrapped("subject:1")
    assert wrapped is not None
    assert key not in wrapped
    assert vault.wrapped("subject:2") is None


def test_threads_may_share_one_vault(vault: Vault) -> None:
    wrong: list[BaseException] = []

    def work(worker: int) -> None:
        try:
            for i in range(15):
                key = vault.create(f"subject:{worker}-{i}")
                assert vault.get(f"subject:{worker}-{i}") == key
                if i % 2:
                    assert vault.destroy(f"subject:{worker}-{i}")
        except BaseException as error:  # noqa: BLE001 - told below, in the thread that pytest watches
            wrong.append(error)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert len(vault.ids()) == 4 * 8
    vault.check()
