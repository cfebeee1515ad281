"""Places below ``[photos] root``: what a source may be named by that is no path, and all that the web page may name."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from countenance.config import Settings
from countenance.errors import BadConfiguration, InputError, SourceRefused
from countenance.photos.opening import BELOW, archive_kind, is_bucket, place_of

MOST = 500
"""Places that are offered at one time; others can be named."""
LONGEST = 500
"""Characters of a name that comes from a browser."""


def below(root: str) -> str:
    """A root below ``[photos] root``: names of folders, and nothing that leads out of it or is hidden."""
    name = root.removeprefix(BELOW).rstrip("/")
    if name and (not name.isprintable() or any(not part or part.startswith(".") for part in name.split("/"))):
        raise InputError("This is no name below [photos] root.", hint="For example photos://2026/summer.")
    return BELOW + name


def inside(settings: Settings, place: str) -> str:
    """The root of a source that is named by its place below, once it is known to lie there.

    Raises `BadConfiguration` where no place is configured, `InputError` for a name that is none, `SourceRefused` for
    one that leads elsewhere.
    """
    base = settings.photos_root
    if base is None:
        raise BadConfiguration(
            "The configuration names no place where photographs lie.",
            hint='Whoever runs the server writes it there: [photos] root = "/srv/photos".',
        )
    name = place.strip().strip("/")
    if not name or len(name) > LONGEST:
        raise InputError("Name a folder or an archive below [photos] root.")
    root = below(BELOW + name)
    if not is_bucket(base) and not _lies_in(place_of(root, settings), base):
        raise SourceRefused(
            "This name leads to a place outside [photos] root.",
            requirement="P25",
            hint="Whoever runs the server can add it with `countenance source add`.",
        )
    return root


def offered(settings: Settings, taken: Iterable[str]) -> list[str] | None:
    """Folders and archives that lie there and are no source yet; none where that is a bucket, which is not asked."""
    base = settings.photos_root
    if base is None:
        return None
    if is_bucket(base):
        return []
    known, found = set(taken), []
    try:
        with os.scandir(base) as entries:
            for entry in entries:
                if {BELOW + entry.name, entry.path} & known or entry.is_symlink():
                    continue
                if entry.name.startswith(".") or not entry.name.isprintable():
                    continue
                if entry.is_dir() or archive_kind(Path(entry.path)):
                    found.append(entry.name)
    except OSError:
        return []
    return sorted(found)[:MOST]


def _lies_in(place: str, base: str) -> bool:
    try:
        return Path(place).resolve().is_relative_to(Path(base).resolve())
    except OSError:  # links that go in a circle
        return False
