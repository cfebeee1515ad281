"""How fast a search is at size: our engine against a plain matrix product and what people use, in one run.

    python -m benchmarks.search [--n 1000000] [--dim 128] [--engines blas,embedded,faiss-flat,…] [--open] [--json]

Templates are generated with the structure of identities (`benchmarks.crowds`): no person is behind them. They are
written to the cache folder as they are drawn, 5 GB for ten million of 128 dimensions, and read from there; with
`--discard` they are removed at the end. Every engine runs in a process of its own, on one core and in one thread, and
is asked the same thousand probes (fewer where that takes too long: `--patience`) at four shares of rows that the search
may show; what it finds is judged by what an exact search finds.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import search_figures as figures
from benchmarks import search_page
from benchmarks.crowds import TOP, Crowd, crowd
from benchmarks.ingest import CACHE
from benchmarks.measuring import Failed, answer, ours
from benchmarks.pages import conditions, progress
from benchmarks.rivals import Rival

Told = dict[str, Any]
OURS = ("blas", "embedded")
THEIRS = ("faiss-flat", "faiss-hnsw", "usearch")
ENGINES = (*OURS, *THEIRS)
_EXAMPLES = """examples:
  python -m benchmarks.search --n 20000 --engines blas,embedded        a first look, in a minute
  python -m benchmarks.search --engines blas,embedded,faiss-flat --open
  python -m benchmarks.search --n 10000000 --engines embedded --open --discard
  python -m benchmarks.search --engines embedded --json                for a program"""
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "RAYON_NUM_THREADS"), "1")


def main() -> None:
    """Make the crowds, measure, print."""
    options = _options()
    began = datetime.now(UTC).isoformat(timespec="seconds")
    rows: list[Told] = []
    more: Told = {}
    for n in options.n:
        made = crowd(options.cache, n, options.dim, options.probes, options.seed)
        try:
            for engine in options.engines:
                told = _measured(made, engine, options)
                rows += told.pop("rows")
                more.setdefault(f"{n}", {})[engine] = told
                progress(f"{n:,} × {options.dim}, {engine}: {figures.plain(rows, n, engine)['p50_ms']:.2f} ms")
        finally:
            if options.discard:
                shutil.rmtree(made.folder)
    told = {"rows": rows, "more": more, "conditions": conditions() | {"seed": options.seed, "at": began}}
    if options.docs:
        search_page.write(told)
    sys.stdout.write(json.dumps(told, indent=2) + "\n" if options.json else figures.shown(told))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.search",
        description=(__doc__ or "").replace("`", ""),
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--n", type=int, nargs="+", default=[1_000_000], help="templates in the gallery; several sizes")
    parser.add_argument("--dim", type=int, default=128, help="dimensions of a template")
    parser.add_argument("--engines", default=",".join(ENGINES), help="some of: " + ", ".join(ENGINES))
    parser.add_argument("--probes", type=int, default=1000, help="half of them of people who are in the gallery")
    parser.add_argument("--seed", type=int, default=1, help="of the templates")
    parser.add_argument(
        "--patience", type=float, default=20, help="seconds for one figure of an engine; ours gets 40 at least"
    )
    parser.add_argument("--open", action="store_true", help="also write the embedded index to disk and open it again")
    parser.add_argument(
        "--cache", type=Path, default=CACHE, help="where templates and the rivals' environment are kept"
    )
    parser.add_argument(
        "--keep", action="store_true", help="keep the graphs that HNSW and usearch build, for the next run"
    )
    parser.add_argument("--discard", action="store_true", help="remove the templates at the end")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--docs", action="store_true", help="write the table and the charts into the documentation")
    options = parser.parse_args()
    options.engines = options.engines.split(",")
    if unknown := set(options.engines) - set(ENGINES):
        parser.error(f"no engine {', '.join(sorted(unknown))}")
    if min(options.n) < 100 or options.probes < 2:
        parser.error("a gallery has at least 100 templates, and there are at least 2 probes")
    if options.docs and options.dim != 128:
        parser.error("the documentation tells of 128 dimensions")
    return options


def _measured(made: Crowd, engine: str, options: argparse.Namespace) -> Told:
    with tempfile.TemporaryDirectory(prefix="answers-", dir=options.cache) as name:
        answers = Path(name)
        told = _run(made, engine, answers, options)
        about = {"engine": engine, "n": made.n, "dim": made.dimension}
        about |= {name: told[name] for name in ("bytes_per_vector", "build_s")}
        told["rows"] = [about | row | _judged_row(made, row, answers) for row in told["rows"]]
    return told


def _judged_row(made: Crowd, row: Told, answers: Path) -> Told:
    found = np.load(answers / f"{row['eligible']}-{row['batch']}-{row['k']}.npy")
    return judged(made, row["eligible"], found)


def _run(made: Crowd, engine: str, answers: Path, options: argparse.Namespace) -> Told:
    places = [str(each) for each in (made.folder, made.n, made.dimension)]
    if engine in OURS:
        os.environ.update(_ONE_THREAD)
        patience = options.patience if engine == "blas" else max(options.patience, 40)
        more = ["--patience", str(patience), *(["--open"] if options.open else [])]
        return ours("search_run", engine, *places, str(made.probes), answers, *more, count=1)
    place = Rival("search").environment(options.cache / "rivals")
    variables = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "LC_ALL") if name in os.environ}
    script = Path(__file__).parent / "rivals" / "search_run.py"
    command = [place / "bin" / "python", "-P", "-W", "ignore", script, engine, *places, answers, str(options.patience)]
    command += [made.folder] if options.keep else []
    return answer(command, count=1, environment=variables | _ONE_THREAD)


def judged(made: Crowd, share: float, found: np.ndarray) -> Told:
    """How much of what an exact search finds is among the rows found: above the threshold, and of the best ten."""
    top, above = made.truth(share)
    wanted = [set(rows.tolist()) for rows in above[: len(found)]]
    shown = [set(rows.tolist()) for rows in found]
    all_above = sum(map(len, wanted))
    near = [set(rows[rows >= 0].tolist()) for rows in top[: len(found)]]
    hit = sum(len(one & other) for one, other in zip(near, shown, strict=True))
    return {
        "found_above_threshold": sum(map(_both, wanted, shown)) / all_above if all_above else None,
        "above_threshold": all_above,
        f"recall_at_{TOP}": hit / max(sum(map(len, near)), 1),
        "probes": len(found),
    }


def _both(one: set[int], other: set[int]) -> int:
    return len(one & other)


if __name__ == "__main__":
    try:
        main()
    except Failed as error:
        sys.exit(str(error))
