"""What the benchmark of ingest comes to: medians and ratios, and the words, tables and chart that tell them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from benchmarks import chart
from benchmarks.measuring import ROOT, STAGES
from benchmarks.pages import write_section
from benchmarks.rivals import RIVALS

GOALS = {
    "floor_one_core": 0.85, "two_cores": 1.8, "face_recognition": 10.0, "deepface": 3.0, "deepface_on_two_cores": 3.0,
    "deepface_quick": 3.0, "deepface_on_two_cores_quick": 3.0,
}  # fmt: skip
"""The least that each ratio is to be."""
GOAL_MB = 1500
"""The most memory that two workers on photos of 50 megapixels are to take."""
PAGE, CHART = ROOT / "docs" / "reference" / "ingest-speed.md", ROOT / "docs" / "images" / "ingest-speed.svg"
ON_TWO = "_on_two_cores"
"""Behind the name of a rival that had two cores."""
QUICK = "_quick"
"""Behind the name of a rival that was set against a quick ingest."""
_LIKE = ("deepface",)
"""Rivals that do what a quick ingest does: one look at 640 pixels."""
_QUIET = 0.97
"""A process that has a core to itself computes for at least this share of the time."""

Told = dict[str, Any]


@dataclass
class Round:
    """What was measured once, one after the other."""

    floor: Told
    one: Told
    two: Told | None
    rivals: dict[str, Told] = field(default_factory=dict)
    quick: Told | None = None
    quick_two: Told | None = None


# --- what it comes to ------------------------------------------------------------------------------------------------


def summary(rounds: Sequence[Round]) -> Told:
    """Medians over the rounds; each ratio is taken within its round."""

    def over(figure: Callable[[Round], float | None]) -> float | None:
        known = [value for value in map(figure, rounds) if value is not None]
        return round(median(known), 3) if known else None

    names, quick = list(rounds[0].rivals), rounds[0].quick is not None
    rates = {"floor_one_core": over(_floor), "one_core": over(lambda each: _rate(each.one)), "two_cores": over(_two)}
    rates["quick"] = over(lambda each: each.quick and _rate(each.quick))
    rates["quick_two_cores"] = over(lambda each: each.quick_two and _rate(each.quick_two))
    for name in names:
        rates[name] = over(lambda each, name=name: each.rivals[name]["photos_per_s"])
        if "fastest" in rounds[0].rivals[name]:
            rates[f"{name}_no_upsampling"] = over(lambda each, name=name: each.rivals[name]["fastest"]["photos_per_s"])
    stages = {stage: over(lambda each, stage=stage: each.floor["stages"][stage]) for stage in STAGES}
    stages["networks_alone"] = over(lambda each: each.floor["network"])
    rest = {name: over(lambda each, name=name: _rest(each)[name]) for name in _rest(rounds[0])}
    ratios = {
        "floor_one_core": over(lambda each: _rate(each.one) / _floor(each)),
        "two_cores": over(lambda each: (two := _two(each)) and two / _rate(each.one)),
        **dict.fromkeys(RIVALS),
        **{name: over(lambda each, name=name: _against(each, name)) for name in names},
        **{
            f"{name}{QUICK}": over(lambda each, name=name: _quick(each, name))
            for name in names
            if quick and _alike(name)
        },
    }
    return {
        "photos_per_s": rates,
        "stages_ms": stages,
        "ratios": ratios,
        "rest_ms": rest,
        "undisturbed": over(lambda each: each.floor["computing"]),
        "floor_by_computing": over(_by_computing),
        "counts": _counts(rounds[0]),
        "backend": rounds[0].floor["backend"],
    }


def _rate(whole: Told) -> float:
    return float(whole["photos"]) / float(whole["wall"])


def _floor(each: Round) -> float:
    return 1000 / sum(each.floor["stages"].values())


def _two(each: Round) -> float | None:
    return _rate(each.two) if each.two else None


def _against(each: Round, name: str) -> float:
    ours = each.two if each.two and name.endswith(ON_TWO) else each.one
    return _rate(ours) / float(each.rivals[name]["photos_per_s"])


def _alike(name: str) -> bool:
    return name.removesuffix(ON_TWO) in _LIKE


def _quick(each: Round, name: str) -> float | None:
    ours = each.quick_two if name.endswith(ON_TWO) else each.quick
    return _rate(ours) / float(each.rivals[name]["photos_per_s"]) if ours else None


def _by_computing(each: Round) -> float:
    """As the ratio to the floor, but by seconds of computing alone, which other programs lengthen much less."""
    computing = sum(each.one[name] for name in ("main", "threads", "processes")) / each.one["photos"]
    return float(each.floor["bare_computing"]) / (1000 * computing)


def _rest(each: Round) -> dict[str, float]:
    """Milliseconds a photo that an ingest on one core takes beyond its bare stages, and what they go into."""
    stages, beside, one = each.floor["stages"], each.floor["beside"], each.one
    a_photo = 1000 / one["photos"]
    wall, main, threads, processes = (one[name] * a_photo for name in ("wall", "main", "threads", "processes"))
    look, start = each.floor["look"], each.floor["start"] * a_photo
    parts = {name: taken * a_photo for name, taken in one["parts"].items()}
    return {
        **beside,
        "other_look": look - stages["decode"] - stages["detect"] - stages["embed"] - sum(beside.values()),
        "start": start,
        "answers": processes - look - start,
        "hand_over": threads - stages["read"],
        **parts,
        "list_count": main - sum(parts.values()),
        "waiting": wall - main - threads - processes,
        "all_of_it": wall - sum(stages.values()),
    }


def _counts(first: Round) -> Told:
    told = {
        "photos": first.one["photos"],
        "faces": {"looked_for": _expected(first.one["photos"]), "ours": first.one["faces"]},
        "kept": {"ours": first.one["kept"]},
        "decodes_a_photo": first.floor["decodes_a_photo"],
    }
    if first.quick:
        told["faces"]["quick"], told["kept"]["quick"] = first.quick["faces"], first.quick["kept"]
    for name, found in first.rivals.items():
        told["faces"][name] = f"{found['faces']} of {_expected(found['photos'])}"
        told["kept"][name] = found["kept"]
    return told


def _expected(photos: int) -> int:
    return sum(1 + number % 3 for number in range(photos))


# --- telling it ------------------------------------------------------------------------------------------------------


def line(each: Round) -> str:
    """One round in a line, while the others are still to come."""
    two = _two(each)
    told = [f"floor {_floor(each):.1f}", f"one core {_rate(each.one):.1f}", f"two {two:.1f}" if two else "no second"]
    if each.quick:
        told.append(f"quick {_rate(each.quick):.1f}")
    told += [f"{name} {found['photos_per_s']:.2f}" for name, found in each.rivals.items()]
    return ", ".join(told) + " photos/s"


_NAMES = {
    "two_cores": "Countenance, standard, two cores",
    "one_core": "Countenance, standard, one core",
    "quick_two_cores": "Countenance, quick, two cores",
    "quick": "Countenance, quick, one core",
    "floor_one_core": "the bare stages, one core",
    f"deepface{ON_TWO}": "DeepFace (SFace, YuNet), two cores",
    "deepface": "DeepFace (SFace, YuNet), one core",
    "face_recognition": "face_recognition, one core",
    "face_recognition_no_upsampling": "face_recognition without its enlarging, one core",
}
_RATIOS = {
    "floor_one_core": "one core, of the floor",
    "two_cores": "two cores, of one",
    "face_recognition": "one core, of face_recognition",
    "deepface": "standard, one core, of DeepFace",
    f"deepface{ON_TWO}": "standard, two cores, of DeepFace on two",
    f"deepface{QUICK}": "quick, one core, of DeepFace",
    f"deepface{ON_TWO}{QUICK}": "quick, two cores, of DeepFace on two",
}
_FOUND = (("there are", "looked_for"), ("standard", "ours"), ("quick", "quick"))
_VAST = "the same, on photos of {megapixels:g} megapixels"
_REST = {
    "align": "aligning",
    "quality": "quality",
    "hash": "perceptual hash",
    "marks": "marks in the metadata, time taken",
    "other_look": "the rest of the look",
    "start": "start and end of the process",
    "answers": "questions and answers",
    "hand_over": "threads that hand over",
    "decide": "decisions, and their entries in the log",
    "match_write": "matching, writing, the log",
    "alike": "photos that look alike",
    "list_count": "listing, counting",
    "waiting": "waiting",
    "all_of_it": "all of it",
}


def shown(sizes: Mapping[str, Told], conditions: Told) -> str:
    """For a person at a terminal."""
    lines = []
    for megapixels, told in sizes.items():
        counts = told["counts"]
        lines += [f"{counts['photos']:,} photos of {megapixels} megapixels, {counts['faces']['looked_for']:,} faces"]
        rates = {_NAMES[name]: rate for name, rate in told["photos_per_s"].items() if rate is not None}
        lines += [f"  {name:52} {rate:9.2f} photos/s" for name, rate in rates.items()]
        stages = "   ".join(f"{stage} {told['stages_ms'][stage]:.1f}" for stage in STAGES)
        lines += [f"  bare stages, ms a photo: {stages}   (in the networks: {told['stages_ms']['networks_alone']:.1f})"]
        lines += ["  beyond them, ms a photo:"]
        lines += [f"    {name:50} {told['rest_ms'][key]:9.2f}" for key, name in _REST.items()]
        lines += [f"  {name:52} {ratio:9.2f} ×{_met(ratio, GOALS[key])}" for key, name, ratio in _known(told)]
        lines += [f"  {'most memory, all processes on two cores':52} {told['peak_mb']:9,} MB   (goal: {GOAL_MB:,})"]
        if told.get("vast"):
            lines += [f"  {_VAST.format(**told['vast']):52} {told['vast']['peak_mb']:9,} MB   (goal: {GOAL_MB:,})"]
        lines += [f"  {_found(counts)}", f"  {told['backend']}", f"  {_quiet(told)}"]
        lines += _profile(told.get("profile", {}))
    lines += [f"{conditions['processor']}, {conditions['cores']} cores, load {conditions['load']} at the end"]
    return "\n".join(lines) + "\n"


def _known(told: Told) -> list[tuple[str, str, float]]:
    ratios = told["ratios"]
    return [(key, name, ratios[key]) for key, name in _RATIOS.items() if ratios.get(key) is not None]


def _met(ratio: float, goal: float) -> str:
    return f"   (goal: {goal:g}{'' if ratio >= goal else ', missed'})"


def _found(counts: Told) -> str:
    faces = ", ".join(f"{name} {found}" for name, found in counts["faces"].items() if name != "looked_for")
    return f"faces found: {faces}; {counts['decodes_a_photo']:g} decodings a photo"


def _quiet(told: Told) -> str:
    share = told["undisturbed"]
    said = f"while the floor was measured, its core was ours for {share:.0%} of the time"
    if share >= _QUIET:
        return said
    counted = f"by seconds of computing alone, one core is at {told['floor_by_computing']:.2f} of the floor"
    return f"{said}: OTHERS WERE AT WORK, so these figures say little; {counted}"


def _profile(profile: Mapping[str, list[Told]]) -> list[str]:
    lines = []
    for where, spots in profile.items():
        lines += ["", f"  by function, {where}: ms a photo in itself, with all it calls, calls in all"]
        lines += [f"    {one['own_ms']:8.2f} {one['all_ms']:8.2f} {one['calls']:8,}  {one['where']}" for one in spots]
    return lines


def write_docs(sizes: Mapping[str, Told], conditions: Told) -> None:
    """Write the tables into the page, between its marks, and draw the chart."""
    write_section("figures", [_figures(sizes, conditions)], PAGE)
    rows = {
        f"{megapixels} megapixels": {
            _NAMES[name]: told["photos_per_s"][name] for name in _NAMES if told["photos_per_s"].get(name)
        }
        for megapixels, told in sizes.items()
    }
    CHART.write_text(chart.bars("Photos a second", rows), "utf-8")


def _figures(sizes: Mapping[str, Told], conditions: Told) -> str:
    """The page's tables."""
    head = "| | " + " | ".join(f"{megapixels} megapixels" for megapixels in sizes) + " |"
    rule = "|---|" + "---:|" * len(sizes)

    def row(name: str, figure: Any, form: str) -> str:
        cells = [figure(told) for told in sizes.values()]
        return f"| {name} | " + " | ".join("–" if cell is None else format(cell, form) for cell in cells) + " |"

    rates = [
        row(f"{name}, photos/s", lambda told, key=key: told["photos_per_s"].get(key), ".2f")
        for key, name in _NAMES.items()
    ]
    ratios = [
        row(f"**{name}** (at least {GOALS[key]:g})", lambda told, key=key: told["ratios"].get(key), ".2f")
        for key, name in _RATIOS.items()
    ]
    stages = [row(f"{stage}, ms", lambda told, stage=stage: told["stages_ms"][stage], ".1f") for stage in STAGES]
    rest = [row(f"{name}, ms", lambda told, key=key: told["rest_ms"][key], ".2f") for key, name in _REST.items()]
    memory = [row("most memory, two cores, MB", lambda told: told["peak_mb"], ",")]
    vast = next(iter(sizes.values())).get("vast")
    if vast:
        rest_of_row = " |" * (len(sizes) - 1)
        name = f"**{_VAST.format(**vast)}, MB** (less than {GOAL_MB:,})"
        memory += [f"| {name} | {vast['peak_mb']:,} |{rest_of_row}"]
    counts = [
        row(f"faces found, {name}", lambda told, key=key: told["counts"]["faces"][key], ",") for name, key in _FOUND
    ]
    counts += [
        row(f"faces of enrolled people kept, {name}", lambda told, key=key: told["counts"]["kept"][key], ",")
        for name, key in _FOUND[1:]
    ]
    backend = next(iter(sizes.values()))["backend"]
    said = (
        f"Median of {conditions['rounds']} rounds on {conditions['cores']} cores of an {conditions['processor']}, "
        f"Python {conditions['python']}, {backend}.\n\n"
        "![Photos a second, ours and the others](../images/ingest-speed.svg)"
    )
    bare = ["The bare stages, a photo, and what one ingest on one core takes beyond them:", "", head, rule]
    tables = [head, rule, *rates, *ratios, *memory, *counts, "", *bare, *stages, *rest]
    return "\n".join([said, "", *tables])
