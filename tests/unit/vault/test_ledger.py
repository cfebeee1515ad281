"""The erasure ledger: a chain that shows what was changed, cut or swapped (P7)."""

from __future__ import annotations

from pathlib import Path

import pytest

from countenance.errors import CountenanceError, LedgerTooOld, Tampered
from countenance.vault.ledger import Ledger, Line

LINES = [
    Line(1, 3, None, "request", 5, 100),
    Line(2, 4, 7, "withdrawn", 6, 101),
    Line(4, 9, None, "order", 8, 102),
]


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    made = Ledger(tmp_path / "erasures.ledger", "club-1")
    made.follow(LINES)
    return made


def test_it_says_what_it_was_told(ledger: Ledger) -> None:
    assert ledger.lines() == LINES
    assert ledger.path.stat().st_mode & 0o777 == 0o600
    ledger.follow([*LINES, Line(5, 10, None, "request", 9, 103)])
    assert [line.number for line in ledger.lines()] == [1, 2, 4, 5]


def test_the_same_erasures_make_the_same_ledger(ledger: Ledger, tmp_path: Path) -> None:
    other = Ledger(tmp_path / "other.ledger", "club-1")
    for line in LINES:
        other.follow([line])
    assert other.head() == ledger.head()
    assert other.path.read_bytes() == ledger.path.read_bytes()


def test_a_gallery_without_an_erasure_has_an_empty_one(tmp_path: Path) -> None:
    empty = Ledger(tmp_path / "erasures.ledger", "club-1")
    empty.begin()
    empty.begin()
    assert empty.path.read_bytes() == b""
    count, head = empty.head()
    assert count == 0
    assert empty.covers(0, head)
    assert not Ledger(tmp_path / "none", "club-2").covers(0, head), "each gallery's chain begins with its own name"


def test_p7_an_older_one_is_told_from_a_newer(ledger: Ledger, tmp_path: Path) -> None:
    older = Ledger(tmp_path / "older.ledger", "club-1")
    older.follow(LINES[:2])
    assert ledger.covers(*older.head())
    assert not older.covers(*ledger.head())
    another = Ledger(tmp_path / "another.ledger", "club-1")
    another.follow([Line(1, 99, None, "request", 5, 100), *LINES[1:]])
    assert not another.covers(*ledger.head())


def test_p7_another_gallery_s_ledger_is_told(ledger: Ledger) -> None:
    with pytest.raises(LedgerTooOld, match="another gallery"):
        Ledger(ledger.path, "club-2").lines()


def test_p7_every_changed_byte_is_found(ledger: Ledger) -> None:
    whole = ledger.path.read_bytes()
    for place in range(len(whole) - 1):
        changed = bytearray(whole)
        changed[place] ^= 1
        ledger.path.write_bytes(bytes(changed))
        with pytest.raises((Tampered, LedgerTooOld)):
            ledger.lines()


def test_p7_lines_that_are_missing_or_swapped_are_found(ledger: Ledger) -> None:
    first, second, third = ledger.path.read_bytes().splitlines(keepends=True)
    for content in (second + third, first + third, second + first + third, first + first):
        ledger.path.write_bytes(content)
        with pytest.raises(CountenanceError):
            ledger.lines()


def test_a_line_that_a_crash_cut_off_is_written_again(ledger: Ledger) -> None:
    whole = ledger.path.read_bytes()
    ledger.path.write_bytes(whole[:-20])
    assert ledger.lines() == LINES[:2]
    ledger.follow(LINES)
    assert ledger.path.read_bytes() == whole
