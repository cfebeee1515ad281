"""Draw a seeded file of pairs in folds from a folder of people, for the accuracy that ``countenance evaluate`` tells.

    python -m benchmarks.pairs FOLDER pairs.csv --pairs 6000 --folds 10 --seed 1
    countenance evaluate FOLDER --statement public-benchmark --pairs pairs.csv

Half of the pairs are of one person, half of two. Nobody is in two folds, so that no threshold is learned on somebody it
is tried on. Within a fold each person with two photos gives a pair in turn, so that a person with many photos does not
fill it. The same folder and seed give the same file. The file names people: keep it where the photos are.
"""

from __future__ import annotations

import argparse
import csv
import os
import random
import sys
from collections.abc import Iterator, Sequence
from itertools import combinations
from pathlib import Path

from countenance.errors import CountenanceError, InputError
from countenance.evaluate.dataset import open_dataset

Drawn = tuple[int, str, str]


def draw(people: Sequence[Sequence[str]], pairs: int, folds: int, seed: int) -> list[Drawn]:
    """Pairs as (fold, photo, photo), half of them of one person.

    Args:
        people: The photos of each person.
        pairs: How many in all; a multiple of twice the folds.
        folds: How many folds.
        seed: The same seed gives the same pairs.

    Raises:
        InputError: There are too few photos or people for so many pairs in disjoint folds.
    """
    if folds < 2 or pairs < 2 * folds or pairs % (2 * folds):
        raise InputError(f"{pairs} pairs do not fill {folds} folds.", hint="Give a multiple of twice the folds.")
    chance, each = random.Random(seed), pairs // (2 * folds)  # noqa: S311 - a draw, not a secret
    drawn: list[Drawn] = []
    for number, members in enumerate(_dealt(people, folds, chance), 1):
        genuine, impostor = _genuine(members, each, chance), _impostor(members, each, chance)
        if len(genuine) < each or len(impostor) < each:
            raise InputError(
                f"Fold {number} has {len(genuine)} pairs of one person and {len(impostor)} of two, not {each}.",
                hint="Ask for fewer pairs or fewer folds.",
            )
        drawn += [(number, *pair) for pair in (*genuine, *impostor)]
    return drawn


def _dealt(people: Sequence[Sequence[str]], folds: int, chance: random.Random) -> list[list[Sequence[str]]]:
    """People over the folds, so that each fold has about as many pairs of one person to choose from."""
    dealt: list[list[Sequence[str]]] = [[] for _ in range(folds)]
    room = [0] * folds
    shuffled = chance.sample(list(people), len(people))
    for photos in sorted(shuffled, key=len, reverse=True):
        fold = min(range(folds), key=lambda at: (room[at], len(dealt[at])))
        dealt[fold].append(photos)
        room[fold] += len(photos) * (len(photos) - 1) // 2
    return dealt


def _genuine(members: Sequence[Sequence[str]], wanted: int, chance: random.Random) -> list[tuple[str, str]]:
    everybody = [list(combinations(photos, 2)) for photos in chance.sample(list(members), len(members))]
    for own in everybody:
        chance.shuffle(own)
    found: list[tuple[str, str]] = []
    while len(found) < wanted and any(everybody):
        for own in everybody:
            if own and len(found) < wanted:
                found.append(own.pop())
    return found


def _impostor(members: Sequence[Sequence[str]], wanted: int, chance: random.Random) -> list[tuple[str, str]]:
    possible = sum(len(one) * len(other) for one, other in combinations(members, 2))
    found: dict[tuple[str, str], None] = {}
    while len(found) < min(wanted, possible):
        one, other = sorted(chance.sample(range(len(members)), 2))
        found[chance.choice(members[one]), chance.choice(members[other])] = None
    return list(found)


def _people(folder: Path) -> Iterator[list[str]]:
    data = open_dataset(folder)
    photos: list[list[str]] = [[] for _ in range(data.people)]
    for photo in data.photos:
        photos[photo.person].append(os.fsdecode(photo.path))
    yield from photos


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the file. The exit code is 0, or that of the error."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pairs", description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="a folder of people")
    parser.add_argument("file", type=Path, help="the CSV to write")
    parser.add_argument("--pairs", type=int, default=6_000)
    parser.add_argument("--folds", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args(arguments)
    try:
        drawn = draw(list(_people(asked.folder)), asked.pairs, asked.folds, asked.seed)
        with asked.file.open("w", encoding="utf-8", errors="surrogateescape", newline="") as out:
            writer = csv.writer(out, lineterminator="\n")
            writer.writerow(("fold", "first", "second"))
            writer.writerows(drawn)
    except CountenanceError as error:
        sys.stderr.write(f"✗ {error.message}\n→ {error.hint}\n")
        return error.exit_code
    except OSError as error:
        sys.stderr.write(f"✗ {asked.file} cannot be written: {error.strerror}.\n→ Name another file.\n")
        return InputError.exit_code
    print(f"{len(drawn):,} pairs in {asked.folds} folds: {asked.file}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
