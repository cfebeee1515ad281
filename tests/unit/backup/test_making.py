"""A backup: consistent while others write, whole or not there, without a key in it, and nothing of it in clear."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest
import sqlalchemy as sa

from clubs import ANNA, WORDS, Club, looked, template
from countenance.backup import making, reading
from countenance.backup.reading import configuration, registry_lines, verify
from countenance.errors import AlreadyExists, Busy, CountenanceError, InputError, RoleRefused, Tampered
from countenance.registry import schema as t
from countenance.registry.dump import IN_MEMORY
from countenance.vault.keyring import BACKUP_KEY
from restores import backup, lose, restore, where


@pytest.fixture
def full(club: Club) -> Club:
    for number, name in enumerate(("Ada", "Bea", "Cy"), start=1):
        club.person(name, number, contact=f"{name.lower()}@example.org")
    club.ingest(club.source(), [looked("a.jpg", [1, 2, 9])])
    return club


def key_of(club: Club) -> bytes:
    return club.anna.context.keys.vault.get(BACKUP_KEY)


def test_it_says_what_it_is(full: Club) -> None:
    made = backup(full)
    manifest = verify(made.file, key_of(full))
    assert manifest == made.manifest
    assert manifest.gallery == full.anna.context.settings.gallery.id
    assert manifest.counts == {"subjects": 3, "references": 3, "photos": 1, "erasures": 0}
    assert (manifest.ledger_lines, manifest.ledger_head) == full.anna.context.ledger.head()
    assert configuration(made.file, key_of(full)) == (full.folder / "countenance.toml").read_text()
    full.anna.check_log({"the backup's": manifest.checkpoint})
    assert made.file.stat().st_mode & 0o777 == 0o600
    acts = [(entry["act"], entry["facts"].get("step")) for entry in full.anna.log_entries()[-2:]]
    assert acts == [("backup", "begun"), ("backup", "done")]
    assert full.anna.log_entries()[-1]["facts"]["sha256"] == made.sha256


def test_a_folder_gets_a_file_and_none_is_ever_overwritten(full: Club) -> None:
    (full.root / "disk").mkdir()
    made = full.anna.backups.make(full.root / "disk")
    assert re.fullmatch(r"rowing-club-[0-9a-f]{8}-2027\d{4}T\d{6}Z\.backup", made.file.name)
    with pytest.raises(AlreadyExists):
        full.anna.backups.make(full.root / "disk")
    assert [file.name for file in (full.root / "disk").iterdir()] == [made.file.name]


def test_p30_no_key_is_in_a_backup_wrapped_or_bare_nor_a_face(full: Club) -> None:
    vault = full.anna.context.keys.vault
    made = backup(full)
    keys = [vault.get(name) for name in vault.ids()] + [vault.wrapped(name) or b"" for name in vault.ids()]
    keys += [(full.root / "keys" / "kek").read_bytes(), *(template(number).to_bytes() for number in (1, 2, 3))]
    keys += [file.read_bytes() for file in (full.root / "keys" / "accounts").iterdir()]
    opened = full.root / "opened"
    opened.mkdir()
    with made.file.open("rb") as file:
        (opened / "content").write_bytes(b"".join(making_read(file, key_of(full))))
    blobs = b"".join(blobs_in(made.file, key_of(full)))
    (opened / "blobs").write_bytes(blobs)
    assert len(blobs) > 3 * 512
    assert where(keys, opened) == set()
    assert where([b"ada@example.org\n"[:16]], made.file.parent, opened) == set()


def making_read(file, key):
    from countenance.backup.stream import read

    return read(file, key)


def blobs_in(file: Path, key: bytes) -> list[bytes]:
    from countenance.registry.dump import _unpacked

    lines = (line for line in registry_lines(file, key) if isinstance(line, list))
    return [_unpacked(value) for line in lines for value in line if isinstance(value, dict)]


def test_p30_a_stolen_backup_shows_nothing(full: Club) -> None:
    """Neither names of tables nor of the organisation, nor a photo's path: all of it is encrypted."""
    made = backup(full)
    content = made.file.read_bytes()
    assert content.startswith(b"countenance backup 1\n")
    for word in (b"subjects", b"Rowing", b"rowing", b"a.jpg", b"GB", b"anna@", b"{"):
        assert word not in content[21:] or len(word) < 3, word


def test_nothing_of_it_lies_on_the_disk_in_clear_while_it_is_made(
    full: Club, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SQLITE_TMPDIR", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    seen: list[set[str]] = []
    real = making.dump

    def watched(database):
        for line in real(database):
            files = {file.name for place in (full.root, tmp_path) for file in place.rglob("*") if file.is_file()}
            seen.append(files)
            yield line

    before = {file.name for file in full.root.rglob("*") if file.is_file()}
    monkeypatch.setattr(making, "dump", watched)
    made = backup(full)
    part = f".{made.manifest.gallery}.backup.part"
    assert set.union(*seen) - before <= {part, "backup.lock", "vault.lock", "keys.db-journal"}


def test_it_is_consistent_while_another_process_writes(full: Club, tmp_path: Path) -> None:
    """Every backup that is made meanwhile is one moment of the gallery: log, records and references fit together."""
    script = tmp_path / "writer.py"
    script.write_text(
        textwrap.dedent(f"""
            import sys
            sys.path.insert(0, {str(Path(__file__).parents[2])!r})
            from pathlib import Path
            from countenance.wiring import open_gallery
            here, now = Path({str(full.folder)!r}), {full.clock()}
            with open_gallery(here, account={ANNA!r}, passphrase={WORDS[ANNA]!r}, clock=lambda: now) as c:
                print("ready", flush=True)
                for number in range(5000):
                    c.subjects.add(f"Guest {{number}}", territory="GB")
                    print(number, flush=True)
        """)
    )
    with subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        writer.stdout.readline()
        made = [backup(full, f"{number}.backup") for number in range(4)]
        writer.kill()
        writer.stdout.read()
    people = []
    for each in made:
        verify(each.file, key_of(full))
        people.append(each.manifest.counts["subjects"])
    assert people == sorted(people)
    assert people[0] < people[-1]
    lose(full)
    done = restore(full, made[1].file)
    assert len(full.anna.subjects.list()) == people[1]
    assert done.manifest.log_size < full.anna.check_log().size
    assert full.anna.keys.check().sealed > 0


def test_one_backup_at_a_time(full: Club) -> None:
    from countenance.gallery.only_one import OnlyOne

    with OnlyOne(full.folder / "data" / "locks" / "backup.lock", "x"), pytest.raises(Busy):
        backup(full)


def test_a_backup_beside_the_data_or_the_vault_is_refused(full: Club) -> None:
    for place in ("data", "data/x.backup", "vault/x.backup"):
        with pytest.raises(InputError, match="lies in the"):
            full.anna.backups.make(full.folder / place)
    assert not list(full.folder.rglob("*.backup"))


def test_an_operator_makes_none_and_a_timer_does(full: Club) -> None:
    full.anna.accounts.add("op@club.example", roles=["operator"], passphrase="op words")
    full.anna.accounts.add("timer@club.example", roles=["system"], passphrase="timer words")
    from countenance.wiring import open_gallery

    with open_gallery(full.folder, account="op@club.example", passphrase="op words", clock=full.clock) as c:
        with pytest.raises(RoleRefused):
            c.backups.make(full.root / "op.backup")
        assert not (full.root / "op.backup").exists()
    with open_gallery(full.folder, account="timer@club.example", passphrase="timer words", clock=full.clock) as c:
        assert c.backups.make(full.root / "timer.backup").file.exists()


@pytest.mark.parametrize("place", range(12))
def test_p30_a_backup_that_was_changed_or_cut_restores_nothing(full: Club, place: int) -> None:
    made = backup(full)
    content = made.file.read_bytes()
    at = place * (len(content) - 1) // 11
    changed = content[:at] + bytes([content[at] ^ 4]) + content[at + 1 :] if place % 2 else content[:at]
    made.file.write_bytes(changed)
    lose(full)
    with pytest.raises(CountenanceError) as told:
        restore(full, made.file)
    assert isinstance(told.value, (Tampered, InputError))
    assert told.value.hint
    assert sorted(each.name for each in (full.folder / "data").iterdir()) == []


def test_members_that_do_not_fit_the_manifest_are_found(full: Club, monkeypatch: pytest.MonkeyPatch) -> None:
    real = making._Lines.put
    monkeypatch.setattr(
        making._Lines, "put", lambda self, line: real(self, {"table": "x"} if line == {"table": "x"} else line)
    )
    monkeypatch.setattr(making, "REGISTRY", "registry")
    made = backup(full)
    monkeypatch.setattr(reading, "REGISTRY", "other")
    with pytest.raises(Tampered, match="what its manifest says"):
        verify(made.file, key_of(full))


def test_a_large_registry_is_read_in_one_transaction(full: Club, monkeypatch: pytest.MonkeyPatch) -> None:
    assert IN_MEMORY >= 2**28
    monkeypatch.setattr("countenance.registry.dump.IN_MEMORY", 1)
    small = backup(full)
    lose(full)
    restore(full, small.file)
    assert full.found(1) == ["ada"]


def test_an_erasure_may_go_on_while_a_backup_is_made(full: Club, monkeypatch: pytest.MonkeyPatch) -> None:
    """The snapshot is taken in one step, so the write-ahead log can be truncated long before the file is written."""
    real = making.dump
    erased = []

    def slowly(database):
        worker = threading.Thread(target=lambda: erased.append(full.ben.erase("ada", reason="request")))
        worker.start()
        worker.join()
        yield from real(database)

    monkeypatch.setattr(making, "dump", slowly)
    made = backup(full)
    assert erased[0].certificate["body"]["scan"]["found"] == 0
    lose(full)
    assert restore(full, made.file).replayed.people == 1
    assert full.found(1) == []


def test_numbers_are_not_given_out_twice_after_a_restore(full: Club) -> None:
    with full.sql() as connection:
        connection.execute(sa.delete(t.changes))
    before = full.anna.subjects.add("Last", territory="GB").id
    full.ben.erase("last", reason="mistake")
    made = backup(full)
    lose(full)
    restore(full, made.file)
    assert full.anna.subjects.add("Next", territory="GB").id > before


def test_a_full_disk_leaves_no_half_of_a_backup(full: Club, monkeypatch: pytest.MonkeyPatch) -> None:
    import errno

    from countenance.errors import StorageFull

    def no_room(_handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(making.os, "fsync", no_room)
        with pytest.raises(StorageFull):
            backup(full)
    assert list((full.root / "elsewhere").iterdir()) == []
    backup(full)
