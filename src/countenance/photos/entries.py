"""The names inside archives. Nothing is ever unpacked to a disk, so a name can do no harm; it must still make sense."""

from __future__ import annotations

OUTSIDE = "Its name leads out of the archive."
DAMAGED = "The archive is damaged from here on; what comes after cannot be read."
BOMB = "It is packed more tightly than a photograph can be."
RATIO = 200
"""How many times smaller than itself a file may be packed. Photographs hardly shrink."""
FREE = 2**20
"""Bytes that may be packed however tightly."""
LATEST = 2**62
"""The largest number that is taken for a size or a time: a registry's numbers have 64 bits."""


def plain(name: bytes) -> bytes:
    """A name without what says nothing: ``./`` at its start or in it."""
    return b"/".join(part for part in name.split(b"/") if part != b".")


def hidden(path: bytes) -> bool:
    """Whether a file, or a folder above it, is one that a listing leaves alone."""
    parts = path.split(b"/")
    return not outside(path) and any(part.startswith(b".") or part == b"__MACOSX" for part in parts)


def outside(path: bytes) -> bool:
    """Whether a name would lead out of the archive, were it unpacked as it says."""
    return path.startswith((b"/", b"\\")) or path[1:2] == b":" or b".." in path.replace(b"\\", b"/").split(b"/")
