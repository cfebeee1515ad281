"""Reports as papers: headings, sentences, facts and tables, on one page that stands alone, or line by line."""

from __future__ import annotations

from dataclasses import dataclass

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
