"""Time our own engine, or a plain matrix product, on a crowd; run in a process of its own, on one core.

    python -m benchmarks.search_run ENGINE CROWD N DIM PROBES ANSWERS [--open] [--patience SECONDS]

Writes what it found for each share into the folder ANSWERS, and prints one line of JSON. With ``--open`` the index is
also written as an encrypted snapshot and opened again; then a thousand people are taken out, first such as were added
one after the other and then others from all over, and the segments that this concerns are written anew.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.crowds import SHARES, Crowd
from benchmarks.measuring import free, held, read_bandwidth, timed
from countenance.gallery.snapshot import Dumped, Snapshot, State
from countenance.index import Eligibility, Rows
from countenance.index.embedded import EmbeddedIndex
from countenance.registry.database import Registry
from countenance.vault.file import create_vault
from countenance.vault.keyring import Keyring

NOW = 1_800_000_000
K, FEWER, MORE = 200, 50, 1_200
BATCH = 64
ASKED = ((1, MORE), (1, K), (BATCH, FEWER), (BATCH, K))
"""Probes at a time, and rows that are asked for. All but one probe and `K` rows only where everybody may be shown."""
_BLOCK = 65_536
_WHOLE = 2_000_000
"""A matrix product over more rows than this is asked for one probe at a time: of 64, its scores would fill memory."""
_GONE = 1_000

Search = Callable[[np.ndarray, int, float], np.ndarray]
"""Probes, how many rows, the share that may be shown: the rows found, after exact scoring."""


def main() -> None:
    """Build, measure, print."""
    options = _options()
    made, engine = Crowd(options.crowd, options.n, options.dimension, options.probes), options.engine
    small = EmbeddedIndex(made.dimension)
    small.add(rows_of(np.asarray(made.vectors[:64]), 0, np.ones(64, np.uint32)))
    small.search(made.queries[:1], 1, Eligibility(1, frozenset({1}), NOW))  # so that its threads are no part of it
    before = held()
    started = time.process_time()
    search, told = {"blas": _blas, "embedded": _embedded}[engine](made)
    told["build_s"] = time.process_time() - started
    free()
    told["bytes_per_vector"] = (held() - before) / made.n
    told["rows"] = measured(made, search, options, batches=engine != "blas" or made.n <= _WHOLE)
    if engine == "embedded" and options.open:
        told["opening"] = _opening(made, told.pop("index"))
    told.pop("index", None)
    told["read_ms"] = made.n * made.dimension * 4 / read_bandwidth() * 1000
    sys.stdout.write(json.dumps(told) + "\n")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.search_run")
    parser.add_argument("engine", choices=("blas", "embedded"))
    parser.add_argument("crowd", type=Path)
    parser.add_argument("n", type=int)
    parser.add_argument("dimension", type=int)
    parser.add_argument("probes", type=int)
    parser.add_argument("answers", type=Path)
    parser.add_argument("--open", action="store_true")
    parser.add_argument("--patience", type=float, default=40)
    return parser.parse_args()


def measured(made: Crowd, search: Search, options: argparse.Namespace, *, batches: bool) -> list[dict[str, Any]]:
    """Every share, one probe at a time and in batches; after so many seconds, the median of what was measured."""
    queries, rows = made.queries, []
    for share in SHARES:
        for batch, k in ASKED:
            if ((batch, k) != (1, K) and share != 1.0) or (batch > 1 and not batches):
                continue
            search(queries[:batch], k, share)
            taken, found = [], []
            for start in range(0, len(queries), batch):
                began = time.perf_counter()
                found.append(search(queries[start : start + batch], k, share))
                taken.append((time.perf_counter() - began) * 1000 / len(queries[start : start + batch]))
                if sum(taken) * batch > options.patience * 1000:
                    break
            np.save(options.answers / f"{share}-{batch}-{k}.npy", np.concatenate(found))
            rows.append({"eligible": share, "batch": batch, "k": k, "p50_ms": statistics.median(taken)})
    return rows


def _blas(made: Crowd) -> tuple[Search, dict[str, Any]]:
    vectors = np.array(made.vectors)
    outside = {share: np.flatnonzero(~made.permits(share)) for share in SHARES}

    def search(queries: np.ndarray, k: int, share: float) -> np.ndarray:
        scores = queries @ vectors.T
        scores[:, outside[share]] = -np.inf
        k = min(k, scores.shape[1] - len(outside[share]))
        part = np.argpartition(scores, -k, axis=1)[:, -k:]
        return np.take_along_axis(part, np.argsort(-np.take_along_axis(scores, part, 1), axis=1), 1)

    return search, {}


def build(made: Crowd) -> EmbeddedIndex:
    """The index of a crowd; each share has a purpose of its own."""
    index, vectors = EmbeddedIndex(made.dimension), made.vectors
    bits = np.ones(made.n, np.uint32)
    for level, share in enumerate(SHARES):
        bits |= made.permits(share).astype(np.uint32) << level
    for start in range(0, made.n, _BLOCK):
        index.add(rows_of(np.asarray(vectors[start : start + _BLOCK]), start, bits))
    index.pack()
    return index


def _embedded(made: Crowd) -> tuple[Search, dict[str, Any]]:
    index, vectors = build(made), made.vectors
    vectors[:: max(4096 // vectors[0].nbytes, 1), 0].sum()  # every page is mapped once, as in an array that was filled

    def search(queries: np.ndarray, k: int, share: float) -> np.ndarray:
        ids = index.search(queries, k, Eligibility(1 << SHARES.index(share), frozenset({1}), NOW)).ids
        rows = np.maximum(ids - 1, 0)
        exact = np.einsum("qd,qkd->qk", queries, vectors[rows])
        exact[ids == 0] = -np.inf
        return np.take_along_axis(ids - 1, np.argsort(-exact, axis=1), 1)

    return search, {"index": index, "packed_bytes": index.nbytes / made.n}


def rows_of(vectors: np.ndarray, start: int, bits: np.ndarray) -> Rows:
    """People of four templates each; everybody agreed, and ends, at a time of their own."""
    ids = np.arange(start, start + len(vectors), dtype=np.int64)
    times = np.random.default_rng([start, 5]).integers(0, 60_000_000, (2, len(ids)))
    return Rows(
        ids=ids + 1,
        vectors=vectors,
        subjects=ids // 4 + 1,
        organisations=np.ones(len(ids), np.int64),
        purposes=bits[ids],
        not_before=NOW - 1 - times[0],
        expires=NOW + 1 + 86_400 + times[1],
        territories=np.full(len(ids), 1 + start // 1_000_000, np.int64),
    )


def _opening(made: Crowd, index: EmbeddedIndex) -> dict[str, Any]:
    """Write the index as an encrypted snapshot, and open it again; take people out, and write what that changes."""
    with tempfile.TemporaryDirectory(prefix="snapshot-", dir=made.folder) as name:
        place = Path(name)
        registry = Registry(f"sqlite:///{place / 'registry.db'}", create=True)
        keys = Keyring(create_vault(place / "keys.db", bytes(32)))
        kept, again = Snapshot(place / "index", registry, keys, index, "benchmark", 1), EmbeddedIndex(made.dimension)
        _, written = timed(lambda: kept.save(State(0, NOW), lambda number: _dumped(index, number)))
        with registry.read() as connection:
            began = time.perf_counter()
            state = Snapshot(place / "index", registry, keys, again, "benchmark", 1).load(connection)
            again.search(made.queries[:1], K, Eligibility(1, frozenset({1}), NOW))
            opened = time.perf_counter() - began
        if state is None or len(again) != made.n:
            raise RuntimeError("The snapshot did not open whole.")
        size = sum(each.stat().st_size for each in (place / "index").iterdir())
        gone = [_taken_out(index, kept, place / "index", numbers) for numbers in _some(made.n)]
        keys.vault.close()
        registry.close()
    return {"write_s": written, "open_s": opened, "bytes": size, "segments": len(state.segments), "gone": gone}


def _dumped(index: EmbeddedIndex, number: int) -> Dumped | None:
    found = index.dump(number)
    return None if found is None else Dumped(*found, 0)


def _some(n: int) -> tuple[np.ndarray, np.ndarray]:
    """People who were added one after the other, and as many from all over. Each has four templates."""
    people = n // 4
    count = min(_GONE, people // 4)
    return np.arange(1, count + 1), np.linspace(count + 1, people, count, dtype=np.int64)


def _taken_out(index: EmbeddedIndex, kept: Snapshot, folder: Path, people: np.ndarray) -> dict[str, Any]:
    rows, removed = timed(lambda: index.remove(people.astype(np.int64)))
    concerned = index.changed()
    _, written = timed(lambda: kept.save(State(0, NOW), lambda number: _dumped(index, number)))
    return {
        "people": len(people),
        "rows": rows,
        "remove_s": removed,
        "segments": len(concerned),
        "bytes": sum((folder / f"{number}.segment").stat().st_size for number in concerned),
        "rewrite_s": written,
    }


if __name__ == "__main__":
    main()
