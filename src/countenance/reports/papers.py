"""Reports as papers: headings, sentences, facts and tables, on one page that stands alone, or line by line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from countenance.reports.page import environment


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under headings; ``empty`` is said when there are none."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    empty: str = "None."


@dataclass(frozen=True, slots=True)
class Part:
    """One section: sentences, then facts, a table, and text to be shown as it is."""

    heading: str
    sentences: tuple[str, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    table: Table | None = None
    code: str = ""


@dataclass(frozen=True, slots=True)
class Paper:
    """A report. ``figures`` are the few numbers at its head."""

    title: str
    eyebrow: str
    lead: str
    figures: tuple[tuple[str, str], ...]
    parts: tuple[Part, ...]
    made: str
    warning: str = ""


def render_paper(paper: Paper) -> str:
    """The report as one HTML file."""
    return environment().get_template("paper.html").render(page=paper)


# --- words for values ------------------------------------------------------------------------------------------------


def day(at: str | None) -> str:
    """The day of a time in ISO 8601."""
    return (at or "")[:10]


def joined(values: Sequence[Any]) -> str:
    """Several values in one cell."""
    return ", ".join(map(str, values))


def share(rate: float | None) -> str:
    """A rate in per cent; rare ones as one in so many."""
    if rate is None:
        return "too few to say"
    return f"{rate:.2%}" if rate >= 0.001 or not rate else f"1 in {round(1 / rate):,}"


def witnessed(held: str | dict[str, Any]) -> str:
    """Who outside holds a checkpoint of the log."""
    return held if isinstance(held, str) else f"{held['name']}, {held['size']} entries, {day(held['at'])}"
