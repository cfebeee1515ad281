"""What looks at photos: one machine's processes, or a cluster's. The run decides what is looked at and what is kept."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

from countenance.errors import InputError
from countenance.gallery.batch import PhotoFile
from countenance.ingest.marks import Marks
from countenance.photos.store import Found, Store
from countenance.vision.looking import Look

Settled = Callable[[Found, str], bool]
"""Asked with a file and the SHA-256 (hex) of its content: whether nothing is left to be seen in it."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What an engine says of one file: what was seen, or why nothing was, or that it was settled already.

    ``file.sha256`` is None only where the file could not be read. ``marks`` are what the photo says about itself; where
    they forbid looking (P26), nothing was decoded and ``look`` is None. Faces and templates are in memory only.
    """

    file: PhotoFile
    look: Look | None = field(default=None, repr=False)
    fault: InputError | None = None
    marks: Marks = field(default_factory=Marks)
    settled: bool = False


class Engine(Protocol):
    """Looks at many photos at once. Within one engine, each file that goes in comes out once, in any order."""

    def look(self, files: Iterable[Found], store: Store, *, settled: Settled, scraped: bool) -> Iterator[Seen]:
        """Read, hash and look at ``files``, a bounded number of them at once; an abandoned iterator stops the work.

        Args:
            files: What to look at; drawn from as there is room.
            store: Where they lie.
            settled: Asked after hashing; where it says yes, the file is not decoded.
            scraped: Whether photos that carry marks of scraping are looked at all the same (their source's owner
                accounted for them).

        Raises `Unavailable` when the engine itself cannot go on. What is wrong with one photo is that photo's fault.
        """

    def close(self) -> None:
        """End the processes. What was under way is lost, and nothing of it stays behind."""
