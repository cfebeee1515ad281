"""Many searchers at once, with somebody who changes the index meanwhile: searches a second on one core and on two.

    python -m benchmarks.parallel [--n 1000000] [--seconds 8] [--json] [--docs]

An index of generated templates is built in one process a number of cores. In it, threads search for one probe after the
other (k = 200) and score what they find exactly, from an array, for so many seconds: one thread alone, eight, and eight
beside a writer that adds a person of four templates and takes them out again, twenty changes a second. The writer tells
the searchers whom it has taken out, and each answer is looked through: somebody who was out before a search began and
is in its answer is counted as wrong. So is an answer that lacks somebody who was in all the while.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import pages
from benchmarks.crowds import Crowd, crowd
from benchmarks.ingest import CACHE
from benchmarks.measuring import Failed, ours
from benchmarks.search_run import NOW, K, build, rows_of
from countenance.index import Eligibility
from countenance.index.embedded import EmbeddedIndex

Told = dict[str, Any]
_EXAMPLES = """examples:
  python -m benchmarks.parallel --n 20000 --seconds 2   a first look
  python -m benchmarks.parallel --json                 for a program"""
SEARCHERS = 8
PAUSE = 0.05
"""Seconds between two changes."""
_EACH = 4
_ELIGIBLE = Eligibility(1, frozenset({1}), NOW)


def main() -> None:
    """Measure on one core and on all, print."""
    options = _options()
    made = crowd(options.cache, options.n, options.dim, options.probes, seed=1)
    if options.job:
        sys.stdout.write(json.dumps(measured(made, options.seconds)) + "\n")
        return
    told: Told = {"n": made.n, "dim": made.dimension, "cores": {}}
    same = ["--n", str(made.n), "--dim", str(made.dimension), "--probes", str(made.probes), "--cache", options.cache]
    for cores in range(1, len(os.sched_getaffinity(0)) + 1):
        # The scan's own threads: one, so that a search is one thread's work and searchers are what runs side by side.
        os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
        os.environ["RAYON_NUM_THREADS"] = str(cores)
        told["cores"][f"{cores}"] = ours(
            "parallel", "--job", "measure", "--seconds", str(options.seconds), *same, count=cores
        )
        pages.progress(f"{cores} of {len(os.sched_getaffinity(0))} cores measured")
    told["conditions"] = pages.conditions()
    if options.docs:
        lines = [pages.machine(told["conditions"], "So many cores"), "", *_table(told)]
        pages.write_section("searchers side by side", lines)
    sys.stdout.write(json.dumps(told, indent=2) + "\n" if options.json else "\n".join(_table(told)) + "\n")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.parallel",
        description=(__doc__ or "").replace("`", ""),
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--n", type=int, default=1_000_000, help="templates in the gallery")
    parser.add_argument("--dim", type=int, default=128, help="dimensions of a template")
    parser.add_argument("--probes", type=int, default=1000, help="of the crowd that is made")
    parser.add_argument("--seconds", type=float, default=8, help="for each figure")
    parser.add_argument("--cache", type=Path, default=CACHE, help="where templates are kept")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--docs", action="store_true", help="write the figures into the documentation")
    parser.add_argument("--job", choices=("measure",), help=argparse.SUPPRESS)
    return parser.parse_args()


@dataclass
class _Newcomer:
    """Somebody who comes and goes: when they were last let in or out. The times are of this process' own clock."""

    start: int
    ids: frozenset[int]
    vectors: np.ndarray
    entered: float = float("inf")
    left: float = float("-inf")
    lock: threading.Lock = field(default_factory=threading.Lock)


def measured(made: Crowd, seconds: float) -> Told:
    """Searches a second: one searcher, eight, eight beside a writer."""
    index = build(made)
    vectors = np.array(made.vectors)
    newcomer = _newcomer(made)
    one = _searching(index, vectors, made, newcomer, seconds, searchers=1, writing=False)
    many = _searching(index, vectors, made, newcomer, seconds, searchers=SEARCHERS, writing=False)
    both = _searching(index, vectors, made, newcomer, seconds, searchers=SEARCHERS, writing=True)
    return {"one": one, "many": many, "writer": both}


def _newcomer(made: Crowd) -> _Newcomer:
    """Near the first probe, so that whoever searches for that one finds them."""
    probe, chance = made.queries[0], np.random.default_rng(7)
    vectors = probe + 0.05 * chance.standard_normal((_EACH, made.dimension)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    start = -(-made.n // _EACH) * _EACH  # a number that nobody has, of rows that begin a person
    return _Newcomer(start, frozenset(range(start + 1, start + _EACH + 1)), vectors.astype(np.float32))


def _searching(
    index: EmbeddedIndex,
    vectors: np.ndarray,
    made: Crowd,
    newcomer: _Newcomer,
    seconds: float,
    *,
    searchers: int,
    writing: bool,
) -> Told:
    over, counts, wrong = threading.Event(), [0] * searchers, [0] * searchers
    queries, changes = made.queries, [0]

    def search(number: int) -> None:
        at = number
        while not over.is_set():
            line = 0 if at % 10 == 0 else at % len(queries)
            wrong[number] += not _right(index, vectors, queries[line : line + 1], newcomer, looked=line == 0)
            counts[number] += 1
            at += 1

    def write() -> None:
        while not over.wait(PAUSE):
            _change(index, newcomer, enter=changes[0] % 2 == 0)
            changes[0] += 1
        if changes[0] % 2:
            _change(index, newcomer, enter=False)

    threads = [threading.Thread(target=search, args=(number,)) for number in range(searchers)]
    threads += [threading.Thread(target=write)] if writing else []
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    time.sleep(seconds)
    over.set()
    for thread in threads:
        thread.join()
    taken = time.perf_counter() - began
    return {
        "searches_a_second": sum(counts) / taken, "changes_a_second": changes[0] / taken, "searches": sum(counts),
        "wrong": sum(wrong),
    }  # fmt: skip


def _change(index: EmbeddedIndex, newcomer: _Newcomer, *, enter: bool) -> None:
    if enter:
        rows = rows_of(newcomer.vectors, newcomer.start, np.ones(newcomer.start + _EACH, np.uint32))
        with newcomer.lock:
            newcomer.left = float("inf")
        index.add(rows)
        with newcomer.lock:
            newcomer.entered = time.perf_counter()
    else:
        with newcomer.lock:
            newcomer.entered = float("inf")
        index.remove(np.array([newcomer.start // _EACH + 1], np.int64))
        with newcomer.lock:
            newcomer.left = time.perf_counter()


def _right(index: EmbeddedIndex, vectors: np.ndarray, query: np.ndarray, newcomer: _Newcomer, *, looked: bool) -> bool:
    """Search, score exactly, and say whether the answer is one that there may be."""
    began = time.perf_counter()
    with newcomer.lock:
        was_in, was_out = newcomer.entered < began, newcomer.left < began
    ids = index.search(query, K, _ELIGIBLE).ids[0]
    rows = ids[(ids > 0) & (ids <= len(vectors))] - 1
    np.sort(vectors[rows] @ query[0])
    shown = not newcomer.ids.isdisjoint(ids.tolist())
    with newcomer.lock:
        still_in, still_out = was_in and newcomer.entered < began, was_out and newcomer.left < began
    return not (shown and still_out) and not (looked and still_in and not shown)


def _table(told: Told) -> list[str]:
    names = {"one": "one searcher", "many": f"{SEARCHERS} searchers", "writer": f"{SEARCHERS} searchers and a writer"}
    cores = list(told["cores"])
    head = [
        f"{told['n']:,} × {told['dim']}",
        *(f"searches a second, {each} core{'s' * (each != '1')}" for each in cores),
    ]
    head += ["with all of them, as many as with one", "wrong answers", "of searches"]
    rows = []
    for kind, name in names.items():
        found = [told["cores"][each][kind] for each in cores]
        gained = found[-1]["searches_a_second"] / found[0]["searches_a_second"]
        rows.append([
            name, *(f"{each['searches_a_second']:.0f}" for each in found), f"{gained:.2f} ×",
            f"{sum(each['wrong'] for each in found)}", f"{sum(each['searches'] for each in found):,}",
        ])  # fmt: skip
    return pages.table(head, rows)


if __name__ == "__main__":
    try:
        main()
    except Failed as error:
        sys.exit(str(error))
