"""Photos for people to look at: the persons that may be shown, everybody else covered.

No box of a stranger is kept, so faces are looked for again, at a low threshold, whenever a photo is shown (DESIGN §10).
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import sqlalchemy as sa

from countenance.errors import NotFound, Unreadable
from countenance.gallery.appearing import appearances_of
from countenance.photos.folder import read_file
from countenance.photos.opening import Stores
from countenance.policy import agreeing
from countenance.policy.purposes import PURPOSES
from countenance.registry import schema as t
from countenance.reports.cover import strangers
from countenance.types import Appearance, Box, Pixels, parse_number

if TYPE_CHECKING:
    from countenance.service.context import Context
    from countenance.vision.decode import Picture


@dataclass(frozen=True, slots=True)
class Shown:
    """A photo's pixels, the boxes of those who may be seen, and the boxes to cover."""

    pixels: Pixels
    known: tuple[Box, ...]
    strangers: tuple[Box, ...]

    def within(self, side: int) -> Shown:
        """The same, made smaller to ``side`` pixels at most: a page of many photos must fit into memory."""
        from PIL import Image

        height, width = self.pixels.shape[:2]
        by = side / max(height, width)
        if by >= 1:
            return self
        size = (max(round(width * by), 1), max(round(height * by), 1))
        pixels = np.asarray(Image.fromarray(self.pixels).resize(size, Image.Resampling.BOX))
        return Shown(pixels, _scaled(self.known, by), _scaled(self.strangers, by))


class Pictures:
    """Opens photos for showing."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self.band = context.scale.band
        self._stores = Stores(context.settings)

    def close(self) -> None:
        """Let go of the archives and connections that photos were read from."""
        self._stores.close()

    def of(self, appearance: Appearance) -> Shown:
        """The photo of an appearance, with every other face to be covered."""
        return self._show(self._context.vision.decode(self.original(appearance)), (appearance.box,))

    def original(self, appearance: Appearance) -> bytes:
        """The photo's own bytes, in which everybody is seen. Raises `NotFound`; `Unreadable` where it was changed."""
        number = parse_number("P", appearance.photo.id, "photo")
        query = (
            sa.select(t.photos.c.path, t.photos.c.sha256, t.sources.c.root)
            .select_from(t.photos.join(t.sources, t.photos.c.source == t.sources.c.id))
            .where(t.photos.c.id == number, t.photos.c.organisation == self._context.organisation)
        )
        with self._context.registry.read() as connection:
            row = connection.execute(query).first()
            shown = row is not None and self._may_see(connection, number, appearance)
        if row is None or not shown:
            raise NotFound(f"There is no photo {appearance.photo.id}.")
        data = self._stores.of(row.root).read(bytes(row.path), self._context.settings.vision.max_bytes)
        if hashlib.sha256(data).hexdigest() != row.sha256:
            # In another picture under the same name, somebody else may sit where the box is.
            raise Unreadable("This file was changed since it was ingested.", hint="Ingest its source again.")
        return data

    def probe(self, photo: str | Path | bytes, face: int | None = None) -> Shown:
        """A probe as it is shown beside its candidates: the searched face seen, all others covered."""
        limit = self._context.settings.vision.max_bytes
        data = photo if isinstance(photo, bytes) else read_file(Path(os.fspath(photo)), limit)
        picture = self._context.vision.decode(data)
        chosen = self._context.vision.one_face(picture, choose=face, gate=False)
        return self._show(picture, (chosen.box,))

    def every_face(self, photo: bytes) -> Shown:
        """A photo that its owner has just sent, with all its faces known, the largest first; nothing is covered."""
        picture = self._context.vision.decode(photo)
        return Shown(picture.pixels, tuple(face.box for face in self._context.vision.faces(picture)), ())

    def _may_see(self, connection: sa.Connection, photo: int, appearance: Appearance) -> bool:
        """The owner sees its photos; another organisation what a search of its own has shown, while that stands."""
        context, now = self._context, self._context.clock()
        if context.party == context.organisation:
            return True
        rows = connection.execute(
            sa.select(t.searches.c.purpose, t.shown.c.subject)
            .join(t.searches, t.shown.c.search == t.searches.c.id)
            .join(t.cases, t.searches.c.case == t.cases.c.id)
            .join(t.appearances, t.appearances.c.subject == t.shown.c.subject)
            .where(t.cases.c.organisation == context.party, t.appearances.c.photo == photo)
            .distinct()
        ).all()
        for row in rows:
            if not agreeing.in_force(connection, context.desk, context.party, row.purpose, now):
                continue
            mask = PURPOSES[row.purpose].mask
            seen = appearances_of(connection, [row.subject], mask, now, context.desk).get(row.subject, ())
            if any(each.photo.id == appearance.photo.id and each.box == appearance.box for each in seen):
                return True
        return False

    def _show(self, picture: Picture, known: tuple[Box, ...]) -> Shown:
        return Shown(picture.pixels, known, strangers(self._context.vision.anybody(picture), known))


def _scaled(boxes: tuple[Box, ...], by: float) -> tuple[Box, ...]:
    return tuple(Box(box.x * by, box.y * by, box.w * by, box.h * by) for box in boxes)
