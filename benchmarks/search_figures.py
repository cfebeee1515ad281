"""Telling the figures of `benchmarks.search`: for a terminal, for the documentation, as charts."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any

from benchmarks import chart
from benchmarks.measuring import ROOT

Told = dict[str, Any]
PAGE = ROOT / "docs" / "reference" / "search-speed.md"
IMAGES = ROOT / "docs" / "images"
_BEGIN, _END = "<!-- figures: written by the benchmark -->", "<!-- end of the figures -->"
_NAMES = {
    "embedded": "Countenance (embedded)",
    "blas": "float32 matrix product",
    "faiss-flat": "faiss Flat",
    "faiss-hnsw": "faiss HNSW",
    "usearch": "usearch",
}
_K = 200
_COLUMNS: tuple[tuple[str, Callable[[Told], str]], ...] = (
    ("engine", lambda row: _NAMES[row["engine"]]),
    ("templates", lambda row: f"{row['n']:,} × {row['dim']}"),
    ("eligible", lambda row: f"{row['eligible']:g}"),
    ("batch", lambda row: f"{row['batch']}"),
    ("k", lambda row: f"{row['k']}"),
    ("ms a probe (p50)", lambda row: f"{row['p50_ms']:.2f}"),
    ("found above threshold", lambda row: _share(row["found_above_threshold"])),
    ("recall@10", lambda row: _share(row["recall_at_10"])),
    ("bytes a template", lambda row: f"{row['bytes_per_vector']:.0f}"),
    ("built in s", lambda row: f"{row['build_s']:.1f}"),
)


def progress(text: str) -> None:
    """A line for whoever waits."""
    sys.stderr.write(f"  {text}\n")


def plain(rows: Sequence[Told], n: int, engine: str) -> Told:
    """One probe at a time, for 200 rows, while all may be shown."""
    mine = (row for row in rows if (row["n"], row["engine"], row["eligible"], row["batch"]) == (n, engine, 1, 1))
    return next(row for row in mine if row["k"] == _K)


def shown(told: Told) -> str:
    """For a person at a terminal."""
    table = [[name for name, _ in _COLUMNS], *([cell(row) for _, cell in _COLUMNS] for row in told["rows"])]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    lines = [
        "  ".join(cell.rjust(width) if at else cell.ljust(width) for at, (cell, width) in enumerate(zip(line, widths)))  # noqa: B905
        for line in table
    ]
    lines += ["", *_compared(told), *_opened(told)]
    conditions = told["conditions"]
    lines += [f"{conditions['processor']}, one core, load {conditions['load']} at the end, seed {conditions['seed']}"]
    return "\n".join(lines) + "\n"


def write_docs(told: Told) -> None:
    """Write the table into the page, between its marks, and draw the charts."""
    before, _, rest = PAGE.read_text("utf-8").partition(_BEGIN)
    _, _, after = rest.partition(_END)
    head = "| " + " | ".join(name for name, _ in _COLUMNS) + " |"
    rule = "|---|" + "---:|" * (len(_COLUMNS) - 1)
    rows = ["| " + " | ".join(cell(row) for _, cell in _COLUMNS) + " |" for row in told["rows"]]
    conditions = told["conditions"]
    said = f"One core of an {conditions['processor']}, Python {conditions['python']}, seed {conditions['seed']}."
    charts = [
        "![Milliseconds a probe against the number of templates](../images/search-latency.svg)",
        "![Recall at 10 against the share of rows that may be shown](../images/search-recall.svg)",
    ]
    more = [f"- {line}" for line in (*_compared(told), *_opened(told))]
    page = "\n".join([said, "", *charts, "", head, rule, *rows, "", *more])
    PAGE.write_text(f"{before}{_BEGIN}\n\n{page}\n\n{_END}{after}", "utf-8")
    single = [row for row in told["rows"] if row["batch"] == 1 and row["k"] == _K]
    latency = _series(single, "n", "p50_ms", [row for row in single if row["eligible"] == 1])
    largest = max(row["n"] for row in single)
    recall = _series(single, "eligible", "recall_at_10", [row for row in single if row["n"] == largest])
    IMAGES.mkdir(exist_ok=True)
    drawn = chart.lines("Milliseconds a probe, against templates", latency, logarithmic=True)
    (IMAGES / "search-latency.svg").write_text(drawn, "utf-8")
    drawn = chart.lines(f"Recall at 10 of {largest:,}, against the share that may be shown", recall)
    (IMAGES / "search-recall.svg").write_text(drawn, "utf-8")


def _series(rows: Sequence[Told], x: str, y: str, chosen: Sequence[Told]) -> dict[str, list[tuple[float, float]]]:
    engines = dict.fromkeys(row["engine"] for row in rows)
    return {_NAMES[engine]: sorted((row[x], row[y]) for row in chosen if row["engine"] == engine) for engine in engines}


def _compared(told: Told) -> list[str]:
    """How many times faster than the matrix product over all rows the embedded engine is; and than a plain read."""
    lines = []
    for n in dict.fromkeys(row["n"] for row in told["rows"]):
        rows = [row for row in told["rows"] if row["n"] == n]
        whole = any(row["engine"] == "blas" for row in rows)
        blas = [plain(rows, n, "blas")["p50_ms"]] if whole else []
        mine = [row for row in rows if row["engine"] == "embedded"]
        for row in mine if blas else ():
            kind = f"batch of {row['batch']}, k = {row['k']}, {row['eligible']:g} eligible"
            lines.append(f"{n:,}: {kind}: 1/{blas[0] / row['p50_ms']:.1f} of one float32 product over all rows")
        reading = told["more"][f"{n}"].get("embedded", {}).get("read_ms")
        if reading and mine:
            ratio = reading / plain(rows, n, "embedded")["p50_ms"]
            lines.append(f"{n:,}: 1/{ratio:.1f} of a plain read of the vectors ({reading:.0f} ms)")
    return lines


def _opened(told: Told) -> list[str]:
    lines = []
    for n, engines in told["more"].items():
        found = engines.get("embedded", {}).get("opening")
        if found:
            lines.append(
                f"{int(n):,}: snapshot written in {found['write_s']:.1f} s, {found['bytes'] / 1e6:,.0f} MB, opened and "
                f"searched in {found['open_s']:.1f} s"
            )
        packed = engines.get("embedded", {}).get("packed_bytes")
        if packed:
            lines.append(f"{int(n):,}: codes and columns packed: {packed:.1f} bytes a template")
    return lines


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.4f}"
