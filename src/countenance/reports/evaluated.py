"""How often the model is wrong, as one page: figures with their intervals, curves, names of files. No photograph."""

from __future__ import annotations

from dataclasses import dataclass

from countenance.reports.charts import rate
from countenance.reports.error_rates import FEW, Part, Told, between, groups, identification, score, verification
from countenance.reports.page import environment
from countenance.reports.skipped import reason
from countenance.reports.words import plainly, seconds


@dataclass(frozen=True, slots=True)
class Wrong:
    """Errors of a kind: how many there are, and the worst of them as (score, files)."""

    title: str
    meaning: str
    count: int
    named: tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True)
class EvaluatedPage:
    """What the page is made from."""

    title: str
    eyebrow: str
    lead: str
    figures: tuple[tuple[str, str], ...]
    parts: tuple[Part, ...]
    wrong: tuple[Wrong, ...]
    left_out: tuple[tuple[str, str], ...]
    measured: tuple[tuple[str, str], ...]
    made: str


def render_evaluated(told: Told) -> str:
    """An evaluation's report as one HTML file: the same answer gives the same file, byte for byte."""
    parts = [verification(told), identification(told), groups(told)]
    page = EvaluatedPage(
        title="How often it is wrong",
        eyebrow=f"Evaluation, {plainly(str(told['statement']))}",
        lead=_in_words(told),
        figures=_figures(told),
        parts=tuple(part for part in parts if part),
        wrong=_wrong(told),
        left_out=_left_out(told),
        measured=_measured(told),
        made=f"Made by Countenance {told['version']} from raw scores. SHA-256 of the report: {told['report_sha256']}",
    )
    return environment().get_template("evaluated.html").render(page=page)


def _in_words(told: Told) -> str:
    found = told["identification"]
    measured = f"{told['images']:,} pictures of {told['identities']:,} people."
    if found["probes"]:
        each = "one picture" if found["enrolled_by"] == 1 else f"{found['enrolled_by']} pictures"
        return (
            f"{measured} {found['gallery']:,} of them were enrolled, by {each} each. The right person came first in "
            f"{between(found['rank1'])} of {found['probes']:,} searches."
        )
    return f"{measured} Pairs of pictures were compared, and nobody was searched for."


def _figures(told: Told) -> tuple[tuple[str, str], ...]:
    verified, found = told["verification"], told["identification"]
    rows = [
        ("Face found", between(told["detection"]["rate"])),
        ("Right person first", between(found["rank1"])),
        ("FNIR at FPIR 1 %", between(found["fnir"]["0.01"])),
        ("TAR at FAR 0.01 %", between(verified["tar"]["1e-4"])),
        ("Accuracy", between(verified["accuracy"])),
        ("Equal error rate", between(verified["eer"])),
    ]
    return (
        *((name, value) for name, value in rows if value != FEW),
        ("Took", seconds(told["seconds"])),
        ("Pictures a second", f"{told['speed']['photos_per_second']}"),
    )


def _wrong(told: Told) -> tuple[Wrong, ...]:
    errors, names = told["worst"], told["files"]
    if errors["threshold"] is None:
        return ()
    at = f"the threshold {score(errors['threshold'])} (FAR {rate(float(errors['far']))})"

    def name(number: int) -> str:
        return names.get(str(number)) or f"file {number}"

    def kind(key: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
        return tuple((score(each["score"]), tuple(map(name, each["files"]))) for each in errors[key])

    return (
        Wrong("Not recognised", f"Two pictures of one person that score below {at}, lowest first.",
              errors["counts"]["false_non_matches"], kind("false_non_matches")),
        Wrong("Taken for somebody else", f"Pictures of two people that reach {at}, highest first.",
              errors["counts"]["false_matches"], kind("false_matches")),
        Wrong("No face found", "Pictures in which no face was found.", errors["counts"]["no_face"],
              tuple(("", (name(number),)) for number in errors["no_face"])),
    )  # fmt: skip


def _left_out(told: Told) -> tuple[tuple[str, str], ...]:
    rows = [(each["path"] or f"file {each['file']}", reason(each["code"]).title) for each in told["unreadable"]]
    for same in told["duplicates"]:
        rows += [(each["path"] or f"file {each['file']}", "The same file under two names") for each in same]
    if told["repeats"]:
        rows.append((f"{told['repeats']:,} more", "The same person has the same file already"))
    return tuple(rows)


def _measured(told: Told) -> tuple[tuple[str, str], ...]:
    drawn, stages = told["intervals"], told["speed"]["seconds"]
    spent = ", ".join(f"{name} {seconds(value)}" for name, value in stages.items())
    intervals = (
        f"In brackets: the middle {drawn['level']:.0%} of {drawn['rounds']:,} draws of people with replacement, seed "
        f"{drawn['seed']}. Where no error was seen: 3 divided by the number of people."
    )
    face = "The largest of each picture." if told["face"] == "largest" else "The one nearest to the picture’s middle."
    return (
        ("Definitions", "ISO/IEC 19795-1. FAR and TAR are its false match rate and 1 − its false non-match rate."),
        ("Intervals", intervals),
        ("Few errors", "A rate that rests on fewer than 30 expected errors may be far off; it is marked."),
        ("Face", face),
        ("Model", f"{told['model']['name']}, SHA-256 {told['model']['sha256']}"),
        *((("Templates", "the mean of the face's and its mirror image's"),) if told["model"].get("flip") else ()),
        ("Embedding contract", told["embedding_contract"]),
        ("Time", f"{seconds(told['seconds'])}: {spent}"),
    )
