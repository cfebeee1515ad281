"""The cast: thirty people who do not exist, for demos and tests. Their pictures are rendered and may be treated as CC0.

`countenance.samples.made` makes the awkward files that a test needs: marked, prohibited and broken photos.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from countenance.errors import NotFound

SHOTS = (0, 1, 2, 3, 5)
"""The photographs of each person: 0 portrait, 1 and 2 near-frontal, 3 harsh light and turned, 5 strongly turned."""


@dataclass(frozen=True, slots=True)
class GroupPhoto:
    """One picture of several people, who are named from left to right."""

    path: Path
    people: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Cast:
    """The pictures on disk and who is in them.

    ``identities`` is in the order of the alphabet, as a folder lists them: "the first twenty names" are Ada to Priya.
    """

    root: Path
    identities: tuple[str, ...]
    groups: tuple[GroupPhoto, ...]

    def portrait(self, name: str) -> Path:
        """The enrolment portrait. Raises `NotFound` for a name that the cast does not have."""
        return self.photos(name)[0]

    def photos(self, name: str) -> dict[int, Path]:
        """The five single photographs of one person, by shot (see `SHOTS`). Raises `NotFound`."""
        if name not in self.identities:
            raise NotFound(f"Nobody in the cast is called {name!r}.", hint=f"They are {', '.join(self.identities)}.")
        return {shot: self.root / "people" / name / f"{shot}.jpg" for shot in SHOTS}

    def party(self) -> list[GroupPhoto]:
        """The fourteen group photographs."""
        return list(self.groups)

    def no_face(self) -> list[Path]:
        """The five pictures with nobody in them."""
        return sorted((self.root / "no-face").glob("*.jpg"))


def cast() -> Cast:
    """The cast, read from the package's own files."""
    root = Path(str(files(__package__))) / "cast"
    manifest = json.loads((root / "manifest.json").read_text("utf-8"))
    groups = (
        GroupPhoto(root / photo["file"], tuple(photo["people"]))
        for photo in manifest["photos"]
        if photo["kind"] == "group"
    )
    return Cast(root, tuple(sorted(manifest["identities"])), tuple(groups))
