"""Routes that tell how things stand: the gallery, the key that is sent, the log."""

from __future__ import annotations

from countenance.errors import InputError, NotFound
from countenance.http.route import MOST, PAGE, Answer, Call, Fields, Route, cursor_at, opened_cursor


class Entries(Fields):
    """From which entry on, and how many."""

    cursor: str | None = None
    limit: int = PAGE


def status(call: Call) -> Answer:
    """Version, models, counts, the log's checkpoint."""
    return Answer(call.club.status())


def whoami(call: Call) -> Answer:
    """Whose key this is, and how far it reaches."""
    mine = next(each for each in call.club.api_keys.list() if each.id == f"K{call.entered.key}")
    told = {
        "key": mine.id, "label": mine.label, "account": mine.account, "roles": list(mine.roles),
        "purposes": list(mine.purposes), "purpose": mine.purpose, "case": call.entered.case, "quota": mine.quota,
        "expires": mine.expires,
    }  # fmt: skip
    return Answer(told)


def entries(call: Call) -> Answer:
    """Log entries, oldest first, with what the organisation's key can open of them."""
    asked: Entries = call.query
    if not 1 <= asked.limit <= MOST:
        raise InputError(f"{asked.limit} is no limit.", hint=f"Give 1 to {MOST}.")
    start = 0 if asked.cursor is None else opened_cursor(asked.cursor)
    found = call.club.log_entries(start, asked.limit + 1)
    page, more = found[: asked.limit], len(found) > asked.limit
    return Answer({"items": page, "next": cursor_at(start + asked.limit) if more else None})


def checkpoint(call: Call) -> Answer:
    """The log's signed checkpoint, and the key that it is checked with."""
    told = call.club.status()["log"]
    return Answer({"size": told["size"], "checkpoint": told["checkpoint"], "key": told["key"]})


def proof(call: Call) -> Answer:
    """A signed proof that an entry is in the log, for ``countenance-check``."""
    text = call.params["index"]
    if not text.isascii() or not text.isdecimal() or len(text) > 18:
        raise NotFound("There is no such entry in the log.")
    return Answer(call.club.logbook.prove(int(text)))


_ANYBODY = ("controller", "operator", "officer")
_POINT = {"size": 42, "checkpoint": "countenance/club\n42\n…", "key": "countenance/club+…"}
ROUTES = (
    Route(
        "GET", "/v1/status", "overview", (), status, "How the gallery stands.",
        {"version": "0.1.0", "gallery": "club", "counts": {"subjects": 12}, "log": _POINT}, party=True,
    ),
    Route(
        "GET", "/v1/whoami", "overview", (), whoami, "Whose key this is, and how far it reaches.",
        {"key": "K1", "label": "archive website", "account": "anna@club.example", "roles": ["operator"],
         "purposes": ["photo-library"], "purpose": "photo-library", "case": "press 12", "quota": 1000,
         "expires": "2027-02-20T10:00:00Z"}, party=True,
    ),
    Route(
        "GET", "/v1/log/checkpoint", "overview", (), checkpoint, "The log's signed checkpoint.", _POINT, party=True,
    ),
    Route(
        "GET", "/v1/log/entries", "read-log", ("controller", "officer"), entries, "Entries of the log.",
        {"items": [{"index": 41, "act": "search", "outcome": "granted", "at": "2026-11-22T10:00:00Z", "opened": {}}],
         "next": None}, query=Entries,
    ),
    Route(
        "GET", "/v1/log/entries/{index}/proof", "read-log", _ANYBODY, proof, "A proof that an entry is in the log.",
        {"body": {"v": 1, "kind": "entry"}, "signature": "…"},
    ),
)  # fmt: skip
