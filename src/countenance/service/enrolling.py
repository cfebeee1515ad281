"""Enrolment: one person's photo under one basis, or a whole folder of people under one form."""

from __future__ import annotations

import contextlib
import csv
import hashlib
import os
import stat
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from countenance.errors import (
    AlreadyExists,
    CountenanceError,
    InputError,
    NoBasis,
    NotFound,
    SourceRefused,
    Unreadable,
)
from countenance.gallery.enrolments import Enrolment
from countenance.ingest.marks import read_marks
from countenance.ingest.run import earlier_photos
from countenance.photos.store import PICTURES
from countenance.policy.desk import Ask
from countenance.service import probing
from countenance.service.gates import ENROLMENT
from countenance.service.subjects import handle_from
from countenance.types import Enrol

if TYPE_CHECKING:
    from countenance.service.bases import Bases, Basis
    from countenance.service.context import Context
    from countenance.service.subjects import Subject, Subjects


@dataclass(frozen=True, slots=True)
class Enrolled:
    """A stored reference. ``searchable`` says whether it can be found yet, ``waits_for`` what is missing."""

    subject: str
    basis: str
    photo: str
    searchable: bool
    waits_for: str | None
    earlier: dict[str, int]
    log_index: int
    reference: int = 0

    @property
    def advice(self) -> str | None:
        """What to do about photos that were ingested before this person came."""
        if not self.earlier:
            return None
        sources = ", ".join(f"{name} ({count} photos)" for name, count in self.earlier.items())
        return f"Not looked for yet in: {sources}. Run `countenance sweep`."

    def as_json(self) -> dict[str, Any]:
        """The machine-readable answer (``countenance enrol --json``)."""
        return {
            "subject": self.subject,
            "basis": self.basis,
            "photo": self.photo,
            "searchable": self.searchable,
            "waits_for": self.waits_for,
            "earlier_photos": self.earlier,
            "advice": self.advice,
            "log": {"index": self.log_index},
        }


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a bulk enrolment: a photo and whose it is."""

    photo: Path
    name: str
    handle: str
    territory: str
    contact: str | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one line."""

    row: Row
    enrolled: Enrolled | None
    fault: CountenanceError | None


class Enrolling:
    """The enrolments."""

    def __init__(self, context: Context, subjects: Subjects, bases: Bases) -> None:
        self._context = context
        self._subjects = subjects
        self._bases = bases

    def enrol(
        self,
        subject: Subject,
        photo: str | Path | bytes,
        basis: Basis,
        *,
        face: int | None = None,
        gate: str | None = None,
    ) -> Enrolled:
        """Enrol a person from a photo of them alone.

        Args:
            subject: The person.
            photo: A file; its own name is kept, sealed, so that it can be named when the person is erased. Or a photo's
                bytes, as a program sends them: they are held in memory only.
            basis: Why; it may still be pending, and then finds nobody.
            face: Which face, by number, when the photo has several.
            gate: A stricter quality gate than the configured one.

        Raises:
            NoBasis: the basis is another person's, withdrawn or expired; or the photo is its evidence.
            NoFace, ManyFaces, QualityTooLow, Unreadable, TooLarge: the photo cannot serve.
            AlreadyExists: the photo is enrolled already.
            SourceRefused: the photo prohibits data mining, or bears a mark of scraping (P26).
        """
        context = self._context
        taken = probing.take(context, photo)
        digest = hashlib.sha256(taken.data).hexdigest()
        file = Path(f"uploaded-{digest[:12]}") if isinstance(photo, bytes) else Path(photo)
        if self._bases.is_evidence(digest):
            raise NoBasis("The evidence of a basis is this very photo: it shows no agreement.", requirement="P1")
        self._obey_marks(taken.data, file)
        ask = Ask(subject=subject.id, basis=basis.number, facts={"basis": basis.id})
        grant = context.desk.decide(Enrol, ask)
        probe, picture = probing.probe(context, taken, choose=face, use=ENROLMENT, gate=gate)
        # A link that leads to a file is what the operator knows; what was sent lies in no folder of ours.
        place = str(file) if isinstance(photo, bytes) else os.path.abspath(file)  # noqa: PTH100
        height, width = picture.pixels.shape[:2]
        stored = Enrolment(probe.face, probe.template, place, digest, probe.taken_at, (width, height))
        number, written = context.gallery.enrol(subject.id, basis.number, stored, grant=grant)
        context.book.publish()
        return replace(self._outcome(subject, basis, file, written.index), reference=int(number))

    def _obey_marks(self, data: bytes, file: Path) -> None:
        """A photo's own marks bind an enrolment as they bind an ingest; an agreed selfie bears none (P26)."""
        marks = read_marks(data, file)
        reason = marks.prohibited or marks.scraped
        if reason is None:
            return
        refusal = SourceRefused(
            f"This photo is not enrolled: {reason}.",
            requirement="P26", hint="Take a photo that the person gave you, as it came from the camera.",
        )  # fmt: skip
        with self._context.registry.write() as connection:
            raise self._context.desk.refuse(connection, "enrol", refusal)

    def enrol_many(
        self,
        rows: Iterable[Row],
        make_basis: Callable[[Subject], Basis],
        *,
        evidence: str | Path | None = None,
        gate: str | None = None,
        progress: Callable[[Outcome], None] | None = None,
    ) -> list[Outcome]:
        """Enrol line by line; a line that cannot be is reported with its reason, and the others go on.

        A person who is there already keeps their record and their newest basis. A row with their handle and another
        name is taken for somebody else's, and refused.

        Raises `NoBasis` before anybody is recorded where ``evidence``, the form of them all, is one of the photos.
        """
        rows, outcomes = list(rows), []
        if evidence is not None:
            _check_no_photo(Path(evidence), [row.photo for row in rows])
        for row in rows:
            try:
                outcome = Outcome(row, self._one(row, make_basis, gate), None)
            except CountenanceError as fault:
                outcome = Outcome(row, None, fault)
            outcomes.append(outcome)
            if progress:
                progress(outcome)
        return outcomes

    def _one(self, row: Row, make_basis: Callable[[Subject], Basis], gate: str | None) -> Enrolled:
        _ordinary(row.photo)
        try:
            subject = self._subjects.get(row.handle)
            _same_person(row, subject)
        except NotFound:
            subject = self._subjects.add(row.name, territory=row.territory, handle=row.handle, contact=row.contact)
        usable = [
            basis for basis in self._bases.list(subject) if basis.state in {"pending", "live"} and not basis.expired
        ]
        return self.enrol(subject, row.photo, usable[-1] if usable else make_basis(subject), gate=gate)

    def _outcome(self, subject: Subject, basis: Basis, photo: Path, log_index: int) -> Enrolled:
        waits = "; ".join(f"{lack.what} ({lack.requirement})" for lack in self._bases.why_not(basis)) or None
        earlier = dict(earlier_photos(self._context.registry, self._context.organisation))
        return Enrolled(subject.handle, basis.id, photo.name, waits is None, waits, earlier, log_index)


def _ordinary(photo: Path) -> None:
    """Before anything is recorded: the photo is a file that is there. A pipe would be waited for without end."""
    try:
        ordinary = stat.S_ISREG(photo.stat().st_mode)
    except FileNotFoundError:
        raise Unreadable(f"There is no file {photo}.", hint="Check the path.") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "its name is none"
        raise Unreadable(f"This file cannot be read: {reason}.", hint="Check the path.") from None
    if not ordinary:
        raise Unreadable("This is no ordinary file.")


def _check_no_photo(evidence: Path, photos: Iterable[Path]) -> None:
    """Raise `NoBasis` where the evidence is one of the photos, byte for byte. What cannot be read is told later."""
    form = evidence.read_bytes() if evidence.is_file() else b""
    for photo in photos:
        with contextlib.suppress(OSError, ValueError):
            if photo.is_file() and photo.stat().st_size == len(form) and photo.read_bytes() == form:
                raise NoBasis(
                    f"The evidence is the photo {photo.name} of this very list: it shows no agreement.",
                    requirement="P1", hint="Give the form that they signed, or a scan of it. Nobody was recorded.",
                )  # fmt: skip


def _same_person(row: Row, subject: Subject) -> None:
    """``Zoë.jpg`` and ``Zoe.jpg`` make the same handle and may be two people: nobody is found under another's basis."""
    names = {unicodedata.normalize("NFC", name).casefold() for name in (subject.name, subject.handle)}
    if unicodedata.normalize("NFC", row.name).casefold() not in names:
        raise AlreadyExists(
            f"The handle {row.handle!r} is already that of somebody with another name.",
            hint="Give each person a handle of their own, in the column `handle` of a CSV file.",
        )


def rows_from(place: Path, *, territory: str = "unknown") -> list[Row]:
    """The lines of a bulk enrolment.

    A folder holds ``NAME.jpg`` or ``NAME/1.jpg``; a CSV file has the columns ``photo`` and ``name``, and may have
    ``handle``, ``territory`` and ``contact``; photos are relative to the file.

    Raises `InputError` when there is nothing to enrol, or the file cannot be read.
    """
    if place.is_dir():
        rows = list(_folder_rows(place, territory))
    elif place.suffix.lower() == ".csv" and place.is_file():
        rows = list(_csv_rows(place, territory))
    else:
        raise InputError(
            f"{place} is neither a folder nor a CSV file.",
            hint="Give people/NAME.jpg, people/NAME/1.jpg, or a .csv file.",
        )
    if not rows:
        raise InputError(
            f"There is nobody to enrol in {place}.", hint="Give people/NAME.jpg, people/NAME/1.jpg, or a CSV."
        )
    return rows


def _folder_rows(folder: Path, territory: str) -> Iterator[Row]:
    for entry in sorted(folder.iterdir()):
        if entry.name.startswith("."):
            continue
        if entry.is_dir():
            photos = sorted(each for each in entry.iterdir() if each.suffix.lower() in PICTURES)
            yield from (Row(photo, entry.name, handle_from(entry.name), territory, None) for photo in photos)
        elif entry.suffix.lower() in PICTURES:
            yield Row(entry, entry.stem, handle_from(entry.stem), territory, None)


def _csv_rows(file: Path, territory: str) -> Iterator[Row]:
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        raise InputError(f"{file} cannot be read as UTF-8 text.") from None
    try:
        yield from _read_rows(csv.DictReader(text.splitlines()), file, territory)
    except csv.Error as error:
        raise InputError(f"{file} is no CSV file that can be read: {error}.") from None


def _read_rows(reader: csv.DictReader[str], file: Path, territory: str) -> Iterator[Row]:
    missing = {"photo", "name"} - set(reader.fieldnames or ())
    if missing:
        raise InputError(f"{file} lacks the column {' and '.join(sorted(missing))}.", hint="The first line names them.")
    for line in reader:
        name, photo = (line["name"] or "").strip(), (line["photo"] or "").strip()
        if not name or not photo:
            raise InputError(f"Line {reader.line_num} of {file} lacks a name or a photo.")
        handle = (line.get("handle") or "").strip() or handle_from(name)
        yield Row(
            file.parent / photo,
            name,
            handle,
            (line.get("territory") or "").strip() or territory,
            (line.get("contact") or "").strip() or None,
        )
