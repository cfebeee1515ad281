"""1:N: how often a search finds the right person, and how often it shows somebody for a stranger (ISO/IEC 19795-1).

Everybody who has two pictures is enrolled by the first; the others are searched for. Each search is made twice: with
their own person in the gallery (mated), and, against everybody else alone, as if they were a stranger (unmated).
People with one picture are strangers to the whole gallery, so theirs are unmated searches too. Where more pictures of
each person are enrolled, these are the first ones of everybody who has one more; a person's score is their best
picture's, as in a gallery's search.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from countenance.evaluate.bootstrap import Side, side
from countenance.evaluate.measures import Operating, TradeOff, accepted, operating, trade_off
from countenance.evaluate.scores import BINS, BLOCK, Counts, Observed

FPIRS = ("0.1", "0.01", "0.001")
"""The false-positive identification rates at which the false-negative rate is told."""
RANKS = 20
"""How far the cumulative match characteristic goes."""
Asked = tuple[int, int | None]
"""Whose picture is searched for, and the place of its face among the scores, if there is a face."""
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
class OpenSet:
    """Searches with a threshold, for people of whom some are not there.

    Attributes:
        strangers: How many unmated searches were made.
        fnir: False-negative identification rate by false-positive identification rate, with its threshold: the share
            of mated searches whose own person scores below the least threshold at which no more than that share of the
            unmated searches shows anybody (ISO/IEC 19795-1, FNIR and FPIR). At any rank: the length of the list is not
            what hides a person here. None with fewer unmated searches than one false positive needs.
        det: The same as points of a curve.
    """

    strangers: int
    fnir: dict[str, Operating | None]
    det: tuple[TradeOff, ...]


@dataclass(frozen=True, slots=True)
class Identification:
    """Figures of 1:N searches.

    Attributes:
        gallery: How many people are enrolled.
        probes: How many mated searches were made.
        cmc: The share of them whose own person is among the first 1, 2, 3 … candidates, no threshold applied: the
            true-positive identification rate at that rank, closed set (ISO/IEC 19795-1, cumulative match
            characteristic). Empty without probes.
        everybody: Open set. Unmated are searches for people who are not enrolled, and each probe once more with its own
            person left out.
        not_enrolled: Open set. Unmated are searches for people who are not enrolled, alone.
    """

    gallery: int
    probes: int
    cmc: tuple[float, ...]
    everybody: OpenSet
    not_enrolled: OpenSet

    def within(self, rank: int) -> float | None:
        """The share of probes whose own person is among the first so many."""
        return self.cmc[rank - 1] if self.cmc else None


def search_all(observed: Observed) -> Searches:
    """Make every search; none where pairs alone are compared."""
    if observed.listed_alone:
        none = np.empty(0, np.int64)
        return Searches(0, none, none.astype(np.bool_), none.astype(np.bool_), none, none, none)
    drawn = enrol(observed)
    return searched(observed, drawn.faces, [each for _, each in drawn.asked], drawn.several)


@dataclass(frozen=True, slots=True)
class Enrolled:
    """Who is enrolled, and what is searched for.

    Attributes:
        faces: By which faces each person is; None stands for a picture in which none was found.
        asked: The other pictures, each with its number in the data set.
        several: People who have one picture more than are enrolled of each.
    """

    faces: Mapping[int, Sequence[int | None]]
    asked: Sequence[tuple[int, Asked]]
    several: frozenset[int]


def enrol(observed: Observed, refused: Container[int] = ()) -> Enrolled:
    """Enrol everybody who has pictures enough by their first ones; by the first of those that are not ``refused``."""
    pictures, most = Counter(observed.persons), observed.enrol
    places = iter(range(observed.scores.count))
    faces: dict[int, list[int | None]] = {}
    asked: list[tuple[int, Asked]] = []
    for number, who, found in zip(observed.numbers, observed.persons, observed.found, strict=True):
        place = next(places) if found else None
        if pictures[who] > most and number not in refused and len(faces.get(who, ())) < most:
            faces.setdefault(who, []).append(place)
        else:
            asked.append((number, (who, place)))
    return Enrolled(faces, asked, frozenset(who for who, count in pictures.items() if count > most))


def searched(
    observed: Observed, enrolled: Mapping[int, Sequence[int | None]], asked: Sequence[Asked], there: Container[int]
) -> Searches:
    """Make these searches. ``enrolled``: by whose faces each person is; ``there``: people whose searches are mated."""
    faces = {who: [place for place in places if place is not None] for who, places in enrolled.items()}
    known = {who: places for who, places in faces.items() if places}
    whose = np.array(list(known), np.int64)
    gallery = np.array([place for places in known.values() for place in places], np.int64)
    first = np.cumsum([0, *map(len, known.values())])[:-1]
    person = np.array([each for each, _ in asked], np.int64)
    mate, other = np.full(len(asked), _NONE, np.int64), np.full(len(asked), _NONE, np.int64)
    rank = np.full(len(asked), _LAST, np.int64)
    seen = np.array([place is not None for _, place in asked], np.bool_)
    made = np.flatnonzero(seen)
    for at in range(0, len(made), BLOCK):
        part = made[at : at + BLOCK]
        rows = np.array([asked[number][1] for number in part], np.int64)
        scores = observed.scores.places(rows, gallery)
        if len(gallery) > len(whose):
            scores = np.maximum.reduceat(scores, first, axis=1)
        mate[part], other[part], rank[part] = _ranked(scores, person[part], whose)
    mated = np.array([each in there for each in person.tolist()], np.bool_)
    return Searches(len(whose), person, mated, seen, mate, other, rank)


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
    cmc = tuple(float((rank <= most).sum() / len(rank)) for most in range(1, RANKS + 1)) if len(rank) else ()
    everybody, strange = _open(made, made.seen), _open(made, made.seen & ~made.mated)
    return Identification(made.gallery, len(rank), cmc, everybody, strange)


def _open(made: Searches, unmated: np.ndarray) -> OpenSet:
    found, shown = rates(made, made.mated, unmated)
    probes, strangers = int(made.mated.sum()), int(unmated.sum())
    at = {rate: operating(found, shown, float(rate), strangers) if probes else None for rate in FPIRS}
    return OpenSet(strangers, at, trade_off(found, shown, strangers) if probes else ())


def rates(made: Searches, mated: np.ndarray, unmated: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For each threshold the share of these mated searches that find, and of these unmated ones that show somebody.

    A picture without a face finds nobody. It is no unmated search: that it shows nobody is no merit.
    """
    found, shown = _counted(made.mate[mated]), _counted(made.other[unmated])
    found_share = accepted(found) * (found.sum() / max(int(mated.sum()), 1))
    shown_share = accepted(shown) * (shown.sum() / max(int(unmated.sum()), 1))
    return found_share, shown_share


def sides(made: Searches, unmated: np.ndarray, weights: Counts) -> tuple[Side, Side]:
    """Mated and unmated searches, as the bootstrap takes them."""
    told = []
    for place, chosen in ((made.mate, made.mated), (made.other, unmated)):
        total = weights @ np.bincount(made.person[chosen], minlength=weights.shape[1])
        scored = chosen & (place != _NONE)
        told.append(side(place[scored], made.person[scored], None, total))
    return told[0], told[1]


def _counted(places: Counts) -> Counts:
    return np.bincount(places[places != _NONE], minlength=BINS)
