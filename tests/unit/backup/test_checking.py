"""Keys and records fit together, or it is said what does not and what to do; and a backup is tried out."""

from __future__ import annotations

import shutil

import pytest
import sqlalchemy as sa

from clubs import Club, looked
from countenance.backup.checking import SEALED, check_keys
from countenance.errors import InputError, RoleRefused, Tampered
from countenance.registry import schema as t
from restores import backup, digest, ledger, lose, restore


@pytest.fixture
def full(club: Club) -> Club:
    for number, name in enumerate(("Ada", "Bea"), start=1):
        club.person(name, number, contact=f"{name.lower()}@example.org")
    club.ingest(club.source(), [looked("a.jpg", [1, 2])])
    return club


def test_every_sealed_column_is_looked_at() -> None:
    columns = {
        (table.name, column.name)
        for table in t.metadata.sorted_tables
        for column in table.columns
        if column.name.endswith("sealed")
    }
    assert {(each.table.name, each.column) for each in SEALED} == columns


def test_what_fits_is_said_to_fit(full: Club) -> None:
    told: list[tuple[int, int]] = []
    full.found(1)
    checked = full.anna.keys.check(progress=lambda done, total: told.append((done, total)))
    assert (checked.faults, checked.strays) == ((), ())
    assert checked.sealed == told[-1][0] == told[-1][1] > 20
    full.ben.erase("ada", reason="request")
    assert full.anna.keys.check().faults == ()


def test_a_missing_key_is_told_with_what_to_do(full: Club) -> None:
    full.anna.context.keys.vault.destroy("subject:1")
    (fault,) = full.anna.keys.check().faults
    assert "No key for subject:1" in fault.what
    assert "newest copy of the vault" in fault.do


def test_a_key_without_a_record_is_told_and_destroyed_when_asked(full: Club) -> None:
    vault = full.anna.context.keys.vault
    for name in ("subject:77", "probe:9"):
        vault.create(name)
    checked = full.anna.keys.check()
    assert checked.strays == ("probe:9", "subject:77")
    assert "--destroy-strays" in checked.faults[0].do
    full.anna.accounts.add("op@club.example", roles=["operator"], passphrase="op words")
    from countenance.wiring import open_gallery

    with (
        open_gallery(full.folder, account="op@club.example", passphrase="op words", clock=full.clock) as c,
        pytest.raises(RoleRefused),
    ):
        c.keys.check(destroy_strays=True)
    assert vault.exists("subject:77")
    assert full.anna.keys.check(destroy_strays=True).faults == ()
    assert not vault.exists("subject:77")
    assert "strays-destroyed" in [entry["act"] for entry in full.anna.log_entries()]


@pytest.mark.parametrize(
    "sealed",
    [each for each in SEALED if each.column not in {"guardian_sealed", "details_sealed", "sealed"}],
    ids=lambda each: each.column,
)
def test_a_field_that_was_changed_is_told(full: Club, sealed) -> None:
    full.found(1)
    full.anna.api_keys.create("x", roles=["operator"], purposes=["photo-library"], purpose="photo-library", case="x")
    full.anna.replies.begin("a", "b")
    full.anna.replies.finish("a", 200, {})
    with full.sql() as connection:
        held = full.anna.context.keys
        named = held.seal_text("organisation:1", "desk 7", "user")
        called = held.seal_text("subject:1", "ada 1", "external")
        event = {
            "agreement": 1, "source": 1, "notice": 1, "made_by": 1, "words": "x", "receive": "blurred",
            "approve": False, "happened": 1, "ends": 2, "signature": b"",
            "name_sealed": held.seal_text("organisation:1", "ball", "event"),
        }  # fmt: skip
        for table, values in (
            (t.events, event),
            (t.collections, {"name": "staff", "made_by": 1}),
            (t.collection_users, {"collection": 1, "name_hash": "0" * 64, "user_sealed": named}),
            (t.collected, {"collection": 1, "subject": 1, "name_hash": "1" * 64, "external_sealed": called}),
        ):
            connection.execute(sa.insert(table).values(organisation=1, created=1, **values))
        column = sealed.table.c[sealed.column]
        row = connection.execute(sa.select(column).where(column.is_not(None))).first()
        assert row is not None
        changed = bytes(row[0][:-1]) + bytes([row[0][-1] ^ 1])
        connection.execute(sa.update(sealed.table).where(column == row[0]).values({sealed.column: changed}))
    checked = check_keys(full.anna.context.registry, full.anna.context.keys)
    assert [f"1 of {sealed.table.name.rstrip('_')}.{sealed.column}" in fault.what for fault in checked.faults] == [True]


def test_a_destroyed_slot_that_is_not_zero_is_told(full: Club) -> None:
    import sqlite3

    full.ben.erase("ada", reason="request")
    meddler = sqlite3.connect(full.folder / "vault" / "keys.db")
    meddler.execute("UPDATE slots SET wrapped = randomblob(61) WHERE slot IN (SELECT slot FROM free)")
    meddler.commit()
    meddler.close()
    assert "without a name" in full.anna.keys.check().faults[0].what


def test_the_copy_of_the_vault_is_whole_and_one(full: Club) -> None:
    safe = full.root / "safe"
    copied = full.anna.keys.copy(safe)
    assert sorted(file.name for file in safe.iterdir()) == ["countenance.toml", "erasures.ledger", "keys.db"]
    assert not copied.older
    assert all(file.stat().st_mode & 0o777 == 0o600 for file in safe.iterdir())
    wrapped = full.anna.context.keys.vault.wrapped("subject:1") or b""
    assert wrapped in (safe / "keys.db").read_bytes()
    full.ben.erase("ada", reason="request")
    assert full.anna.keys.copy(safe).older
    assert wrapped not in (safe / "keys.db").read_bytes(), "the older copy is overwritten"
    assert sorted(file.name for file in safe.iterdir()) == ["countenance.toml", "erasures.ledger", "keys.db"]


def test_a_gallery_is_restored_from_its_backup_the_copy_and_the_key_alone(full: Club) -> None:
    made, safe = backup(full), full.root / "safe"
    full.anna.keys.copy(safe)
    full.close()
    shutil.rmtree(full.folder)
    (full.folder / "vault").mkdir(parents=True)
    for name in ("keys.db", "erasures.ledger"):
        shutil.copy(safe / name, full.folder / "vault" / name)
    shutil.copy(safe / "countenance.toml", full.folder)
    restore(full, made.file, ledger=safe / "erasures.ledger")
    assert full.found(1) == ["ada"]
    assert full.anna.keys.check().faults == ()


def test_p30_no_copy_lies_beside_the_data_or_beside_the_key(full: Club) -> None:
    for place in (full.folder / "data" / "x", full.folder / "vault", full.root / "keys" / "x"):
        with pytest.raises(InputError, match="lies in"):
            full.anna.keys.copy(place)


def test_rotation_is_logged_and_a_controllers_business(full: Club) -> None:
    done = full.anna.keys.rotate()
    assert (done.to, done.keys) == ("file", len(full.anna.context.keys.vault.ids()))
    assert full.anna.log_entries()[-1]["act"] == "keys-rotated"
    full.reopen()
    assert full.found(1) == ["ada"]
    assert full.anna.keys.check().faults == ()


def test_p30_a_backup_from_before_a_rotation_is_restored_after_it(full: Club) -> None:
    made = backup(full)
    full.anna.keys.rotate()
    lose(full)
    restore(full, made.file)
    assert full.found(1) == ["ada"]


def test_p7_a_drill_restores_looks_and_leaves_nothing(full: Club) -> None:
    made = backup(full)
    full.ben.erase("ada", reason="request")
    full.anna.subjects.add("Late", territory="GB")
    before = {name: digest(full.folder / name) for name in ("vault",)}
    names = sorted(each.name for each in full.folder.iterdir())
    drilled = full.anna.backups.drill(made.file, ledger(full))
    assert drilled.faults == ()
    assert (drilled.erased, drilled.restored["subjects"]) == (1, 2)
    assert drilled.checked > 5
    assert {name: digest(full.folder / name) for name in before} == before
    left = {each.name for each in full.folder.iterdir()} - set(names)
    assert left <= {"data.restore.lock"}
    said = full.anna.log_entries()[-1]
    assert (said["act"], said["facts"]["step"], said["facts"]["faults"], said["facts"]["erased"]) == (
        "drill",
        "done",
        0,
        1,
    )
    assert full.found(2) == ["bea"]
    full.anna.check_log()


def test_a_drill_finds_a_backup_that_would_not_do(full: Club) -> None:
    made = backup(full)
    made.file.write_bytes(made.file.read_bytes()[:-1])
    with pytest.raises(Tampered):
        full.anna.backups.drill(made.file, ledger(full))
    assert not (full.folder / "data.restoring").exists()


def test_p7_a_drill_finds_whoever_came_back(full: Club, monkeypatch: pytest.MonkeyPatch) -> None:
    """The look is no formality: a replay that does nothing is found out."""
    from countenance.backup import replaying

    made = backup(full)
    full.ben.erase("ada", reason="request")
    monkeypatch.setattr(replaying, "remove_subjects", lambda *_: None)
    drilled = full.anna.backups.drill(made.file, ledger(full))
    assert any("1 person who was erased is still in references" in fault.what for fault in drilled.faults)
    assert any("Make a new one" in fault.do for fault in drilled.faults)


def test_p8_an_order_on_somebody_who_is_gone_is_no_fault_anywhere(full: Club) -> None:
    """The order goes on naming their number; drill, restore, the keys and the look for orphans agree on that."""
    number = full.obey("erase", subject="ada")
    before = backup(full)
    full.anna.orders.execute(number)
    after = backup(full, "two.backup")
    for made in (before, after):
        drilled = full.anna.backups.drill(made.file, ledger(full))
        assert drilled.faults == ()
    assert drilled.as_json()["faults"] == []
    for made in (before, after):
        lose(full, log=True)
        restore(full, made.file)
        assert full.anna.keys.check().faults == ()
        assert full.anna.reports.orphans()["found"] == []
