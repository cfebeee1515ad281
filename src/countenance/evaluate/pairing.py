"""Which pairs of faces are compared, with their scores: all of them, or those that a file lists."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from countenance.evaluate.measures import Pairs, accepted, compare_all
from countenance.evaluate.scores import BINS, BLOCK, Counts, Observed

FEW = 200_000
"""Impostor pairs up to which each of them is kept."""
MOST = 2_000_000
"""Impostor pairs of which no more are kept, whatever their share."""
_SHARE = 0.03
"""Of more than `FEW`, this share is kept: those that score highest. The rates that are told lie well within it."""


@dataclass(frozen=True, slots=True, eq=False)
class Compared:
    """Pairs one by one, with the place of each score; which pictures, by their number among those that were read.

    A listed pair of which a picture shows no face has the lowest place there is: it is never accepted.
    """

    place: Counts
    first: Counts
    second: Counts

    def of(self, chosen: np.ndarray) -> Compared:
        """Some of them."""
        return Compared(self.place[chosen], self.first[chosen], self.second[chosen])


@dataclass(frozen=True, slots=True, eq=False)
class Paired:
    """What 1:1 is measured on.

    Attributes:
        pairs: All comparisons, counted by score.
        genuine: Each comparison of one person with themselves.
        impostor: Of the comparisons of two people those that score highest; all of them when `whole`.
        whole: Whether ``impostor`` is complete.
        left_out: Listed pairs that name a picture that was left out.
        faceless: Listed pairs of which a picture shows no face.
        folds: Of each listed pair that was compared its fold, genuine ones first; empty without a list.
    """

    pairs: Pairs
    genuine: Compared
    impostor: Compared
    whole: bool
    left_out: int = 0
    faceless: int = 0
    folds: Counts | None = None


def all_pairs(observed: Observed) -> Paired:
    """Every unordered pair of faces, once."""
    seen = np.flatnonzero(np.array(observed.found, np.bool_))
    labels = np.array(observed.persons, np.int64)[seen]
    pairs = compare_all(observed.scores, labels.tolist())
    floor = _floor(pairs)
    parts: tuple[list[Compared], list[Compared]] = ([], [])
    for i in range(0, len(seen), BLOCK):
        for j in range(i, len(seen), BLOCK):
            rows, columns = np.arange(i, min(i + BLOCK, len(seen))), np.arange(j, min(j + BLOCK, len(seen)))
            places = observed.scores.places(rows, columns)
            same = labels[rows, None] == labels[None, columns]
            once = rows[:, None] < columns[None, :]
            for kind, chosen in enumerate((same & once, ~same & once & (places >= floor))):
                one, other = np.nonzero(chosen)
                parts[kind].append(Compared(places[chosen], seen[rows[one]], seen[columns[other]]))
    genuine, impostor = (_joined(part) for part in parts)
    return Paired(pairs, genuine, impostor, whole=floor == 0)


def _floor(pairs: Pairs) -> int:
    """The place from which impostor pairs are kept one by one: enough for the equal error rate and all that is told."""
    count = pairs.impostor_count
    if count <= FEW or not pairs.genuine_count:
        return 0
    far, tar = accepted(pairs.impostor), accepted(pairs.genuine)
    eer = float(far[int(np.abs(far - (1 - tar)).argmin())])
    return int(np.argmax(far <= min(max(_SHARE, 3 * eer), MOST / count)))


def listed_pairs(observed: Observed) -> Paired:
    """The pairs that a file listed, and no others. ``observed.listed`` is there."""
    listed = observed.listed
    if listed is None:
        raise ValueError("no pairs were listed")
    persons = np.array(observed.persons, np.int64)
    numbers, found = np.array(observed.numbers, np.int64), np.array(observed.found, np.bool_)
    at = [np.searchsorted(numbers, part).clip(max=len(numbers) - 1) for part in (listed.first, listed.second)]
    here = (numbers[at[0]] == listed.first) & (numbers[at[1]] == listed.second)
    first, second, fold = at[0][here], at[1][here], listed.fold[here]
    face = np.cumsum(found) - 1
    both = found[first] & found[second]
    places = np.zeros(len(first), np.int64)
    for begin in range(0, len(first), BLOCK):
        part = np.arange(begin, min(begin + BLOCK, len(first)))[both[begin : begin + BLOCK]]
        rows, back = np.unique(face[first[part]], return_inverse=True)
        columns, across = np.unique(face[second[part]], return_inverse=True)
        if len(part):
            places[part] = observed.scores.places(rows, columns)[back, across]
    same = persons[first] == persons[second]
    pairs = Pairs(*(np.bincount(places[kind], minlength=BINS) for kind in (same, ~same)))
    every = Compared(places, first, second)
    return Paired(
        pairs, every.of(same), every.of(~same), whole=True,
        left_out=int((~here).sum()), faceless=int((~both).sum()), folds=np.concatenate([fold[same], fold[~same]]),
    )  # fmt: skip


def _joined(parts: list[Compared]) -> Compared:
    empty = np.empty(0, np.int64)
    return Compared(
        np.concatenate([empty, *(part.place for part in parts)]),
        np.concatenate([empty, *(part.first for part in parts)]),
        np.concatenate([empty, *(part.second for part in parts)]),
    )
