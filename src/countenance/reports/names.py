"""Confirmed names as files for an archive: a table (CSV) and a document (JSON). XMP: `countenance.reports.sidecars`.

Each says what makes the name stand: whose face where, on what basis, who confirmed it and when, and the log entries.
The document's form is written down in ``names.schema.json``, beside this module.
"""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from countenance.types import Box

SCHEMA = Path(__file__).parent / "names.schema.json"
CAUTION = (
    "Two people agreed that, as far as they could see, a searched face is this person. A name is not an identification."
)
COLUMNS = (
    "source", "photo", "path", "sha256", "width", "height", "x", "y", "w", "h", "subject", "name", "purpose",
    "basis", "ground", "condition", "basis_until", "basis_confirmed", "search", "face_score", "candidate_score",
    "confirmed_by", "confirmed_at", "log_index", "export_log_index",
)  # fmt: skip
_SIGNS = "=+\\-@|%\uff1d\uff0b\uff0d\uff20"
_FORMULA = re.compile(rf"[^\S\t\r\n]*[{_SIGNS}\t\r\n]")
"""How a cell begins that a spreadsheet may take for a formula (OWASP, CSV injection)."""
_ANOTHER = re.compile(rf"([;\t\r\n]\s*\"?)(?=[{_SIGNS}])")
"""The same after what a spreadsheet in German, French or Spanish takes for the end of a cell."""


@dataclass(frozen=True, slots=True)
class Basis:
    """Why the person's face may be held."""

    id: str
    ground: str
    condition: str
    until: str
    confirmed_how: str | None


@dataclass(frozen=True, slots=True)
class Name:
    """One face in one photo, and who it is. ``box``: in pixels of the upright photo. ``by``: account and time."""

    source: str
    photo: str
    path: str
    sha256: str
    width: int
    height: int
    box: Box
    subject: str
    name: str
    basis: Basis
    search: str
    face_score: float
    candidate_score: float
    by: tuple[tuple[str, str], ...]
    log_index: int


@dataclass(frozen=True, slots=True)
class Exported:
    """All names of one export. ``log_index``: of the decision to make it."""

    gallery: str
    organisation: str
    made: str
    account: str
    recipient: str
    purpose: str
    log_index: int
    names: tuple[Name, ...]


def as_json(told: Exported) -> dict[str, Any]:
    """The document."""
    return {
        "export": "confirmed-names",
        "version": 1,
        "caution": CAUTION,
        "gallery": told.gallery,
        "organisation": told.organisation,
        "made": told.made,
        "account": told.account,
        "recipient": told.recipient,
        "purpose": told.purpose,
        "log_index": told.log_index,
        "names": [_one(each) for each in told.names],
    }


def _one(each: Name) -> dict[str, Any]:
    photo = {"id": each.photo, "source": each.source, "path": each.path, "sha256": each.sha256}
    return {
        "photo": photo | {"width": each.width, "height": each.height},
        "box": each.box.as_list(),
        "subject": each.subject,
        "name": each.name,
        "basis": asdict(each.basis),
        "search": each.search,
        "face_score": each.face_score,
        "candidate_score": each.candidate_score,
        "confirmed": [{"account": who, "at": at} for who, at in each.by],
        "log_index": each.log_index,
    }


def as_document(told: Exported) -> bytes:
    """The document's bytes."""
    return (json.dumps(as_json(told), indent=2, ensure_ascii=False) + "\n").encode()


def as_table(told: Exported) -> bytes:
    """A row a face, for a spreadsheet. No cell of text can be taken for a formula."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for each in told.names:
        writer.writerow([_cell(value) for value in _row(told, each)])
    return out.getvalue().encode("utf-8", "backslashreplace")


def _row(told: Exported, each: Name) -> tuple[object, ...]:
    basis = each.basis
    return (
        each.source, each.photo, each.path, each.sha256, each.width, each.height, *each.box.as_list(),
        each.subject, each.name, told.purpose,
        basis.id, basis.ground, basis.condition, basis.until, basis.confirmed_how or "", each.search,
        each.face_score, each.candidate_score,
        "; ".join(who for who, _ in each.by), "; ".join(at for _, at in each.by), each.log_index, told.log_index,
    )  # fmt: skip


def _cell(value: object) -> object:
    """Text that would begin a formula gets an apostrophe before it, which spreadsheets do not show."""
    if not isinstance(value, str):
        return value
    return ("'" if _FORMULA.match(value) else "") + _ANOTHER.sub(r"\1'", value)
