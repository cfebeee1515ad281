"""Kept faces seen anew: their photos are looked at again, and only the templates of those faces are taken along.

No template is kept with an appearance, so whoever wants to compare kept faces looks again, in memory (P27).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass

import sqlalchemy as sa

from countenance.gallery.batch import PhotoFile
from countenance.gallery.eligible import parts
from countenance.gallery.keeping import SAME_FACE, overlap
from countenance.gallery.peopling import Sighting
from countenance.ingest.engine import Seen
from countenance.ingest.parts import Engines
from countenance.photos.store import Found, Store
from countenance.registry import schema as t
from countenance.types import Box

CHANGED = "The file was changed since it was ingested; ingest its source again."
PROHIBITED = "Its metadata forbid looking for faces in it."
NOT_THERE = "The face that was kept is not found in it any more."
Placed = tuple[int, Box]
"""Whose face, and where."""


@dataclass(frozen=True, slots=True)
class KeptPhoto:
    """A photo with faces that were kept: its number, its file, and whose faces are where."""

    number: int
    file: PhotoFile
    faces: tuple[Placed, ...]


@dataclass(frozen=True, slots=True)
class Missed:
    """A photo in which no face, or not every kept face, could be seen again, and why."""

    number: int
    path: bytes
    reason: str


def photos_with(connection: sa.Connection, faces: Mapping[int, Sequence[Placed]]) -> dict[int, list[KeptPhoto]]:
    """The photos with these numbers and what is kept in each, by source."""
    c = t.photos.c
    found: dict[int, list[KeptPhoto]] = defaultdict(list)
    for part in parts(sorted(faces)):
        query = sa.select(c.id, c.source, c.path, c.bytes, c.modified_ns, c.sha256).where(c.id.in_(part))
        for row in connection.execute(query.order_by(c.id)):
            file = PhotoFile(bytes(row.path), row.bytes, row.modified_ns, row.sha256)
            found[row.source].append(KeptPhoto(row.id, file, tuple(faces[row.id])))
    return found


def look_again(
    engines: Engines, store: Store, photos: Sequence[KeptPhoto], tell: Callable[[int], None]
) -> Iterator[Sighting | Missed]:
    """See the kept faces of these photos again, one look for each content. ``tell`` hears how many photos are done."""
    alike: dict[str, list[KeptPhoto]] = defaultdict(list)
    for photo in photos:
        alike[photo.file.sha256 or ""].append(photo)
    first = {same[0].file.path: same for same in alike.values()}
    wanted = (Found(same[0].file.path, same[0].file.bytes, same[0].file.modified_ns) for same in first.values())

    def changed(found: Found, sha256: str) -> bool:
        return first[found.path][0].file.sha256 != sha256

    with closing(engines(len(first))) as engine:
        for seen in engine.look(wanted, store, settled=changed, scraped=True):
            same = first[seen.file.path]
            for photo in same:
                yield from _seen(photo, seen)
            tell(len(same))


def _seen(photo: KeptPhoto, seen: Seen) -> Iterator[Sighting | Missed]:
    if seen.look is None:
        reason = seen.fault.message if seen.fault else CHANGED if seen.settled else PROHIBITED
        yield Missed(photo.number, photo.file.path, reason)
        return
    pairs = list(zip(seen.look.faces, seen.look.templates, strict=True))
    for subject, box in photo.faces:
        best = max(pairs, key=lambda pair: overlap(pair[0].box, box), default=None)
        if best is None or overlap(best[0].box, box) <= SAME_FACE:
            yield Missed(photo.number, photo.file.path, NOT_THERE)
        else:
            yield Sighting(subject, photo.number, best[1])
