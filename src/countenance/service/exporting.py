"""Handing out names that two reviewers confirmed, for an archive: a table, a document, or a sidecar a photo.

An export is decided at the desk, for a purpose, to a named recipient, and the log says whom it named before a file is
written. What was handed out cannot be taken back: an erasure tells the person to whom their name went.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from countenance.errors import InputError, NotFound, Unavailable
from countenance.ingest.metadata import find_blocks, first_directory, number
from countenance.photos.opening import Stores
from countenance.policy.desk import Ask
from countenance.policy.purposes import PURPOSES
from countenance.registry import schema as t
from countenance.reports import names as told
from countenance.reports import sidecars
from countenance.review.confirmed import Confirmed, Gathered, Wanted, confirmed
from countenance.service.exports import elsewhere
from countenance.service.folders import check_free, check_inside, write_all
from countenance.service.instruments import words_or_none
from countenance.types import Export, SubjectId, iso, parse_number, reference_number
from countenance.vault.keyring import subject_key

if TYPE_CHECKING:
    from countenance.service.cases import Cases
    from countenance.service.context import Context

FORMATS = ("csv", "json", "xmp")
_FILES = {"csv": b"names.csv", "json": b"names.json"}
_ORIENTATION = 0x0112
_UPRIGHT_ALREADY = (b"heic", b"heix", b"mif1", b"msf1", b"avif", b"avis")
"""Containers that say by themselves which way is up; whoever reads them obeys that, and not the EXIF tag."""


@dataclass(frozen=True, slots=True)
class Handed:
    """What was handed out.

    Attributes:
        log_index: The decision's log entry.
        files: Contents by path.
        names, photos, people: How many faces were named, in how many photos, of how many people.
        waiting: Candidates of these searches whom fewer than two people have confirmed.
        low: Faces of confirmed people that are in the low band, and so were left out.
        left_out: Photos without a sidecar, and why.
    """

    log_index: int
    format: str
    purpose: str
    recipient: str
    files: dict[bytes, bytes]
    names: int
    photos: int
    people: int
    waiting: int
    low: int
    left_out: tuple[tuple[str, str], ...]

    def as_json(self) -> dict[str, Any]:
        """The machine-readable form, without the files' contents."""
        counts = ("log_index", "format", "purpose", "recipient", "names", "photos", "people", "waiting", "low")
        said = {name: getattr(self, name) for name in counts}
        left_out = [{"photo": photo, "reason": reason} for photo, reason in self.left_out]
        return said | {"files": [_shown(path) for path in self.files], "left_out": left_out}


class Exporting:
    """Exports of confirmed names."""

    def __init__(self, context: Context, cases: Cases) -> None:
        self._context = context
        self._cases = cases

    def names(
        self,
        *,
        purpose: str | None,
        recipient: str | None,
        format: str,  # noqa: A002 - the word that everybody types
        source: str | None = None,
        case: str | None = None,
        to: Path | None = None,
    ) -> Handed:
        """Hand out every name that two reviewers confirmed in searches for this purpose.

        Args:
            purpose: Of the searches. It must be one whose candidates people review.
            recipient: Who receives the names; kept in the log under the organisation's key, told to the people named.
            format: ``csv``, ``json`` or ``xmp``.
            source: Only photos of this source.
            case: Only searches of this case.
            to: The folder to write to; without it, the files are only given back.

        Raises:
            InputError: no such format; the folder is among our own files, or cannot be written to.
            NotFound: no such source or case; or not the owner's account.
            Refused: the desk said no: role, purpose, agreement, no recipient.
            AlreadyExists: a file of another's is in the way. Nothing was written.
        """
        context = self._context
        context.own()
        if format not in FORMATS:
            raise InputError(f"{format!r} is no format.", hint=f"One of: {', '.join(FORMATS)}.")
        if to is not None:
            elsewhere(context, to)
        named = words_or_none("recipient", recipient or None)
        wanted = self._wanted(purpose, source, case)
        ask = Ask(
            purpose=purpose, case=wanted.case if wanted else None, facts={"format": format},
            sealed={"recipient": named, "source": source},
        )  # fmt: skip
        grant = context.desk.decide(Export, ask)
        grant.spend(Export, scope=ask.scope, now=context.clock())
        if wanted is None or named is None:
            raise NotFound("There is no such case, or no such source.")
        orientations, left_out = self._look(wanted) if format == "xmp" else ({}, ())
        handed = self._hand_out(wanted, named, format, grant.log_index, orientations, left_out, to)
        if to is not None:
            write_all(to, handed.files)
        return handed

    # --- inside ------------------------------------------------------------------------------------------------------

    def _wanted(self, purpose: str | None, source: str | None, case: str | None) -> Wanted | None:
        """None for a purpose that is none: the desk refuses it. Raises `NotFound`."""
        context = self._context
        if purpose not in PURPOSES:
            return None
        number = self._cases.find(case, purpose) if case else None
        if case and number is None:
            raise NotFound(f"There is no case {case!r} for {purpose!r}.", hint="`countenance case list` shows them.")
        if source is not None:
            self._check_source(source)
        return Wanted(purpose, context.organisation, number, source)

    def _check_source(self, name: str) -> None:
        context, c = self._context, t.sources.c
        with context.registry.read() as connection:
            found = connection.scalar(sa.select(c.id).where(c.organisation == context.organisation, c.name == name))
        if found is None:
            raise NotFound(f"There is no source {name!r}.", hint="`countenance source list` shows them.")

    def _hand_out(
        self, wanted: Wanted, recipient: str, kind: str, decision: int, orientations: dict[str, int],
        left_out: tuple[tuple[str, str], ...], to: Path | None,
    ) -> Handed:  # fmt: skip
        """Name whoever may be named now, in the transaction that says so in the log. Files are made of that alone."""
        context = self._context
        with context.registry.write() as connection:
            gathered = confirmed(connection, context.desk, wanted)
            if kind == "xmp":  # read before, for that takes long; a name that has come since waits for the next export
                kept = tuple(each for each in gathered.names if each.appearance.photo.id in orientations)
                gathered = Gathered(kept, gathered.waiting, gathered.low)
            made = self._told(connection, wanted, recipient, decision, gathered.names)
            files = self._files(connection, kind, made, orientations, wanted)
            check_inside(files)
            if to is not None:
                check_free(to, files, sidecars.is_ours if kind == "xmp" else lambda _: False)
            people = tuple(sorted({each.subject for each in gathered.names}))
            photos = len({each.photo for each in made.names})
            counts = {"names": len(made.names), "photos": photos, "people": len(people)}
            facts = {"decision": decision, "format": kind, "purpose": wanted.purpose, **counts}
            context.desk.write(connection, "export", subjects=people, facts=facts, sealed={"recipient": recipient})
        context.book.publish()
        return Handed(
            decision, kind, wanted.purpose, recipient, files, **counts, waiting=gathered.waiting, low=gathered.low,
            left_out=left_out,
        )  # fmt: skip

    def _told(
        self, connection: sa.Connection, wanted: Wanted, recipient: str, decision: int, names: Iterable[Confirmed]
    ) -> told.Exported:
        context = self._context
        gallery = context.settings.gallery
        return told.Exported(
            gallery.id, gallery.organisation, iso(context.clock()), context.actor.email if context.actor else "",
            recipient, wanted.purpose, decision, tuple(self._name(connection, each) for each in names),
        )  # fmt: skip

    def _name(self, connection: sa.Connection, each: Confirmed) -> told.Name:
        photo = _photo(connection, each.appearance.photo.id)
        basis = connection.execute(sa.select(t.bases).where(t.bases.c.id == each.basis)).one()
        handle, name = self._called(connection, each.subject)
        return told.Name(
            each.appearance.photo.source, each.appearance.photo.id, each.appearance.photo.path, photo.sha256,
            photo.width, photo.height, each.appearance.box, handle, name,
            told.Basis(
                reference_number("B", basis.id), basis.ground, basis.condition, iso(basis.ends), basis.confirmed_how
            ),
            reference_number("S", each.search), round(each.appearance.score, 4), round(each.candidate_score, 4),
            tuple((one.email, iso(one.at)) for one in each.by), each.log_index,
        )  # fmt: skip

    def _called(self, connection: sa.Connection, subject: SubjectId) -> tuple[str, str]:
        row = connection.execute(sa.select(t.subjects).where(t.subjects.c.id == subject)).one()
        key, text = subject_key(subject), self._context.keys.unseal_text
        handle = text(key, row.handle_sealed, "handle") or ""
        return handle, text(key, row.name_sealed, "name") or handle

    def _look(self, wanted: Wanted) -> tuple[dict[str, int], tuple[tuple[str, str], ...]]:
        """How each photo is turned, by its number, and the photos that are not what was ingested any more."""
        context, found, left_out = self._context, dict[str, int](), list[tuple[str, str]]()
        with context.registry.read() as connection:
            gathered = confirmed(connection, context.desk, wanted)
            photos = {each.appearance.photo.id: each.appearance.photo for each in gathered.names}
            rows = [(photo, _photo(connection, photo.id)) for photo in photos.values()]
        stores = Stores(context.settings)
        try:
            for photo, row in rows:
                try:
                    data = stores.of(row.root).read(bytes(row.path), context.settings.vision.max_bytes)
                except (InputError, Unavailable) as error:
                    left_out.append((photo.path, error.message))
                    continue
                if hashlib.sha256(data).hexdigest() == row.sha256:
                    found[photo.id] = _orientation(data)
                else:
                    left_out.append((photo.path, "This file was changed since it was ingested."))
        finally:
            stores.close()
        return found, tuple(left_out)

    def _files(
        self, connection: sa.Connection, kind: str, made: told.Exported, orientations: dict[str, int], wanted: Wanted
    ) -> dict[bytes, bytes]:
        if kind != "xmp":
            return {_FILES[kind]: told.as_table(made) if kind == "csv" else told.as_document(made)}
        files = {}
        for photo, names in groupby(made.names, key=lambda each: each.photo):
            row = _photo(connection, photo)
            # A source's name may hold any sign, and a folder's may not: sources beside one another go by number.
            below = b"" if wanted.source else b"source-%d/" % row.source
            files[below + bytes(row.path) + b".xmp"] = sidecars.sidecar(made, tuple(names), orientations[photo])
        return files


def _photo(connection: sa.Connection, photo: str) -> sa.Row[Any]:
    query = sa.select(t.photos, t.sources.c.root).join(t.sources, t.photos.c.source == t.sources.c.id)
    return connection.execute(query.where(t.photos.c.id == parse_number("P", photo, "photo"))).one()


def _orientation(data: bytes) -> int:
    """How the stored picture has to be turned to be upright, as its EXIF block says; 1 where it says nothing."""
    if data[4:8] == b"ftyp" and data[8:12] in _UPRIGHT_ALREADY:
        return 1
    for block in find_blocks(data).exif:
        tag = first_directory(block).get(_ORIENTATION, b"")[:2]
        if tag and 1 <= number(block, tag) <= 8:
            return number(block, tag)
    return 1


def _shown(path: bytes) -> str:
    return path.decode("utf-8", "backslashreplace")
