"""Error rates as tables and curves: one picture against another, one against everybody, and by group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from countenance.reports import charts
from countenance.reports.charts import Axes, Line

if TYPE_CHECKING:
    from markupsafe import Markup

Told = Mapping[str, Any]
"""The answer of an evaluation as plain data, as ``--json`` gives it."""

FEW = "too few to say"
_FALSE, _MISSED = "wrongly accepted", "wrongly refused"


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawing, what its lines are, and what it says. ``legend`` are names, in the order of the tones."""

    title: str
    drawn: Markup
    note: str
    legend: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under headings. A row is a list of cells."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """A headline, what it means in a sentence, tables and charts."""

    title: str
    lead: str
    tables: tuple[Table, ...] = ()
    charts: tuple[Chart, ...] = ()


def verification(told: Told) -> Part:
    """1:1."""
    found = told["verification"]
    accuracy = ""
    if found["accuracy"] is not None:
        accuracy = (
            f" Over {len(found['folds'])} folds of {found['pairs']['compared']:,} listed pairs, "
            f"{between(found['accuracy'], found['interval']['accuracy'])} of the decisions were right; standard "
            f"deviation {between(found['accuracy_sd'])}."
        )
    rows = tuple(
        (charts.rate(float(far)), score(found["threshold"][far]), between(tar, found["interval"]["tar"][far]),
         _sure(far in found["uncertain"]))
        for far, tar in found["tar"].items()
    )  # fmt: skip
    return Part(
        "One picture against another",
        f"1:1, {found['genuine_pairs']:,} pairs of one person and {found['impostor_pairs']:,} of two. Equal error "
        f"rate: {between(found['eer'], found['interval']['eer'])}.{accuracy}",
        (Table(("False accepts (FAR)", "Threshold", "True accepts (TAR)", ""), rows),),
        (_det(told), _histogram(told)),
    )


def _det(told: Told) -> Chart:
    found = told["verification"]
    line = Line("1:1", tuple((point["fmr"], point["fnmr"]) for point in found["det"]))
    marked = tuple((float(far), 1 - tar) for far, tar in found["tar"].items() if tar is not None)
    axes = Axes(f"strangers {_FALSE} (FMR)", f"own {_MISSED} (FNMR)")
    return Chart(
        "Detection error trade-off, 1:1",
        charts.decades("False non-matches for each rate of false matches", [Line("1:1", line.points, marked)], axes),
        "Each point is a threshold. Nearer to the lower left is better; where no error was seen, the curve lies on "
        "the lower edge.",
    )


def _histogram(told: Told) -> Chart:
    found = told["verification"]
    bars, step = found["histogram"], found["histogram"]["step"]
    counts = bars["genuine"], bars["impostor"]
    places = [at for at in range(len(counts[0])) if counts[0][at] or counts[1][at]] or [0]
    kept = range(places[0], places[-1] + 1)
    lines = [
        Line(name, tuple((bars["from"] + (at + 0.5) * step, each[at] / max(sum(each), 1)) for at in kept))
        for name, each in zip(("one person", "two people"), counts, strict=True)
    ]
    told_at = [(at, f"FAR {charts.rate(float(far))}") for far, at in found["threshold"].items() if far == "1e-4" and at]
    return Chart(
        "Scores",
        charts.humps("How often each score occurs", lines, Axes("score (cosine)", "how often"), told_at),
        "Each kind is drawn as high as the picture. Where they overlap, no threshold tells them apart.",
        ("pairs of one person", "pairs of two people"),
    )


def identification(told: Told) -> Part | None:
    """1:N; None where nobody was searched for."""
    found = told["identification"]
    if not found["probes"]:
        return None
    strange, spread = found["not_enrolled"], found["interval"]
    first = Table(
        ("Rank (closed set)", "Found by that rank"),
        tuple((f"{rank}", between(found[f"rank{rank}"], spread[f"rank{rank}"])) for rank in (1, 5)),
    )
    rows = tuple(
        (charts.rate(float(fpir)), score(found["threshold"][fpir]), between(fnir, spread["fnir"][fpir]),
         between(strange["fnir"][fpir], strange["interval"]["fnir"][fpir]), _sure(fpir in found["uncertain"]))
        for fpir, fnir in found["fnir"].items()
    )  # fmt: skip
    second = Table(
        ("Strangers shown somebody (FPIR)", "Threshold", "Missed (FNIR)", "Missed, with people not enrolled alone", ""),
        rows,
        f"FPIR was counted on {found['unmated']:,} searches: for {strange['unmated']:,} pictures of people who are not "
        "enrolled, and for each probe once more with its own person left out of the gallery. The fourth column was "
        "counted on the former alone.",
    )  # fmt: skip
    curves = [
        Line(name, tuple((point["fpir"], point["fnir"]) for point in each["det"]), marked)
        for name, each, marked in (
            ("all", found, _told(found["fnir"])), ("not enrolled", strange, _told(strange["fnir"])),
        )
        if each["det"]
    ]  # fmt: skip
    axes = Axes("strangers shown somebody (FPIR)", "own person missed (FNIR)")
    trade = Chart(
        "Detection error trade-off, 1:N",
        charts.decades("Missed people for each rate of false candidates", curves, axes),
        "A larger gallery moves the curve up.",
        ("all unmated searches", "people not enrolled alone") if len(curves) > 1 else (),
    )
    match = Chart(
        "Cumulative match characteristic",
        charts.ranks("Share found by rank", found["cmc"], Axes("among the first so many", "found")),
        "Closed set: everybody searched for is enrolled, and no threshold is applied.",
    )
    lead = f"1:N, {found['probes']:,} searches in a gallery of {found['gallery']:,} people."
    return Part("One picture against everybody", lead, (first, second), (trade, match))


def _told(fnir: Mapping[str, float | None]) -> tuple[tuple[float, float], ...]:
    return tuple((float(fpir), rate) for fpir, rate in fnir.items() if rate is not None)


def groups(told: Told) -> Part | None:
    """By group; None where nobody stated one."""
    stated = told.get("groups")
    if not stated:
        return None
    rates = [far for far in ("1e-4", "1e-3", "1e-2") if told["verification"]["tar"][far] is not None][:1]
    searched = [fpir for fpir in ("0.01", "0.1") if told["identification"]["fnir"][fpir] is not None][:1]
    columns = ["Group", "People"]
    columns += [f"{what} at FAR {charts.rate(float(far))}" for far in rates for what in ("FMR", "FNMR")]
    columns += [f"{what} at FPIR {charts.rate(float(fpir))}" for fpir in searched for what in ("FPIR", "FNIR")]
    rows = []
    for name, group in stated.items():
        cells = [name, f"{group['people']:,}"]
        for kind, keys, names in (
            ("verification", rates, ("fmr", "fnmr")),
            ("identification", searched, ("fpir", "fnir")),
        ):
            for key in keys:
                at = group.get(kind, {}).get(key)
                cells += [between(at[each], at["interval"][each]) if at else FEW for each in names]
        rows.append(tuple(cells))
    return Part(
        "By group",
        "As people stated it of themselves; no group is ever inferred. Each is measured at the thresholds of the "
        "whole. Of a group of fewer than 20 people no rate is told.",
        (Table(tuple(columns), tuple(rows)),),
    )


def between(value: float | None, interval: Sequence[float] | None = None) -> str:
    """A rate in per cent, and its interval where there is one: ``97.27 % (96.40 to 98.01)``."""
    if value is None:
        return FEW
    told = f"{value * 100:.2f} %"
    return told if interval is None else f"{told} ({interval[0] * 100:.2f} to {interval[1] * 100:.2f})"


def score(value: float | None) -> str:
    """A cosine."""
    return "–" if value is None else f"{value:.3f}"


def _sure(uncertain: bool) -> str:
    return "fewer than 30 errors" if uncertain else ""
