"""A supplier's manifest: per photo its rights holder, origin, licence and date (P26).

CSV with a line of headings, or JSON lines, in UTF-8. An origin is text: it is shown, and never fetched.
"""

from __future__ import annotations

import csv
import hashlib
import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from countenance.errors import InputError

FIELDS = ("path", "holder", "origin", "licence", "date")
LONGEST = 2000
"""Characters of one value."""
MOST_BYTES = 512 * 2**20
_DATE = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?")


@dataclass(frozen=True, slots=True)
class Line:
    """What the supplier states of one photo."""

    holder: str
    origin: str
    licence: str
    date: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """All lines, by the photo's path in the source as the operating system's bytes, and the file's SHA-256."""

    sha256: str
    lines: dict[bytes, Line]


def read_manifest(file: Path) -> Manifest:
    """Read a manifest. Raises `InputError`, with the line's number, for anything that is missing or said twice."""
    try:
        if file.stat().st_size > MOST_BYTES:
            raise InputError(f"The manifest {file} is too large.", hint="Split the source into smaller ones.")
        data = file.read_bytes()
        text = data.decode("utf-8-sig")
    except OSError as error:
        raise InputError(f"The manifest {file} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise InputError(f"The manifest {file} is no text.", hint="Give CSV or JSON lines in UTF-8.") from None
    lines: dict[bytes, Line] = {}
    for number, values in _rows(text):
        path, line = _line(number, values)
        if path in lines:
            raise InputError(f"Line {number} of the manifest names a photo that an earlier line names already.")
        lines[path] = line
    if not lines:
        raise InputError(f"The manifest {file} names no photo.", hint=f"Its headings are: {', '.join(FIELDS)}.")
    return Manifest(hashlib.sha256(data).hexdigest(), lines)


def _rows(text: str) -> Iterator[tuple[int, dict[str, Any]]]:
    if text.lstrip().startswith("{"):
        for number, line in enumerate(text.splitlines(), start=1):
            if line.strip():
                yield number, _json(number, line)
        return
    reader = csv.DictReader(text.splitlines(), strict=True)
    try:
        headings = [name.strip().lower() for name in reader.fieldnames or ()]
        if sorted(headings) != sorted(FIELDS):
            raise InputError(
                "The manifest's first line does not name its columns.", hint=f"They are: {', '.join(FIELDS)}."
            )
        reader.fieldnames = headings
        for row in reader:
            yield reader.line_num, row
    except csv.Error as error:
        raise InputError(f"Line {reader.line_num} of the manifest is no CSV: {error}.") from None


def _json(number: int, line: str) -> dict[str, Any]:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict) or set(value) != set(FIELDS):
        raise InputError(f"Line {number} of the manifest is no JSON object with {', '.join(FIELDS)}.")
    return value


def _line(number: int, values: dict[str, Any]) -> tuple[bytes, Line]:
    told = {name: _text(number, name, values.get(name)) for name in FIELDS}
    if set(values) != set(FIELDS):
        raise InputError(f"Line {number} of the manifest has more values than columns.")
    if "://" in told["path"]:
        raise InputError(
            f"Line {number} of the manifest names an address.",
            hint="Name the file by its path in the source: nothing is fetched.", requirement="P25",
        )  # fmt: skip
    path = PurePosixPath(told["path"])
    if path.is_absolute() or ".." in path.parts:
        raise InputError(f"Line {number} of the manifest names a path outside the source.")
    if not _DATE.fullmatch(told["date"]):
        raise InputError(f"Line {number} of the manifest has no date.", hint="Write 2026, 2026-05 or 2026-05-17.")
    return os.fsencode(str(path)), Line(told["holder"], told["origin"], told["licence"], told["date"])


def _text(number: int, name: str, value: object) -> str:
    text = value.strip() if isinstance(value, str) else ""
    if not text or len(text) > LONGEST or not text.isprintable():
        raise InputError(f"Line {number} of the manifest has no {name} that can be used.")
    return text
