"""Time our own engine, or a plain matrix product, on a crowd; run in a process of its own, on one core.

    python -m benchmarks.search_run ENGINE CROWD N DIM PROBES ANSWERS [--open]

Writes what it found for each share into the folder ANSWERS, and prints one line of JSON.
"""

from __future__ import annotations

import ctypes
import gc
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
_PATIENCE = 20.0
"""Seconds for one figure; then the median of what was measured is told."""

Search = Callable[[np.ndarray, int, float], np.ndarray]
"""Probes, how many rows, the share that may be shown: the rows found, after exact scoring."""


def main() -> None:
    """Build, measure, print."""
    engine, folder, n, dimension, probes, answers, *more = sys.argv[1:]
    made = Crowd(Path(folder), int(n), int(dimension), int(probes))
    small = EmbeddedIndex(made.dimension)
    small.add(_rows(np.asarray(made.vectors[:64]), 0, np.ones(64, np.uint32)))
    small.search(made.queries[:1], 1, Eligibility(1, frozenset({1}), NOW))  # so that its threads are no part of it
    before = held()
    started = time.perf_counter()
    search, told = {"blas": _blas, "embedded": _embedded}[engine](made)
    told["build_s"] = time.perf_counter() - started
    free()
    told["bytes_per_vector"] = (held() - before) / made.n
    told["rows"] = measured(made, search, Path(answers), few=engine == "blas")
    if engine == "embedded" and "--open" in more:
        told["opening"] = _opening(made, told.pop("index"))
    told.pop("index", None)
    told["read_ms"] = _reading(made)
    sys.stdout.write(json.dumps(told) + "\n")


def measured(made: Crowd, search: Search, answers: Path, *, few: bool) -> list[dict[str, Any]]:
    """Every share, one probe at a time and in batches."""
    queries, rows = made.queries, []
    for share in SHARES:
        for batch, k in ASKED:
            if (batch, k) != (1, K) and share != 1.0:
                continue
            search(queries[:batch], k, share)
            taken, found = [], []
            for start in range(0, len(queries), batch):
                began = time.perf_counter()
                found.append(search(queries[start : start + batch], k, share))
                taken.append((time.perf_counter() - began) * 1000 / len(queries[start : start + batch]))
                if few and sum(taken) * batch > _PATIENCE * 1000:
                    break
            np.save(answers / f"{share}-{batch}-{k}.npy", np.concatenate(found))
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


def _embedded(made: Crowd) -> tuple[Search, dict[str, Any]]:
    index, vectors = EmbeddedIndex(made.dimension), made.vectors
    bits = np.ones(made.n, np.uint32)
    for level, share in enumerate(SHARES):
        bits |= made.permits(share).astype(np.uint32) << level
    for start in range(0, made.n, _BLOCK):
        index.add(_rows(np.asarray(vectors[start : start + _BLOCK]), start, bits))
    index.pack()

    def search(queries: np.ndarray, k: int, share: float) -> np.ndarray:
        ids = index.search(queries, k, Eligibility(1 << SHARES.index(share), frozenset({1}), NOW)).ids
        rows = np.maximum(ids - 1, 0)
        exact = np.einsum("qd,qkd->qk", queries, vectors[rows])
        exact[ids == 0] = -np.inf
        return np.take_along_axis(ids - 1, np.argsort(-exact, axis=1), 1)

    return search, {"index": index, "packed_bytes": index.nbytes / made.n}


def _rows(vectors: np.ndarray, start: int, bits: np.ndarray) -> Rows:
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


def _opening(made: Crowd, index: EmbeddedIndex) -> dict[str, float]:
    """Write the index as an encrypted snapshot, and open it again."""
    with tempfile.TemporaryDirectory(prefix="snapshot-", dir=made.folder) as name:
        place = Path(name)
        registry = Registry(f"sqlite:///{place / 'registry.db'}", create=True)
        keys = Keyring(create_vault(place / "keys.db", bytes(32)))
        began = time.perf_counter()

        def dump(number: int) -> Dumped | None:
            found = index.dump(number)
            return None if found is None else Dumped(*found, 0)

        Snapshot(place / "index", registry, keys, index, "benchmark", 1).save(State(0, NOW), dump)
        written, again = time.perf_counter() - began, EmbeddedIndex(made.dimension)
        with registry.read() as connection:
            began = time.perf_counter()
            state = Snapshot(place / "index", registry, keys, again, "benchmark", 1).load(connection)
            again.search(made.queries[:1], K, Eligibility(1, frozenset({1}), NOW))
            opened = time.perf_counter() - began
        if state is None or len(again) != made.n:
            raise RuntimeError("The snapshot did not open whole.")
        size = sum(each.stat().st_size for each in (place / "index").iterdir())
        keys.vault.close()
        registry.close()
    return {"write_s": written, "open_s": opened, "bytes": size}


def _reading(made: Crowd) -> float:
    """Milliseconds that a plain read of all float32 vectors takes, at the memory bandwidth that is measured here."""
    some = np.ones(64_000_000, np.float32)
    taken = []
    for _ in range(7):
        began = time.perf_counter()
        np.dot(some, some)
        taken.append(time.perf_counter() - began)
    return min(taken) / some.nbytes * made.n * made.dimension * 4 * 1000


def free() -> None:
    """Give memory that is not used any more back to the system, so that it is not counted."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)


def held() -> int:
    """Bytes of memory of this process alone, without the files that it reads."""
    for line in Path("/proc/self/status").read_text("ascii").splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) * 1024
    return 0


if __name__ == "__main__":
    main()
