"""Why files are skipped, for people: what each code means, what to do about it, and a drawing of ours that shows it."""

from __future__ import annotations

from dataclasses import dataclass

_PHOTO = "M9 10h30a3 3 0 0 1 3 3v22a3 3 0 0 1-3 3H9a3 3 0 0 1-3-3V13a3 3 0 0 1 3-3z"
_CORNER_LEFT_OUT = "M23 38H9a3 3 0 0 1-3-3V13a3 3 0 0 1 3-3h30a3 3 0 0 1 3 3v8"
"""A photo with room for a sign at its lower right."""
_VIEW = "M6 33l10-10 6 6M28.5 17.5a2.5 2.5 0 1 0 5 0a2.5 2.5 0 1 0-5 0"


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason. Both drawings are the path of an SVG on a square of 48, drawn as lines: the thing, and its mark."""

    title: str
    meaning: str
    advice: str
    thing: str
    mark: str


OTHER = Reason(
    "Another reason",
    "Something else speaks against the file; what it is stands beside its name.",
    "Read what stands beside the name.",
    _PHOTO,
    "M19.5 19.5a4.5 4.5 0 1 1 6.4 4.1c-1.3.6-1.9 1.4-1.9 2.9M24 31.5v.1",
)
"""For a code that has no words of its own."""

REASONS = {
    "unreadable": Reason(
        "Cannot be read",
        "The file is empty, damaged, cut short, locked, or no picture of a kind that is read, whatever its name says; "
        "or the process that opened it broke down or took too long.",
        "Open it in a picture viewer. If that works, export it as a JPEG; if not, get it from a backup.",
        "M26 10H9a3 3 0 0 0-3 3v22a3 3 0 0 0 3 3h13M34 10h5a3 3 0 0 1 3 3v22a3 3 0 0 1-3 3h-9",
        "M31 7l-5 8 5 5-7 8 5 5-4 8",
    ),
    "too-large": Reason(
        "Too large",
        "It has more bytes or more pixels than the limits allow, which are there so that no file can use up the "
        "memory.",
        "Make it smaller, or raise `max_bytes` or `max_pixels` under `[vision]` in `countenance.toml`.",
        "M17 15h14a2 2 0 0 1 2 2v14a2 2 0 0 1-2 2H17a2 2 0 0 1-2-2V17a2 2 0 0 1 2-2z",
        "M12 12L5 5M5 11V5h6M36 12l7-7M37 5h6v6M12 36l-7 7M5 37v6h6M36 36l7 7M43 37v6h-6",
    ),
    "rights": Reason(
        "Its owner prohibits it",
        "The photo’s own metadata prohibit data mining (IPTC/PLUS or C2PA). It was not looked at (P26).",
        "Leave it out. No setting lifts this. Only who holds the rights can give you a copy that does not prohibit it.",
        f"{_CORNER_LEFT_OUT}{_VIEW}",
        "M27 34a8 8 0 1 0 16 0a8 8 0 1 0-16 0M29.4 28.4l11.2 11.2",
    ),
    "video": Reason(
        "Videos",
        "Videos are not searched.",
        "Export the pictures that matter, and put them into the source.",
        f"{_PHOTO}M14 10v28M34 10v28M6 17h8M6 24h8M6 31h8M34 17h8M34 24h8M34 31h8",
        "M20.5 18.5v11l8.5-5.5z",
    ),
    "not-a-photo": Reason(
        "No pictures",
        "By its name, the file is no kind of picture that is read. It was not opened.",
        "Nothing, where that is so. A picture needs the ending of its kind, such as `.jpg`.",
        "M14 6h14l9 9v24a3 3 0 0 1-3 3H14a3 3 0 0 1-3-3V9a3 3 0 0 1 3-3zM28 6v9h9",
        "M17 23h14M17 29h14M17 35h8",
    ),
    "quality-too-low": Reason(
        "Nothing to make out",
        "A face was found, and the model could make nothing of it, so that the photo was left alone.",
        "Look at the photo yourself: a larger or brighter copy may serve.",
        _PHOTO,
        "M13 19c3.7-3 3.7 3 7.3 0s3.7 3 7.3 0 3.7 3 7.4 0M13 28c3.7-3 3.7 3 7.3 0s3.7 3 7.3 0 3.7 3 7.4 0",
    ),
    "changed": Reason(
        "Changed since",
        "The file is not the one that was ingested, so a sweep does not look at it.",
        "Ingest its source again: `countenance ingest SOURCE`.",
        f"{_CORNER_LEFT_OUT}{_VIEW}",
        "M43 34a8 8 0 1 1-2.6-5.9M41.5 23.5v5h-5",
    ),
}
"""By the code that a report gives."""


def reason(code: str) -> Reason:
    """The words and the drawing of a code."""
    return REASONS.get(code, OTHER)
