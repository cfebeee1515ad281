"""Data protection impact assessments: the hash of the document and the person who signed it (P24)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from countenance.errors import InputError

MOST_BYTES = 256 * 2**20


@dataclass(frozen=True, slots=True)
class Assessment:
    """A reference to an assessment; the document itself stays with whoever wrote it."""

    sha256: str
    signatory: str


def assessment(file: str | Path, signatory: str) -> Assessment:
    """Read a document for its hash. Raises `InputError` for an empty or unreadable one, or without a signatory."""
    name = signatory.strip()
    if not name or len(name) > 200 or not name.isprintable():
        raise InputError("An impact assessment has a signatory.", hint="Give the name of who signed it: --signatory.")
    path, digest = Path(file), hashlib.sha256()
    try:
        if path.stat().st_size > MOST_BYTES:
            raise InputError("This file is too large to be an impact assessment.")
        with path.open("rb") as document:
            content = document.read(MOST_BYTES)
    except OSError as error:
        raise InputError(f"The impact assessment {path} cannot be read: {error.strerror}.") from None
    if not content.strip():
        raise InputError("The impact assessment is empty.", hint="Give the document that was signed.")
    digest.update(content)
    return Assessment(digest.hexdigest(), name)
