"""How a search does at size: the cast among a crowd of generated templates. No gallery, no registry, no real person."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from countenance.errors import InputError
from countenance.evaluate.crowd import generated_templates
from countenance.index import Eligibility, Index, Rows, open_index
from countenance.samples import cast

if TYPE_CHECKING:
    from countenance.vision.engine import Vision

TIMES = 7
"""Searches timed, of which the median is told."""
_ANY = 1
_FOR_EVER = 2**40


@dataclass(frozen=True, slots=True)
class AmongCrowd:
    """What one search among generated templates gave.

    ``name`` is the member of the cast that ranked first and ``score`` its exact cosine; ``name`` is None when a
    generated template came first. ``nearest_generated`` is the engine's estimate of the best cosine of the crowd.
    """

    name: str | None
    score: float
    nearest_generated: float
    generated: int
    compared: int
    engine: str
    seconds: float


def against_generated(vision: Vision, probe: Path, n: int, *, engine: str = "embedded") -> AmongCrowd:
    """Search one photo among the cast's thirty portraits and ``n`` generated templates, in memory.

    It compares with people who do not exist and with random numbers, and cannot be given anybody else: a comparison
    with real people needs a purpose, a case and a gallery.

    Args:
        vision: Finds the faces and makes their templates.
        probe: A photo of one face.
        n: How many generated templates stand beside the thirty.
        engine: The index engine.

    Raises:
        InputError: ``n`` makes no sense, or the photo cannot serve.
    """
    if n < 1:
        raise InputError("A crowd needs at least one generated template.")
    people = cast()
    names = people.identities
    portraits = np.stack([_vector(vision, people.portrait(name)) for name in names])
    index = open_index(engine, vision.dimension)
    for rows in _rows([portraits], start=1):
        index.add(rows)
    for rows in _rows(generated_templates(n, vision.dimension), start=len(names) + 1):
        index.add(rows)
    query = _vector(vision, probe)[np.newaxis]
    ids, scores, seconds = _timed(index, query)
    first = int(ids[0])
    known = first <= len(names)
    return AmongCrowd(
        name=names[first - 1] if known else None,
        score=float(portraits[first - 1] @ query[0]) if known else float(scores[0]),
        nearest_generated=float(max(scores[ids > len(names)], default=-1.0)),
        generated=n,
        compared=len(index),
        engine=index.name,
        seconds=seconds,
    )


def _vector(vision: Vision, photo: Path) -> np.ndarray:
    picture = vision.decode(photo.read_bytes())
    (template,) = vision.templates(picture, [vision.one_face(picture)])
    return template.vector


def _rows(batches: Iterable[np.ndarray], start: int) -> Iterator[Rows]:
    for vectors in batches:
        count = len(vectors)
        ids = np.arange(start, start + count, dtype=np.int64)
        ones = np.ones(count, np.int64)
        yield Rows(ids, vectors, ids, ones, ones.astype(np.uint32) * _ANY, 0 * ones, _FOR_EVER * ones, 0 * ones)
        start += count


def _timed(index: Index, query: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """The best ids and scores, and the median time of one search in seconds (the first one warms up)."""
    eligible = Eligibility(_ANY, frozenset({1}), int(time.time()))
    taken = []
    hits = index.search(query, 64, eligible)
    for _ in range(TIMES):
        started = time.perf_counter()
        hits = index.search(query, 64, eligible)
        taken.append(time.perf_counter() - started)
    return hits.ids[0], hits.scores[0], statistics.median(taken)
