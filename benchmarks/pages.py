"""What a benchmark says about the machine, and where in the documentation it writes its figures."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.measuring import ROOT

Told = dict[str, Any]
SEARCH = ROOT / "docs" / "reference" / "search-speed.md"
IMAGES = ROOT / "docs" / "images"


def processor() -> str:
    """What the machine computes with."""
    for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def conditions() -> Told:
    """The machine, and how busy it was when this was asked."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "processor": processor(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gb": round(memory / 1e9),
        "load": round(os.getloadavg()[0], 1),
        "python": platform.python_version(),
    }


def machine(told: Told, cores: str = "One core") -> str:
    """A line for below a table."""
    about = f"{cores} of an {told['processor']} with {told['memory_gb']} GB, Python {told['python']}"
    return f"{about}; load {told['load']} at the end."


def section(name: str, page: Path | None = None) -> tuple[str, str, str]:
    """What stands before the lines of this name in a page, of search's figures if none is named; the lines; the rest.

    The marks go with what is outside. Raises `ValueError` where the page has no place of this name.
    """
    page = page or SEARCH
    begin, end = f"<!-- {name}: written by the benchmark -->", f"<!-- end of {name} -->"
    before, found, rest = page.read_text("utf-8").partition(begin)
    inside, ended, after = rest.partition(end)
    if not found or not ended:
        raise ValueError(f"The page {page.name} has no place for {name}.")
    return before + begin, inside.strip(), end + after


def write_section(name: str, lines: Iterable[str], page: Path | None = None) -> None:
    """Put lines between the marks of this name in a page, of search's figures if none is named."""
    before, _, after = section(name, page)
    (page or SEARCH).write_text("\n".join([before, "", *lines, "", after]), "utf-8")


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """A table in Markdown; the first column is words, the others numbers."""
    rule = "|---|" + "---:|" * (len(head) - 1)
    return [f"| {' | '.join(head)} |", rule, *(f"| {' | '.join(row)} |" for row in rows)]


def progress(text: str) -> None:
    """A line for whoever waits."""
    sys.stderr.write(f"  {text}\n")
