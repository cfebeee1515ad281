"""What stands in an authority's document: its hash, short texts, days."""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime
from pathlib import Path

from countenance.errors import InputError
from countenance.service.evidence import Seen
from countenance.types import DAY

LONGEST = 200
"""Characters of a name or a reference."""
LATEST = 2200
"""The last year of which a day is taken: a later one is a slip of the hand."""


def document(file: str | Path | bytes | Seen) -> str:
    """The SHA-256 of a document, a file or its bytes. Raises `InputError` when it is empty or cannot be read."""
    if isinstance(file, Seen):
        return file.sha256
    called = "" if isinstance(file, bytes) else f" {file}"
    try:
        content = file if isinstance(file, bytes) else Path(file).read_bytes()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "its name is none"
        raise InputError(f"The document{called} cannot be read: {reason}.") from None
    if not content.strip():
        raise InputError(f"The document{called} is empty.", hint="Give the authority's own document, or a scan of it.")
    return hashlib.sha256(content).hexdigest()


def words(what: str, text: str) -> str:
    """A short text, without the spaces around it. Raises `InputError` for an empty one."""
    plain = text.strip()
    if not plain or len(plain) > LONGEST or not plain.isprintable():
        raise InputError(f"The {what} needs a name of 1 to {LONGEST} characters.")
    return plain


def words_or_none(what: str, text: str | None) -> str | None:
    """`words` for a text that may be left out."""
    return None if text is None else words(what, text)


def day(given: str | date, now: int) -> int:
    """The end of a day in UTC, in seconds since 1970. Raises `InputError` for none, or one that has passed."""
    try:
        wanted = given if isinstance(given, date) else date.fromisoformat(given)
    except ValueError:
        raise InputError(f"{given!r} is no day.", hint="Write it like 2027-11-22.") from None
    if wanted.year > LATEST:
        raise InputError(f"{wanted} is too far away.", hint="Write the day like 2027-11-22.")
    end = int(datetime(wanted.year, wanted.month, wanted.day, tzinfo=UTC).timestamp()) + DAY
    if end <= now:
        raise InputError(f"{wanted} has passed.", hint="A deadline lies in the future.")
    return end
