"""One photo's record, and how far a source has come: what the registry holds, without opening a file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from countenance.errors import NotFound
from countenance.gallery.appearing import appearances_of, shown_path
from countenance.policy.purposes import PURPOSES, mask
from countenance.registry import schema as t
from countenance.service.refusing import recording
from countenance.types import Appearance, SubjectId, iso, parse_number, reference_number
from countenance.vault.keyring import subject_key

if TYPE_CHECKING:
    from countenance.service.context import Context

NAMED = 200
"""Skipped files that are named of one reason; the others are counted."""


@dataclass(frozen=True, slots=True)
class Named:
    """Somebody who may be named in a photo, and where in it they are."""

    subject: str
    name: str
    appearance: Appearance


@dataclass(frozen=True, slots=True)
class PhotoRecord:
    """One photo: where it comes from, what became of it, and who may be named in it.

    ``faces_found`` counts all faces that were seen; those of nobody in ``named`` were forgotten, or may not be shown.
    """

    id: str
    path: str
    source: str
    statement: str
    origin: str | None
    holder: str | None
    licence: str | None
    taken: str | None
    width: int | None
    height: int | None
    state: str
    code: str | None
    reason: str | None
    faces_found: int
    ingested: str
    missing: str | None
    named: tuple[Named, ...]


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a source has come. ``skipped``: files by code. Numbers grow while an ingest runs, batch by batch."""

    source: str
    state: str
    photos: int
    faces_found: int
    faces_kept: int
    missing: int
    skipped: dict[str, int]
    last: str | None

    def as_json(self) -> dict[str, Any]:
        """What a page asks for again while an ingest runs."""
        return {
            "state": self.state,
            "photos": self.photos,
            "faces_found": self.faces_found,
            "faces_kept": self.faces_kept,
            "missing": self.missing,
            "skipped": sum(self.skipped.values()),
            "last": self.last,
        }


class Photographs:
    """Look at a photo's record; count what was made of a source."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def look(self, photo: str) -> PhotoRecord:
        """One photo, with everybody who may be named in it. For operators and officers; the log says who looked.

        Raises `NotFound` (absent, or not yours) and `RoleRefused`.
        """
        context = self._context
        context.own()
        number = parse_number("P", photo, "photo")
        with recording(context, "photo-look") as connection:
            row = self._row(connection, number)
            found = self._named(connection, number)
            subjects = tuple(SubjectId(each) for each in found)
            facts = {"photo": reference_number("P", number)}
            context.desk.record(connection, "photo-look", "operator", "officer", subjects=subjects, facts=facts)
        return PhotoRecord(
            reference_number("P", number), shown_path(row.path), row.name, row.statement, row.origin_told, row.holder,
            row.licence, row.taken_at, row.width, row.height, row.state, row.code, row.reason, row.faces_found,
            iso(row.ingested), None if row.missing is None else iso(row.missing), tuple(found.values()),
        )  # fmt: skip

    def standing(self, source: str) -> Standing:
        """What the registry holds of a source now. Raises `NotFound`."""
        context, c = self._context, t.photos.c
        context.own()
        with context.registry.read() as connection:
            row = connection.execute(
                sa.select(t.sources).where(t.sources.c.organisation == context.organisation, t.sources.c.name == source)
            ).first()
            if row is None:
                raise NotFound(f"There is no source {source!r}.", hint="`countenance source list` shows them.")
            mine, faces = c.source == row.id, sa.func.coalesce(sa.func.sum(c.faces_found), 0)
            gone = sa.func.count(c.missing)
            done = connection.execute(
                sa.select(sa.func.count(), faces, gone, sa.func.max(c.ingested)).where(mine, c.state == "done")
            ).one()
            skipped = connection.execute(
                sa.select(c.code, sa.func.count()).where(mine, c.state == "refused").group_by(c.code).order_by(c.code)
            ).all()
            kept = connection.scalar(
                sa.select(sa.func.count())
                .select_from(t.appearances.join(t.photos, t.appearances.c.photo == c.id))
                .where(mine)
            )
        counts = {str(code or "other"): int(count) for code, count in skipped}
        last = None if done[3] is None else iso(done[3])
        return Standing(row.name, row.state, done[0], int(done[1]), kept or 0, done[2], counts, last)

    def skipped(self, source: str, code: str) -> tuple[tuple[str, str], ...]:
        """Files of a source that were skipped for this reason: path, and what was said of each; `NAMED` at the most."""
        context, c = self._context, t.photos.c
        context.own()
        query = (
            sa.select(c.path, c.reason)
            .join_from(t.photos, t.sources, c.source == t.sources.c.id)
            .where(
                t.sources.c.organisation == context.organisation, t.sources.c.name == source,
                c.state == "refused", sa.func.coalesce(c.code, "other") == code,
            )
            .order_by(c.path)
            .limit(NAMED)
        )  # fmt: skip
        with context.registry.read() as connection:
            return tuple((shown_path(bytes(path)), reason or "") for path, reason in connection.execute(query))

    # --- inside ------------------------------------------------------------------------------------------------------

    def _row(self, connection: sa.Connection, number: int) -> sa.Row[Any]:
        query = (
            sa.select(
                t.photos, t.sources.c.name, t.sources.c.statement,
                sa.func.coalesce(t.photos.c.origin, t.sources.c.origin).label("origin_told"),
            )
            .join_from(t.photos, t.sources, t.photos.c.source == t.sources.c.id)
            .where(t.photos.c.id == number, t.photos.c.organisation == self._context.organisation)
        )  # fmt: skip
        row = connection.execute(query).first()
        if row is None:
            raise NotFound(f"There is no photo {reference_number('P', number)}.")
        return row

    def _named(self, connection: sa.Connection, photo: int) -> dict[int, Named]:
        """By subject: those who may be shown in it now, for any purpose that their basis and the source permit."""
        context, wanted = self._context, reference_number("P", photo)
        kept = sa.select(t.appearances.c.subject).where(t.appearances.c.photo == photo).distinct()
        subjects = connection.scalars(kept.order_by(t.appearances.c.subject)).all()
        shown = appearances_of(connection, subjects, mask(PURPOSES), context.clock(), context.desk)
        found = {}
        for subject in subjects:
            here = [each for each in shown.get(subject, ()) if each.photo.id == wanted]
            if here:
                row = connection.execute(sa.select(t.subjects).where(t.subjects.c.id == subject)).one()
                key, text = subject_key(SubjectId(subject)), context.keys.unseal_text
                handle = text(key, row.handle_sealed, "handle") or ""
                found[subject] = Named(handle, text(key, row.name_sealed, "name") or handle, here[0])
        return found
