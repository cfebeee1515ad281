"""The figures of `benchmarks.search` in the documentation: kept in a file, from which tables and charts are written.

A run puts what it has measured of an engine at a size in the place of what stood there, and leaves the rest: graphs
take half an hour to build, and need not be built again when ours has changed. The page says of which engines another
run tells, and sets only what was measured in one run against one another.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks import chart, pages
from benchmarks.search_figures import NAMES, K, compared, opened, share

Told = dict[str, Any]
FIGURES = Path(__file__).parent / "figures" / "search.json"
SHARES = (1.0, 0.1, 0.01, 0.001)


def write(told: Told) -> None:
    """Keep what this run has measured, and write the page's tables and charts from all that is kept."""
    sizes = keep(FIGURES, told)
    lines = ["![Milliseconds a probe against the number of templates](../images/search-latency.svg)", ""]
    lines += ["![Recall at 10 against the share of rows that may be shown](../images/search-recall.svg)", ""]
    for n in sorted(sizes, key=int):
        lines += [*_size(int(n), sizes[n]), ""]
    pages.write_section("figures", lines[:-1])
    pages.IMAGES.mkdir(exist_ok=True)
    for name, drawn in charts(sizes).items():
        (pages.IMAGES / f"search-{name}.svg").write_text(drawn, "utf-8")


def keep(file: Path, told: Told) -> dict[str, Told]:
    """All that was measured so far, with what this run has measured; each engine with the conditions of its run."""
    sizes: dict[str, Told] = json.loads(file.read_text("utf-8")) if file.exists() else {}
    for n, more in told["more"].items():
        before = sizes.get(n, {"rows": [], "more": {n: {}}})
        here = {engine: about | {"conditions": told["conditions"]} for engine, about in more.items()}
        rows = [row for row in before["rows"] if row["engine"] not in here]
        rows += [row for row in told["rows"] if row["n"] == int(n)]
        sizes[n] = {"rows": rows, "more": {n: before["more"][n] | here}}
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps(sizes, indent=1) + "\n", "utf-8")
    return sizes


def charts(sizes: dict[str, Told]) -> dict[str, str]:
    """The two charts by name: latency against size, and recall against selectivity at the size with most engines."""
    single = [row for each in sizes.values() for row in each["rows"] if (row["batch"], row["k"]) == (1, K)]
    engines = [name for name in NAMES if any(row["engine"] == name for row in single)]
    everybody = [row for row in single if row["eligible"] == 1]
    latency = {
        NAMES[name]: [(row["n"], row["p50_ms"]) for row in everybody if row["engine"] == name] for name in engines
    }
    widest = max(sizes, key=lambda n: (len({row["engine"] for row in sizes[n]["rows"]}), int(n)))
    rows = [row for row in single if row["n"] == int(widest)]
    recall = {
        NAMES[name]: [(row["eligible"], row["recall_at_10"]) for row in rows if row["engine"] == name]
        for name in engines
    }
    return {
        "latency": chart.lines(
            f"Milliseconds a probe on one core, {K} rows asked for", latency, across="templates in the gallery",
            up="ms a probe (p50)", logarithmic=True,
        ),
        "recall": chart.lines(
            f"Recall@10 among {int(widest):,}, {K} rows asked for", recall, across="share of rows that may be shown",
            up="recall@10",
        ),
    }  # fmt: skip


def _size(n: int, told: Told) -> list[str]:
    rows = told["rows"]
    engines = [name for name in NAMES if any(row["engine"] == name for row in rows)]
    lines = [f"### {n:,} templates of {rows[0]['dim']} dimensions", "", *_runs(told["more"][f"{n}"], engines), ""]
    head = (
        "ms a probe (p50)",
        *(f"{each:g} eligible" for each in SHARES),
        "k = 1200",
        "batch, k = 200",
        "batch, k = 50",
    )
    lines += pages.table(head, [_times(rows, name) for name in engines])
    found = [f"above threshold, {each:g}" for each in SHARES] + [f"recall@10, {each:g}" for each in SHARES]
    lines += ["", *pages.table(("what is found", *found), [_found(rows, name) for name in engines])]
    other = ("k = 1200", "batch, k = 200", "batch, k = 50")
    head = ("what else", *(f"{what}, {each}" for what in ("above threshold", "recall@10") for each in other))
    lines += ["", *pages.table((*head, "bytes a template", "built in s"), [_other(rows, name) for name in engines])]
    notes = [*compared(_of_one_run(told, n), n), *opened(told)]
    return [*lines, "", *(f"- {line}" for line in notes)] if notes else lines


def _runs(about: Told, engines: Sequence[str]) -> list[str]:
    """On what each run was made; where there were several, of which engines it tells."""
    runs: dict[str, list[str]] = {}
    for name in engines:
        runs.setdefault(pages.machine(about[name]["conditions"]), []).append(NAMES[name])
    return list(runs) if len(runs) == 1 else [f"- {', '.join(names)}: {line}" for line, names in runs.items()]


def _of_one_run(told: Told, n: int) -> Told:
    """What was measured in the same run as our own engine."""
    about = told["more"][f"{n}"]
    ours = about.get("embedded", {}).get("conditions")
    return told | {"rows": [row for row in told["rows"] if about[row["engine"]]["conditions"] == ours]}


_OTHER = ((1, 1200), (64, 200), (64, 50))


def _times(rows: Sequence[Told], engine: str) -> list[str]:
    single = [_cell(rows, engine, "p50_ms", each) for each in SHARES]
    return [NAMES[engine], *single, *(_cell(rows, engine, "p50_ms", 1.0, *each) for each in _OTHER)]


def _found(rows: Sequence[Told], engine: str) -> list[str]:
    kinds = ("found_above_threshold", "recall_at_10")
    return [NAMES[engine], *(_cell(rows, engine, kind, each) for kind in kinds for each in SHARES)]


def _other(rows: Sequence[Told], engine: str) -> list[str]:
    mine = next(row for row in rows if row["engine"] == engine)
    kinds = ("found_above_threshold", "recall_at_10")
    found = [_cell(rows, engine, kind, 1.0, *each) for kind in kinds for each in _OTHER]
    return [NAMES[engine], *found, f"{mine['bytes_per_vector']:.0f}", f"{mine['build_s']:.1f}"]


def _cell(rows: Sequence[Told], engine: str, what: str, eligible: float, batch: int = 1, k: int = K) -> str:
    for row in rows:
        if (row["engine"], row["eligible"], row["batch"], row["k"]) == (engine, eligible, batch, k):
            return f"{row[what]:.2f}" if what == "p50_ms" else share(row[what])
    return "–"
