"""The one door to the database: whole transactions, one writer, and errors that a person can act on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from countenance.errors import StorageFull, Tampered, Unavailable
from countenance.registry import database
from countenance.registry import schema as t
from countenance.registry.database import Registry


@pytest.fixture
def file(quick_folder: Path) -> Path:
    return quick_folder / "registry.db"


@pytest.fixture
def registry(file: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Registry]:
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.2)
    made = Registry(f"sqlite:///{file}", create=True)
    yield made
    made.close()


def add(registry: Registry, name: str) -> None:
    with registry.write() as connection:
        connection.execute(sa.insert(t.organisations).values(name=name, created=1))


def names(registry: Registry) -> list[str]:
    with registry.read() as connection:
        return list(connection.scalars(sa.select(t.organisations.c.name).order_by(t.organisations.c.id)))


def test_a_transaction_is_done_whole_or_not_at_all(registry: Registry) -> None:
    add(registry, "One")
    with pytest.raises(RuntimeError), registry.write() as connection:  # noqa: PT012
        connection.execute(sa.insert(t.organisations).values(name="Two", created=1))
        raise RuntimeError
    assert names(registry) == ["One"]


def test_a_second_writer_waits_and_is_then_told(registry: Registry, file: Path) -> None:
    other = Registry(f"sqlite:///{file}")
    with registry.write() as connection:
        connection.execute(sa.insert(t.organisations).values(name="One", created=1))
        with pytest.raises(Unavailable, match="Another process is writing"):
            add(other, "Two")
        assert names(other) == [], "readers are not kept waiting, and see no half of it"
    add(other, "Two")
    other.close()
    assert names(registry) == ["One", "Two"]


def test_the_wait_is_five_seconds() -> None:
    assert database.BUSY_SECONDS == 5


def test_a_full_disk_is_told_and_nothing_is_half_written(registry: Registry) -> None:
    add(registry, "One")
    with registry.engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()

    @sa.event.listens_for(registry.engine, "checkout")
    def no_more_pages(raw: object, *_: object) -> None:
        raw.execute(f"PRAGMA max_page_count = {pages}")  # type: ignore[attr-defined]

    with pytest.raises(StorageFull, match="nothing was changed"), registry.write() as connection:  # noqa: PT012
        connection.execute(sa.insert(t.organisations).values(name="Two", created=1))
        blobs = [{"path": bytes([number % 256]) * 4000, "number": number} for number in range(200)]
        for each in blobs:
            connection.execute(sa.insert(t.leaves).values(index=each["number"], leaf=each["path"], hash=b"x"))
    assert names(registry) == ["One"]
    with registry.read() as connection:
        assert connection.exec_driver_sql("PRAGMA integrity_check").scalar_one() == "ok"


@pytest.mark.parametrize("damage", ["text", "middle"])
def test_a_damaged_file_is_told_as_such(registry: Registry, file: Path, damage: str) -> None:
    for number in range(200):
        add(registry, f"{number}" * 50)
    registry.scrub()
    registry.close()
    content = bytearray(file.read_bytes())
    if damage == "text":
        content[:] = b"this is no database at all, but a letter" * 100
    else:
        content[4096:-4096] = b"\xff" * (len(content) - 8192)
    file.write_bytes(bytes(content))
    for rest in ("-wal", "-shm"):
        file.with_name(file.name + rest).unlink(missing_ok=True)
    with pytest.raises(Tampered, match="damaged"):  # noqa: PT012
        broken = Registry(f"sqlite:///{file}")
        try:
            names(broken)
        finally:
            broken.close()


def test_deleted_bytes_are_overwritten_and_the_log_is_cut(registry: Registry, file: Path) -> None:
    secret = "a name that must go" * 20
    add(registry, secret)
    with registry.write() as connection:
        connection.execute(sa.delete(t.organisations))
    registry.scrub()
    wal = file.with_name(file.name + "-wal")
    assert secret.encode()[:19] not in file.read_bytes()
    assert not wal.exists() or wal.stat().st_size == 0


def test_a_reader_keeps_the_log_from_being_cut_and_that_is_told(registry: Registry, file: Path) -> None:
    other = Registry(f"sqlite:///{file}")
    add(registry, "One")
    with other.read() as reading:
        reading.execute(sa.select(t.organisations)).all()
        add(registry, "Two")
        with pytest.raises(Unavailable, match="cannot be cleared yet"):
            registry.scrub()
    registry.scrub()
    other.close()


def test_the_sequence_is_the_number_of_the_last_change(registry: Registry) -> None:
    with registry.read() as connection:
        assert registry.sequence(connection) == 0
    add(registry, "One")
    with registry.write() as connection:
        subject = connection.execute(
            sa.insert(t.subjects).values(
                organisation=1, handle_hash="h", territory="GB", state="active", created=1, last_interaction=1
            )
        ).inserted_primary_key[0]
        for _ in range(3):
            connection.execute(sa.insert(t.changes).values(subject=subject))
        assert registry.sequence(connection) == 3


def test_what_names_nobody_is_not_stored(registry: Registry) -> None:
    with pytest.raises(sa.exc.IntegrityError), registry.write() as connection:
        connection.execute(sa.insert(t.changes).values(subject=99))
