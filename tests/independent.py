"""The figures of an evaluation a second time, by another way than the source's: for tests alone.

This is plain Python; rates that scikit-learn's ROC curve gives as well are compared with it too. The source counts
scores on a grid and reads rates off cumulated counts; here every score stands in a list, a threshold is found by
sorting strangers and looking at the first one who must stay outside, and who is drawn several times stands there as
often.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import fmean, stdev

Person = int
NEVER = -9.0


@dataclass(frozen=True)
class Picture:
    """Whose it is, and its place in the table of scores; None where no face was found."""

    person: Person
    face: int | None


def tar(genuine: Sequence[float], impostor: Sequence[float], far: float) -> float | None:
    """The share of genuine scores above the best stranger who must stay outside."""
    allowed = int(far * len(impostor) + 1e-9)
    if allowed < 1 or not genuine:
        return None
    outside = sorted(impostor, reverse=True)[allowed] if allowed < len(impostor) else NEVER
    return sum(score > outside for score in genuine) / len(genuine)


def eer(genuine: Sequence[float], impostor: Sequence[float]) -> float:
    """The mean of both errors at the lowest threshold at which they are nearest."""
    best, own, strange = (2.0, 0.0), sorted(genuine), sorted(impostor)
    for threshold in [*sorted({*genuine, *impostor}), 9.0]:
        wrong = 1 - bisect_left(strange, threshold) / len(strange)
        missed = bisect_left(own, threshold) / len(own)
        if abs(wrong - missed) < best[0] - 1e-12:
            best = (abs(wrong - missed), (wrong + missed) / 2)
    return best[1]


def pairs(pictures: Sequence[Picture], table: Sequence[Sequence[float]]) -> tuple[list[float], list[float]]:
    """Scores of one person's pairs, and of two people's."""
    genuine, impostor = [], []
    for one, other in combinations(pictures, 2):
        if one.face is not None and other.face is not None:
            (genuine if one.person == other.person else impostor).append(table[one.face][other.face])
    return genuine, impostor


@dataclass(frozen=True)
class Search:
    """One search: by whom, how their own person scored, how everybody else did."""

    person: Person
    mated: bool
    own: float
    others: tuple[float, ...]
    seen: bool

    @property
    def rank(self) -> int:
        """The place of their own person; ties count against it."""
        return 10**6 if self.own == NEVER else 1 + sum(score >= self.own for score in self.others)


def searches(pictures: Sequence[Picture], table: Sequence[Sequence[float]], enrol: int = 1) -> list[Search]:
    """Everybody with more pictures than ``enrol`` is enrolled by the first so many; all others are searched for."""
    count = {picture.person: 0 for picture in pictures}
    for picture in pictures:
        count[picture.person] += 1
    enrolled: dict[Person, list[int | None]] = {}
    asked = []
    for picture in pictures:
        if count[picture.person] > enrol and len(enrolled.setdefault(picture.person, [])) < enrol:
            enrolled[picture.person].append(picture.face)
        else:
            asked.append(picture)
    made = []
    for picture in asked:
        scores = {
            person: max(table[picture.face][face] for face in faces if face is not None)
            for person, faces in enrolled.items()
            if any(face is not None for face in faces) and picture.face is not None
        }
        own = scores.pop(picture.person, NEVER)
        mated = count[picture.person] > enrol
        made.append(Search(picture.person, mated, own, tuple(scores.values()), picture.face is not None))
    return made


def fnir(made: Sequence[Search], fpir: float, *, not_enrolled: bool = False) -> float | None:
    """The share of mated searches that do not score above the best stranger's candidate that must stay outside."""
    own = [search.own for search in made if search.mated]
    tops = [max(search.others, default=NEVER) for search in made if search.seen and not (not_enrolled and search.mated)]
    # Whoever is not in the gallery, or shows no face, scores NEVER: below any threshold.
    found = tar(own, tops, fpir)
    return None if found is None else 1 - found


def fold_accuracies(scored: Sequence[tuple[float, bool, int]]) -> list[float]:
    """Of (score, one person, fold): the accuracy in each fold at the highest threshold that is best on the others."""

    def right(threshold: float, among: Sequence[tuple[float, bool, int]]) -> float:
        return sum((score >= threshold) == same for score, same, _ in among)

    told = []
    for fold in sorted({fold for _, _, fold in scored}):
        others = [each for each in scored if each[2] != fold]
        tried = [each for each in scored if each[2] == fold]
        thresholds = sorted({score for score, _, _ in scored} | {9.0}, reverse=True)
        best = max(thresholds, key=lambda threshold: (right(threshold, others), threshold))
        told.append(right(best, tried) / len(tried))
    return told


def mean_and_sd(values: Sequence[float]) -> tuple[float, float]:
    """Of the folds."""
    return fmean(values), stdev(values)
