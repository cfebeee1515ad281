"""The scores of an evaluation, on a grid: from templates in memory, or read back from a file of raw scores (P22).

The file holds numbers alone: of each picture that was read its number in the data set, its person's number and whether
a face was found; of each pair of faces the score; the pairs that were listed; and the groups that the people stated. No
name, no path, no template. Everything that an evaluation tells follows from it, but the names of files.
"""

from __future__ import annotations

import json
import zipfile
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from countenance.errors import InputError, StorageFull

Floats = NDArray[np.float32]
Counts = NDArray[np.int64]

STEP = 1e-5
"""How finely scores are told apart: place ``i`` of the grid is the cosine ``i × STEP - 1``."""
HALF = round(1 / STEP)
BINS = 2 * HALF + 1
BLOCK = 1024
LARGEST = 10_000
"""Faces of which a file of raw scores can be made: 50 million pairs, 200 MB before it is packed."""
MOST_ENROLLED = 10
"""Pictures by which a person is enrolled, at most."""
VERSION = 2
"""The form of a file of raw scores."""

_PARTS = ("numbers", "persons", "found", "stated", "listed", "scores")
_MOST = 1 << 31


def on_grid(scores: NDArray[np.float64]) -> Counts:
    """Cosines as places of the grid."""
    return np.asarray(np.rint((np.clip(scores, -1, 1) + 1) * HALF), dtype=np.int64)


class Scores(Protocol):
    """The score of any two faces, as a place of the grid."""

    @property
    def count(self) -> int:
        """How many faces there are."""

    def places(self, rows: Counts, columns: Counts) -> Counts:
        """The scores of these faces against those: rows × columns."""


@dataclass(frozen=True, slots=True, eq=False)
class Computed:
    """From templates: one L2-normalised row for each face. They live as long as the evaluation."""

    vectors: Floats = field(repr=False)

    @property
    def count(self) -> int:
        """How many faces there are."""
        return len(self.vectors)

    def places(self, rows: Counts, columns: Counts) -> Counts:
        """The scores of these faces against those: rows × columns."""
        # In 64 bits, so that a pair has the same place in whatever block it is computed.
        return on_grid(self.vectors[rows].astype(np.float64) @ self.vectors[columns].astype(np.float64).T)


@dataclass(frozen=True, slots=True, eq=False)
class ReadBack:
    """From a file: a symmetrical table of places."""

    table: NDArray[np.int32] = field(repr=False)

    @property
    def count(self) -> int:
        """How many faces there are."""
        return len(self.table)

    def places(self, rows: Counts, columns: Counts) -> Counts:
        """The scores of these faces against those: rows × columns."""
        return self.table[np.ix_(rows, columns)].astype(np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Listed:
    """Pairs of photos that a file lists: of each its fold and the numbers of its two photos in the data set."""

    fold: Counts
    first: Counts
    second: Counts


@dataclass(frozen=True, slots=True, eq=False)
class Observed:
    """Everything that the figures are made from.

    Attributes:
        numbers, persons, found: Of each picture that was read: its number in the data set, its person's number, and
            whether a face was found.
        scores: Of the pictures in which one was found, in the same order.
        groups: The names of the groups that people stated.
        stated: Each person's group by its place in ``groups``; who stated none is not in it.
        about: What else belongs to the report: statement, model, versions.
        listed: The pairs that a file listed, where one was given.
        listed_alone: Nothing but those pairs is compared.
        remarks: What is about the files and not about the scores, so that a page can be made again: see `remarks.py`.
    """

    numbers: tuple[int, ...]
    persons: tuple[int, ...]
    found: tuple[bool, ...]
    scores: Scores
    groups: tuple[str, ...] = ()
    stated: dict[int, int] = field(default_factory=dict)
    about: dict[str, Any] = field(default_factory=dict)
    listed: Listed | None = None
    listed_alone: bool = False
    remarks: dict[str, Any] = field(default_factory=dict)

    @property
    def enrol(self) -> int:
        """By how many pictures each person is enrolled."""
        return int(self.remarks.get("enrol", 1))


def write_scores(observed: Observed, file: Path) -> None:
    """Write the raw scores. Raises `InputError` where there are too many or the file cannot be written."""
    count = observed.scores.count
    if count > LARGEST:
        raise InputError(
            f"Raw scores are kept for up to {LARGEST:,} faces; here are {count:,}.", hint="Take fewer: `--people N`."
        )
    rows = np.arange(count)
    triangle = [observed.scores.places(rows[at : at + 1], rows[at + 1 :])[0] for at in range(count)]
    told = {"v": VERSION, "groups": observed.groups, "about": observed.about, "remarks": observed.remarks}
    told |= {"listed": observed.listed is not None, "listed_alone": observed.listed_alone}
    pairs = observed.listed or Listed(*[np.empty(0, np.int64)] * 3)
    try:
        with file.open("wb") as out:
            np.savez_compressed(
                out,
                about=np.frombuffer(json.dumps(told).encode(), np.uint8),
                numbers=np.array(observed.numbers, np.int32),
                persons=np.array(observed.persons, np.int32),
                found=np.array(observed.found, np.bool_),
                stated=np.array(sorted(observed.stated.items()), np.int32).reshape(-1, 2),
                listed=np.stack([pairs.fold, pairs.first, pairs.second], axis=1).astype(np.int32),
                scores=np.concatenate(triangle).astype(np.int32) if triangle else np.empty(0, np.int32),
            )
    except OSError as error:
        kind = StorageFull if error.errno == 28 else InputError
        raise kind(f"The scores cannot be written to {file}: {error.strerror}.") from None


def read_scores(file: Path) -> Observed:
    """Read raw scores. Raises `InputError` for anything else than what `write_scores` wrote."""
    try:
        with zipfile.ZipFile(file) as packed:
            size = sum(entry.file_size for entry in packed.infolist())
        if size > LARGEST**2 * 4:
            raise _not_scores(file)
        with np.load(file, allow_pickle=False) as read:
            parts = {name: read[name] for name in ("about", *_PARTS)}
        told = json.loads(parts["about"].tobytes())
        _check(parts, told)
        return _observed(parts, told)
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror}.") from None
    except (zipfile.BadZipFile, zlib.error, EOFError, KeyError, ValueError, TypeError, AttributeError, IndexError):
        raise _not_scores(file) from None


def _check(parts: dict[str, NDArray[Any]], told: dict[str, Any]) -> None:
    """Raise `ValueError` for numbers that do not fit one another."""
    count = int(parts["found"].sum())
    sizes = {len(parts[name]) for name in ("numbers", "persons", "found")}
    fits = (
        told["v"] == VERSION
        and len(sizes) == 1
        and len(parts["scores"]) == count * (count - 1) // 2
        and _within(parts["scores"], BINS)
        and _within(parts["persons"], _MOST)
        and _within(parts["numbers"], _MOST)
        and bool((np.diff(parts["numbers"]) > 0).all())
        and _within(parts["listed"], _MOST)
        and parts["listed"].ndim == 2
        and _within(parts["stated"][:, 1], len(told["groups"]))
        and _told(told["about"], told["remarks"])
    )
    if not fits:
        raise ValueError


def _told(about: dict[str, Any], remarks: dict[str, Any]) -> bool:
    """Whether what is said beside the scores has the form that a report and a page take."""
    words = [about[name] for name in ("statement", "face", "embedding_contract", "version")]
    words += [about["model"][name] for name in ("name", "sha256")]
    words += [word for fault in remarks["unreadable"] for word in fault[1:]]
    numbers = [fault[0] for fault in remarks["unreadable"]] + [one for same in remarks["duplicates"] for one in same]
    spent = [remarks["seconds"], remarks["speed"]["photos_per_second"], *remarks["speed"]["seconds"].values()]
    return (
        all(isinstance(word, str) for word in words)
        and all(isinstance(number, int) and 0 <= number < _MOST for number in [*numbers, remarks["repeats"]])
        and all(isinstance(each, int | float) for each in spent)
        and isinstance(remarks["people"], int | None)
        and remarks.get("enrol", 1) in range(1, MOST_ENROLLED + 1)
        and isinstance(remarks["names"], str)
        and ("gate" not in remarks or _gate_told(remarks["gate"]))
    )


def _gate_told(gate: dict[str, Any]) -> bool:
    numbers = [number for use in ("probe", "enrolment") for number in gate[use]]
    return isinstance(gate["level"], str) and all(isinstance(each, int) and 0 <= each < _MOST for each in numbers)


def _within(numbers: NDArray[Any], most: int) -> bool:
    return not numbers.size or bool(numbers.min() >= 0 and numbers.max() < most)


def _observed(parts: dict[str, NDArray[Any]], told: dict[str, Any]) -> Observed:
    count = int(parts["found"].sum())
    table = np.full((count, count), BINS - 1, np.int32)
    upper = np.triu_indices(count, 1)
    table[upper] = parts["scores"]
    table.T[upper] = parts["scores"]
    fold, first, second = parts["listed"].astype(np.int64).T
    return Observed(
        numbers=tuple(parts["numbers"].tolist()),
        persons=tuple(parts["persons"].tolist()),
        found=tuple(parts["found"].tolist()),
        scores=ReadBack(table),
        groups=tuple(str(name) for name in told["groups"]),
        stated={int(person): int(group) for person, group in parts["stated"].tolist()},
        about=dict(told["about"]),
        listed=Listed(fold, first, second) if told["listed"] else None,
        listed_alone=bool(told["listed_alone"]),
        remarks=dict(told["remarks"]),
    )


def _not_scores(file: Path) -> InputError:
    return InputError(f"{file} holds no raw scores.", hint="`countenance evaluate DATASET --scores FILE` writes them.")
