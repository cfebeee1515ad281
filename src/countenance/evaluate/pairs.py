"""A file of pairs: which two photos are compared, and in which fold of the data set each pair counts.

Two forms are read. A CSV with the columns ``fold``, ``first`` and ``second``: a number, and two photos by their paths
below the data set, of which the first folder is the person. And the form of LFW's own ``pairs.txt``: a first line with
the number of folds and of pairs of each kind in a fold, then ``NAME⇥1⇥4`` for two photos of one person and
``NAME⇥1⇥OTHER⇥2`` for two people's, standing for NAME/NAME_0001.jpg and so on.
"""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from countenance.errors import InputError
from countenance.evaluate.dataset import DataSet, open_dataset
from countenance.evaluate.folds import LEAST, MOST
from countenance.evaluate.scores import Listed

MOST_PAIRS = 1_000_000
_MOST_BYTES = 1 << 28
_COLUMNS = ["fold", "first", "second"]
_FORM = "Its first line is `fold,first,second`, or it has the form of LFW's pairs.txt; see docs/reference/evaluate.md."


@dataclass(frozen=True, slots=True)
class Pair:
    """One line: where it stands, its fold, and the paths of two photos."""

    line: int
    fold: int
    first: bytes
    second: bytes


def read_pairs(file: Path) -> tuple[Pair, ...]:
    """The pairs that a file lists. Raises `InputError` for a file that is none, or lists too few or too many."""
    try:
        with file.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as opened:
            text = opened.read(_MOST_BYTES)
        lines = text.splitlines()
        head = lines[0].strip() if lines else ""
        pairs = tuple(_table(file, text) if head.split(",") == _COLUMNS else _as_lfw(file, lines))
    except (OSError, csv.Error) as error:
        raise InputError(f"The pairs in {file} cannot be read: {error}.") from None
    _check(file, pairs)
    return pairs


def _table(file: Path, text: str) -> Iterator[Pair]:
    rows = csv.reader(io.StringIO(text), strict=True)
    next(rows)
    for row in rows:
        if row:
            if len(row) != len(_COLUMNS) or not _is_number(row[0]):
                raise _wrong(file, rows.line_num)
            yield Pair(rows.line_num, int(row[0]), *(os.fsencode(path.strip()) for path in row[1:]))


def _as_lfw(file: Path, lines: list[str]) -> Iterator[Pair]:
    sizes = lines[0].split() if lines else []
    if len(sizes) not in {1, 2} or not all(map(_is_number, sizes)) or not 1 <= int(sizes[-1]) <= MOST_PAIRS:
        raise InputError(f"{file} is no file of pairs.", hint=_FORM)
    folds, each = (int(sizes[0]) if len(sizes) == 2 else 1), 2 * int(sizes[-1])
    if len([line for line in lines[1:] if line.strip()]) != folds * each:
        raise InputError(
            f"{file} does not list {folds} × {each:,} pairs, as its first line says.", hint="Get a whole copy of it."
        )
    for number, line in enumerate(lines[1:]):
        parts = line.split("\t")
        if len(parts) not in {3, 4} or not all(map(_is_number, (parts[1], parts[-1].strip()))):
            raise _wrong(file, number + 2)
        yield Pair(
            number + 2,
            number // each + 1,
            _lfw_path(parts[0], parts[1]),
            _lfw_path(parts[-2 if len(parts) == 4 else 0], parts[-1]),
        )


def _lfw_path(name: str, number: str) -> bytes:
    return os.fsencode(f"{name}/{name}_{int(number):04}.jpg")


def _is_number(text: str) -> bool:
    return text.strip().isascii() and text.strip().isdecimal() and len(text.strip()) <= 9


def _wrong(file: Path, line: int) -> InputError:
    return InputError(f"Line {line} of {file} is no pair.", hint=_FORM)


def _check(file: Path, pairs: tuple[Pair, ...]) -> None:
    if len(pairs) > MOST_PAIRS:
        raise InputError(f"{file} lists more than {MOST_PAIRS:,} pairs.", hint="Take fewer.")
    folds = len({pair.fold for pair in pairs})
    if not LEAST <= folds <= MOST:
        raise InputError(
            f"{file} lists {len(pairs):,} pairs in {folds} folds.",
            hint=f"Put pairs into {LEAST} to {MOST} folds; 10 are usual.",
        )
    seen: dict[frozenset[bytes], int] = {}
    for pair in pairs:
        both = frozenset((pair.first, pair.second))
        if len(both) == 1:
            raise InputError(f"Line {pair.line} of {file} pairs a photo with itself.", hint="Take the line out.")
        if both in seen:
            raise InputError(
                f"Line {pair.line} of {file} lists the pair of line {seen[both]} again.", hint="Take one of them out."
            )
        seen[both] = pair.line


def open_pairs(file: Path) -> tuple[DataSet, Listed]:
    """The photos that a file of pairs names, below the folder that the file lies in, and the pairs.

    Raises `InputError` for a file that is none, names photos that are not there, or too few people (P3).
    """
    pairs = read_pairs(file)
    named = {path for pair in pairs for path in (pair.first, pair.second)}
    data = open_dataset(file.absolute().parent, only=named)
    return data, place(file, pairs, data)


def add_pairs(file: Path, data: DataSet) -> Listed:
    """The pairs that a file lists among the photos of a data set. Raises `InputError` where one is not in it."""
    return place(file, read_pairs(file), data)


def place(file: Path, pairs: tuple[Pair, ...], data: DataSet) -> Listed:
    """The pairs by the numbers of their photos. There must be some of one person, and some of two."""
    numbers = {photo.path: number for number, photo in enumerate(data.photos)}
    rows = []
    for pair in pairs:
        for path in (pair.first, pair.second):
            if path not in numbers:
                raise InputError(
                    f"Line {pair.line} of {file} names {os.fsdecode(path)!r}, which is no photo of the data set.",
                    hint="Paths begin below the data set's folder, or below the file's own when it is given alone.",
                )
        rows.append((pair.fold, numbers[pair.first], numbers[pair.second]))
    same = {data.photos[first].person == data.photos[second].person for _, first, second in rows}
    for kind, what in ((True, "one person"), (False, "two people")):
        if kind not in same:
            raise InputError(f"{file} lists no pair of {what}.", hint="List pairs of one person and of two people.")
    fold, first, second = np.array(rows, np.int64).T
    return Listed(fold, first, second)
