"""Whether a threshold keeps what was asked: searches in galleries that are drawn from a data set, many times over.

In each split some people are enrolled by one photo of theirs, drawn as well. The photos of everybody else are unmated
searches, the other photos of those who are enrolled are mated ones: FPIR and FNIR at a threshold that is given
(ISO/IEC 19795-1), not one that is set afterwards by the same searches.

The draws are of PCG64's raw stream, which does not change from one version of NumPy to the next.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from countenance.evaluate.scores import Counts, Scores, on_grid
from countenance.evaluate.tail import fit, strangers
from countenance.gallery.calibration import Calibration

SPLITS = 50
SEED = 19_795


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of it, on the mean over splits. None where there were no such searches.

    Attributes:
        gallery: How many people were enrolled in each.
        asked: The rate that was asked for.
        threshold: The threshold, on the mean.
        fpir: How many searches for strangers showed somebody; ``least`` and ``most`` in any one split.
        fnir: How many searches for somebody enrolled did not find them.
        splits: How many there were.
    """

    gallery: int
    asked: float
    threshold: float
    fpir: float | None
    least: float | None
    most: float | None
    fnir: float | None
    splits: int


@dataclass(frozen=True, slots=True, eq=False)
class Faces:
    """Scores of faces, and whose each is."""

    scores: Scores
    persons: Counts

    @property
    def people(self) -> Counts:
        """Who is here."""
        return np.unique(self.persons)


Rule = Callable[[Counts], Calibration]
"""Which calibration gives the threshold, where these people are not searched for."""


def try_out(
    faces: Faces, rule: Rule, size: int, asked: float, *, apart: int = 0, splits: int = SPLITS, seed: int = SEED
) -> Tried:
    """Draw galleries of ``size`` people and search in them at the threshold for ``asked``.

    ``apart``: so many people are set apart in each split, neither enrolled nor searched for: ``rule`` is given them, so
    that a calibration can be fitted on people other than those whom it is tried out on.
    """
    people, stream = faces.people, np.random.PCG64(seed)
    found: list[tuple[float, float | None, float | None]] = []
    for _ in range(splits):
        order = people[np.argsort(stream.random_raw(len(people)), kind="stable")]
        threshold = rule(order[:apart]).threshold(asked, size)
        inside, outside = order[apart : apart + size], order[apart + size :]
        draw = stream.random_raw(len(faces.persons))
        found.append((threshold, *_searched(faces, inside, outside, threshold, draw)))
    fpirs = [each[1] for each in found if each[1] is not None]
    fnirs = [each[2] for each in found if each[2] is not None]
    return Tried(
        size, asked, round(_mean([each[0] for each in found]) or 0.0, 4), _mean(fpirs),
        min(fpirs, default=None), max(fpirs, default=None), _mean(fnirs), splits,
    )  # fmt: skip


def always(calibration: Calibration) -> Rule:
    """The same for every split."""
    return lambda _apart: calibration


def fitted_apart(faces: Faces, base: Calibration | None = None) -> Rule:
    """Fitted in each split on the people who are set apart, and on nobody else."""

    def made(apart: Counts) -> Calibration:
        among = np.flatnonzero(np.isin(faces.persons, apart))
        return fit(strangers(faces.scores, faces.persons, among), "", "", base)

    return made


def _searched(
    faces: Faces, inside: Counts, outside: Counts, threshold: float, draw: np.ndarray
) -> tuple[float | None, float | None]:
    place = int(on_grid(np.array([threshold]))[0])
    here = np.flatnonzero(np.isin(faces.persons, inside))
    here = here[np.argsort(draw[here], kind="stable")]
    whose, first = np.unique(faces.persons[here], return_index=True)
    gallery, again = here[first], np.delete(here, first)
    strange = np.flatnonzero(np.isin(faces.persons, outside))
    shown = faces.scores.places(strange, gallery).max(axis=1, initial=-1) >= place if len(strange) else None
    missed = None
    if len(again):
        own = faces.persons[again][:, None] == whose[None, :]
        missed = np.where(own, faces.scores.places(again, gallery), -1).max(axis=1) < place
    return None if shown is None else float(shown.mean()), None if missed is None else float(missed.mean())


def _mean(values: list[float]) -> float | None:
    return float(np.mean(values)) if values else None
