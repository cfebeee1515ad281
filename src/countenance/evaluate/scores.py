"""The scores of an evaluation, on a grid: from templates in memory, or read back from a file of raw scores (P22).

The file holds numbers alone: of each picture that was read its number in the data set, its person's number and whether
a face was found; of each pair of faces the score; and the groups that the people stated. No name, no path, no
template. Everything that an evaluation tells follows from it.
"""

from __future__ import annotations

import json
import zipfile
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

_NO_GROUP = -1


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
class Observed:
    """Everything that the figures are made from.

    Attributes:
        numbers, persons, found: Of each picture that was read: its number in the data set, its person's number, and
            whether a face was found.
        scores: Of the pictures in which one was found, in the same order.
        groups: The names of the groups that people stated.
        stated: Each person's group by its place in ``groups``; who stated none is not in it.
        about: What else belongs to the report: statement, model, versions.
    """

    numbers: tuple[int, ...]
    persons: tuple[int, ...]
    found: tuple[bool, ...]
    scores: Scores
    groups: tuple[str, ...] = ()
    stated: dict[int, int] = field(default_factory=dict)
    about: dict[str, Any] = field(default_factory=dict)


def write_scores(observed: Observed, file: Path) -> None:
    """Write the raw scores. Raises `InputError` where there are too many or the file cannot be written."""
    count = observed.scores.count
    if count > LARGEST:
        raise InputError(
            f"Raw scores are kept for up to {LARGEST:,} faces; here are {count:,}.", hint="Take fewer: `--people N`."
        )
    rows = np.arange(count)
    triangle = [observed.scores.places(rows[at : at + 1], rows[at + 1 :])[0] for at in range(count)]
    about = {"v": 1, "groups": observed.groups, "about": observed.about}
    stated = np.array(sorted(observed.stated.items()), np.int32).reshape(-1, 2)
    try:
        with file.open("wb") as out:
            np.savez_compressed(
                out,
                about=np.frombuffer(json.dumps(about).encode(), np.uint8),
                numbers=np.array(observed.numbers, np.int32),
                persons=np.array(observed.persons, np.int32),
                found=np.array(observed.found, np.bool_),
                stated=stated,
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
            parts = {name: read[name] for name in ("about", "numbers", "persons", "found", "stated", "scores")}
        about = json.loads(parts["about"].tobytes())
        return _observed(parts, about)
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror}.") from None
    except (zipfile.BadZipFile, KeyError, ValueError, TypeError, AttributeError):
        raise _not_scores(file) from None


def _observed(parts: dict[str, NDArray[Any]], about: dict[str, Any]) -> Observed:
    count = int(parts["found"].sum())
    if about["v"] != 1 or len(parts["scores"]) != count * (count - 1) // 2:
        raise ValueError
    if not len(parts["numbers"]) == len(parts["persons"]) == len(parts["found"]):
        raise ValueError
    if len(parts["scores"]) and not 0 <= parts["scores"].min() <= parts["scores"].max() < BINS:
        raise ValueError
    table = np.full((count, count), BINS - 1, np.int32)
    upper = np.triu_indices(count, 1)
    table[upper] = parts["scores"]
    table.T[upper] = parts["scores"]
    return Observed(
        numbers=tuple(parts["numbers"].tolist()),
        persons=tuple(parts["persons"].tolist()),
        found=tuple(parts["found"].tolist()),
        scores=ReadBack(table),
        groups=tuple(str(name) for name in about["groups"]),
        stated={int(person): int(group) for person, group in parts["stated"].tolist()},
        about=dict(about["about"]),
    )


def _not_scores(file: Path) -> InputError:
    return InputError(f"{file} holds no raw scores.", hint="`countenance evaluate DATASET --scores FILE` writes them.")
