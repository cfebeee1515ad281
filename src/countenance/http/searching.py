"""Routes that look at a photo: detect, search (1:N), verify (1:1)."""

from __future__ import annotations

from typing import Any, Literal

from countenance.http.route import Answer, Call, Fields, Route

_LOG = {"index": 41, "root": "pG3JIs=…"}
_CAUTION = "A candidate is not an identification: a person must look, and the score alone decides nothing."
_PHOTO = {"id": "P7", "path": "2026/boats.jpg", "source": "summer-party", "origin": None}


class Why(Fields):
    """Why faces are compared. What is left out is taken from the key's defaults, where it has some."""

    purpose: str | None = None
    case: str | None = None


class Search(Why):
    """A search. ``threshold``: the least cosine of a candidate, or ``off``; ``face``: its number, as `detect` says."""

    face: int | None = None
    limit: int | None = None
    threshold: float | Literal["off"] | None = None
    on_behalf_of: str | None = None


def detect(call: Call) -> Answer:
    """Where the faces are. Nobody is compared, nothing is kept."""
    return Answer(call.club.detect(call.photo()).as_json())


def search(call: Call) -> Answer:
    """Candidates, best first. Decided by the desk, and logged."""
    asked: Search = call.fields
    found = call.club.search(
        call.photo(),
        **_why(call, asked),
        face=asked.face,
        limit=asked.limit,
        threshold=asked.threshold,
        on_behalf_of=asked.on_behalf_of,
    )
    return Answer(found.as_json())


def verify(call: Call) -> Answer:
    """One face beside another. Capped, so that it does not become a search."""
    return Answer(call.club.verify(call.photo("first"), call.photo("second"), **_why(call, call.fields)).as_json())


def _why(call: Call, asked: Why) -> dict[str, Any]:
    """The purpose and the case. A default case belongs to the default purpose alone."""
    purpose = asked.purpose or call.entered.purpose
    usual = call.entered.case if purpose == call.entered.purpose else None
    return {"purpose": purpose, "case": asked.case or usual}


_FACE = {
    "face": 1, "box": [412, 180, 96, 96], "landmarks": [[440, 214], [480, 214], [460, 236], [444, 256], [478, 256]],
    "score": 0.93, "usable": True, "reasons": [],
}  # fmt: skip
_CANDIDATE = {
    "rank": 1, "subject": "anna", "name": "Anna", "score": 0.71, "scale": "cosine", "band": "high", "photo": _PHOTO,
    "face": {"box": [412, 180, 96, 96]},
    "appearances": [{"photo": _PHOTO, "face": {"box": [412, 180, 96, 96]}, "score": 0.71}],
    "basis": "B1", "confirmed_how": "countersigned by a second account", "asserted_by": "ben@club.example",
    "asserted_at": "2026-11-22T10:00:00Z", "review": None,
}  # fmt: skip
ROUTES = (
    Route(
        "POST", "/v1/detect", "detect", ("operator",), detect, "Find the faces in a photo.",
        {"width": 1600, "height": 1200, "faces": [_FACE], "log": {"index": 40}},
        party=True, takes="form", files=("photo",), compares=True,
    ),
    Route(
        "POST", "/v1/search", "search", ("operator",), search, "Find who resembles the face in a photo (1:N).",
        {"candidates": [_CANDIDATE], "threshold": 0.57, "scale": "cosine", "bands": {"high": "…", "low": "…"},
         "gallery_size": 120, "faces_in_probe": 1, "caution": _CAUTION, "review": None, "bases_pending": 0,
         "log": _LOG},
        party=True, takes="form", fields=Search, files=("photo",), compares=True,
        asked={"photo": "(a file)", "purpose": "photo-library", "case": "press 12"},
    ),
    Route(
        "POST", "/v1/verify", "verify", ("operator",), verify, "Compare two faces (1:1).",
        {"score": 0.68, "scale": "cosine", "band": "high", "threshold": 0.57, "caution": _CAUTION, "log": _LOG},
        party=True, takes="form", fields=Why, files=("first", "second"), compares=True,
        asked={"first": "(a file)", "second": "(a file)", "purpose": "photo-library", "case": "press 12"},
    ),
)  # fmt: skip
