"""What an ingest or a sweep did, as one page: counts, drawings, names of files. No photograph, and nobody's face."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from countenance.reports.page import environment
from countenance.reports.skipped import Reason, reason
from countenance.reports.words import false_matches, seconds

Told = Mapping[str, Any]
"""The report as plain data, as ``--json`` gives it."""

FILES = 20
"""Names that are shown of a reason; the others are counted."""
_GROUPS, _IN_A_GROUP = 20, 8
_CIRCLES = 200
_STEPS = (1, 2, 5)


@dataclass(frozen=True, slots=True)
class Circles:
    """Faces as circles, full ones and empty ones; each stands for ``each`` of them."""

    kept: int
    forgotten: int
    each: int

    @property
    def full(self) -> int:
        """How many circles are full: at least one where anything was kept."""
        return -(-self.kept // self.each)

    @property
    def empty(self) -> int:
        """How many are empty: at least one where anything was forgotten."""
        return -(-self.forgotten // self.each)


@dataclass(frozen=True, slots=True)
class Passed:
    """What was skipped for one reason: how many, and the first of them as (name, what was said of it)."""

    code: str
    reason: Reason
    count: int
    files: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of a drawing: a name, a count, and its length from 0 to 1."""

    name: str
    count: int
    length: float


@dataclass(frozen=True, slots=True)
class IngestedPage:
    """What the page is made from. ``counted`` are (what, how many, what that means)."""

    title: str
    eyebrow: str
    lead: str
    figures: tuple[tuple[str, str], ...]
    skipped: tuple[Passed, ...]
    made: str
    circles: Circles | None = None
    compared: str = ""
    counted: tuple[tuple[str, str, str], ...] = ()
    alike: tuple[tuple[str, ...], ...] = ()
    more_alike: int = 0
    bars: tuple[Bar, ...] = ()
    left: tuple[tuple[str, str], ...] = ()
    command: str = ""


def render_ingested(told: Told, *, source: str, organisation: str, made: str) -> str:
    """An ingest's report as one HTML file. ``made``: when, in words."""
    new, found = told["new"], told["faces_found"]
    rate = (("Photos a second", f"{new / told['seconds']:.1f}"),) if new and told["seconds"] else ()
    alike = told["near"]
    return _render(
        IngestedPage(
            title=f"What became of {source}",
            eyebrow=f"Ingest, {organisation}",
            lead=_ingest_in_words(told),
            figures=(
                ("Photos", f"{told['photos']:,}, {f'{new:,}' if new else 'none'} new"),
                ("Faces kept", f"{told['faces_kept']:,}"),
                ("Faces forgotten", f"{told['faces_forgotten']:,}"),
                ("Skipped", f"{len(told['skipped']):,}"),
                ("Took", seconds(told["seconds"])),
                *rate,
            ),
            skipped=_passed(told),
            made=made,
            circles=circles(told["faces_kept"], told["faces_forgotten"]) if found else None,
            compared=_compared(told),
            counted=tuple(_counted(told)),
            alike=tuple(_named(group) for group in alike[:_GROUPS]),
            more_alike=max(len(alike) - _GROUPS, 0),
            command="countenance ingest SOURCE --json",
        )
    )


def render_swept(told: Told, *, organisation: str, made: str) -> str:
    """A sweep's report as one HTML file."""
    most = max(told["sources"].values(), default=1)
    return _render(
        IngestedPage(
            title=_sweep_title(told),
            eyebrow=f"Sweep, {organisation}",
            lead=_sweep_in_words(told),
            figures=(
                ("Photos looked at" if not told["dry_run"] else "Photos", f"{told['photos']:,}"),
                ("People found", f"{told['people']:,}"),
                ("Faces kept", f"{told['faces_kept']:,}"),
                ("Skipped", f"{len(told['skipped']):,}"),
                ("Took", seconds(told["seconds"])),
            ),
            skipped=_passed(told),
            made=made,
            compared=_compared(told),
            bars=tuple(Bar(name, count, count / most) for name, count in told["sources"].items()),
            left=tuple(told["left"].items()),
            command="countenance sweep --json",
        )
    )


def circles(kept: int, forgotten: int) -> Circles:
    """So few circles that they can be seen, each of a round number of faces."""
    each, step = 1, 0
    while (kept + forgotten) / each > _CIRCLES:
        step += 1
        each = _STEPS[step % 3] * 10 ** (step // 3)
    return Circles(kept, forgotten, each)


# --- in words --------------------------------------------------------------------------------------------------------


def _ingest_in_words(told: Told) -> str:
    if not told["new"]:
        return "No photo was new, so that no face was looked at."
    if not told["faces_found"]:
        return f"{_many(told['new'], 'photo')} looked at, and no face in any of them."
    where = f"{_many(told['faces_found'], 'face')} in {_many(told['new'], 'photo')}"
    if not told["faces_kept"]:
        return f"{where}, all forgotten: nothing of them was written."
    they = "it resembles" if told["faces_kept"] == 1 else "they resemble"
    kept = f"{told['faces_kept']:,} kept, because {they} somebody who agreed"
    return f"{where}: {kept}, and {told['faces_forgotten']:,} forgotten. Of those nothing was written."


def _sweep_title(told: Told) -> str:
    title = "What a sweep would look at" if told["dry_run"] else "What the sweep found"
    return f"{title} in {next(iter(told['sources']))}" if len(told["sources"]) == 1 else title


def _sweep_in_words(told: Told) -> str:
    if not told["sources"]:
        return "Nobody came since the photos were looked at: there was nothing to do."
    if told["dry_run"]:
        return "Photos in which people who came since could be found. They were counted, and not looked at."
    return (
        f"{_many(told['photos'], 'photo')} looked at again for people who came since. "
        f"{_many(told['faces_kept'], 'face')} kept that were not kept before. A sweep only adds; all other faces were "
        "forgotten again."
    )


def _compared(told: Told) -> str:
    if not told["faces_kept"]:
        return ""
    return (
        f"{false_matches(told['false_matches'])} That is what the model’s card states for this gallery’s threshold, "
        f"times the {told['compared']:,} comparisons of a face here with an enrolled one."
    )


def _counted(told: Told) -> list[tuple[str, str, str]]:
    rows = (
        ("Looked at", told["new"] - told["duplicates"], "New, changed since, or asked for with `--again`."),
        ("Exact copies", told["duplicates"], "The same as another one, byte for byte. Each has a record of its own."),
        ("Known already", told["already_known"], "Not changed since. Passed over."),
        ("Moved or renamed", told["moved"], "They keep their record, and what was kept from them."),
        ("Gone", told["missing"], "Out of search; what was kept from them is erased by the next purge."),
        ("Back", told["returned"], "They were gone, and may be found again."),
    )  # fmt: skip
    return [(what, f"{count:,}", meaning) for what, count, meaning in rows if count]


def _passed(told: Told) -> tuple[Passed, ...]:
    """By reason, the most frequent first."""
    files: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for each in told["skipped"]:
        if len(files[each["code"]]) < FILES:
            files[each["code"]].append((each["path"], each["reason"]))
    counts = sorted(told["skipped_by"].items(), key=lambda pair: -pair[1])
    return tuple(Passed(code, reason(code), count, tuple(files[code])) for code, count in counts)


def _named(group: Sequence[str]) -> tuple[str, ...]:
    more = len(group) - _IN_A_GROUP
    return (*group[:_IN_A_GROUP], *([f"and {more} more"] if more > 0 else ()))


def _many(count: int, one: str) -> str:
    return f"{count:,} {one}{'' if count == 1 else 's'}"


def _render(page: IngestedPage) -> str:
    return environment().get_template("ingested.html").render(page=page)
