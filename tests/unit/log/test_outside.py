"""P19: whatever is done to the past, with the stolen key as well, is caught against a checkpoint held outside."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from clubs import Club
from countenance.check import main as check
from countenance.errors import Tampered
from countenance.log.book import Book
from forging import FORGERIES, leaves_of, rewrite


@pytest.fixture
def book(club: Club) -> Book:
    club.person("Ada", 1)
    club.search(1)
    return club.anna.context.book


def verifier(folder: Path, book: Book, outside: str) -> int:
    """What the separate program says of the log as it is handed out now, given the outside checkpoint."""
    leaves, held = folder / "leaves.jsonl", folder / "held.txt"
    leaves.write_bytes(b"".join(each + b"\n" for each in book.export()))
    held.write_text(outside, "utf-8")
    return check(["log", str(leaves), "--checkpoint", str(held), "--key", book.verifier_key])


@pytest.mark.parametrize("way", FORGERIES)
def test_p19_a_history_forged_and_signed_anew_is_caught_from_outside_alone(
    club: Club, book: Book, tmp_path: Path, way: str
) -> None:
    outside = book.checkpoint()
    assert verifier(tmp_path, book, outside) == 0
    rewrite(club, FORGERIES[way](leaves_of(club)))
    book.check()  # inside, everything fits: the key was stolen
    with pytest.raises(Tampered, match="a witness"):
        book.check({"a witness": outside})
    assert verifier(tmp_path, book, outside) == 70


def test_p19_a_fork_is_caught_from_its_two_checkpoints(club: Club, book: Book, tmp_path: Path) -> None:
    """Two histories under one key, each shown to somebody else: whoever compares the two checkpoints sees it."""
    told_one = book.checkpoint()
    real = leaves_of(club)
    rewrite(club, [*real[:-1], real[-1] | {"outcome": "refused"}])
    told_other = book.checkpoint()
    for outside in ({"one": told_one, "other": told_other}, {"one": told_one}):
        with pytest.raises(Tampered, match="one"):
            book.check(outside)
    assert verifier(tmp_path, book, told_other) == 0
    assert verifier(tmp_path, book, told_one) == 70
    files = [tmp_path / "one.txt", tmp_path / "other.txt"]
    for file, text in zip(files, (told_one, told_other), strict=True):
        file.write_text(text, "utf-8")
    assert check(["consistency", *map(str, files), str(tmp_path / "leaves.jsonl"), "--key", book.verifier_key]) == 70


def test_p19_every_certificate_is_a_witness(club: Club, book: Book, tmp_path: Path) -> None:
    file = club.ben.erase("ada", reason="request").save(tmp_path / "ada.json")
    rewrite(club, FORGERIES["edit"](leaves_of(club)))
    checkpoint = json.loads(file.read_text())["body"]["log"]["checkpoint"]
    with pytest.raises(Tampered, match="ada"):
        book.check({"ada's certificate": checkpoint})
    leaves = tmp_path / "leaves.jsonl"
    leaves.write_bytes(b"".join(each + b"\n" for each in book.export()))
    assert check(["log", str(leaves), "--checkpoint", str(file), "--key", book.verifier_key]) == 70


def test_p19_what_was_sent_outside_is_remembered_inside_too(club: Club, book: Book, tmp_path: Path) -> None:
    (tmp_path / "stick").mkdir()
    club.configure("[witness]", f'drop = "{tmp_path / "stick"}"')
    club.anna.logbook.send()
    rewrite(club, FORGERIES["cut"](leaves_of(club)))
    with pytest.raises(Tampered, match="sent to folder"):
        club.anna.context.book.check()


def test_p19_the_witness_is_named_and_its_absence_too(club: Club, book: Book, tmp_path: Path) -> None:
    assert club.anna.status()["log"]["witness"] == "unwitnessed"
    (tmp_path / "stick").mkdir()
    club.configure("[witness]", f'drop = "{tmp_path / "stick"}"')
    assert club.ben.erase("ada", reason="request").certificate["body"]["witness"] == "unwitnessed"
    club.clock.forward(days=1)
    (sent,) = club.anna.logbook.send()
    held = club.anna.status()["log"]["witness"]
    assert held == {"name": "folder", "size": sent.size, "at": "2027-01-16T08:00:00Z"}
    club.person("Bo", 2)
    assert club.ben.erase("bo", reason="request").certificate["body"]["witness"] == held
