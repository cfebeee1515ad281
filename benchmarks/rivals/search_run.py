"""faiss and usearch on the same crowd; run inside their own environment, with nothing of ours.

    python search_run.py ENGINE CROWD N DIM ANSWERS PATIENCE [GRAPHS]

Writes the rows found for each share into the folder ANSWERS, and prints one line of JSON. Threads: one. A graph is kept
in the folder GRAPHS, where one is named, and opened from there the next time: to build one of a million takes half an
hour. What building took is told in seconds of computing, as one thread does it.
"""

from __future__ import annotations

import ctypes
import gc
import json
import statistics
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import numpy as np

SHARES = (1.0, 0.1, 0.01, 0.001)
K, BATCH = 200, 64
ASKED = ((1, 1_200), (1, K), (BATCH, 50), (BATCH, K))
LINKS, BUILD, LOOK = 32, 200, 256
"""Of both graphs: links a node, candidates looked at when building, and when searching."""
BLOCK = 65_536
WHOLE = 2_000_000
"""Of more rows than this, none is asked for in batches: 64 exact searches take half a minute."""


def main() -> None:
    """Build, measure, print."""
    engine, folder, n, dimension, answers, patience, *graphs = sys.argv[1:]
    vectors = np.memmap(Path(folder) / "vectors.f32", np.float32, "r", shape=(int(n), int(dimension)))
    levels = np.load(Path(folder) / "levels.npy")
    graph = Graph(Path(graphs[0]) if graphs else None, engine)
    before, began = held(), time.process_time()
    search = {
        "faiss-flat": lambda: flat(vectors, levels),
        "faiss-hnsw": lambda: hnsw(vectors, levels, graph),
        "usearch": lambda: usearch(vectors, levels, graph),
    }[engine]()
    built = graph.seconds or time.process_time() - began
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    told = {"build_s": built, "bytes_per_vector": (held() - before) / len(vectors)}
    queries, batches = np.load(Path(folder) / "queries.npy"), len(vectors) <= WHOLE
    told["rows"] = measured(queries, search, Path(answers), float(patience), batches=batches)
    sys.stdout.write(json.dumps(told) + "\n")


def measured(queries: np.ndarray, search: Callable, answers: Path, patience: float, *, batches: bool) -> list:
    """Every share, one probe at a time and in batches; after so many seconds, the median of what was measured."""
    rows = []
    for share in SHARES:
        for batch, k in ASKED:
            if ((batch, k) != (1, K) and share != 1.0) or (batch > 1 and not batches):
                continue
            search(queries[:batch], k, share)
            taken, found = [], []
            for start in range(0, len(queries), batch):
                part = np.ascontiguousarray(queries[start : start + batch])
                began = time.perf_counter()
                found.append(search(part, k, share))
                taken.append((time.perf_counter() - began) * 1000 / len(part))
                if sum(taken) * batch > patience * 1000:
                    break
            np.save(answers / f"{share}-{batch}-{k}.npy", np.concatenate(found))
            rows.append({"eligible": share, "batch": batch, "k": k, "p50_ms": statistics.median(taken)})
    return rows


class Graph:
    """A graph, and the seconds of computing that building it took. In a folder, it is kept for the next run."""

    def __init__(self, folder: Path | None, engine: str) -> None:
        self.seconds = 0.0
        self._folder, self._engine = folder, engine

    def made(self, build: Callable, read: Callable, write: Callable) -> object:
        """Build it, or read what was kept. Its name says what it was built with, and by which version."""
        if self._folder is None:
            return build()
        library = version({"faiss-hnsw": "faiss-cpu"}.get(self._engine, self._engine))
        path = self._folder / f"{self._engine}-{library}-{LINKS}-{BUILD}.graph"
        told = path.with_suffix(".json")
        if told.exists():
            self.seconds = json.loads(told.read_text("utf-8"))
            return read(str(path))
        began = time.process_time()
        index = build()
        self.seconds = time.process_time() - began
        write(index, str(path))
        told.write_text(json.dumps(self.seconds), "utf-8")  # after the graph: without it, that does not count
        return index


def flat(vectors: np.ndarray, levels: np.ndarray) -> Callable:
    """Every row, exactly; a bitmap says which may be shown."""
    import faiss

    faiss.omp_set_num_threads(1)
    index = faiss.IndexFlatIP(vectors.shape[1])
    for start in range(0, len(vectors), BLOCK):
        index.add(np.ascontiguousarray(vectors[start : start + BLOCK]))
    chosen = selectors(levels, lambda selector: faiss.SearchParameters(sel=selector))
    return lambda queries, k, share: index.search(queries, k, params=chosen[share])[1]


def hnsw(vectors: np.ndarray, levels: np.ndarray, graph: Graph) -> Callable:
    """A graph; what may not be shown is walked over."""
    import faiss

    def build() -> object:
        index = faiss.IndexHNSWFlat(vectors.shape[1], LINKS, faiss.METRIC_INNER_PRODUCT)
        index.hnsw.efConstruction = BUILD
        for start in range(0, len(vectors), BLOCK):
            index.add(np.ascontiguousarray(vectors[start : start + BLOCK]))
        return index

    faiss.omp_set_num_threads(1)
    index = graph.made(build, faiss.read_index, faiss.write_index)
    index.hnsw.efSearch = LOOK
    chosen = selectors(levels, lambda selector: faiss.SearchParametersHNSW(sel=selector, efSearch=LOOK))
    return lambda queries, k, share: index.search(queries, k, params=chosen[share])[1]


def selectors(levels: np.ndarray, parameters: Callable) -> dict:
    """A bitmap a share, made beforehand."""
    import faiss

    kept = {1.0: None}
    for level, share in enumerate(SHARES[1:], start=1):
        kept[share] = parameters(faiss.IDSelectorBitmap(np.packbits(levels >= level, bitorder="little")))
    return kept


def usearch(vectors: np.ndarray, levels: np.ndarray, graph: Graph) -> Callable:
    """A graph, whose Python interface has no filter: more is asked for, and what may not be shown is left out."""
    from usearch.index import Index

    empty = Index(
        ndim=vectors.shape[1], metric="ip", dtype="f32", connectivity=LINKS // 2, expansion_add=BUILD,
        expansion_search=LOOK,
    )  # fmt: skip

    def build() -> Index:
        for start in range(0, len(vectors), BLOCK):
            block = np.ascontiguousarray(vectors[start : start + BLOCK])
            empty.add(np.arange(start, start + len(block), dtype=np.uint64), block, threads=1)
        return empty

    def read(path: str) -> Index:
        empty.load(path)
        return empty

    index = graph.made(build, read, Index.save)

    def search(queries: np.ndarray, k: int, share: float) -> np.ndarray:
        more = min(round(k / share), len(vectors), 20_000)
        found = index.search(queries, more, threads=1).keys.reshape(len(queries), -1).astype(np.int64)
        if share == 1.0:
            return found
        shown = np.full((len(queries), k), -1, np.int64)
        for line, rows in enumerate(found):
            mine = rows[levels[rows] >= SHARES.index(share)][:k]
            shown[line, : len(mine)] = mine
        return shown

    return search


def held() -> int:
    """Bytes of memory of this process alone, without the files that it reads."""
    for line in Path("/proc/self/status").read_text("ascii").splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) * 1024
    return 0


if __name__ == "__main__":
    main()
