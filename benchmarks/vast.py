"""A hundred million templates of 128 dimensions: the bare index on one machine, its memory and the time of a search.

    python -m benchmarks.vast [--n 100000000] [--dim 128] [--singles 40] [--discard] [--json] [--docs]

Nobody holds a hundred million float32 templates here (51 GB). The index is made segment by segment, as many at a time
as there are cores; each segment is a block of about a million generated templates turned by a rotation of its own (its
coordinates are exchanged and some of their signs are), so that all segments hold different people of the same
structure. Segments are kept in the cache folder as the index writes them out, 6 GB, unencrypted, for nobody is in them;
the measuring process, on one core and in one thread, reads one after the other into its index.

What is timed is the search of the index alone: there are no float32 vectors to score exactly. Each probe was held back
from one segment's people, and it is counted whether one of that person's rows comes first.
"""

from __future__ import annotations

import argparse
import functools
import json
import os
import shutil
import statistics
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import pages
from benchmarks.crowds import check_room
from benchmarks.ingest import CACHE
from benchmarks.measuring import Failed, free, held, ours, read_bandwidth, timed
from countenance.evaluate.crowd import TEMPLATES_EACH, generated_templates
from countenance.index import Eligibility, Rows
from countenance.index.embedded import EmbeddedIndex
from countenance.index.flat import SEGMENT_BITS

Told = dict[str, Any]
_EXAMPLES = """examples:
  python -m benchmarks.vast --n 2000000 --discard   a first look
  python -m benchmarks.vast --json                  for a program"""
NOW = 1_800_000_000
EACH = (1 << SEGMENT_BITS) - 1
"""Rows of a segment: one fewer than it has room for, as there is no row 0."""
BATCH, ASKED = 64, (50, 200)
_BLOCK = 65_536
_BYTES = 60
"""About so many bytes a template has on disk."""


def main() -> None:
    """Make the segments that are not there, measure in a process of its own, print."""
    options = _options()
    if options.job:
        told = measured(options.folder, options.n, options.dim, options.singles)
        sys.stdout.write(json.dumps(told) + "\n")
        return
    folder = options.cache / f"vast-{options.n}x{options.dim}"
    try:
        made(folder, options.n, options.dim)
        sizes = ["--n", str(options.n), "--dim", str(options.dim), "--singles", str(options.singles)]
        os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "RAYON_NUM_THREADS"), "1"))
        told = ours("vast", "--job", "measure", "--folder", folder, *sizes, count=1)
    finally:
        if options.discard:
            shutil.rmtree(folder, ignore_errors=True)
    told["conditions"] = pages.conditions()
    if options.docs:
        facts = pages.table(("the bare index", "measured"), _facts(told))
        pages.write_section("a hundred million", [pages.machine(told["conditions"]), "", *facts])
    sys.stdout.write(json.dumps(told, indent=2) + "\n" if options.json else _shown(told))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.vast",
        description=(__doc__ or "").replace("`", ""),
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--n", type=int, default=100_000_000, help="templates")
    parser.add_argument("--dim", type=int, default=128, help="dimensions of a template")
    parser.add_argument("--singles", type=int, default=40, help="searches with one probe that are timed")
    parser.add_argument("--cache", type=Path, default=CACHE, help="where the segments are kept: 6 GB")
    parser.add_argument("--discard", action="store_true", help="remove the segments at the end")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--docs", action="store_true", help="write the figures into the documentation")
    parser.add_argument("--job", choices=("measure",), help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.n < 1000 or options.dim % 8 or options.dim < 8:
        parser.error("at least 1,000 templates, of a multiple of 8 dimensions")
    return options


# --- segments --------------------------------------------------------------------------------------------------------


def made(folder: Path, n: int, dimension: int) -> None:
    """Make the segments that are not there yet, on all cores."""
    folder.mkdir(parents=True, exist_ok=True)
    missing = [number for number in range(-(-n // EACH)) if not (folder / f"{number}.rows").exists()]
    if not missing:
        return
    check_room(folder, _BYTES * EACH * len(missing))
    pages.progress(f"making {len(missing)} segments in {folder}")
    make = functools.partial(_segment, folder, n, dimension)
    with ProcessPoolExecutor(len(os.sched_getaffinity(0)), get_context("spawn"), _alone) as pool:
        for done, _ in enumerate(pool.map(make, missing), start=1):
            if done % 10 == 0 or done == len(missing):
                pages.progress(f"{done} of {len(missing)} segments")


def _alone() -> None:
    """One thread a process: there is a process a core."""
    os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "RAYON_NUM_THREADS"), "1"))


def _segment(folder: Path, n: int, dimension: int, number: int) -> None:
    count = min(EACH, n - number * EACH)
    index = EmbeddedIndex(dimension)
    # One template of the first person is held back: it is the segment's probe.
    base = _base(min(EACH, n) + 1, dimension)[1 : count + 1]
    for at in range(0, count, _BLOCK):
        index.add(_rows(_turned(base[at : at + _BLOCK], number), number, at))
    index.pack()
    found = index.dump(number)
    if found is None:
        raise RuntimeError("The segment is empty.")
    part = folder / f"{number}.part"
    part.write_bytes(found[0])
    part.replace(folder / f"{number}.rows")


@functools.cache
def _base(count: int, dimension: int) -> np.ndarray:
    """The block that all segments are made of: half a gigabyte, once in each process that makes them."""
    return np.concatenate(list(generated_templates(count, dimension, seed=1)))


def _turned(vectors: np.ndarray, number: int) -> np.ndarray:
    """A rotation that costs little, another one for each segment: another order of the coordinates, and other signs."""
    chance = np.random.default_rng([2, number])
    order = chance.permutation(vectors.shape[1])
    signs = chance.choice([-1.0, 1.0], vectors.shape[1]).astype(np.float32)
    return np.ascontiguousarray(vectors[:, order] * signs)


def _rows(vectors: np.ndarray, number: int, at: int) -> Rows:
    """Rows of a segment from the one with the number ``at`` on; people of four templates each."""
    local = np.arange(at, at + len(vectors), dtype=np.int64)
    times = np.random.default_rng([number, at]).integers(0, 60_000_000, (2, len(local)))
    return Rows(
        ids=(number << SEGMENT_BITS) + 1 + local,
        vectors=vectors,
        subjects=(number << SEGMENT_BITS) // TEMPLATES_EACH + (local + 1) // TEMPLATES_EACH + 1,
        organisations=np.ones(len(local), np.int64),
        purposes=np.ones(len(local), np.uint32),
        not_before=NOW - 1 - times[0],
        expires=NOW + 1 + 86_400 + times[1],
        territories=np.full(len(local), 1 + number, np.int64),
    )


# --- measured --------------------------------------------------------------------------------------------------------


def measured(folder: Path, n: int, dimension: int, singles: int) -> Told:
    """Read all segments in, then search: one probe at a time, and 64 together."""
    index, count = EmbeddedIndex(dimension), -(-n // EACH)
    first = next(generated_templates(TEMPLATES_EACH, dimension, seed=1))[:1]
    probes = np.concatenate([_turned(first, number) for number in range(count)])
    _search(_small(dimension), probes[:1], 1)  # so that its threads are no part of what is counted
    before, began = held(), time.perf_counter()
    for number in range(count):
        index.load(number, (folder / f"{number}.rows").read_bytes())
    read = time.perf_counter() - began
    free()
    _search(index, probes[:1], ASKED[-1])
    told: Told = {
        "n": len(index), "dim": dimension, "segments": count, "read_s": read,
        "packed_bytes": index.nbytes / len(index), "resident_bytes": (held() - before) / len(index),
        "bandwidth_gb_s": (bandwidth := read_bandwidth()) / 1e9, "plain_read_ms": n * dimension * 4 / bandwidth * 1000,
    }  # fmt: skip
    alone = [_timed(index, probes[at % count][None], ASKED[-1]) for at in range(singles)]
    told["single"] = {"k": ASKED[-1], "p50_ms": statistics.median(taken for taken, _ in alone)}
    told["found"] = sum(_first_is_theirs(ids[0], at % count) for at, (_, ids) in enumerate(alone)) / singles
    together = np.resize(np.arange(count), BATCH)
    told["batches"] = [
        {"k": k, "p50_ms": statistics.median(_timed(index, probes[together], k)[0] / BATCH for _ in range(3))}
        for k in ASKED
    ]
    return told


def _small(dimension: int) -> EmbeddedIndex:
    index = EmbeddedIndex(dimension)
    index.add(_rows(next(generated_templates(64, dimension)), 0, 0))
    return index


def _search(index: EmbeddedIndex, probes: np.ndarray, k: int) -> np.ndarray:
    return index.search(probes, k, Eligibility(1, frozenset({1}), NOW)).ids


def _timed(index: EmbeddedIndex, probes: np.ndarray, k: int) -> tuple[float, np.ndarray]:
    ids, seconds = timed(lambda: _search(index, probes, k))
    return seconds * 1000, ids


def _first_is_theirs(ids: np.ndarray, number: int) -> bool:
    """The probe's person has the first three rows of its segment."""
    first = (number << SEGMENT_BITS) + 1
    return bool(first <= ids[0] < first + TEMPLATES_EACH - 1)


# --- told ------------------------------------------------------------------------------------------------------------


def _facts(told: Told) -> list[tuple[str, str]]:
    fifty, many = told["batches"]
    return [
        ("templates", f"{told['n']:,} × {told['dim']}, in {told['segments']} segments"),
        ("codes and columns packed, a template", f"{told['packed_bytes']:.1f} bytes"),
        ("memory of the process, a template", f"{told['resident_bytes']:.1f} bytes"),
        ("memory of the process", f"{told['resident_bytes'] * told['n'] / 1e9:.2f} GB"),
        ("read in from disk", f"{told['read_s']:.0f} s"),
        (f"one probe, k = {told['single']['k']} (p50)", f"{told['single']['p50_ms']:.0f} ms"),
        (f"a probe of a batch of {BATCH}, k = {many['k']}", f"{many['p50_ms']:.0f} ms"),
        (f"a probe of a batch of {BATCH}, k = {fifty['k']}", f"{fifty['p50_ms']:.0f} ms"),
        ("probes whose person comes first, by the estimate", f"{told['found']:.2f}"),
        (
            f"a plain read of the float32 vectors, at {told['bandwidth_gb_s']:.1f} GB/s, would take",
            f"{told['plain_read_ms']:,.0f} ms",
        ),
    ]


def _shown(told: Told) -> str:
    lines = [f"{name}: {value}" for name, value in _facts(told)]
    return "\n".join([*lines, pages.machine(told["conditions"])]) + "\n"


if __name__ == "__main__":
    try:
        main()
    except Failed as error:
        sys.exit(str(error))
