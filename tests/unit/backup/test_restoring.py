"""A restore brings back what was there, and nobody who was erased since (P7, P30)."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import sqlalchemy as sa

from clubs import Club, looked, orphans
from countenance.backup.stream import read
from countenance.errors import (
    AlreadyExists,
    Busy,
    InputError,
    KeyMissing,
    LedgerTooOld,
    NotSignedIn,
    RoleRefused,
    Tampered,
)
from countenance.registry import schema as t
from countenance.vault.keyring import BACKUP_KEY
from restores import backup, digest, ledger, lose, restore, traces, where


@pytest.fixture
def ada(club: Club) -> int:
    """Ada and Ben's aunt Bea are enrolled and seen at the party; Ada is number 1 of the made-up people."""
    ada = club.person("Ada", 1, contact="ada@example.org")
    club.person("Bea", 2)
    club.ingest(club.source(), [looked("a.jpg", [1, 2]), looked("b.jpg", [2])])
    return int(ada.id)


def test_what_was_lost_comes_back(club: Club, ada: int) -> None:
    made = backup(club)
    before = club.anna.status()["counts"]
    lose(club)
    done = restore(club, made.file)
    assert done.replayed.lines == 0
    assert club.found(1) == ["ada"]
    assert len(club.search(2).candidates[0].appearances) == 2
    assert {name: count for name, count in club.anna.status()["counts"].items() if name in before} == before | {
        "searches": club.anna.status()["counts"]["searches"]
    } or club.anna.status()["counts"]["references"] == before["references"]
    club.anna.check_log()
    assert orphans(club) == []
    assert club.anna.log_entries()[-1]["act"] != "restore"
    assert "restore" in [entry["act"] for entry in club.anna.log_entries()]


def test_p7_an_old_backup_restored_finds_nobody_who_was_erased_since(club: Club, ada: int) -> None:
    marks = traces(club, ada, 1)
    made = backup(club)
    club.ben.erase("ada", reason="request")
    lose(club)
    done = restore(club, made.file)
    assert done.replayed.people == 1
    assert club.found(1) == []
    assert club.found(2) == ["bea"]
    assert "ada" not in [subject.handle for subject in club.anna.subjects.list()]
    assert where(marks, club.root) == set()
    assert orphans(club) == []
    club.anna.check_log()


def test_p30_the_sealed_bytes_in_an_old_backup_open_with_no_key_that_is_left(club: Club, ada: int) -> None:
    made = backup(club)
    club.ben.erase("ada", reason="request")
    context = club.anna.context
    vault = context.keys.vault
    with made.file.open("rb") as file:
        content = b"".join(read(file, vault.get(BACKUP_KEY)))
    assert b'"subjects"' in content, "whoever has the vault opens the backup"
    sealed = sealed_template(content)
    for name in vault.ids():
        for key in {name, f"subject:{ada}"}:
            with pytest.raises((Tampered, KeyMissing)):
                context.keys.open_with(vault.get(name), key, sealed, "template")
    with pytest.raises(KeyMissing):
        vault.get(f"subject:{ada}")


def sealed_template(content: bytes) -> bytes:
    """Ada's sealed template in the backup's lines."""
    from countenance.registry.dump import _unpacked, parse

    columns: list[str] = []
    for text in content.splitlines():
        line = parse(text)
        if isinstance(line, dict):
            columns = line.get("columns", []) if line.get("table") == "references_" else []
        elif columns and line[columns.index("subject")] == 1:
            return bytes(_unpacked(line[columns.index("template_sealed")]))
    raise AssertionError("no template in the backup")


def test_p7_an_erased_basis_does_not_come_back_either(club: Club, ada: int) -> None:
    person = club.anna.subjects.get("ada")
    second = club.basis(person, ["find-my-photos"])
    club.enrol(person, second, 1, 1)
    made = backup(club)
    first = club.anna.bases.list(person)[0]
    erase_basis(club, first.number)
    assert club.found(1) == []
    lose(club)
    done = restore(club, made.file)
    assert (done.replayed.people, done.replayed.bases) == (0, 1)
    assert club.found(1) == []
    assert [each.number for each in club.anna.bases.list(club.anna.subjects.get("ada"))] == [second.number]
    with club.sql() as connection:
        assert set(connection.scalars(sa.select(t.references.c.basis))) == {second.number, 2}


def erase_basis(club: Club, number: int) -> None:
    from countenance.policy.desk import Ask
    from countenance.types import BasisId, Erase

    context = club.ben.context
    grant = context.desk.decide(Erase, Ask(bases=(BasisId(number),), facts={"reason": "withdrawn"}))
    context.gallery.erase_bases((BasisId(number),), "withdrawn", grant=grant)


def test_p7_somebody_who_came_and_went_after_the_backup_leaves_a_number_that_nobody_else_gets(
    club: Club, ada: int
) -> None:
    made = backup(club)
    gone = club.person("Cy", 3)
    club.ben.erase("cy", reason="request")
    stayed = club.person("Dot", 4)
    lose(club)
    done = restore(club, made.file)
    assert done.replayed.people == 1
    assert done.strays == 1, "Dot's key is there, and her record is not"
    new = club.person("Eve", 5)
    assert new.id > max(gone.id, stayed.id)
    assert club.found(5) == ["eve"]
    second = backup(club, "two.backup")
    lose(club)
    restore(club, second.file)
    assert club.found(5) == ["eve"], "the ledger's number is not hers"


def test_p7_a_ledger_that_is_older_than_the_backup_is_refused(club: Club, ada: int) -> None:
    old = club.root / "old.ledger"
    shutil.copy(ledger(club), old)
    club.ben.erase("ada", reason="request")
    made = backup(club)
    shutil.copy(old, ledger(club))  # the newest copy was lost as well
    lose(club)
    before = digest(club.folder)
    with pytest.raises(LedgerTooOld):
        restore(club, made.file, ledger=old)
    assert digest(club.folder) == before


def test_p7_a_ledger_that_is_older_than_the_one_beside_the_vault_is_refused(club: Club, ada: int) -> None:
    made = backup(club)
    old = club.root / "old.ledger"
    shutil.copy(ledger(club), old)
    club.ben.erase("ada", reason="request")
    lose(club)
    with pytest.raises(LedgerTooOld, match="has 0 lines, and the one beside the vault has 1"):
        restore(club, made.file, ledger=old)
    assert not (club.folder / "data" / "registry.db").exists()


def test_p7_a_newer_ledger_than_the_one_beside_the_vault_is_taken_over(club: Club, ada: int) -> None:
    made = backup(club)
    club.ben.erase("ada", reason="request")
    new = club.root / "new.ledger"
    shutil.move(ledger(club), new)
    lose(club)
    assert restore(club, made.file, ledger=new).replayed.people == 1
    assert ledger(club).read_bytes() == new.read_bytes()


def test_a_ledger_of_another_gallery_is_refused(club: Club, ada: int, tmp_path: Path) -> None:
    from countenance.vault.ledger import Ledger, Line

    made = backup(club)
    other = Ledger(tmp_path / "other.ledger", "another-gallery")
    other.follow([Line(1, ada, None, "request", 9, 100)])
    lose(club)
    with pytest.raises(LedgerTooOld, match="another gallery"):
        restore(club, made.file, ledger=other.path)
    with pytest.raises(InputError, match="no erasure ledger"):
        restore(club, made.file, ledger=tmp_path / "none")


def test_a_changed_ledger_is_refused(club: Club, ada: int) -> None:
    made = backup(club)
    club.ben.erase("ada", reason="request")
    lose(club)
    whole = ledger(club).read_bytes()
    for place in range(0, len(whole) - 1, 7):
        changed = bytearray(whole)
        changed[place] ^= 1
        ledger(club).write_bytes(bytes(changed))
        with pytest.raises((Tampered, LedgerTooOld)):
            restore(club, made.file)
    ledger(club).write_bytes(whole)
    assert restore(club, made.file).replayed.people == 1


def test_p30_without_the_vault_a_restore_is_refused_in_plain_words(club: Club, ada: int) -> None:
    made = backup(club)
    lose(club)
    vault = club.folder / "vault" / "keys.db"
    vault.rename(club.root / "lost.db")
    with pytest.raises(KeyMissing, match="no vault") as told:
        restore(club, made.file)
    assert told.value.hint
    (club.root / "lost.db").rename(vault)
    kek = next(club.root.glob("keys/kek"))
    kek.rename(club.root / "lost-kek")
    with pytest.raises(KeyMissing, match="no key-encryption key"):
        restore(club, made.file)
    kek.write_text("ab" * 32)
    with pytest.raises(KeyMissing, match="not the one"):
        restore(club, made.file)


def test_p30_the_vault_of_another_gallery_opens_no_backup(club: Club, ada: int, tmp_path: Path) -> None:
    made = backup(club)
    other = Club(tmp_path / "other")
    backup(other, "other.backup")
    vault = other.anna.context.keys.vault
    with pytest.raises(Tampered, match="this vault is not its own"), made.file.open("rb") as file:
        list(read(file, vault.get(BACKUP_KEY)))
    other.close()


def test_a_backup_of_another_gallery_is_refused(club: Club, ada: int) -> None:
    made = backup(club)
    lose(club)
    config = club.folder / "countenance.toml"
    text = config.read_text()
    identity = next(line for line in text.splitlines() if line.startswith("id = "))
    config.write_text(text.replace(identity, 'id = "quite-another"'))
    with pytest.raises((InputError, LedgerTooOld)):
        restore(club, made.file)
    config.write_text(text)
    assert restore(club, made.file).replayed.lines == 0


def test_a_registry_that_is_there_is_not_replaced_unasked(club: Club, ada: int) -> None:
    made = backup(club)
    club.person("Cy", 3)
    club.close()
    with pytest.raises(AlreadyExists, match="holds a registry"):
        restore(club, made.file)
    club.reopen()
    assert club.found(3) == ["cy"]
    restore(club, made.file, replace=True)
    assert club.found(3) == []
    assert club.found(1) == ["ada"]
    assert sorted(each.name for each in club.folder.iterdir() if each.name.startswith("data")) in (
        ["data"], ["data", "data.restore.lock"]
    )  # fmt: skip


def test_a_gallery_that_somebody_has_open_is_not_replaced(club: Club, ada: int) -> None:
    from clubs import ANNA, WORDS
    from countenance.wiring import restore_gallery

    made = backup(club)
    with pytest.raises(Busy):
        restore_gallery(
            club.folder, made.file, ledger(club), account=ANNA, passphrase=WORDS[ANNA], clock=club.clock, replace=True
        )
    assert club.found(1) == ["ada"]


def test_only_a_controller_restores(club: Club, ada: int) -> None:
    from countenance.wiring import restore_gallery

    club.anna.accounts.add("eve@club.example", roles=["operator"], passphrase="eve's words")
    made = backup(club)
    lose(club)
    for account, words, refusal in (
        ("eve@club.example", "eve's words", RoleRefused),
        ("eve@club.example", "other words", NotSignedIn),
        ("nobody@club.example", "words", NotSignedIn),
    ):
        with pytest.raises(refusal):
            restore_gallery(club.folder, made.file, ledger(club), account=account, passphrase=words, clock=club.clock)
        assert not (club.folder / "data" / "registry.db").exists()
        assert not (club.folder / "data.restoring").exists()


def test_people_whose_key_the_vault_lacks_are_not_brought_back_in_silence(club: Club, ada: int) -> None:
    made = backup(club)
    club.anna.context.keys.vault.destroy(f"subject:{ada}")  # an older vault than the backup
    lose(club)
    with pytest.raises(KeyMissing, match="lacks the keys of 1 people"):
        restore(club, made.file)
    done = restore(club, made.file, forget_unreadable=True)
    assert done.unreadable == 1
    assert [subject.handle for subject in club.anna.subjects.list()] == ["bea"]
    assert orphans(club) == []


def test_p7_an_erasure_that_the_backup_caught_halfway_is_finished(
    club: Club, ada: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    from countenance.errors import Unavailable
    from countenance.gallery import erasing

    with monkeypatch.context() as patch:
        patch.setattr(erasing, "_scrub", lambda *_: (_ for _ in ()).throw(Unavailable("the power went")))
        with pytest.raises(Unavailable):
            club.ben.erase("ada", reason="request")
        made = backup(club)
    club.reopen()
    lose(club)
    restore(club, made.file)
    assert club.anna.status()["unfinished_erasures"] == 0
    assert club.found(1) == []
    assert orphans(club) == []
