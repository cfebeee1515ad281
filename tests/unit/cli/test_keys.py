"""Keys, backup and restore by the command line alone: what is typed, what is said, and with which exit code."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from countenance.config import load
from countenance.vault.opening import unlock_vault
from unit.cli.conftest import Run


@pytest.fixture
def disk(quick_folder: Path) -> Path:
    made = quick_folder / "disk"
    made.mkdir()
    return made


def test_p7_backup_erase_lose_restore_and_search(run: Run, club: Path, disk: Path, probe) -> None:
    made = run("backup", disk, "--json")
    assert made.code == 0, made.err
    file = Path(made.json["file"])
    assert made.json["manifest"]["counts"]["subjects"] == 3
    assert run("erase", "ada", "--reason", "withdrawn", "--yes").code == 0
    assert run("keys", "copy", disk / "safe").code == 0
    shutil.rmtree(club / "data")
    lost = run("status")
    assert lost.code == 17
    assert "countenance restore" in lost.err
    ledger = club / "vault" / "erasures.ledger"
    done = run("restore", file, "--ledger", ledger)
    assert done.code == 0, done.err
    assert "1 person" in done.out
    assert "The log is shorter than it was" in done.err
    found = run("search", probe("Ada"), "--purpose", "photo-library", "--case", "press 12", "--json")
    assert "ada" not in [each["subject"] for each in found.json["candidates"]]
    found = run("search", probe("Bruno"), "--purpose", "photo-library", "--case", "press 12", "--json")
    assert [each["subject"] for each in found.json["candidates"]] == ["bruno"]
    again = run("restore", file, "--ledger", ledger, "--json")
    assert (again.code, again.json["error"]["code"]) == (21, "already-exists")
    told = run("restore", file, "--ledger", ledger, "--replace", "--json")
    assert told.json["erasures"] == 1


def test_a_drill_says_that_the_backup_will_do(run: Run, club: Path, disk: Path) -> None:
    file = Path(run("backup", disk, "--json").json["file"])
    done = run("keys", "drill", file, "--ledger", club / "vault" / "erasures.ledger")
    assert done.code == 0, done.err
    assert "can be restored" in done.out
    assert run("keys", "drill", file, "--ledger", disk / "none").code == 10


def test_keys_are_checked_and_what_is_wrong_has_its_exit_code(run: Run, club: Path, tmp_path: Path) -> None:
    sound = run("keys", "check", "--json")
    assert (sound.code, sound.json["ok"], sound.json["faults"]) == (0, True, [])
    with unlock_vault(club / "vault" / "keys.db", load(club).kek_path) as vault:
        vault.create("subject:99")
    wrong = run("keys", "check", "--json")
    assert (wrong.code, wrong.json["ok"]) == (70, False)
    assert "--destroy-strays" in wrong.json["faults"][0]["do"]
    assert run("keys", "check", "--destroy-strays").code == 0


def test_a_gallery_under_a_passphrase(run: Run, quick_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place, keys = quick_folder / "club", quick_folder / "keys"
    monkeypatch.setenv("COUNTENANCE_KEK_PASSPHRASE", "three unrelated words")
    monkeypatch.setattr("countenance.vault.kek._COST", 2**12)
    made = run(
        "init", place, "--organisation", "Club", "--account", "anna@club.example", "--purposes", "photo-library",
        "--keys", keys, "--kek", "passphrase",
    )  # fmt: skip
    assert made.code == 0, made.err
    assert "from your passphrase" in made.out
    assert "Nobody can bring it back" in made.err
    assert (keys / "kek").read_text().startswith("scrypt salt=")
    assert run("status", "--config", place).code == 0
    monkeypatch.setenv("COUNTENANCE_KEK_PASSPHRASE", "other words")
    wrong = run("status", "--config", place)
    assert (wrong.code, wrong.err.count("\n")) == (62, 2)
    monkeypatch.delenv("COUNTENANCE_KEK_PASSPHRASE")
    missing = run("status", "--config", place)
    assert missing.code == 62
    assert "COUNTENANCE_KEK_PASSPHRASE" in missing.err
    monkeypatch.setenv("COUNTENANCE_KEK_PASSPHRASE", "three unrelated words")
    monkeypatch.setenv("COUNTENANCE_NEW_KEK_PASSPHRASE", "three other words")
    turned = run("keys", "rotate", "--config", place)
    assert turned.code == 0, turned.err
    assert run("status", "--config", place).code == 62
    monkeypatch.setenv("COUNTENANCE_KEK_PASSPHRASE", "three other words")
    assert run("keys", "rotate", "--to", "file", "--config", place).code == 0
    monkeypatch.delenv("COUNTENANCE_KEK_PASSPHRASE")
    assert run("status", "--config", place).code == 0
    assert (
        run("init", quick_folder / "x", "--organisation", "C", "--account", "a@b.example", "--kek", "pocket").code == 10
    )
