"""Generated templates on disk, probes for them, and what an exact search finds: made once, kept in the cache folder.

A gallery is ``n`` rows of `countenance.evaluate.crowd` in a file of float32, written as they are drawn. Half of the
probes are templates of people in it that were held back; the other half are of people who are not in it. Which rows a
search may show is drawn for each share: one purpose a share.
"""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.measuring import Failed
from countenance.evaluate.crowd import TEMPLATES_EACH, generated_templates

SHARES = (1.0, 0.1, 0.01, 0.001)
"""Which part of the rows a search may show."""
TOP = 10
_FLOOR = 0.3
"""No threshold is below this."""
_FPIR = 0.01
_BLOCK = 16_384


@dataclass(frozen=True)
class Crowd:
    """Where a gallery's files lie, and what they say. Rows are numbered from 0."""

    folder: Path
    n: int
    dimension: int
    probes: int

    @property
    def vectors(self) -> np.ndarray:
        """The gallery, as it lies on disk."""
        return np.memmap(self.folder / "vectors.f32", np.float32, "r", shape=(self.n, self.dimension))

    @property
    def queries(self) -> np.ndarray:
        """The probes: first of people who are in it, then of people who are not."""
        return np.load(self.folder / "queries.npy")

    def permits(self, share: float) -> np.ndarray:
        """Which rows a search of this share may show."""
        return np.load(self.folder / "levels.npy") >= SHARES.index(share)

    def truth(self, share: float) -> tuple[np.ndarray, list[np.ndarray]]:
        """For each probe, the best ten rows, and all that score above the threshold."""
        with np.load(self.folder / f"truth-{share}.npz") as kept:
            top, of, rows = kept["top"], kept["of"], kept["rows"]
        return top, [rows[of == number] for number in range(len(top))]

    @property
    def about(self) -> dict[str, Any]:
        """The threshold at which one stranger in a hundred is taken for somebody."""
        about: dict[str, Any] = json.loads((self.folder / "about.json").read_text())
        return about


def crowd(cache: Path, n: int, dimension: int, probes: int, seed: int) -> Crowd:
    """The crowd of this size; made now if it is not there."""
    made = Crowd(cache / f"crowd-{n}x{dimension}-{probes}-{seed}", n, dimension, probes)
    if not (made.folder / "about.json").exists():
        sys.stderr.write(f"  making {n:,} templates of {dimension} dimensions in {made.folder}\n")
        made.folder.mkdir(parents=True, exist_ok=True)
        check_room(made.folder, 4 * n * dimension)
        _draw(made, seed)
        _judge(made)
    return made


def check_room(folder: Path, wanted: int) -> None:
    """Raise `Failed` where the disk has not twice the room that is wanted: others write to it too."""
    free = shutil.disk_usage(folder).free
    if free < 2 * wanted:
        raise Failed(f"{folder} has {free / 1e9:.0f} GB left; twice {wanted / 1e9:.1f} GB are needed. Give --cache.")


def _draw(made: Crowd, seed: int) -> None:
    genuine = min(made.probes // 2, made.n // TEMPLATES_EACH)
    total = made.n + genuine
    apart = max(total // TEMPLATES_EACH // max(genuine, 1), 1)
    held_back = np.arange(genuine) * apart * TEMPLATES_EACH
    at, kept = 0, []
    with (made.folder / "vectors.f32").open("wb") as file:
        for batch in generated_templates(total, made.dimension, seed):
            back = held_back[(held_back >= at) & (held_back < at + len(batch))] - at
            kept.append(batch[back])
            np.delete(batch, back, axis=0).tofile(file)
            at += len(batch)
    strangers = made.probes - genuine
    others = np.concatenate(list(generated_templates(strangers * TEMPLATES_EACH, made.dimension, seed + 1)))
    np.save(made.folder / "queries.npy", np.concatenate([*kept, others[::TEMPLATES_EACH]]))
    drawn = np.random.default_rng([seed, 2]).random(made.n)
    np.save(made.folder / "levels.npy", sum((drawn < share).astype(np.uint8) for share in SHARES[1:]))


def _judge(made: Crowd) -> None:
    """Search exactly, for every probe and share."""
    queries, vectors = made.queries, made.vectors
    levels = np.load(made.folder / "levels.npy")
    best = {share: _Best(len(queries)) for share in SHARES}
    near: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
    for start in range(0, made.n, _BLOCK):
        scores = queries @ np.asarray(vectors[start : start + _BLOCK]).T
        of, rows = np.nonzero(scores >= _FLOOR)
        near.append((of, rows + start, scores[of, rows]))
        for level, share in enumerate(SHARES):
            here = np.flatnonzero(levels[start : start + _BLOCK] >= level)
            if len(here):
                best[share].take(scores if level == 0 else scores[:, here], start + here)
    of, rows, scores = (np.concatenate(each) for each in zip(*near, strict=True))
    genuine = min(made.probes // 2, made.n // TEMPLATES_EACH)
    threshold = float(np.quantile(best[1.0].scores[genuine:, 0], 1 - _FPIR, method="higher"))
    for level, share in enumerate(SHARES):
        wanted = (scores > threshold) & (levels[rows] >= level)
        top = best[share].rows
        np.savez(made.folder / f"truth-{share}.npz", top=top, of=of[wanted], rows=rows[wanted])
    about = {"threshold": threshold, "genuine": genuine, "strangers": made.probes - genuine}
    (made.folder / "about.json").write_text(json.dumps(about))


class _Best:
    """The best ten so far, of each probe."""

    def __init__(self, probes: int) -> None:
        self.scores = np.full((probes, TOP), -np.inf, np.float32)
        self.rows = np.full((probes, TOP), -1, np.int64)

    def take(self, scores: np.ndarray, rows: np.ndarray) -> None:
        """Look at more rows. After the first ones few probes find a better one, and only theirs are sorted."""
        better = np.flatnonzero(scores.max(axis=1) > self.scores[:, -1])
        if not len(better):
            return
        scores = scores[better]
        if scores.shape[1] > TOP:
            part = np.argpartition(-scores, TOP - 1, axis=1)[:, :TOP]
            scores, rows = np.take_along_axis(scores, part, 1), rows[part]
        else:
            rows = np.broadcast_to(rows, scores.shape)
        scores = np.concatenate([self.scores[better], scores], axis=1)
        rows = np.concatenate([self.rows[better], rows], axis=1)
        order = np.argsort(-scores, axis=1, kind="stable")[:, :TOP]
        self.scores[better] = np.take_along_axis(scores, order, 1)
        self.rows[better] = np.take_along_axis(rows, order, 1)
