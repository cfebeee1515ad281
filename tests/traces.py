"""What the files hold of people: read before an erasure, and looked for after it by these tests' own code."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from clubs import Club
from countenance.gallery import marking


def markers_of(club: Club, *numbers: int) -> list[bytes]:
    """The program's own list of what it will look for."""
    context = club.anna.context
    with context.registry.read() as connection:
        found = marking.of_subjects(connection, context.keys, numbers)
    return [*found.open, *found.secret]


def held(places: Iterable[Path], wanted: list[bytes]) -> list[str]:
    """Every window of every marker in every file, read whole: another way than the program's own scan."""
    contents = {file.name: file.read_bytes() for place in places for file in place.rglob("*") if file.is_file()}
    return [
        f"{name}: marker {number}"
        for name, content in contents.items()
        for number, marker in enumerate(wanted)
        if any(marker[at : at + 24] in content for at in range(0, len(marker) - 23, 8))
    ]
