"""Telling the figures of `benchmarks.search`, at a terminal and in sentences."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from benchmarks import pages

Told = dict[str, Any]
NAMES = {
    "embedded": "Countenance (embedded)",
    "blas": "float32 matrix product",
    "faiss-flat": "faiss Flat",
    "faiss-hnsw": "faiss HNSW",
    "usearch": "usearch",
}
K = 200
_COLUMNS: tuple[tuple[str, Callable[[Told], str]], ...] = (
    ("engine", lambda row: NAMES[row["engine"]]),
    ("templates", lambda row: f"{row['n']:,} × {row['dim']}"),
    ("eligible", lambda row: f"{row['eligible']:g}"),
    ("batch", lambda row: f"{row['batch']}"),
    ("k", lambda row: f"{row['k']}"),
    ("ms a probe (p50)", lambda row: f"{row['p50_ms']:.2f}"),
    ("found above threshold", lambda row: share(row["found_above_threshold"])),
    ("recall@10", lambda row: share(row["recall_at_10"])),
    ("bytes a template", lambda row: f"{row['bytes_per_vector']:.0f}"),
    ("built in s", lambda row: f"{row['build_s']:.1f}"),
)


def plain(rows: Sequence[Told], n: int, engine: str) -> Told:
    """One probe at a time, for 200 rows, while all may be shown."""
    mine = (row for row in rows if (row["n"], row["engine"], row["eligible"], row["batch"]) == (n, engine, 1, 1))
    return next(row for row in mine if row["k"] == K)


def shown(told: Told) -> str:
    """For a person at a terminal."""
    table = [[name for name, _ in _COLUMNS], *([cell(row) for _, cell in _COLUMNS] for row in told["rows"])]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    lines = [
        "  ".join(cell.rjust(width) if at else cell.ljust(width) for at, (cell, width) in enumerate(zip(line, widths)))  # noqa: B905
        for line in table
    ]
    for n in dict.fromkeys(row["n"] for row in told["rows"]):
        one = told | {"more": {f"{n}": told["more"][f"{n}"]}}
        lines += ["", f"{n:,} templates", *(f"  {line}" for line in (*compared(one, n), *opened(one)))]
    lines += ["", pages.machine(told["conditions"])]
    return "\n".join(lines) + "\n"


def compared(told: Told, n: int) -> list[str]:
    """How many times faster than the matrix product over all rows the embedded engine is; and than a plain read."""
    rows = [row for row in told["rows"] if row["n"] == n]
    mine = [row for row in rows if row["engine"] == "embedded"]
    if not mine:
        return []
    lines, reading = [], told["more"][f"{n}"]["embedded"]["read_ms"]
    if any(row["engine"] == "blas" for row in rows):
        blas = plain(rows, n, "blas")["p50_ms"]
        parts = [f"1/{blas / row['p50_ms']:.1f} ({_kind(row)})" for row in mine]
        lines.append("ours, to one float32 product over all rows: " + ", ".join(parts))
    alone = plain(rows, n, "embedded")["p50_ms"]
    lines.append(f"ours, to a plain read of the float32 vectors ({reading:,.1f} ms): 1/{reading / alone:.1f}")
    lines += [
        f"ours, a probe of a batch of {row['batch']} at k = {K}: {alone / row['p50_ms']:.1f} times as quick as alone"
        for row in mine
        if row["batch"] > 1 and row["k"] == K
    ]
    return lines


def _kind(row: Told) -> str:
    if row["batch"] > 1:
        return f"batch, k = {row['k']}"
    return f"{row['eligible']:g} eligible" if row["k"] == K else f"k = {row['k']}"


def opened(told: Told) -> list[str]:
    """What the index takes packed, how long its snapshot takes, and what erasing people writes anew."""
    lines = []
    for engines in told["more"].values():
        ours = engines.get("embedded", {})
        if ours.get("packed_bytes"):
            lines.append(f"codes, columns and masks packed: {ours['packed_bytes']:.1f} bytes a template")
        found = ours.get("opening")
        if not found:
            continue
        lines.append(
            f"snapshot written in {found['write_s']:.1f} s, {found['bytes'] / 1e6:,.0f} MB in {found['segments']} "
            f"segments, opened and searched in {found['open_s']:.1f} s"
        )
        for each, kind in zip(found["gone"], ("added one after the other", "from all over"), strict=True):
            lines.append(
                f"{each['people']:,} people {kind}, {each['rows']:,} templates: taken out in {each['remove_s']:.2f} s, "
                f"{each['segments']} of {found['segments']} segments written anew, {each['bytes'] / 1e6:,.0f} MB in "
                f"{each['rewrite_s']:.1f} s"
            )
    return lines


def share(value: float | None) -> str:
    """A part of one, to four places; a dash where there is nothing to be a part of."""
    return "–" if value is None else f"{value:.4f}"
