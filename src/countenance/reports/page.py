"""Pages that stand alone: the story of a demo, and the contact sheet of one search.

A page is one HTML file: its style is inside, its pictures are ``data:`` addresses, it has no script and asks nothing of
any network. Pictures come in as decoded pixels together with *all* detected boxes, and are covered here, so that no
caller can put a stranger's face on a page by forgetting to.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from countenance.reports import words
from countenance.reports.cover import cover, crop_around, frame, thumbnail
from countenance.types import Box, Pixels

if TYPE_CHECKING:
    from jinja2 import Environment

CAUTION = "A candidate is not an identification."
NOBODY = "Nobody in this gallery resembles this face closely enough."

_COVERED_AROUND = 0.35  # YuNet's boxes are tight: this much takes the hair and the ears in as well

BAND_MEANINGS = {
    "high": "Well above the threshold. Still to be looked at by a person.",
    "low": "Just above the threshold. People who look alike score this much; it waits for review.",
}


@dataclass(frozen=True, slots=True)
class Framed:
    """A face that may be shown: where it is, what the tab says, and its band (``high``, ``low``, or none)."""

    box: Box
    label: str = ""
    band: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Photo:
    """A picture for a page: pixels (height × width × 3, RGB), who is shown and who is covered.

    ``alt`` describes it for people who do not see it. ``strangers`` are all the other faces that a detector at a low
    threshold finds (`countenance.reports.cover.strangers` tells them apart); they are covered by a solid fill. With
    ``close``, only the square around the first shown face is kept. ``score``: of the shown face in this very picture.
    """

    pixels: Pixels
    alt: str
    shown: tuple[Framed, ...] = ()
    strangers: tuple[Box, ...] = ()
    caption: str = ""
    close: bool = False
    score: float | None = None


@dataclass(frozen=True, slots=True)
class Card:
    """One ranked candidate as it is shown. ``score`` is the probe's cosine similarity, best first.

    Without a ``score`` only the pictures have one each: the probe is the person's own photo, and says nothing of them.
    ``cautions``: in words, why such models fail here.
    """

    rank: int
    name: str
    subject: str
    score: float | None
    band: str
    basis: str
    confirmed_how: str
    photos: tuple[Photo, ...] = ()
    source: str = ""
    path: str = ""
    origin: str = ""
    review: str = ""
    asserted: str = ""
    cautions: tuple[str, ...] = ()
    meaning: str = ""

    @property
    def band_meaning(self) -> str:
        """What the band means, in one sentence."""
        said = f" It {self.meaning}." if self.meaning else ""
        return BAND_MEANINGS.get(self.band, "") + said


@dataclass(frozen=True, slots=True)
class Refusal:
    """A refusal as it is shown: what was asked, why the answer is no, what to do."""

    asked: str
    reason: str
    hint: str = ""
    requirement: str = ""


@dataclass(frozen=True, slots=True)
class Code:
    """A certificate, a command or any other text to be shown as it is. Folded away unless ``open``."""

    title: str
    text: str
    open: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """What one search found: the probe beside its candidates. No candidate is an answer too."""

    probe: Photo
    candidates: tuple[Card, ...]
    threshold: float
    gallery_size: int | None = None
    note: str = ""
    rate: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One numbered step of a story: a headline, one line of result, the seconds it took, and what there is to see."""

    headline: str
    result: str
    seconds: float | None = None
    facts: tuple[tuple[str, str], ...] = ()
    findings: tuple[Finding, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    photos: tuple[Photo, ...] = ()
    code: tuple[Code, ...] = ()


@dataclass(frozen=True, slots=True)
class Story:
    """A page that tells what was done, step by step. ``next_commands`` are (what for, command)."""

    title: str
    lead: str
    steps: tuple[Step, ...]
    next_commands: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()
    made: str = ""


@dataclass(frozen=True, slots=True)
class ContactSheet:
    """A page about one search: the probe, why it was made, and all that it may show."""

    title: str
    finding: Finding
    facts: tuple[tuple[str, str], ...] = ()
    made: str = ""


def render_story(story: Story) -> str:
    """The story as one HTML file."""
    return environment().get_template("story.html").render(page=story, **_words())


def render_contact_sheet(sheet: ContactSheet) -> str:
    """The contact sheet as one HTML file."""
    return environment().get_template("sheet.html").render(page=sheet, **_words())


def drawn(photo: Photo, side: int) -> bytes:
    """The photo as a JPEG of at most ``side`` pixels: strangers covered, shown faces framed, no metadata."""
    pixels = cover(photo.pixels, photo.strangers, grow=_COVERED_AROUND)
    for face in photo.shown:
        if face.label or face.band:
            pixels = frame(pixels, face.box, face.label, face.band)
    if photo.close and photo.shown:
        pixels = crop_around(pixels, photo.shown[0].box)
    return thumbnail(pixels, side)


def _data_uri(photo: Photo, side: int) -> str:
    return "data:image/jpeg;base64," + base64.b64encode(drawn(photo, side)).decode("ascii")


def _words() -> dict[str, Any]:
    return {"caution": CAUTION, "nobody": NOBODY}


@cache
def environment(*more: Path) -> Environment:
    """Jinja2 for pages in this look. Templates are looked for in the folders ``more`` first, then among our own."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader([*more, Path(__file__).parent / "templates"]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(data_uri=_data_uri, seconds=words.seconds, percent=words.percent)
    environment.filters.update(ticked=words.ticked, plainly=words.plainly)
    return environment
