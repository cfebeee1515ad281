"""How much memory, disk and how many machines a gallery needs, from what was measured here and what others published.

    python -m benchmarks.sizing                                 print the table
    python -m benchmarks.sizing --docs                          and write it into the how-to, between its marks
    python -m benchmarks.sizing --measure 20000                 bytes a person on disk, into benchmarks/sizing.json
    python -m benchmarks.sizing --measure 20000 --owner postgresql://club_owner@127.0.0.1/club --role club_app

The speed and the size of the index are read from the page that `benchmarks.search` writes, so this table follows it; a
test says when it does not.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from benchmarks import erasure
from benchmarks.measuring import ROOT
from benchmarks.pages import section, write_section
from benchmarks.search_figures import plain
from benchmarks.search_page import FIGURES as SEARCH
from countenance.registry.address import OWNER_PASSWORD, engine_of
from countenance.wiring import move_registry, open_gallery

SIZES = {"10 million": 10**7, "100 million": 10**8, "1 billion": 10**9, "20 billion": 20 * 10**9}
PAGE = ROOT / "docs" / "how-to" / "from-a-laptop-to-a-cluster.md"
INGEST = ROOT / "docs" / "reference" / "ingest-speed.md"
MILVUS = ROOT / "docs" / "decisions" / "0017-milvus-beside-the-registry.md"
KEPT = Path(__file__).with_suffix(".json")

MEASURED, COMPUTED, PUBLISHED = "M", "C", "P"
GIB = 2**30
FLAT_BYTES = 128 * 4 + 6 * 8 + 4 * 2
"""A row in Milvus: the vector in float32, its number and five columns of 64 bits, four of 16 (`index/milvus.py`)."""
HNSW_BYTES = 1.1 * GIB / 10**6
"""Milvus' Sizing Tool, a million vectors of 128 dimensions in an HNSW index: 1.1 GB of memory when loaded."""
FULL = 0.9
"""Milvus' limits: what is loaded must stay under 90 % of the memory of all query nodes."""
NODE = 64 * GIB
LARGEST = 32 * 2**40
"""PostgreSQL's limits: 32 TB a table."""
DAY = 86_400


@dataclass(frozen=True)
class Facts:
    """What the figures come from; everything else is arithmetic."""

    index_bytes: float
    snapshot_bytes: float
    search_ms: float
    searched: int
    """Among how many faces that was."""
    photos_a_second: float
    filled_a_second: float
    disk: dict[str, Any]


def facts() -> Facts:
    """What the benchmarks have told, each of the largest gallery that was measured: from their file, or their page."""
    ingest, filling = (each.read_text("utf-8") for each in (INGEST, MILVUS))
    sizes = _sizes()
    searched = max(sizes)
    snapshot = max(n for n, told in sizes.items() if told["more"][f"{n}"]["embedded"].get("opening"))
    return Facts(
        index_bytes=sizes[searched]["more"][f"{searched}"]["embedded"]["packed_bytes"],
        snapshot_bytes=sizes[snapshot]["more"][f"{snapshot}"]["embedded"]["opening"]["bytes"] / snapshot,
        search_ms=plain(sizes[searched]["rows"], searched, "embedded")["p50_ms"],
        searched=searched,
        photos_a_second=_largest(ingest, r"^\| Countenance, standard, (one) core, photos/s \| ([0-9.]+)")[1],
        filled_a_second=_largest(filling, r"(rebuild) fills about ([0-9,]+) references a second")[1],
        disk=json.loads(KEPT.read_text("utf-8")),
    )


def _sizes() -> dict[int, dict[str, Any]]:
    """What `benchmarks.search` has kept of our own engine, by the number of templates."""
    if not SEARCH.exists():
        raise SystemExit(f"{SEARCH.name} is not there: python -m benchmarks.search --docs writes it.")
    told: dict[str, dict[str, Any]] = json.loads(SEARCH.read_text("utf-8"))
    return {int(n): each for n, each in told.items() if "embedded" in each["more"][n]}


def _largest(text: str, form: str) -> tuple[int, float]:
    """For how many faces a figure was measured, and the figure: where there are several, of the most faces."""
    found = [(_number(n) if n[0].isdigit() else 1, float(each.replace(",", ""))) for n, each in
             re.findall(form, text, re.MULTILINE)]  # fmt: skip
    if not found:
        raise SystemExit(f"A page that the sizing reads from does not have its figure any more: {form}")
    return max(found)


def table(known: Facts) -> str:
    """The table, each cell with its mark, and what the marks stand on."""
    disk, per_ms = known.disk["bytes"], known.search_ms / known.searched
    flat, hnsw, filled = FLAT_BYTES, HNSW_BYTES, known.filled_a_second
    largest = f"its largest table (`{known.disk['largest_table']}`), of 32 TB at most (P)"
    looked = f"{known.photos_a_second:.2f} photos/s a core {MEASURED}"
    lines = [
        _line("**embedded index**, memory", f"{_bytes(known.index_bytes)} {MEASURED}", known.index_bytes, _size),
        _line("its snapshot, disk", f"{_bytes(known.snapshot_bytes)} {MEASURED}", known.snapshot_bytes, _size),
        _line("a search of all, one core", f"{known.search_ms:.1f} ms of {known.searched:,} {MEASURED}", per_ms, _time),
        _line("**Milvus**, FLAT, memory", f"{_bytes(flat)} {COMPUTED}", flat, _size),
        _line(f"query nodes of {NODE // GIB} GB", f"{FULL:.0%} full at most {PUBLISHED}", flat, _nodes),
        _line("Milvus, HNSW, memory", f"{_bytes(hnsw)} {PUBLISHED}", hnsw, _size),
        _line(f"query nodes of {NODE // GIB} GB", f"{FULL:.0%} full at most {PUBLISHED}", hnsw, _nodes),
        _line("to fill Milvus from the registry", f"{filled:,.0f} a second {MEASURED}", 1000 / filled, _time),
        _line("**records**, SQLite, disk", f"{_bytes(disk['sqlite'])} {MEASURED}", disk["sqlite"], _size),
        _line("records, PostgreSQL, disk", f"{_bytes(disk['postgresql'])} {MEASURED}", disk["postgresql"], _size),
        _line(largest, f"{_bytes(disk['largest_table'])} {MEASURED}", disk["largest_table"], _of_a_table),
        _line("vault, disk", f"{_bytes(disk['vault'])} {MEASURED}", disk["vault"], _size),
        _line("**ingest**, cores for 30 days", looked, 1 / known.photos_a_second / 30 / DAY, _cores),
    ]
    head = "| | a face | " + " | ".join(f"{name} faces" for name in SIZES) + " |"
    return "\n".join([head, "|---|---:|" + "---:|" * len(SIZES), *lines])


def _line(what: str, one: str, each: float, shown: Callable[[float], str]) -> str:
    return f"| {what} | {one} | " + " | ".join(f"{shown(each * n)} {COMPUTED}" for n in SIZES.values()) + " |"


def _bytes(each: float) -> str:
    return f"{each:,.0f} B"


def _size(total: float) -> str:
    for unit, name in ((1e12, "TB"), (1e9, "GB")):
        if total >= unit:
            return f"{total / unit:,.1f} {name}" if total < 100 * unit else f"{total / unit:,.0f} {name}"
    return f"{total / 1e6:,.0f} MB"


def _time(milliseconds: float) -> str:
    seconds = milliseconds / 1000
    for unit, name in ((DAY, "days"), (3600, "hours"), (60, "minutes"), (1, "s")):
        if seconds >= 2 * unit or (name == "s" and seconds >= 1):
            return f"{seconds / unit:,.1f} {name}" if seconds < 10 * unit else f"{seconds / unit:,.0f} {name}"
    return f"{milliseconds:,.0f} ms"


def _nodes(total: float) -> str:
    return f"{ceil(total / (FULL * NODE)):,}"


def _of_a_table(total: float) -> str:
    return f"{total / LARGEST:.0%}" if total >= LARGEST / 100 else "under 1%"


def _cores(total: float) -> str:
    return f"{ceil(total):,}"


def page(known: Facts) -> str:
    """What stands between the marks of the how-to."""
    disk = known.disk
    said = (
        f"A face in the index is one reference. On disk it is measured with all that belongs to it: the person, a "
        f"basis, a photo, an appearance and two log entries, of {disk['people']:,} made-up people; the ingest with one "
        f"face a photo, of 12 megapixels."
    )
    return f"{said}\n\n{table(known)}"


def current() -> str:
    """What stands there now."""
    return section("sizing", PAGE)[1]


def write_docs() -> None:
    """Write the table into the page."""
    write_section("sizing", [page(facts())], PAGE)


# --- bytes a person on disk ------------------------------------------------------------------------------------------


def measure(people: int, owner: str | None, role: str | None) -> dict[str, Any]:
    """Found a gallery, fill it, and see by how much its files have grown; then move it to PostgreSQL, and see there."""
    folder = Path(tempfile.mkdtemp(prefix="countenance-sizing-"))
    try:
        with erasure._founded(folder) as club:  # noqa: SLF001 - the same made-up people
            club.context.registry.scrub()
            empty = _on_disk(folder)
            erasure._fill(club, people)  # noqa: SLF001
        told: dict[str, Any] = {name: (size - empty[name]) / people for name, size in _on_disk(folder).items()}
        largest = None
        if owner and role:
            largest, tables = _on_server(folder, owner, role)
            told |= {"postgresql": sum(tables.values()) / people, "largest_table": tables[largest] / people}
        return {"people": people, "largest_table": largest, "bytes": {name: round(each) for name, each in told.items()}}
    finally:
        shutil.rmtree(folder)


def _on_disk(folder: Path) -> dict[str, int]:
    places = {"sqlite": folder / "club" / "data" / "registry.db", "vault": folder / "club" / "vault" / "keys.db"}
    return {name: sum(each.stat().st_size for each in place.parent.glob(f"{place.name}*"))
            for name, place in places.items()}  # fmt: skip


def _on_server(folder: Path, owner: str, role: str) -> tuple[str, dict[str, int]]:
    with open_gallery(folder / "club", account=erasure.ANNA, passphrase=erasure.WORDS) as club:
        move_registry(club, owner, role)
    engine = engine_of(owner, busy=5, password=OWNER_PASSWORD)
    asked = (
        "SELECT relname, pg_total_relation_size(oid) FROM pg_class "
        "WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
    )
    with engine.connect() as connection:
        sizes = {name: int(size) for name, size in connection.execute(sa.text(asked))}
    engine.dispose()
    return max(sizes, key=lambda name: sizes[name]), sizes


def _number(text: str) -> int:
    return int(text.replace(",", ""))


def main() -> None:
    """Do what is asked."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sizing", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--docs", action="store_true", help="write the table into the how-to")
    parser.add_argument("--measure", type=int, metavar="PEOPLE", help="measure bytes a person on disk")
    parser.add_argument("--owner", metavar="ADDRESS", help="an empty PostgreSQL database, as its owner")
    parser.add_argument("--role", metavar="NAME", help="the program's role there")
    options = parser.parse_args()
    if options.measure:
        told = measure(options.measure, options.owner, options.role)
        if "postgresql" in told["bytes"]:
            KEPT.write_text(json.dumps(told, indent=2) + "\n", "utf-8")
        sys.stdout.write(json.dumps(told, indent=2) + "\n")
        return
    if options.docs:
        write_docs()
    sys.stdout.write(page(facts()) + "\n")


if __name__ == "__main__":
    main()
