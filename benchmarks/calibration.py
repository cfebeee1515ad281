"""What a threshold means, measured: the calibration that ships with the default model, and what makes scores better.

    python -m benchmarks.calibration lfw-dev           print the calibration and the tables
    python -m benchmarks.calibration lfw-dev --docs    write the tables into docs/reference/calibration.md

The data set is a folder of people, the person in the middle of each photo. Its templates, plain and with the mirror
image, are kept in the cache folder, for they take most of the time; nothing else but figures leaves this program.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.ingest import CACHE
from benchmarks.measuring import ROOT
from benchmarks.pages import conditions, progress, table, write_section
from countenance.evaluate.dataset import DataSet, open_dataset
from countenance.evaluate.run import Progress, measure
from countenance.evaluate.scores import Computed
from countenance.evaluate.splits import SEED, SPLITS, Faces, Tried, always, fitted_apart, try_out
from countenance.evaluate.tail import fit, strangers
from countenance.gallery.calibration import Calibration
from countenance.samples import cast
from countenance.vision.engine import Vision

PAGE = ROOT / "docs" / "reference" / "calibration.md"
MEASURED_ON = "Labeled Faces in the Wild: press photographs of adults"
ASKED = (0.1, 0.01)
TRIED = ((100, 681), (400, 681), (800, 400))
"""Sizes of a gallery, and how many people the calibration is fitted on where these are others than are tried."""
SEVERAL = ((100, 2), (300, 2), (200, 3))
"""Galleries of people who are enrolled by several photos each: how many people, how many photos."""
BEYOND = (1_000, 3_000, 10_000, 100_000, 1_000_000)
Vectors = NDArray[np.float64]
Indices = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """Templates and whose they are."""

    vectors: Vectors
    persons: NDArray[np.int64]
    contract: str


def look(folder: Path, cache: Path, *, flip: bool = False) -> Seen:
    """The templates of a folder of people: made now, or by an earlier run from the same files under this contract."""
    data = open_dataset(folder)
    with Vision(flip=flip) as vision:
        kept = cache / f"templates-{data.fingerprint[:16]}-{vision.contract[:16]}.npz"
        if not kept.is_file():
            made = _made(data, vision)
            kept.parent.mkdir(parents=True, exist_ok=True)
            np.savez(kept, vectors=made.vectors.astype(np.float32), persons=made.persons)
        with np.load(kept) as read:
            return Seen(read["vectors"].astype(np.float64), read["persons"], vision.contract)


def _made(data: DataSet, vision: Vision) -> Seen:
    def tell(now: Progress) -> None:
        if now.done % 500 == 0 or now.done == now.total:
            progress(f"{now.done} of {now.total} photos")

    observed = measure(data, vision, limit=1 << 26, face="middle", leave_out_duplicates=True, progress=tell).observed
    assert isinstance(observed.scores, Computed)  # noqa: S101 - what `measure` gives
    persons = np.array(observed.persons, np.int64)[np.array(observed.found, np.bool_)]
    return Seen(observed.scores.vectors.astype(np.float64), persons, vision.contract)


def rendered() -> Vectors:
    """The templates of the cast: every photo of somebody alone."""
    people = cast()
    with Vision() as vision:
        found = []
        for name in people.identities:
            for photo in people.photos(name):
                picture = vision.decode(photo.read_bytes())
                faces = vision.faces(picture)[:1]
                found += [each.vector for each in vision.templates(picture, faces)]
    return np.stack(found).astype(np.float64)


# --- the threshold ---------------------------------------------------------------------------------------------------


def thresholds(seen: Seen) -> tuple[Calibration, list[str]]:
    """The calibration, and how it does: on the people whom it was fitted on, and on others."""
    faces = Faces(Computed(seen.vectors.astype(np.float32)), seen.persons)
    made = fit(strangers(faces.scores, faces.persons), seen.contract, MEASURED_ON)
    rows = []
    for size, apart in TRIED:
        for asked in ASKED:
            progress(f"gallery of {size}, {asked:.0%}")
            same = try_out(faces, always(made), size, asked)
            others = try_out(faces, fitted_apart(faces), size, asked, apart=apart)
            rows.append((f"{size}, {asked:.0%}", *_figures(same), f"{apart}", *_figures(others)))
    head = ("gallery, asked", "threshold", "FPIR", "least to most", "FNIR",
            "fitted on other people", "threshold", "FPIR", "least to most", "FNIR")  # fmt: skip
    lines = table(head, rows)
    lines += ["", f"Means of {SPLITS} seeded splits; every person is enrolled by one photo.", ""]
    told = [
        (f"{size:,}", *(_threshold(made, size, asked) for asked in (0.1, 0.01, 0.001)))
        for size in (100, 400, 800, *BEYOND)
    ]
    return made, [*lines, *table(("templates", "10 %", "1 %", "0.1 %"), told), "", "(e): extrapolated."]


def with_mirror(flipped: Seen, plain: Calibration) -> tuple[Calibration, list[str]]:
    """The calibration of templates with the mirror image, and why they need one of their own."""
    faces = Faces(Computed(flipped.vectors.astype(np.float32)), flipped.persons)
    made = fit(strangers(faces.scores, faces.persons), flipped.contract, MEASURED_ON)
    rows = []
    for size, _ in TRIED:
        for asked in ASKED:
            own, other = (try_out(faces, always(each), size, asked) for each in (made, plain))
            rows.append((f"{size}, {asked:.0%}", *_figures(own), *_figures(other)))
    figures = ("threshold", "FPIR", "least to most", "FNIR")
    head = ("gallery, asked", *figures, "by the plain calibration: threshold", *figures[1:])
    return made, [*table(head, rows), "", f"Means of {SPLITS} seeded splits; every person is enrolled by one photo."]


def _figures(tried: Tried) -> tuple[str, ...]:
    spread = f"{tried.least:.2%} to {tried.most:.2%}"
    return f"{tried.threshold:.3f}", f"{tried.fpir:.2%}", spread, f"{tried.fnir:.2%}"


def _threshold(made: Calibration, size: int, asked: float) -> str:
    measured = made.reaches(made.fmr_for(asked, size))
    return f"{made.threshold(asked, size):.3f}{'' if measured else ' (e)'}"


# --- better scores ---------------------------------------------------------------------------------------------------


def better(seen: Seen, flipped: Seen, crowd: Vectors) -> list[str]:
    """What was tried to make scores better: rank-1 and FNIR at FPIR 0.01, by the definitions of ``evaluate``."""
    rows = []
    for count in (1, 2, 3):
        for name, way in WAYS.items() if count > 1 else (("plain", _best),):
            photos = "one photo" if count == 1 else f"{count} photos"
            rows.append((f"{photos}, {name}", *_rates(seen, count, way)))
            mirrored = "with the mirror image" if count == 1 else f"{name}, with the mirror image"
            if way in (_best, _mean_template):
                rows.append((f"{photos}, {mirrored}", *_rates(flipped, count, way)))
    for name, most in (("the 30 nearest of the cast's 150 photos", 30), ("all of the cast's 150 photos", len(crowd))):
        rows.append((f"one photo, AS-norm against {name}", *_rates(seen, 1, _normalised(crowd, most))))
    return table(("way", "rank-1", "FNIR at FPIR 0.1", "at 0.01", "at 0.001"), rows)


Way = Callable[[Vectors, Vectors], Vectors]
"""Scores of probes (p × d) against people by their photos (g × n × d)."""


def _best(probes: Vectors, photos: Vectors) -> Vectors:
    return np.asarray(np.stack([probes @ photos[:, at].T for at in range(photos.shape[1])]).max(axis=0))


def _mean_score(probes: Vectors, photos: Vectors) -> Vectors:
    return np.asarray(probes @ photos.mean(axis=1).T)


def _mean_template(probes: Vectors, photos: Vectors) -> Vectors:
    return np.asarray(probes @ _unit(photos.mean(axis=1)).T)


def _best_or_mean(probes: Vectors, photos: Vectors) -> Vectors:
    return np.maximum(_best(probes, photos), _mean_template(probes, photos))


WAYS: dict[str, Way] = {
    "best": _best,
    "mean of scores": _mean_score,
    "mean template": _mean_template,
    "best or mean template, the greater": _best_or_mean,
}


def several(seen: Seen, made: Calibration) -> list[str]:
    """What the threshold for so many templates keeps, where each person has several of them."""
    rows = []
    for people, count in SEVERAL:
        for asked in ASKED:
            progress(f"gallery of {people}, {count} photos each, {asked:.0%}")
            threshold = made.threshold(asked, people * count)
            drawn = list(_galleries(seen.persons, people, count))
            for name in ("best", "mean template", "best or mean template, the greater"):
                tried = np.array([_shown(seen, WAYS[name], *draw, threshold) for draw in drawn])
                fpir, fnir = tried.mean(axis=0)
                rows.append(
                    (f"{people} × {count}, {asked:.0%}, {name}", f"{threshold:.3f}", f"{fpir:.2%}", f"{fnir:.2%}")
                )
    return [*table(("people × photos, asked, way", "threshold", "FPIR", "FNIR"), rows), "",
            f"Means of {SPLITS} seeded splits."]  # fmt: skip


def _galleries(persons: NDArray[np.int64], people: int, count: int) -> Iterator[tuple[Indices, Indices, Indices]]:
    """Photos that are enrolled (people × count), other photos of these people, and photos of everybody else."""
    stream, everybody, counts = np.random.PCG64(SEED), *np.unique(persons, return_counts=True)
    enough = everybody[counts > count]
    for _ in range(SPLITS):
        inside = enough[np.argsort(stream.random_raw(len(enough)), kind="stable")][:people]
        order = np.argsort(stream.random_raw(len(persons)), kind="stable")
        own = [order[persons[order] == person] for person in inside]
        strange = np.flatnonzero(~np.isin(persons, inside))
        yield np.stack([each[:count] for each in own]), np.concatenate([each[count:] for each in own]), strange


def _shown(
    seen: Seen, way: Way, enrolled: Indices, again: Indices, strange: Indices, threshold: float
) -> tuple[float, float]:
    """How many strangers are shown somebody, and how many of those who are enrolled are missed."""
    photos = seen.vectors[enrolled]
    own = seen.persons[again][:, None] == seen.persons[enrolled[:, 0]][None]
    mate = np.where(own, way(seen.vectors[again], photos), -np.inf).max(axis=1)
    return float((way(seen.vectors[strange], photos).max(axis=1) >= threshold).mean()), float((mate < threshold).mean())


def _normalised(crowd: Vectors, most: int) -> Way:
    """Adaptive symmetric normalisation (Matějka et al., Interspeech 2017), by the nearest of a cohort on both sides."""

    def scored(probes: Vectors, photos: Vectors) -> Vectors:
        templates = _unit(photos.mean(axis=1))
        plain = probes @ templates.T
        (middle_p, wide_p), (middle_t, wide_t) = (_nearest(each @ crowd.T, most) for each in (probes, templates))
        by_probe = (plain - middle_p[:, None]) / wide_p[:, None]
        return np.asarray((by_probe + (plain - middle_t[None]) / wide_t[None]) / 2)

    return scored


def _nearest(scores: Vectors, most: int) -> tuple[Vectors, Vectors]:
    best = np.sort(scores, axis=1)[:, -most:]
    return best.mean(axis=1), best.std(axis=1)


def _unit(vectors: Vectors) -> Vectors:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=-1, keepdims=True))


def _rates(seen: Seen, count: int, way: Way) -> tuple[str, ...]:
    """Everybody with more than ``count`` photos is enrolled by the first; the others are searched for."""
    enrolled, whose, probes = [], [], []
    for person in np.unique(seen.persons):
        photos = np.flatnonzero(seen.persons == person)
        first = photos[:count] if len(photos) > count else photos[:0]
        if len(first):
            enrolled.append(first)
            whose.append(person)
        probes += photos[len(first) :].tolist()
    scores = way(seen.vectors[probes], seen.vectors[np.array(enrolled)])
    own = seen.persons[probes][:, None] == np.array(whose)[None]
    mate, other = np.where(own, scores, -np.inf).max(axis=1), np.where(own, -np.inf, scores).max(axis=1)
    mated = own.any(axis=1)
    return f"{(mate > other)[mated].mean():.2%}", *(f"{fnir:.2%}" for fnir in _fnirs(mate[mated], np.sort(other)[::-1]))


def _fnirs(mate: Vectors, strange: Vectors) -> Iterator[float]:
    for fpir in (0.1, 0.01, 0.001):
        yield float((mate <= strange[int(fpir * len(strange))]).mean())


def main(arguments: list[str] | None = None) -> int:
    """Measure, and print or write."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.calibration", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--docs", action="store_true", help="write the tables into docs/reference/calibration.md")
    parser.add_argument("--cache", type=Path, default=CACHE, help="where templates are kept")
    asked = parser.parse_args(arguments)
    seen, flipped = (look(asked.folder, asked.cache, flip=flip) for flip in (False, True))
    made, lines = thresholds(seen)
    mirrored, mirrored_lines = with_mirror(flipped, made)
    sections = {
        "thresholds": lines,
        "thresholds with the mirror image": mirrored_lines,
        "several templates": several(seen, made),
        "better scores": [
            *better(seen, flipped, rendered()),
            "",
            f"Load of the machine at the end: {conditions()['load']}.",
        ],
    }
    for each in (made, mirrored):
        sys.stdout.write(json.dumps(each.as_plain(), indent=1) + "\n")
    for name, text in sections.items():
        sys.stdout.write("\n".join(["", *text, ""]))
        if asked.docs:
            write_section(name, text, PAGE)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
