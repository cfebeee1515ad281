"""How deep the embedded engine has to be asked, so that a batch loses nothing: what each depth loses and takes.

    python -m benchmarks.depths [--n 1000000] [--probes 8192] [--json] [--docs]

Thousands of the gallery's own templates are probes, each of which has others of the same identity in it. Counted are
those that score above the threshold of `benchmarks.search` and do not come back: many more than its thousand probes
have, so that a loss of one in ten thousand shows. One core, batches of 64.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import pages
from benchmarks.crowds import TEMPLATES_EACH, Crowd, crowd
from benchmarks.ingest import CACHE
from benchmarks.measuring import Failed, ours, timed
from benchmarks.search_run import BATCH, build

Told = dict[str, Any]
DEPTHS = (50, 100, 128, 200, 256, 384, 512)
_EXAMPLES = """examples:
  python -m benchmarks.depths --n 200000 --probes 1024   a first look
  python -m benchmarks.depths --docs                     three minutes"""


def main() -> None:
    """Measure in a process of its own, print."""
    options = _options()
    made = crowd(options.cache, options.n, 128, 1000, seed=1)
    if options.job:
        sys.stdout.write(json.dumps(measured(made, options.probes)) + "\n")
        return
    os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "RAYON_NUM_THREADS"), "1")
    same = ["--n", str(options.n), "--probes", str(options.probes), "--cache", options.cache]
    told: Told = ours("depths", "--job", "measure", *same, count=1) | {"conditions": pages.conditions()}
    if options.docs:
        pages.write_section("depths", [pages.machine(told["conditions"]), "", *_table(told)])
    sys.stdout.write(json.dumps(told, indent=2) + "\n" if options.json else "\n".join(_table(told)) + "\n")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.depths",
        description=(__doc__ or "").replace("`", ""),
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--n", type=int, default=1_000_000, help="templates in the gallery, of one segment")
    parser.add_argument("--probes", type=int, default=8192, help="of its own templates")
    parser.add_argument("--cache", type=Path, default=CACHE, help="where templates are kept")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--docs", action="store_true", help="write the table into the documentation")
    parser.add_argument("--job", choices=("measure",), help=argparse.SUPPRESS)
    return parser.parse_args()


def measured(made: Crowd, count: int) -> Told:
    """For each depth, how many of the rows near the probes are lost, and what a probe takes."""
    (segment,) = build(made)._segments.values()  # noqa: SLF001 - the engine's own codes, asked as deep as we like
    search = segment.codes.codes.search  # type: ignore[attr-defined]
    rows = np.linspace(TEMPLATES_EACH, made.n - TEMPLATES_EACH - 1, count).astype(np.int64)
    probes = np.ascontiguousarray(made.vectors[rows])
    # Templates of one identity lie side by side; where one was held back, they are not in fours.
    beside = rows[:, None] + np.delete(np.arange(1 - TEMPLATES_EACH, TEMPLATES_EACH), TEMPLATES_EACH - 1)
    near = np.einsum("qd,qkd->qk", probes, made.vectors[beside]) > made.about["threshold"]
    lines = []
    for depth in DEPTHS:
        lost, taken = 0, []
        for start in range(0, count, BATCH):
            part = slice(start, start + BATCH)
            (_, found), seconds = timed(lambda part=part, depth=depth: search(probes[part], depth))  # type: ignore[misc]
            taken.append(seconds * 1000 / len(found))
            shown = (beside[part, :, None] == found[:, None, :]).any(axis=2)
            lost += int((near[part] & ~shown).sum())
        lines.append({"depth": depth, "lost": lost, "p50_ms": statistics.median(taken)})
    return {"n": made.n, "probes": count, "above_threshold": int(near.sum()), "depths": lines}


def _table(told: Told) -> list[str]:
    head = (f"{told['n']:,} × 128", f"lost, of {told['above_threshold']:,} above the threshold", "ms a probe (p50)")
    lines = [(f"{each['depth']} deep", f"{each['lost']}", f"{each['p50_ms']:.2f}") for each in told["depths"]]
    return pages.table(head, lines)


if __name__ == "__main__":
    try:
        main()
    except Failed as error:
        sys.exit(str(error))
