"""1:N: how often a search finds the right person, and how often it shows somebody for a stranger (ISO/IEC 19795-1).

Everybody who has two pictures is enrolled by the first; the others are searched for. Each search is made twice: with
their own person in the gallery (mated), and, against everybody else alone, as if they were a stranger (non-mated).
People with one picture are strangers to the whole gallery, so theirs are non-mated searches too.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from countenance.evaluate.measures import Operating, TradeOff, accepted, operating, trade_off
from countenance.evaluate.scores import BINS, BLOCK, Counts, Observed

FPIRS = ("1e-1", "1e-2")
"""The false-positive identification rates at which the false-negative rate is told."""
_NONE = -1
_LAST = np.iinfo(np.int64).max


@dataclass(frozen=True, slots=True, eq=False)
class Searches:
    """What came of every search, as places of the grid; -1 where there was nobody to be scored against.

    ``mated``: somebody of theirs should be in the gallery. ``rank``: the place of their own person among all, from 1.
    A search for a picture without a face is there too: its own person scored -1, and so did everybody else.
    """

    gallery: int
    person: Counts
    mated: np.ndarray
    seen: np.ndarray
    mate: Counts
    other: Counts
    rank: Counts


@dataclass(frozen=True, slots=True)
class Identification:
    """Figures of 1:N searches.

    Attributes:
        gallery: How many people are enrolled, by one template each.
        probes: How many mated searches were made.
        rank1, rank5: The share of them whose own person is first, or among the first five: the true-positive
            identification rate at rank 1 and 5, closed set. None without probes.
        strangers: How many non-mated searches were made.
        fnir: False-negative identification rate by false-positive identification rate, with its threshold: the share
            of mated searches whose own person scores below the least threshold at which no more than that share of the
            non-mated searches shows anybody. At any rank: the length of the list is not what hides a person here.
        det: The same as points of a curve.
    """

    gallery: int
    probes: int
    rank1: float | None
    rank5: float | None
    strangers: int
    fnir: dict[str, Operating | None]
    det: tuple[TradeOff, ...]


def search_all(observed: Observed) -> Searches:
    """Make every search."""
    pictures = Counter(observed.persons)
    places = iter(range(observed.scores.count))
    enrolled: dict[int, int | None] = {}
    asked: list[tuple[int, int | None]] = []
    for who, found in zip(observed.persons, observed.found, strict=True):
        place = next(places) if found else None
        if pictures[who] > 1 and who not in enrolled:
            enrolled[who] = place
        else:
            asked.append((who, place))
    whose = np.array([who for who, place in enrolled.items() if place is not None], np.int64)
    gallery = np.array([place for place in enrolled.values() if place is not None], np.int64)
    person = np.array([each for each, _ in asked], np.int64)
    mate, other = np.full(len(asked), _NONE, np.int64), np.full(len(asked), _NONE, np.int64)
    rank = np.full(len(asked), _LAST, np.int64)
    seen = np.array([place is not None for _, place in asked], np.bool_)
    made = np.flatnonzero(seen)
    for at in range(0, len(made), BLOCK):
        part = made[at : at + BLOCK]
        rows = np.array([asked[number][1] for number in part], np.int64)
        scores = observed.scores.places(rows, gallery)
        mate[part], other[part], rank[part] = _ranked(scores, person[part], whose)
    mated = np.array([pictures[each] > 1 for each in person.tolist()], np.bool_)
    return Searches(len(gallery), person, mated, seen, mate, other, rank)


def _ranked(scores: Counts, asked: Counts, whose: Counts) -> tuple[Counts, Counts, Counts]:
    """Of each probe: its own person's score, the best one of others, and its own person's place. Ties count against us.

    Far beyond any place where that person is not in the gallery.
    """
    own = asked[:, None] == whose[None, :]
    mate = np.where(own, scores, _NONE).max(axis=1, initial=_NONE)
    other = np.where(own, _NONE, scores).max(axis=1, initial=_NONE)
    ahead = ((scores >= mate[:, None]) & ~own).sum(axis=1)
    rank = np.where(own.any(axis=1), ahead + 1, _LAST)
    return mate, other, np.asarray(rank, np.int64)


def identification(made: Searches) -> Identification:
    """The figures."""
    rank = made.rank[made.mated]
    found, shown, strangers = rates(made, np.ones(len(made.person), np.bool_))
    total = len(rank)
    within = {r: float((rank <= r).sum() / total) if total else None for r in (1, 5)}
    at = {rate: operating(found, shown, float(rate), strangers) if total else None for rate in FPIRS}
    det = trade_off(found, shown, strangers) if total else ()
    return Identification(made.gallery, total, within[1], within[5], strangers, at, det)


def rates(made: Searches, among: np.ndarray) -> tuple[np.ndarray, np.ndarray, int]:
    """For each threshold the share of mated searches that find, and of non-mated ones that show somebody; how many.

    A picture without a face finds nobody. It is no non-mated search: that it shows nobody is no merit.
    """
    mated, strange = made.mated & among, made.seen & among
    found, shown = _counted(made.mate[mated]), _counted(made.other[strange])
    found_share = accepted(found) * (found.sum() / max(int(mated.sum()), 1))
    shown_share = accepted(shown) * (shown.sum() / max(int(strange.sum()), 1))
    return found_share, shown_share, int(strange.sum())


def _counted(places: Counts) -> Counts:
    return np.bincount(places[places != _NONE], minlength=BINS)
